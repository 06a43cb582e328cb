//! Which agent a configuration is for.

use super::bundled::bundled;
use super::release::{Release, release, releases};
use river_eval::check::Catalog;
use std::fmt;
use std::str::FromStr;

/// Which agent a configuration is for, as `--target` names it: `alloy-rs`, `grafana-alloy` (the newest release), `grafana-alloy@1.11.3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// This agent.
    AlloyRs,
    /// A release of Grafana Alloy.
    GrafanaAlloy(&'static Release),
}

impl Target {
    /// The newest release of Grafana Alloy.
    pub fn newest() -> Self {
        Target::GrafanaAlloy(Release::newest())
    }

    /// Its components and config blocks.
    pub fn catalog(self) -> &'static dyn Catalog {
        match self {
            Target::AlloyRs => bundled(),
            Target::GrafanaAlloy(release) => release,
        }
    }

    /// All targets by their full names, for help and completion.
    pub fn names() -> Vec<String> {
        let releases = releases().iter().map(Target::GrafanaAlloy);
        std::iter::once(Target::AlloyRs)
            .chain(releases)
            .map(|target| target.to_string())
            .collect()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::AlloyRs => f.write_str("alloy-rs"),
            Target::GrafanaAlloy(release) => write!(f, "grafana-alloy@{}", release.version()),
        }
    }
}

/// No such target: says which there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownTarget(String);

impl fmt::Display for UnknownTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = Target::names().join(", ");
        write!(
            f,
            "unknown target {:?}; there are {known}, and grafana-alloy for the newest release",
            self.0
        )
    }
}

impl std::error::Error for UnknownTarget {}

impl FromStr for Target {
    type Err = UnknownTarget;

    fn from_str(text: &str) -> Result<Self, UnknownTarget> {
        let unknown = || UnknownTarget(text.to_owned());
        match text.split_once('@') {
            None if text == "alloy-rs" => Ok(Target::AlloyRs),
            None if text == "grafana-alloy" => Ok(Target::newest()),
            Some(("grafana-alloy", version)) => {
                release(version).map(Target::GrafanaAlloy).ok_or_else(unknown)
            }
            _ => Err(unknown()),
        }
    }
}
