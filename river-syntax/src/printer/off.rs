//! `// fmt: off` and `// fmt: on`: text between them stays as it was written.
//!
//! Either comment counts where it stands alone on its line between statements. What is turned off in a body stays so up to the comment that turns
//! it on again in the same body, or up to the body's end. The whole text is formatted first; then the regions are put back. They are
//! parted from what is around them by lines of their own, so that putting them back moves nothing else.

use crate::kind::SyntaxKind;
use crate::parser::parse_file;
use crate::tree::{Node, Tree};
use std::ops::Range;

/// Whether a text could have such comments; cheap.
pub(super) fn may_have(text: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), b"fmt:").is_some()
}

/// Puts the regions of the old text back into the formatted one.
pub(super) fn keep(old: &Tree, formatted: String) -> String {
    let old_regions = regions(old);
    if old_regions.is_empty() {
        return formatted;
    }
    let text = &**old.text();
    let new = parse_file(old.file(), formatted.as_str());
    let new_regions = regions(&new.tree);
    if old_regions.len() != new_regions.len() {
        // Cannot be told apart any more; nothing is safer than what was written.
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (old_region, new_region) in old_regions.into_iter().zip(new_regions) {
        out.push_str(formatted.get(at..new_region.start).unwrap_or(""));
        out.push_str(text.get(old_region).unwrap_or(""));
        at = new_region.end;
    }
    out.push_str(formatted.get(at..).unwrap_or(""));
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out
}

/// The bytes that are kept, in order; none overlap.
fn regions(tree: &Tree) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    if let Some(root) = tree.root() {
        in_body(root, 0..root.end_token(), tree.text().len(), &mut found);
    }
    found.sort_unstable_by_key(|region: &Range<usize>| region.start);
    found
}

/// Regions between the statements of a body: its tokens, and the byte where it ends.
fn in_body(owner: Node<'_>, tokens: Range<u32>, end: usize, found: &mut Vec<Range<usize>>) {
    let tree = owner.tree();
    let statements: Vec<Node<'_>> = owner
        .children()
        .into_iter()
        .find(|child| child.kind() == SyntaxKind::Body)
        .map(|body| body.children())
        .unwrap_or_default();
    let mut statements = statements.into_iter().peekable();
    let mut token = tokens.start;
    let mut off = None;
    while token < tokens.end {
        if let Some(statement) = statements.next_if(|statement| statement.first_token() <= token) {
            // A region that begins outside holds all that is inside.
            if statement.kind() == SyntaxKind::Block && off.is_none() {
                inside_of(statement, found);
            }
            token = statement.end_token().max(token + 1);
            continue;
        }
        match (directive(tree, token), off) {
            (Some(false), None) => off = Some(tree.tokens().start(token) as usize),
            (Some(true), Some(start)) => {
                found.push(start..line_start(tree, tree.tokens().start(token) as usize));
                off = None;
            }
            _ => {}
        }
        token += 1;
    }
    if let Some(start) = off {
        let end = if end < tree.text().len() {
            line_start(tree, end)
        } else {
            end
        };
        found.push(start..end);
    }
}

fn inside_of(block: Node<'_>, found: &mut Vec<Range<usize>>) {
    let tree = block.tree();
    let Some(close) = block.end_token().checked_sub(1) else {
        return;
    };
    let open = (block.first_token()..close).find(|&token| tree.tokens().kind(token) == SyntaxKind::LCurly);
    if let Some(open) = open {
        let end = tree.tokens().start(close) as usize;
        in_body(block, open + 1..close, end, found);
    }
}

/// Whether a token is a comment, alone on its line, that turns formatting off (false) or on (true).
fn directive(tree: &Tree, token: u32) -> Option<bool> {
    if tree.tokens().kind(token) != SyntaxKind::LineComment {
        return None;
    }
    let on = match tree.token_text(token).strip_prefix("//")?.trim() {
        "fmt: off" | "fmt:off" => false,
        "fmt: on" | "fmt:on" => true,
        _ => return None,
    };
    let before = tree.text().get(..tree.tokens().start(token) as usize)?;
    let before = before.trim_end_matches([' ', '\t', '\r', '\u{feff}']);
    (before.is_empty() || before.ends_with('\n')).then_some(on)
}

/// The start of the line of a byte if only white space lies between, else the byte.
fn line_start(tree: &Tree, at: usize) -> usize {
    let before = tree.text().get(..at).unwrap_or("");
    let trimmed = before.trim_end_matches([' ', '\t', '\r']);
    if trimmed.ends_with('\n') {
        trimmed.len()
    } else {
        at
    }
}
