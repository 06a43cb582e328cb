//! Whether a formatted text still says the same: the same tokens, and each comment with its statement.

use crate::kind::SyntaxKind;
use crate::tree::{Node, Tree};

/// Compares tokens without layout (commas before closing brackets come and go, keys in backticks turn into quoted ones), and the statement that
/// each comment belongs to.
pub(super) fn same_meaning(old: &Tree, new: &Tree) -> bool {
    same_tokens(old, new) && comments(old).eq(comments(new))
}

fn same_tokens(old: &Tree, new: &Tree) -> bool {
    let mut left = Tokens { tree: old, at: 0 };
    let mut right = Tokens { tree: new, at: 0 };
    loop {
        match (left.next(), right.next()) {
            (None, None) => return true,
            (Some(old_token), Some(new_token)) => {
                let same = old.token_text(old_token) == new.token_text(new_token)
                    || (old.tokens().kind(old_token) == SyntaxKind::RawString
                        && new.tokens().kind(new_token) == SyntaxKind::String
                        && crate::unquote(old.token_text(old_token))
                            == crate::unquote(new.token_text(new_token)));
                if !same {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

struct Tokens<'t> {
    tree: &'t Tree,
    at: u32,
}

impl Tokens<'_> {
    /// The next token that is no layout, from one on.
    fn significant(&self, mut token: u32) -> u32 {
        while self.tree.tokens().kind(token).is_trivia() {
            token += 1;
        }
        token
    }

    fn next(&mut self) -> Option<u32> {
        let mut token = self.significant(self.at);
        if self.tree.tokens().kind(token) == SyntaxKind::Comma {
            let after = self.significant(token + 1);
            let closes = matches!(
                self.tree.tokens().kind(after),
                SyntaxKind::RBrack | SyntaxKind::RCurly | SyntaxKind::RParen
            );
            if closes {
                token = after;
            }
        }
        // An empty label is none.
        self.at = token + 1;
        (self.tree.tokens().kind(token) != SyntaxKind::Eof).then_some(token)
    }
}

/// Each comment's text, without carriage returns, and how many statements begin before it.
fn comments(tree: &Tree) -> impl Iterator<Item = (String, usize)> + use<'_> {
    let mut starts = Vec::new();
    if let Some(root) = tree.root() {
        statement_starts(root, &mut starts);
    }
    starts.sort_unstable();
    let kinds = tree.tokens().kinds().iter().enumerate();
    kinds.filter(|(_, kind)| kind.is_comment()).map(move |(at, _)| {
        let at = at as u32;
        (
            tree.token_text(at).replace('\r', ""),
            starts.partition_point(|&start| start < at),
        )
    })
}

fn statement_starts(node: Node<'_>, starts: &mut Vec<u32>) {
    for child in node.children_from_last() {
        match child.kind() {
            SyntaxKind::Attribute => starts.push(child.first_token()),
            SyntaxKind::Block => {
                starts.push(child.first_token());
                statement_starts(child, starts);
            }
            SyntaxKind::Body => statement_starts(child, starts),
            _ => {}
        }
    }
}
