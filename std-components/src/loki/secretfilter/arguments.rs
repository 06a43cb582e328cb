//! What `loki.secretfilter` is configured with.

use crate::signals::{Fanout, LogBatch};
use river_eval::Checks;
use std::time::Duration;

/// The share of a secret that is hidden where `redact_percent` is 0 or above 100.
pub(super) const DEFAULT_PERCENT: u64 = 80;

/// The arguments of `loki.secretfilter`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check)]
pub struct Arguments {
    /// Where to send entries.
    pub(super) forward_to: Fanout<LogBatch>,
    /// The label whose value is the `origin` of `loki_secretfilter_secrets_redacted_by_category_total`; none where it is empty.
    #[river(default)]
    pub(super) origin_label: String,
    /// What takes a secret's place: `$SECRET_NAME` in it becomes the rule's id, `$SECRET_HASH` the secret's SHA-1. Where it is empty,
    /// `redact_percent` counts.
    #[river(default)]
    pub(super) redact_with: String,
    /// The share of a secret that is hidden behind `...`, from 1 to 100; with 100 it becomes `REDACTED`. 0 means 80.
    #[river(default = DEFAULT_PERCENT)]
    pub(super) redact_percent: u64,
    /// A gitleaks TOML file with rules. The component's own rules where it is empty.
    #[river(default)]
    pub(super) gitleaks_config: String,
    /// The share of entries that are looked through, from 0.0 to 1.0; the others pass as they are.
    #[river(default = 1.0)]
    pub(super) rate: f64,
    /// How long looking through an entry may take; `0s` sets no limit.
    #[river(default = Duration::ZERO)]
    pub(super) processing_timeout: Duration,
    /// Whether entries that took longer are dropped. They pass with what was found until then otherwise.
    #[river(default = false)]
    pub(super) drop_on_timeout: bool,
}

fn check(arguments: &Arguments, checks: &mut Checks<'_, '_>) {
    if !(0.0..=1.0).contains(&arguments.rate) {
        checks.attribute("rate", "rate must be between 0.0 and 1.0").help =
            Some("1.0 looks through every entry, 0.1 through one in ten".into());
    }
}
