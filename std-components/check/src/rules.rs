//! Rules about the meaning of values: one file for each subject.

mod address;
mod bounds;
mod cidr;
mod exclusive;
mod expressions;
mod groups;
mod jmespath;
mod names;
mod regex;
mod relabel;
mod relabel_effect;
mod selector;
mod stages;
mod targets;
mod template;
mod timestamp;
mod timing;
mod together;
mod url;
mod words;

pub(crate) use url::is_placeholder;

use crate::lints;
use river_eval::check::Rule;

/// All rules and lints.
pub fn all() -> &'static [&'static dyn Rule] {
    &[
        &regex::Regexes,
        &groups::Groups,
        &relabel::Relabel,
        &relabel_effect::RelabelEffect,
        &names::Names,
        &url::Urls,
        &address::Addresses,
        &jmespath::JmesPaths,
        &template::Templates,
        &selector::Selectors,
        &timestamp::Timestamps,
        &stages::Stages,
        &exclusive::Exclusive,
        &together::Together,
        &timing::Timing,
        &bounds::Bounds,
        &words::Words,
        &targets::Targets,
        &cidr::Cidrs,
        &lints::TlsLint,
        &lints::SecretLint,
        &lints::UrlLint,
        &lints::CardinalityLint,
        &lints::InterpolationLint,
        &lints::NowhereLint,
        &lints::ClusterLint,
        &lints::DeprecatedLint,
        &lints::PlaceholderLint,
    ]
}
