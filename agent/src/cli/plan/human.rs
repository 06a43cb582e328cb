//! A plan for people: a line for each block that changes, and its reasons below.

use std::fmt::Write as _;
use std::io::IsTerminal;
use std_components::controller::{Action, BodyChange, ChangeKind, Plan, Reason};

/// Reasons of one block that are told; of a long list of targets or rules each item is one.
const MAX_REASONS: usize = 12;

/// Whether to use colours on standard output.
pub(super) fn colour() -> bool {
    crate::report::colour(std::io::stdout().is_terminal())
}

/// The whole plan.
pub(super) fn text(plan: &Plan, colour: bool) -> String {
    let mut out = String::new();
    for change in &plan.changes {
        let (sign, word, paint) = match change.action {
            Action::Start => ('+', "start", "32"),
            Action::Update => ('~', "update", "33"),
            Action::Replace => ('±', "replace", "33"),
            Action::Stop => ('-', "stop", "31"),
        };
        let head = format!("{sign} {word:<7}");
        let head = match colour {
            true => format!("\u{1b}[{paint}m{head}\u{1b}[0m"),
            false => head,
        };
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(out, "{head}  {}", change.id);
        for reason in change.reasons.iter().take(MAX_REASONS) {
            if let Some(reason) = told(reason) {
                let _ = writeln!(out, "             {reason}");
            }
        }
        if change.reasons.len() > MAX_REASONS {
            let _ = writeln!(
                out,
                "             … and {} more",
                change.reasons.len() - MAX_REASONS
            );
        }
    }
    if !plan.changes.is_empty() {
        out.push('\n');
    }
    let count = |action| {
        let changes = plan.changes.iter();
        changes.filter(|change| change.action == action).count()
    };
    let parts = [
        (count(Action::Start), "to start"),
        (count(Action::Update), "to update"),
        (count(Action::Replace), "to replace"),
        (count(Action::Stop), "to stop"),
    ];
    let mut parts: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if parts.is_empty() {
        parts.push("nothing to do".to_owned());
    }
    let _ = writeln!(out, "{}; {} left alone", parts.join(", "), plan.unchanged.len());
    out
}

/// A reason in words; `None` where the action says it already.
fn told(reason: &Reason) -> Option<String> {
    Some(match reason {
        Reason::New | Reason::Gone => return None,
        Reason::Definition => "its definition changed".to_owned(),
        Reason::Written(change) => place(change),
        Reason::Evaluated { change, because } if because.is_empty() => {
            format!("{}, by the environment: its text is the same", place(change))
        }
        Reason::Evaluated { change, because } => {
            format!("{}, because of {}", place(change), because.join(", "))
        }
    })
}

fn place(change: &BodyChange) -> String {
    let how = match change.kind {
        ChangeKind::Added => "is new",
        ChangeKind::Changed => "changes",
        ChangeKind::Removed => "goes",
    };
    format!("{} {how}", change.path)
}
