//! A quick proof that a formatted text is stable and says the same, without parsing and printing it again.
//!
//! Which layout is printed depends on the tokens and on where lines end between them. So if both texts have the same tokens and comments in the
//! same order, and lines end at the same places inside of statements, printing the new text gives it again.

use crate::kind::SyntaxKind;
use crate::lexer::lex;
use crate::tree::Tree;

/// Whether it is certain; `false` says nothing.
pub(super) fn certainly_stable(old: &Tree, new_text: &str) -> bool {
    let new = lex(new_text);
    let mut left = Items::new(old.tokens().kinds());
    let mut right = Items::new(new.kinds());
    let mut before = SyntaxKind::Newline;
    loop {
        let ((one, lines_one), (other, lines_other)) = match (left.next(), right.next()) {
            (Some(one), Some(other)) => (one, other),
            // How the file ends is the same for every text.
            (None, None) => return true,
            _ => return false,
        };
        let kind = old.tokens().kind(one);
        if kind != new.kind(other)
            || old.text().as_bytes().get(old.tokens().range(one)) != new_text.as_bytes().get(new.range(other))
        {
            return false;
        }
        // Between statements an empty line may be added before a block: what was parted stays parted.
        let same_lines = lines_one == lines_other
            || lines_one == 1 && lines_other == 2 && kind == SyntaxKind::Ident && before.ends_statement();
        if !same_lines || kind.is_comment() && lines_one == 0 && !right.line_ends() {
            return false;
        }
        before = kind;
    }
}

/// Tokens and comments without layout and without commas before closing brackets.
struct Items<'t> {
    kinds: &'t [SyntaxKind],
    at: usize,
}

impl<'t> Items<'t> {
    fn new(kinds: &'t [SyntaxKind]) -> Self {
        Self { kinds, at: 0 }
    }

    /// The next one, and how many lines end before it: none, one, or more.
    #[inline]
    fn next(&mut self) -> Option<(u32, u8)> {
        let mut lines = 0_u8;
        while let Some(kind) = self.kinds.get(self.at) {
            match kind {
                SyntaxKind::Whitespace => {}
                SyntaxKind::Newline => lines = (lines + 1).min(2),
                SyntaxKind::Comma if self.before_closing() => {}
                _ => {
                    self.at += 1;
                    return Some((self.at as u32 - 1, lines));
                }
            }
            self.at += 1;
        }
        None
    }

    /// Whether only layout stands between the comma at hand and a closing bracket.
    fn before_closing(&self) -> bool {
        let rest = self.kinds.get(self.at + 1..).unwrap_or_default();
        let next = rest
            .iter()
            .find(|kind| !matches!(kind, SyntaxKind::Whitespace | SyntaxKind::Newline));
        matches!(
            next,
            Some(SyntaxKind::RBrack | SyntaxKind::RCurly | SyntaxKind::RParen)
        )
    }

    /// Whether the line ends after the last item.
    fn line_ends(&self) -> bool {
        let rest = self.kinds.get(self.at..).unwrap_or_default();
        !rest
            .iter()
            .take_while(|kind| **kind != SyntaxKind::Newline)
            .any(|kind| *kind != SyntaxKind::Whitespace)
    }
}
