//! Unified diffs of what a command changes, in colour on a terminal.

use similar::{ChangeTag, TextDiff};
use std::fmt::Write as _;
use std::time::Duration;

/// Lines around a change.
const CONTEXT_LINES: usize = 3;

/// How long to look for the shortest diff of a file; a longer, right one is taken after that.
const PATIENCE: Duration = Duration::from_secs(2);

const BOLD: &str = "\u{1b}[1m";
const RED: &str = "\u{1b}[31m";
const GREEN: &str = "\u{1b}[32m";
const CYAN: &str = "\u{1b}[36m";
const RESET: &str = "\u{1b}[0m";

/// The change of a file as `diff -u` and `patch` know it; empty where there is none. `note` stands after the new text's name.
pub(crate) fn unified(name: &str, note: &str, old: &str, new: &str, colour: bool) -> String {
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(old, new);
    let mut unified = diff.unified_diff();
    unified.context_radius(CONTEXT_LINES);
    let mut out = String::new();
    for (at, hunk) in unified.iter_hunks().enumerate() {
        if at == 0 {
            line(&mut out, colour.then_some(BOLD), &format!("--- {name}"));
            line(&mut out, colour.then_some(BOLD), &format!("+++ {name}{note}"));
        }
        line(&mut out, colour.then_some(CYAN), &hunk.header().to_string());
        for change in hunk.iter_changes() {
            let (sign, paint) = match change.tag() {
                ChangeTag::Delete => ('-', Some(RED)),
                ChangeTag::Insert => ('+', Some(GREEN)),
                ChangeTag::Equal => (' ', None),
            };
            let text = change.value();
            let text = text.strip_suffix('\n').unwrap_or(text);
            line(&mut out, paint.filter(|_| colour), &format!("{sign}{text}"));
            if change.missing_newline() {
                out.push_str("\\ No newline at end of file\n");
            }
        }
    }
    out
}

fn line(out: &mut String, paint: Option<&str>, text: &str) {
    // Writing to a String cannot fail.
    let _ = match paint {
        Some(paint) => writeln!(out, "{paint}{text}{RESET}"),
        None => writeln!(out, "{text}"),
    };
}

#[cfg(test)]
mod tests {
    use super::unified;

    #[test]
    fn a_change_is_a_patch() {
        insta::assert_snapshot!(unified("a.alloy", " (formatted)", "a=1\nb = 2", "a = 1\nb = 2\n", false), @r"
        --- a.alloy
        +++ a.alloy (formatted)
        @@ -1,2 +1,2 @@
        -a=1
        -b = 2
        \ No newline at end of file
        +a = 1
        +b = 2
        ");
        assert_eq!(unified("a.alloy", " (formatted)", "a = 1\n", "a = 1\n", true), "");
    }

    #[test]
    fn colours_end_with_their_line() {
        let diff = unified("a.alloy", " (formatted)", "a=1\n", "a = 1\n", true);
        assert!(
            diff.contains("\u{1b}[31m-a=1\u{1b}[0m\n\u{1b}[32m+a = 1\u{1b}[0m\n"),
            "{diff:?}"
        );
    }
}
