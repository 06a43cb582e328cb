//! What `loki.source.journal` is configured with.

use crate::relabel::Rules;
use crate::signals::{Fanout, LogBatch};
use river_eval::{Checks, Shared};
use std::collections::BTreeMap;
use std::time::Duration;

/// The arguments of `loki.source.journal`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check)]
pub(in crate::loki) struct Arguments {
    /// Whether an entry's line is a JSON object of all its fields, not only its `MESSAGE`.
    #[river(default = false)]
    pub(super) format_as_json: bool,
    /// How old entries may be that are read where there is no position yet.
    #[river(default = Duration::from_secs(7 * 3600))]
    pub(super) max_age: Duration,
    /// The folder of the journal; `/var/log/journal` and `/run/log/journal` where empty.
    #[river(default)]
    pub(super) path: String,
    /// Rules that change the labels of each entry, `__journal_…` among them, or drop it.
    pub(super) relabel_rules: Option<Shared<Rules>>,
    /// Fields with values that entries must have, `_TRANSPORT=kernel PRIORITY=3`. Of a field given twice one value will do.
    #[river(default)]
    pub(super) matches: String,
    /// Where to send entries.
    pub(super) forward_to: Fanout<LogBatch>,
    /// Labels to add to each entry.
    #[river(default)]
    pub(super) labels: BTreeMap<String, String>,
    /// The position of a predecessor to take over when this component has none of its own yet.
    #[river(block)]
    pub(super) legacy_position: Option<LegacyPosition>,
}

/// `legacy_position`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(super) struct LegacyPosition {
    /// The positions file.
    pub(super) file: String,
    /// The name of the job in it.
    pub(super) name: String,
}

fn check(arguments: &Arguments, checks: &mut Checks<'_, '_>) {
    for text in arguments.matches.split_whitespace() {
        if Match::read(text).is_none() {
            checks
                .attribute("matches", format!("{text:?} is no FIELD=value"))
                .help =
                Some("fields have capital letters, digits and underscores; all of them have to match".into());
        }
    }
}

/// A field with a value that entries must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) field: String,
    pub(super) value: String,
}

impl Match {
    fn read(text: &str) -> Option<Self> {
        let (field, value) = text.split_once('=')?;
        let is_name = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        (!field.is_empty() && field.bytes().all(is_name)).then(|| Self {
            field: field.into(),
            value: value.into(),
        })
    }

    /// All of a text.
    pub(super) fn all(text: &str) -> Vec<Self> {
        text.split_whitespace().filter_map(Self::read).collect()
    }
}
