//! What became of the loads: which configuration runs, and why the last one was not taken.

use river_syntax::{Diagnostic, Sources};
use std::time::SystemTime;

/// A configuration that was taken.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    /// Its hash, as `alloy_config_hash` tells it.
    pub(crate) hash: String,
    /// When.
    pub(crate) at: SystemTime,
    /// Its texts.
    pub(crate) sources: Sources,
    /// Findings that did not keep it from being used.
    pub(crate) warnings: Vec<Diagnostic>,
}

/// A configuration that was not taken.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    /// When.
    pub(crate) at: SystemTime,
    /// Its hash; empty where it could not be read.
    pub(crate) hash: String,
    /// Why it cannot be read.
    pub(crate) unreadable: Option<String>,
    /// Its texts.
    pub(crate) sources: Sources,
    /// Everything that is wrong with it.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// The last loads.
#[derive(Clone, Debug, Default)]
pub(crate) struct Loads {
    /// What runs; `None` before the first.
    pub(crate) taken: Option<Taken>,
    /// The last load, where it was not taken.
    pub(crate) refused: Option<Refused>,
    /// Loads up to now.
    pub(crate) count: u64,
}
