//! Maps of templates: as in Go a map is one thing however many names it has, and `set` changes it for all of them.
//!
//! What maps hold must not get so deep that walking it exhausts the stack, nor hold itself. So each map knows the deepest place at which it stands,
//! and [`Value::settle`] tells maps of new places before they get there.

use super::value::Value;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Lists and maps in one another at the most.
const MAX_NESTING: u32 = 150;

/// Values in a list or map at the most, those inside of it counted.
const MAX_VALUES: u32 = 100_000;

/// A map that may have several owners.
#[derive(Clone, Debug, Default)]
pub struct Map(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    items: Mutex<BTreeMap<String, Value>>,
    /// In how many others it stands at the most.
    level: AtomicU32,
}

impl From<BTreeMap<String, Value>> for Map {
    fn from(items: BTreeMap<String, Value>) -> Self {
        Self(Arc::new(Shared {
            items: Mutex::new(items),
            level: AtomicU32::new(0),
        }))
    }
}

impl FromIterator<(String, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(items: I) -> Self {
        items.into_iter().collect::<BTreeMap<_, _>>().into()
    }
}

impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        self.is(other) || self.items() == other.items()
    }
}

impl Map {
    /// Whether both are one map.
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// What it holds now. Nothing is locked while that is looked at: maps inside of it may be this one's owners' others.
    pub(super) fn items(&self) -> BTreeMap<String, Value> {
        self.0.items.lock().clone()
    }

    pub(super) fn len(&self) -> usize {
        self.0.items.lock().len()
    }

    pub(super) fn get(&self, name: &str) -> Option<Value> {
        self.0.items.lock().get(name).cloned()
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.items.lock().contains_key(name)
    }

    /// Sets a value, for all owners.
    pub(super) fn set(&self, name: String, value: Value) -> Result<(), String> {
        let level = self.0.level.load(Ordering::Relaxed);
        value.settled(level + 1, Some(self), &mut 0)?;
        // What was there is dropped without the lock.
        let old = self.0.items.lock().insert(name, value);
        drop(old);
        Ok(())
    }

    /// Takes a value away, for all owners.
    pub(super) fn unset(&self, name: &str) {
        let old = self.0.items.lock().remove(name);
        drop(old);
    }

    /// Fills what is missing or empty from another map, maps inside of both likewise; `overwrites`: the other's values go first.
    pub(super) fn merge(&self, other: &Self, overwrites: bool) -> Result<(), String> {
        if self.is(other) {
            return Ok(());
        }
        for (name, new) in other.items() {
            match (self.get(&name), new) {
                // As in sprig nothing replaces nothing.
                (_, Value::Nil) => {}
                (Some(Value::Map(old)), Value::Map(new)) => old.merge(&new, overwrites)?,
                (Some(Value::List(old)), Value::List(new))
                    if !old.is_empty() && (new.is_empty() || !overwrites) => {}
                (Some(old), _) if old.is_true() && !overwrites => {}
                (_, new) => self.set(name, new)?,
            }
        }
        Ok(())
    }

    /// A map of its own with the same values, those inside of it likewise.
    pub(super) fn deep_copy(&self) -> Self {
        let items = self.items().into_iter();
        items.map(|(name, value)| (name, value.deep_copy())).collect()
    }
}

impl Value {
    /// Looks at what a function made: not too deep, not too much.
    pub(super) fn settle(&self) -> Result<(), String> {
        match self {
            Self::Map(map) => self.settled(map.0.level.load(Ordering::Relaxed), None, &mut 0),
            Self::List(_) => self.settled(0, None, &mut 0),
            _ => Ok(()),
        }
    }

    /// Tells all maps in it that they stand at least this deep, none of which may be `owner`.
    fn settled(&self, level: u32, owner: Option<&Map>, count: &mut u32) -> Result<(), String> {
        *count += 1;
        if *count > MAX_VALUES {
            return Err(format!("more than {MAX_VALUES} values in one"));
        }
        if level > MAX_NESTING {
            return Err(format!("more than {MAX_NESTING} lists and maps in one another"));
        }
        match self {
            Self::List(items) => items
                .iter()
                .try_for_each(|item| item.settled(level + 1, owner, count)),
            Self::Map(map) => {
                if owner.is_some_and(|owner| owner.is(map)) {
                    return Err("a map cannot hold itself".to_owned());
                }
                map.0.level.fetch_max(level, Ordering::Relaxed);
                map.items()
                    .values()
                    .try_for_each(|item| item.settled(level + 1, owner, count))
            }
            _ => Ok(()),
        }
    }

    /// The same with maps of its own.
    pub(super) fn deep_copy(&self) -> Self {
        match self {
            Self::Map(map) => Self::Map(map.deep_copy()),
            Self::List(items) => Self::List(items.iter().map(Self::deep_copy).collect()),
            other => other.clone(),
        }
    }
}
