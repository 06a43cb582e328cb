//! The `rule` block.

use super::matcher::Anchored;
use river_eval::Checks;

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, river_eval::TextEnum)]
#[river(text = "relabel action")]
#[expect(missing_docs, reason = "the names are the reference's")]
pub enum Action {
    Replace,
    Keep,
    Drop,
    #[river(name = "keepequal")]
    KeepEqual,
    #[river(name = "dropequal")]
    DropEqual,
    #[river(name = "hashmod")]
    HashMod,
    #[river(name = "labelmap")]
    LabelMap,
    #[river(name = "labeldrop")]
    LabelDrop,
    #[river(name = "labelkeep")]
    LabelKeep,
    Lowercase,
    Uppercase,
}

pub(super) const SEPARATOR: &str = ";";
pub(super) const REPLACEMENT: &str = "$1";

/// A relabelling rule as it is configured.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check)]
pub struct Rule {
    /// The labels whose values are joined and matched.
    #[river(default)]
    pub source_labels: Vec<String>,
    /// What the values are joined with.
    #[river(default = SEPARATOR.to_owned())]
    pub separator: String,
    /// RE2 expression that the joined values, or the names of labels, have to match as a whole.
    #[river(default = Anchored::default())]
    pub regex: Anchored,
    /// What `hashmod` divides the hash by.
    #[river(default)]
    pub modulus: u64,
    /// The label that is written; may hold `$1` with `replace`.
    #[river(default)]
    pub target_label: String,
    /// What is written; `$1` and `${name}` stand for groups of the expression.
    #[river(default = REPLACEMENT.to_owned())]
    pub replacement: String,
    /// What is done.
    #[river(default = Action::Replace)]
    pub action: Action,
}

/// What the reference refuses, pointed at where it can be pointed at.
fn check(rule: &Rule, checks: &mut Checks<'_, '_>) {
    use Action::{
        DropEqual, HashMod, KeepEqual, LabelDrop, LabelKeep, LabelMap, Lowercase, Replace, Uppercase,
    };
    let action = rule.action.as_str();
    if rule.action == HashMod && rule.modulus == 0 {
        checks
            .attribute(
                "modulus",
                "relabel configuration for hashmod requires non-zero modulus",
            )
            .help = Some("add `modulus = 8` or another number of shards".into());
    }
    let needs_target = matches!(
        rule.action,
        Replace | HashMod | Lowercase | Uppercase | KeepEqual | DropEqual
    );
    if needs_target && rule.target_label.is_empty() {
        let message = format!("relabel configuration for {action} action requires 'target_label' value");
        checks.attribute("target_label", message).help =
            Some("name the label that the rule is about: `target_label = \"job\"`".into());
    }
    if rule.action == Replace
        && rule.target_label.contains('$')
        && !super::template::makes_a_name(&rule.target_label)
    {
        let message = format!(
            "{:?} is invalid 'target_label' for {action} action",
            rule.target_label
        );
        checks.attribute("target_label", message);
    }
    if rule.action == LabelMap && !super::template::makes_a_name(&rule.replacement) {
        let message = format!(
            "{:?} is invalid 'replacement' for {action} action",
            rule.replacement
        );
        checks.attribute("replacement", message);
    }
    if matches!(rule.action, Lowercase | Uppercase) && rule.replacement != REPLACEMENT {
        let message = format!("'replacement' can not be set for {action} action");
        checks.attribute("replacement", message).help = Some("take the attribute away".into());
    }
    let (allowed, unused): (&str, &[(&str, bool)]) = match rule.action {
        LabelDrop | LabelKeep => (
            "'regex'",
            &[
                ("source_labels", !rule.source_labels.is_empty()),
                ("target_label", !rule.target_label.is_empty()),
                ("modulus", rule.modulus != 0),
                ("separator", rule.separator != SEPARATOR),
                ("replacement", rule.replacement != REPLACEMENT),
            ],
        ),
        KeepEqual | DropEqual => (
            "'source_labels' and 'target_label'",
            &[
                ("regex", rule.regex != Anchored::default()),
                ("modulus", rule.modulus != 0),
                ("separator", rule.separator != SEPARATOR),
                ("replacement", rule.replacement != REPLACEMENT),
            ],
        ),
        _ => return,
    };
    for (name, is_set) in unused {
        if *is_set {
            let message = format!("{action} action requires only {allowed}, and no other fields");
            checks.attribute(name, message).help = Some(format!("take `{name}` away"));
        }
    }
}
