//! Values by name that come again with every entry. Names stay in their places when the values go, so that an entry with the same names as the one before
//! neither allocates nor counts a reference: on the way of a line that is most of what a value costs.

use river_eval::Str;
use smallvec::SmallVec;

/// Names that stay at the most; with more of them, which then seldom are the same ones, all go.
const MAX_NAMES: usize = 16;

/// Values by name, in the order in which the names first came.
#[derive(Clone, Debug)]
pub(crate) struct Slots<V> {
    slots: SmallVec<[(Str, Option<V>); 8]>,
}

impl<V> Default for Slots<V> {
    fn default() -> Self {
        Self {
            slots: SmallVec::new(),
        }
    }
}

impl<V> Slots<V> {
    /// Takes all values away.
    pub(crate) fn clear(&mut self) {
        if self.slots.len() > MAX_NAMES {
            self.slots.clear();
        }
        for (_, value) in &mut self.slots {
            *value = None;
        }
    }

    /// The value of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&V> {
        let slot = self.slots.iter().find(|(known, _)| &**known == name);
        slot.and_then(|(_, value)| value.as_ref())
    }

    /// Sets the value of a name.
    pub(crate) fn set(&mut self, name: &Str, value: V) {
        match self.slots.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = Some(value),
            None => self.slots.push((name.clone(), Some(value))),
        }
    }

    /// Takes the values away for which this says no.
    pub(crate) fn retain(&mut self, keep: impl Fn(&Str) -> bool) {
        for (name, value) in &mut self.slots {
            if value.is_some() && !keep(name) {
                *value = None;
            }
        }
    }

    /// Names and their values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Str, &V)> {
        self.slots
            .iter()
            .filter_map(|(name, value)| Some((name, value.as_ref()?)))
    }

    /// Whether there is no value.
    pub(crate) fn is_empty(&self) -> bool {
        self.slots.iter().all(|(_, value)| value.is_none())
    }

    /// The same names with other values.
    pub(crate) fn map<W>(&self, to: impl Fn(&V) -> W) -> Slots<W> {
        Slots {
            slots: self
                .iter()
                .map(|(name, value)| (name.clone(), Some(to(value))))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_and_values_go() {
        let mut slots = Slots::default();
        let names: Vec<Str> = (0..MAX_NAMES + 1).map(|at| at.to_string().into()).collect();
        slots.set(&names[1], "b");
        slots.set(&names[0], "a");
        slots.set(&names[1], "c");
        let all = |slots: &Slots<&'static str>| {
            let pairs = slots.iter().map(|(name, value)| format!("{name}={value}"));
            pairs.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(all(&slots), "1=c 0=a");
        slots.clear();
        assert!(slots.is_empty());
        assert_eq!((slots.get("1"), all(&slots)), (None, String::new()));
        assert_eq!(Str::strong_count(&names[1]), 2);
        slots.set(&names[0], "d");
        assert!(!slots.is_empty());
        assert_eq!((slots.get("0"), all(&slots).as_str()), (Some(&"d"), "0=d"));
        slots.retain(|name| **name != *"0");
        assert!(slots.is_empty());
        for name in &names {
            slots.set(name, "e");
        }
        slots.clear();
        assert_eq!(Str::strong_count(&names[1]), 1);
    }
}
