//! A plan for programs.

use crate::report::json::pretty;
use serde::Serialize;
use std_components::controller::{Action, BodyChange, Change, ChangeKind, Plan, Reason};

/// Version of the form; it changes when a field changes its meaning or goes.
const VERSION: u32 = 1;

#[derive(Debug, Serialize)]
struct Document<'p> {
    version: u32,
    changes: Vec<Changed<'p>>,
    /// Ids of blocks that are left alone.
    unchanged: Vec<&'p str>,
}

#[derive(Debug, Serialize)]
struct Changed<'p> {
    id: &'p str,
    action: &'static str,
    reasons: Vec<Why<'p>>,
}

#[derive(Debug, Serialize)]
struct Why<'p> {
    /// `new`, `gone`, `definition`, `added`, `changed` or `removed`.
    kind: &'static str,
    /// Which attribute or block.
    #[serde(skip_serializing_if = "Option::is_none")]
    attribute: Option<&'p str>,
    /// Whether its text changed; otherwise only its value did.
    #[serde(skip_serializing_if = "Option::is_none")]
    written: Option<bool>,
    /// The ids of the blocks that its value changed because of.
    #[serde(skip_serializing_if = "<[river_eval::Str]>::is_empty")]
    because: &'p [river_eval::Str],
}

/// The whole plan.
pub(super) fn text(plan: &Plan) -> String {
    pretty(&Document {
        version: VERSION,
        changes: plan.changes.iter().map(changed).collect(),
        unchanged: plan.unchanged.iter().map(AsRef::as_ref).collect(),
    })
}

fn changed(change: &Change) -> Changed<'_> {
    Changed {
        id: &change.id,
        action: match change.action {
            Action::Start => "start",
            Action::Update => "update",
            Action::Replace => "replace",
            Action::Stop => "stop",
        },
        reasons: change.reasons.iter().map(why).collect(),
    }
}

fn why(reason: &Reason) -> Why<'_> {
    let bare = |kind| Why {
        kind,
        attribute: None,
        written: None,
        because: &[],
    };
    match reason {
        Reason::New => bare("new"),
        Reason::Gone => bare("gone"),
        Reason::Definition => bare("definition"),
        Reason::Written(change) => in_body(change, true, &[]),
        Reason::Evaluated { change, because } => in_body(change, false, because),
    }
}

fn in_body<'p>(change: &'p BodyChange, written: bool, because: &'p [river_eval::Str]) -> Why<'p> {
    Why {
        kind: match change.kind {
            ChangeKind::Added => "added",
            ChangeKind::Changed => "changed",
            ChangeKind::Removed => "removed",
        },
        attribute: Some(&change.path),
        written: Some(written),
        because,
    }
}
