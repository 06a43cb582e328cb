//! The canonical format: one way to write each configuration, byte for byte the reference's.
//!
//! A walk over the tree ([`walk`]) writes tokens and wanted layout to a [`writer`], which puts the comments back where they stood and hands lines
//! to [`columns`], which aligns `=` signs and trailing comments. The rules are told in `docs/language.md`.

mod columns;
mod lines;
mod off;
mod same;
mod stable;
mod walk;
mod writer;

#[cfg(test)]
mod tests;

use crate::diagnostic::Diagnostic;
use crate::parser::{Parse, parse_file};
use crate::source::{FileId, Span};
use crate::tree::Tree;

/// Formats a whole file. What stands between `// fmt: off` and `// fmt: on`, each alone on its line, stays as it is.
///
/// # Errors
/// What is wrong with the text; a broken text is not formatted. Spans carry the first [`FileId`].
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    let parse = parse_file(FileId(0), text);
    format_parsed(&parse).ok_or(parse.errors)
}

/// Formats a parsed file; `None` where it has errors.
pub fn format_parsed(parse: &Parse) -> Option<String> {
    if !parse.errors.is_empty() {
        return None;
    }
    let formatted = format_tree(&parse.tree);
    Some(if off::may_have(parse.tree.text()) {
        off::keep(&parse.tree, formatted)
    } else {
        formatted
    })
}

/// How comments between the tokens of one statement are placed.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Placing {
    /// As the reference does: it takes tokens such as `=`, `.` and `,` to stand right after what is before them, so comments move
    /// behind them. A line comment may end up in the middle of a line.
    Reference,
    /// Between the tokens where they stood; a line comment ends its line.
    Exact,
}

/// Rounds until the text has to be stable.
const MAX_ROUNDS: usize = 8;

/// The reference's format where it keeps the meaning and is stable; else the nearest text that does and is.
fn format_tree(tree: &Tree) -> String {
    let text = &**tree.text();
    let mut current = print(tree, Placing::Reference);
    if current == text || stable::certainly_stable(tree, &current) {
        return current;
    }
    // Comments inside of statements, and statements that shrink to one line, are what make the reference's format need a second round.
    // `kept` is the last text known to mean the same.
    let mut kept = tree.clone();
    for _ in 0..MAX_ROUNDS {
        let parse = parse_file(tree.file(), current.as_str());
        if parse.errors.is_empty() && same::same_meaning(&kept, &parse.tree) {
            let next = print(&parse.tree, Placing::Reference);
            if next == current {
                return current;
            }
            kept = parse.tree;
            current = next;
            continue;
        }
        let exact = print(&kept, Placing::Exact);
        if exact == **kept.text() {
            return exact;
        }
        let parse = parse_file(tree.file(), exact.as_str());
        if !parse.errors.is_empty() || !same::same_meaning(&kept, &parse.tree) {
            break;
        }
        current = print(&parse.tree, Placing::Reference);
        if current == exact {
            return current;
        }
        kept = parse.tree;
    }
    kept.text().to_string()
}

fn print(tree: &Tree, placing: Placing) -> String {
    let lines = lines::Lines::new(tree);
    let mut walker = walk::Walker::new(tree, &lines, placing);
    walker.file();
    walker.finish()
}

/// Formats the whole lines that a range touches, for editors; gives the range of whole statements that changes and what to put there.
/// `None` where the text has errors or nothing changes.
pub fn format_range(parse: &Parse, range: Span) -> Option<(Span, String)> {
    let formatted = format_parsed(parse)?;
    let text = &**parse.tree.text();
    if formatted == text {
        return None;
    }
    // Statements of the top level keep their order and number, so the n-th of one text is the n-th of the other.
    let new = parse_file(range.file, formatted.as_str());
    let old_spans: Vec<Span> = parse
        .body()?
        .statements()
        .map(|statement| statement.span())
        .collect();
    let new_spans: Vec<Span> = new
        .body()?
        .statements()
        .map(|statement| statement.span())
        .collect();
    let first = old_spans.iter().position(|span| span.end > range.start)?;
    let last = old_spans.iter().rposition(|span| span.start < range.end)?;
    let (from, to) = (old_spans.get(first)?, old_spans.get(last)?);
    if last < first || new_spans.len() != old_spans.len() {
        return None;
    }
    let span = from.to(*to);
    let replacement = formatted.get(new_spans[first].to(new_spans[last]).range())?;
    (text.get(span.range()) != Some(replacement)).then(|| (span, replacement.to_owned()))
}
