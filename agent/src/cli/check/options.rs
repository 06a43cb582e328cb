//! What is to be checked for, from flags and `alloy-rs.toml`.

use crate::cli::run::Level as StabilityLevel;
use crate::lint_config::file::Settings;
use crate::lint_config::{Level, Levels, Target, code};
use clap::{ArgAction, Args};
use river_syntax::Code;
use std::collections::BTreeMap;
use std_components::component::Stability;

/// What `--deny` takes: a code, or all warnings.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Denied {
    /// `warnings`.
    Warnings,
    /// A code.
    Code(&'static Code),
}

/// Flags that decide what is a finding.
#[derive(Clone, Debug, Args)]
pub(crate) struct Asked {
    /// Count a code as an error; `warnings` for all that are warnings otherwise. May be given several times
    #[arg(long, value_name = "CODE|warnings", value_delimiter = ',', value_parser = denied)]
    deny: Vec<Denied>,
    /// Count a code as a warning
    #[arg(long, value_name = "CODE", value_delimiter = ',', value_parser = parse_code)]
    warn: Vec<&'static Code>,
    /// Do not tell a code
    #[arg(long, value_name = "CODE", value_delimiter = ',', value_parser = parse_code)]
    allow: Vec<&'static Code>,
    /// What the configuration is for: `alloy-rs`, `grafana-alloy` (the newest release that is known, the default) or `grafana-alloy@VERSION`
    #[arg(long, value_name = "TARGET")]
    target: Option<Target>,
    /// The least stability that components may have; generally-available by default
    #[arg(long = "stability.level", value_name = "LEVEL", value_enum)]
    stability: Option<StabilityLevel>,
    /// Let community components pass
    #[arg(long = "feature.community-components.enabled", value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    community_components: Option<bool>,
    #[arg(skip)]
    flags: BTreeMap<&'static str, Level>,
}

fn parse_code(text: &str) -> Result<&'static Code, String> {
    code(text)
}

fn denied(text: &str) -> Result<Denied, String> {
    match text {
        "warnings" => Ok(Denied::Warnings),
        other => code(other).map(Denied::Code),
    }
}

/// What counts for one configuration.
#[derive(Clone, Debug)]
pub(crate) struct Settled {
    /// The program that is to run it.
    pub(crate) target: Target,
    /// The least stability of components.
    pub(crate) stability: Stability,
    /// Whether community components may be used.
    pub(crate) community_components: bool,
    /// What becomes of findings.
    pub(crate) levels: Levels,
}

impl Asked {
    /// Joins the flags that name codes.
    ///
    /// # Errors
    /// Where a code is to be two things.
    pub(crate) fn settle(&mut self) -> Result<(), String> {
        let denied = self.deny.iter().filter_map(|denied| match denied {
            Denied::Code(code) => Some((*code, Level::Error)),
            Denied::Warnings => None,
        });
        let warned = self.warn.iter().map(|&code| (code, Level::Warn));
        let allowed = self.allow.iter().map(|&code| (code, Level::Off));
        for (code, level) in denied.chain(warned).chain(allowed) {
            if self
                .flags
                .insert(code.id, level)
                .is_some_and(|before| before != level)
            {
                return Err(format!(
                    "{} is given to more than one of --deny, --warn and --allow",
                    code.id
                ));
            }
        }
        Ok(())
    }

    /// With what a file says where no flag does.
    pub(crate) fn with(&self, settings: &Settings) -> Settled {
        Settled {
            target: self.target.or(settings.target).unwrap_or_else(Target::newest),
            stability: self
                .stability
                .map(StabilityLevel::stability)
                .or(settings.stability)
                .unwrap_or(Stability::GenerallyAvailable),
            community_components: self
                .community_components
                .or(settings.community_components)
                .unwrap_or_default(),
            levels: Levels {
                file: settings.lints.clone(),
                flags: self.flags.clone(),
                deny_warnings: self.deny.iter().any(|denied| matches!(denied, Denied::Warnings)),
            },
        }
    }
}
