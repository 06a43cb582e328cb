//! For which program a configuration is checked.

use std::fmt;
use std::str::FromStr;

/// A release of Grafana Alloy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    /// Of `1.15.0`, 1.
    pub(crate) major: u16,
    /// Of `1.15.0`, 15.
    pub(crate) minor: u16,
    /// Of `1.15.0`, 0.
    pub(crate) patch: u16,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// The program that is to run a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// This one.
    AlloyRs,
    /// Grafana Alloy of a release; of the newest known one where none is given.
    GrafanaAlloy(Option<Version>),
}

impl Default for Target {
    fn default() -> Self {
        Self::GrafanaAlloy(None)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlloyRs => f.write_str("alloy-rs"),
            Self::GrafanaAlloy(None) => f.write_str("grafana-alloy"),
            Self::GrafanaAlloy(Some(version)) => write!(f, "grafana-alloy@{version}"),
        }
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('@') {
            None if text == "alloy-rs" => Ok(Self::AlloyRs),
            None if text == "grafana-alloy" => Ok(Self::GrafanaAlloy(None)),
            Some(("grafana-alloy", version)) => version_of(version)
                .map(|version| Self::GrafanaAlloy(Some(version)))
                .ok_or_else(|| format!("{version:?} is no release; write it as in grafana-alloy@1.15.0")),
            Some(("alloy-rs", _)) => Err("alloy-rs is always this release; leave out the version".to_owned()),
            _ => Err("targets are alloy-rs, grafana-alloy and grafana-alloy@VERSION".to_owned()),
        }
    }
}

/// `1.15.0` or `v1.15.0`.
fn version_of(text: &str) -> Option<Version> {
    let mut parts = text.strip_prefix('v').unwrap_or(text).split('.');
    let mut next = || parts.next()?.parse().ok();
    let version = Version {
        major: next()?,
        minor: next()?,
        patch: next()?,
    };
    parts.next().is_none().then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_and_written() {
        for text in ["alloy-rs", "grafana-alloy", "grafana-alloy@1.11.3"] {
            let target: Target = text.parse().unwrap();
            assert_eq!(target.to_string(), text);
        }
        assert_eq!(
            "grafana-alloy@v1.15.0".parse::<Target>().unwrap().to_string(),
            "grafana-alloy@1.15.0"
        );
        for text in [
            "",
            "alloy",
            "grafana-alloy@",
            "grafana-alloy@1.15",
            "alloy-rs@1.0.0",
            "grafana-alloy@1.2.3.4",
        ] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }
}
