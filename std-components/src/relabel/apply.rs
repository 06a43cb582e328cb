//! Compiled rules and what they do to labels.

use super::matcher::Anchored;
use super::rule::{Action, Rule};
use super::template::Template;
use crate::signals::{Labels, LabelsBuilder, Target};
use md5::{Digest, Md5};
use regex::CaptureLocations;
use river_eval::{CapsuleType, Shared};
use std::fmt::Write;
use std::sync::Arc;

/// Compiled rules, exported as `rules`.
#[derive(Debug, Default)]
pub struct Rules {
    rules: Vec<Compiled>,
    source: Vec<Rule>,
}

impl CapsuleType for Rules {
    const TYPE_NAME: &'static str = "relabel.Rules";
}

impl PartialEq for Rules {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

/// Buffers that applying rules reuses. One serves any rules, one after the other.
#[derive(Debug, Default)]
pub struct Scratch {
    value: String,
    result: String,
    target: String,
    labels: LabelsBuilder,
}

#[derive(Debug)]
struct Compiled {
    source_labels: Vec<Box<str>>,
    separator: Box<str>,
    target_label: Box<str>,
    modulus: u64,
    regex: Anchored,
    target: Template,
    replacement: Template,
    action: Action,
    /// `replacement` is what was matched: no groups have to be looked for.
    copies_value: bool,
    /// Where the groups of the last match are, one for whoever gets it first.
    locations: parking_lot::Mutex<Option<CaptureLocations>>,
}

impl Rules {
    /// Compiles a configuration's rules.
    pub fn new(rules: &[Rule]) -> Self {
        Self {
            rules: rules.iter().map(Compiled::new).collect(),
            source: rules.to_vec(),
        }
    }

    /// What a component exports as `rules`: the same capsule as before where the rules are the same, so that an update that changes
    /// nothing wakes nobody.
    pub fn shared(component_id: &str, rules: &[Rule], before: Option<&Shared<Rules>>) -> Shared<Rules> {
        match before {
            Some(before) if before.inner.source == rules => before.clone(),
            _ => Shared {
                display: format!("{component_id}.rules").into(),
                inner: Arc::new(Self::new(rules)),
            },
        }
    }

    /// The rules as they were configured.
    pub fn source(&self) -> &[Rule] {
        &self.source
    }

    /// Whether there is no rule.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Applies the rules in order. Answers false, with the labels half changed, when a rule drops the set.
    pub fn apply(&self, labels: &mut LabelsBuilder, scratch: &mut Scratch) -> bool {
        self.rules.iter().all(|rule| rule.apply(labels, scratch))
    }

    /// The changed set; `None` when a rule drops it or nothing is left.
    pub fn labels(&self, labels: &Labels, scratch: &mut Scratch) -> Option<Labels> {
        if self.rules.is_empty() {
            return Some(labels.clone());
        }
        let mut builder = labels.builder();
        if !self.apply(&mut builder, scratch) {
            return None;
        }
        let changed = builder.build();
        (!changed.is_empty()).then_some(changed)
    }

    /// The changed target; `None` when a rule drops it.
    pub fn target(&self, target: &Target, scratch: &mut Scratch) -> Option<Target> {
        let mut labels = std::mem::take(&mut scratch.labels);
        labels.retain(|_, _| false);
        for (name, value) in target.iter() {
            labels.set(name, value);
        }
        let is_kept = self.apply(&mut labels, scratch);
        let changed = is_kept.then(|| Target::new(labels.iter()));
        scratch.labels = labels;
        changed
    }
}

impl Compiled {
    fn new(rule: &Rule) -> Self {
        let replacement = Template::new(&rule.replacement, rule.regex.regex());
        Self {
            source_labels: rule
                .source_labels
                .iter()
                .map(|name| name.as_str().into())
                .collect(),
            separator: rule.separator.as_str().into(),
            target_label: rule.target_label.as_str().into(),
            modulus: rule.modulus,
            target: Template::new(&rule.target_label, rule.regex.regex()),
            copies_value: replacement.is_whole(rule.regex.captures_whole()),
            replacement,
            regex: rule.regex.clone(),
            action: rule.action,
            locations: parking_lot::Mutex::new(None),
        }
    }

    fn apply(&self, labels: &mut LabelsBuilder, scratch: &mut Scratch) -> bool {
        match self.action {
            Action::LabelDrop => {
                labels.retain(|name, _| !self.regex.is_match(name));
                return true;
            }
            Action::LabelKeep => {
                labels.retain(|name, _| self.regex.is_match(name));
                return true;
            }
            Action::LabelMap => {
                self.map(labels);
                return true;
            }
            _ => {}
        }
        let mut value = std::mem::take(&mut scratch.value);
        value.clear();
        for (at, name) in self.source_labels.iter().enumerate() {
            if at > 0 {
                value.push_str(&self.separator);
            }
            value.push_str(labels.get(name).unwrap_or(""));
        }
        let is_kept = match self.action {
            Action::Keep => self.regex.is_match(&value),
            Action::Drop => !self.regex.is_match(&value),
            Action::KeepEqual => labels.get(&self.target_label).unwrap_or("") == value,
            Action::DropEqual => labels.get(&self.target_label).unwrap_or("") != value,
            Action::Lowercase => {
                labels.set(&self.target_label, &value.to_lowercase());
                true
            }
            Action::Uppercase => {
                labels.set(&self.target_label, &value.to_uppercase());
                true
            }
            Action::HashMod => {
                self.hash(&value, labels, &mut scratch.result);
                true
            }
            _ => {
                self.replace(&value, labels, scratch);
                true
            }
        };
        scratch.value = value;
        is_kept
    }

    fn replace(&self, value: &str, labels: &mut LabelsBuilder, scratch: &mut Scratch) {
        if let Some(target) = self.target.plain() {
            let result = match self.replacement.plain() {
                Some(plain) => Some(plain),
                None => self.copies_value.then_some(value),
            };
            if let Some(result) = result {
                if self.regex.is_match(value) && !target.is_empty() {
                    labels.set(target, result);
                }
                return;
            }
        }
        if !self.regex.has_groups() && !self.regex.is_match(value) {
            return;
        }
        scratch.target.clear();
        scratch.result.clear();
        let matched = self.with_locations(value, |locations| {
            self.target.expand(value, locations, &mut scratch.target);
            self.replacement.expand(value, locations, &mut scratch.result);
        });
        if matched && !scratch.target.is_empty() {
            labels.set(&scratch.target, &scratch.result);
        }
    }

    /// Matches a text and hands over the groups; false if it does not match.
    fn with_locations(&self, text: &str, then: impl FnOnce(&CaptureLocations)) -> bool {
        let regex = self.regex.regex();
        // Taken rather than locked, so that two threads do not wait for one another.
        let taken = self.locations.lock().take();
        let mut locations = taken.unwrap_or_else(|| regex.capture_locations());
        let matched = regex.captures_read(&mut locations, text).is_some();
        if matched {
            then(&locations);
        }
        *self.locations.lock() = Some(locations);
        matched
    }

    fn map(&self, labels: &mut LabelsBuilder) {
        let mut added: Vec<(String, String)> = Vec::new();
        for (name, value) in labels.iter() {
            let mut to = String::new();
            let matched = self.with_locations(name, |locations| {
                self.replacement.expand(name, locations, &mut to);
            });
            if matched && !to.is_empty() {
                added.push((to, value.to_owned()));
            }
        }
        for (name, value) in added {
            labels.set(&name, &value);
        }
    }

    fn hash(&self, value: &str, labels: &mut LabelsBuilder, result: &mut String) {
        let digest = Md5::digest(value.as_bytes());
        // The last eight bytes, big endian, as Prometheus has always taken them.
        let hash = digest
            .iter()
            .skip(8)
            .fold(0_u64, |hash, byte| (hash << 8) | u64::from(*byte));
        result.clear();
        // A zero modulus is refused by the check of the rule.
        let _ = write!(result, "{}", hash.checked_rem(self.modulus).unwrap_or(0));
        labels.set(&self.target_label, result);
    }
}
