//! Arguments of the stages that select entries, and parts of lines, by LogQL.

use super::{StageArguments, check_source, is_label_name};
use crate::text::{logql, logql_pattern};
use river_eval::Checks;

#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_match)]
pub(crate) struct Match {
    /// The entries that are meant: a selector and line filters, `{app="web"} |= "error"`.
    pub(crate) selector: String,
    /// What happens to them: `keep` takes them through the stages of this block, `drop` drops them.
    #[river(default)]
    pub(crate) action: String,
    /// A name for people; nothing depends on it.
    #[river(default)]
    pub(crate) pipeline_name: String,
    /// The reason under which dropped entries are counted; `match_stage` where it is empty.
    #[river(default)]
    pub(crate) drop_counter_reason: String,
    #[river(alternatives)]
    pub(crate) stages: Vec<StageArguments>,
}

fn check_match(arguments: &Match, checks: &mut Checks<'_, '_>) {
    match (arguments.action.as_str(), arguments.stages.is_empty()) {
        ("" | "keep", true) => {
            checks
                .here("a match stage needs at least one stage of its own")
                .help = Some("add stages for the entries that match, or action = \"drop\"".into());
        }
        ("drop", false) => {
            checks
                .attribute("action", "a match stage that drops entries cannot hold stages")
                .help = Some("take the stages away, or action = \"drop\"".into());
        }
        ("" | "keep" | "drop", _) => {}
        (other, _) => {
            checks
                .attribute("action", format!("{other:?} is no action of a match stage"))
                .help = Some("one of \"keep\" and \"drop\"".into());
        }
    }
    if let Err(mistake) = logql::parse(&arguments.selector) {
        checks
            .attribute("selector", format!("selector is not valid: {}", mistake.message))
            .help = mistake.help;
    }
}

#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_pattern)]
pub(crate) struct Pattern {
    /// The line as it looks, with `<name>` where a value is extracted and `<_>` where anything may stand.
    pub(crate) pattern: String,
    /// The extracted value to match; the line where it is not set.
    pub(crate) source: Option<String>,
    /// Whether the values become labels, too.
    #[river(default)]
    pub(crate) labels_from_groups: bool,
}

fn check_pattern(pattern: &Pattern, checks: &mut Checks<'_, '_>) {
    check_source(pattern.source.as_deref(), checks);
    match logql_pattern::Pattern::new(&pattern.pattern) {
        Ok(parsed) => {
            if let Some(name) = parsed.names().find(|name| !is_label_name(name)) {
                checks
                    .attribute("pattern", format!("{name:?} is no valid label name"))
                    .help = Some("letters, digits and _ only, no digit first".into());
            }
        }
        Err(mistake) => {
            checks
                .attribute("pattern", format!("pattern is not valid: {}", mistake.message))
                .help = mistake.help;
        }
    }
}
