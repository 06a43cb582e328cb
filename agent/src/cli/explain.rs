//! `alloy-rs explain`: what a diagnostic's code means, with an example and the way out.

use super::{output, usage};
use crate::codes;
use clap::Args;
use std::fmt::Write as _;
use std::process::ExitCode;

/// Explain a code of a diagnostic, or list all codes.
#[derive(Debug, Args)]
#[command(
    after_help = "The pages are those of docs/errors.\n\nExit status: 0 explained, 2 no such code.\n\nExamples:\n  \
    alloy-rs explain AR0001               print the page of a code\n  \
    alloy-rs explain                      list all codes"
)]
pub(crate) struct ExplainArgs {
    /// The code as a message shows it, `AR0001`; all codes are listed without it
    code: Option<String>,
}

pub(crate) fn execute(args: &ExplainArgs) -> ExitCode {
    let Some(wanted) = &args.code else {
        return output::write_or_usage(&list());
    };
    match codes::find(wanted.trim()) {
        Some(code) => output::write_or_usage(&codes::page(code)),
        None => {
            output::complain("explain", &unknown(wanted));
            usage()
        }
    }
}

/// All codes with their titles, a line each.
fn list() -> String {
    let mut text = String::new();
    for code in codes::all() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}  {}", code.id, code.title);
    }
    text
}

/// What to say of a code that is not there.
fn unknown(wanted: &str) -> String {
    let upper = wanted.trim().to_ascii_uppercase();
    let ids = codes::all().into_iter().map(|code| code.id);
    match river_eval::suggest::nearest(&upper, ids) {
        Some(near) => format!("there is no code {wanted}; did you mean {near}?"),
        None => format!("there is no code {wanted}; `alloy-rs explain` lists all codes"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn unknown_codes_get_a_proposal() {
        insta::assert_snapshot!(super::unknown("AR001"), @"there is no code AR001; did you mean AR0001?");
        insta::assert_snapshot!(super::unknown("nonsense"), @"there is no code nonsense; `alloy-rs explain` lists all codes");
    }

    #[test]
    fn the_list_has_a_line_for_each_code() {
        let list = super::list();
        assert_eq!(list.lines().count(), crate::codes::all().len());
        assert!(list.starts_with("AR0001  unexpected token\n"), "{list}");
    }
}
