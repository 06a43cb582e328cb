//! The stages, a file for each subject.

mod container;
mod drop;
mod event;
mod extract;
mod json;
mod labels;
mod limit;
mod line;
mod logfmt;
mod luhn;
mod matching;
mod metrics;
mod multiline;
mod pack;
mod pattern;
mod replace;
mod template;
mod timestamp;
mod truncate;

use super::arguments::StageArguments;
use super::pipeline::{Stage, StageMetrics};

/// Builds a stage.
///
/// # Errors
/// What is wrong with its arguments, where decoding could not tell.
pub(super) fn build(arguments: &StageArguments, metrics: &StageMetrics) -> Result<Box<dyn Stage>, String> {
    Ok(match arguments {
        StageArguments::Cri(cri) => Box::new(container::Cri::new(cri, metrics)),
        StageArguments::Decolorize(_) => Box::new(line::Decolorize::new()?),
        StageArguments::Docker(_) => Box::new(container::Docker::new()),
        StageArguments::Drop(drop) => Box::new(drop::Drop::new(drop)?),
        StageArguments::EventLogMessage(event) => Box::new(event::EventLogMessage::new(event)),
        StageArguments::Geoip(_) => return Err("this agent cannot look IP addresses up".to_owned()),
        StageArguments::Json(json) => Box::new(json::Json::new(json)?),
        StageArguments::LabelKeep(keep) => Box::new(labels::Keep::new(&keep.values)),
        StageArguments::LabelDrop(drop) => Box::new(labels::Remove::new(&drop.values)),
        StageArguments::Labels(labels) => Box::new(labels::Set::new(labels)),
        StageArguments::Limit(limit) => Box::new(limit::Limit::new(limit, metrics)),
        StageArguments::Logfmt(logfmt) => Box::new(logfmt::Logfmt::new(logfmt)),
        StageArguments::Luhn(luhn) => Box::new(luhn::Luhn::new(luhn)),
        StageArguments::Match(arguments) => Box::new(matching::Match::new(arguments, metrics)?),
        StageArguments::Metrics(arguments) => Box::new(metrics::Metrics::new(arguments, &metrics.own)),
        StageArguments::Multiline(multiline) => Box::new(multiline::Multiline::new(multiline)?),
        StageArguments::Output(output) => Box::new(line::Output::new(&output.source)),
        StageArguments::Pack(pack) => Box::new(pack::Pack::new(pack)),
        StageArguments::Pattern(pattern) => Box::new(pattern::Pattern::new(pattern)?),
        StageArguments::Regex(regex) => Box::new(extract::Regex::new(regex)?),
        StageArguments::Replace(replace) => Box::new(replace::Replace::new(replace)?),
        StageArguments::StaticLabels(labels) => Box::new(labels::Static::new(labels)),
        StageArguments::StructuredMetadata(metadata) => Box::new(labels::Metadata::new(metadata)?),
        StageArguments::StructuredMetadataDrop(drop) => Box::new(labels::MetadataDrop::new(&drop.values)),
        StageArguments::Sampling(sampling) => Box::new(limit::Sampling::new(sampling)),
        StageArguments::Template(template) => Box::new(template::Template::new(template)?),
        StageArguments::Tenant(tenant) => Box::new(labels::Tenant::new(tenant)),
        StageArguments::Timestamp(timestamp) => Box::new(timestamp::Timestamp::new(timestamp)?),
        StageArguments::Truncate(truncate) => Box::new(truncate::Truncate::new(truncate, metrics)),
        StageArguments::WindowsEvent(event) => Box::new(event::WindowsEvent::new(event)),
    })
}

#[cfg(test)]
mod tests;
