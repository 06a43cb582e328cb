//! A series' own labels and its target's become one set; limits of labels.

use crate::signals::{Labels, LabelsBuilder};

/// `label_limit` and its kin; 0 is none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// The most labels.
    pub count: u64,
    /// The longest name in bytes.
    pub name: u64,
    /// The longest value in bytes.
    pub value: u64,
}

impl Limits {
    /// Whether a set keeps them.
    ///
    /// # Errors
    /// Which it does not keep.
    pub fn check(&self, labels: &Labels) -> Result<(), String> {
        if *self == Self::default() {
            return Ok(());
        }
        let metric: String = labels.get("__name__").unwrap_or("").chars().take(50).collect();
        let count = labels.len() as u64;
        if self.count > 0 && count > self.count {
            let limit = self.count;
            return Err(format!(
                "label_limit exceeded (metric: {metric}, number of labels: {count}, limit: {limit})"
            ));
        }
        for (name, value) in labels.iter() {
            let shown: String = name.chars().take(50).collect();
            if self.name > 0 && name.len() as u64 > self.name {
                let (length, limit) = (name.len(), self.name);
                return Err(format!(
                    "label_name_length_limit exceeded (metric: {metric}, label name: {shown}, length: {length}, limit: {limit})"
                ));
            }
            if self.value > 0 && value.len() as u64 > self.value {
                let (length, limit) = (value.len(), self.value);
                return Err(format!(
                    "label_value_length_limit exceeded (metric: {metric}, label name: {shown}, length: {length}, limit: {limit})"
                ));
            }
        }
        Ok(())
    }
}

/// Adds a target's labels to those of series.
#[derive(Debug)]
pub struct Merger {
    target: Labels,
    builder: LabelsBuilder,
}

impl Merger {
    /// For a target with these labels.
    pub fn new(target: &Labels) -> Self {
        Self {
            target: target.clone(),
            builder: LabelsBuilder::default(),
        }
    }

    /// The set of a series: the target's labels win and the page's become `exported_…`, or with `honor_labels` the page's win, even
    /// where they are empty (that is how a push gateway keeps the target's `instance` away).
    ///
    /// # Errors
    /// A series without a name, or with an invalid one.
    pub fn merge(
        &mut self,
        pairs: &[(String, String)],
        extra: &[(&str, &str)],
        honor_labels: bool,
        utf8_names: bool,
    ) -> Result<Labels, String> {
        let builder = &mut self.builder;
        builder.retain(|_, _| false);
        for (name, value) in pairs {
            builder.set(name, value);
        }
        for (name, value) in extra {
            builder.set(name, value);
        }
        if honor_labels {
            for (name, value) in self.target.iter() {
                if !pairs.iter().any(|(own, _)| own == name) {
                    builder.set(name, value);
                }
            }
        } else {
            let mut conflicts: Vec<(&str, String)> = Vec::new();
            for (name, value) in self.target.iter() {
                if let Some(own) = builder.get(name) {
                    conflicts.push((name, own.to_owned()));
                }
                builder.set(name, value);
            }
            conflicts.sort_by_key(|(name, _)| name.len());
            for (name, value) in conflicts {
                let mut free = format!("exported_{name}");
                while builder.get(&free).is_some() {
                    free.insert_str(0, "exported_");
                }
                builder.set(&free, &value);
            }
        }
        let labels = builder.build();
        let Some(name) = labels.get("__name__") else {
            return Err("metric name is missing".into());
        };
        let is_valid = utf8_names
            || (is_name(name, true)
                && labels
                    .iter()
                    .all(|(name, _)| name == "__name__" || is_name(name, false)));
        if is_valid {
            Ok(labels)
        } else {
            Err(format!("invalid metric name or label names: {labels}"))
        }
    }
}

fn is_name(text: &str, colons: bool) -> bool {
    let is_start = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_' || (colons && byte == b':');
    let mut bytes = text.bytes();
    bytes.next().is_some_and(is_start) && bytes.all(|byte| is_start(byte) || byte.is_ascii_digit())
}
