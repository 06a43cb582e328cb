//! A quick proof that a formatted text is stable and says the same, without lexing, parsing and printing it again.
//!
//! Which layout is printed depends on the tokens and on where lines end between them. So if both texts have the same tokens and comments in the
//! same order, and lines end at the same places inside of statements, printing the new text gives it again.
//!
//! The new text is not lexed: the old tokens are looked for in it, one after the other. That they are tokens there, too, is certain where what
//! follows cannot become part of them.

use crate::kind::SyntaxKind;
use crate::tree::Tree;

/// Whether it is certain; `false` says nothing.
pub(super) fn certainly_stable(old: &Tree, new_text: &str) -> bool {
    let tokens = old.tokens();
    let (old_text, new_text) = (old.text().as_bytes(), new_text.as_bytes());
    let mut items = Items::new(tokens.kinds());
    // How far the new text is read.
    let mut at = 0;
    // The last item and the kind of the last one that stands in the new text, a comma before a closing bracket included.
    let (mut before, mut adjacent) = (SyntaxKind::Newline, SyntaxKind::Newline);
    loop {
        let (gap, mut lines_new) = layout(new_text, at);
        let mut apart = gap > at || at == 0;
        at = gap;
        let Some(item) = items.next() else {
            // How the file ends is the same for every text.
            return at == new_text.len();
        };
        let kind = item.kind;
        if closes(kind) && new_text.get(at) == Some(&b',') {
            let (gap, more) = layout(new_text, at + 1);
            apart = gap > at + 1;
            lines_new = (lines_new + more).min(2);
            at = gap;
            adjacent = SyntaxKind::Comma;
        }
        let Some(text) = old_text.get(tokens.range(item.token)) else {
            return false;
        };
        let end = at + text.len();
        // Most are of one byte, which is faster than a call to compare.
        let same = match text {
            [byte] => new_text.get(at) == Some(byte),
            text => new_text.get(at..end) == Some(text),
        };
        if !same {
            return false;
        }
        if !apart && item.apart && !never_joined(adjacent, kind) {
            return false;
        }
        // Between statements an empty line may be added before a block: what was parted stays parted.
        let same_lines = item.lines == lines_new
            || item.lines == 1 && lines_new == 2 && kind == SyntaxKind::Ident && before.ends_statement();
        let comment = kind.is_comment();
        if !same_lines
            || comment
                && (item.lines == 0 || kind == SyntaxKind::LineComment)
                && !matches!(new_text.get(end), None | Some(b'\n'))
        {
            return false;
        }
        at = end;
        (before, adjacent) = (kind, kind);
    }
}

/// Where layout ends that begins at a byte, and how many lines end in it: none, one, or more.
#[inline]
fn layout(text: &[u8], mut at: usize) -> (usize, u8) {
    let mut lines = 0_u8;
    while let Some(byte) = text.get(at) {
        match byte {
            b' ' | b'\t' | b'\r' => {}
            b'\n' => lines = (lines + 1).min(2),
            _ => break,
        }
        at += 1;
    }
    (at, lines)
}

fn closes(kind: SyntaxKind) -> bool {
    matches!(kind, SyntaxKind::RBrack | SyntaxKind::RCurly | SyntaxKind::RParen)
}

/// Whether two tokens that stand side by side are lexed as these two whatever they are made of.
fn never_joined(left: SyntaxKind, right: SyntaxKind) -> bool {
    use SyntaxKind::{
        Bang, BlockComment, Comma, Dot, Ident, LBrack, LCurly, LParen, Minus, Number, RBrack, RCurly, RParen,
        RawString, String,
    };
    matches!(
        (left, right),
        (
            LCurly | LParen | LBrack | RCurly | RParen | RBrack | Comma | String | RawString | BlockComment,
            _
        ) | (
            _,
            LCurly | LParen | LBrack | RCurly | RParen | RBrack | Comma | String | RawString
        ) | (Ident, Dot)
            | (Dot | Minus | Bang, Ident)
            | (Minus, Number)
    )
}

/// A token or comment, and what is before it.
struct Item {
    token: u32,
    kind: SyntaxKind,
    /// How many lines end before it: none, one, or more.
    lines: u8,
    /// Whether it stands apart from the item before.
    apart: bool,
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

    #[inline]
    fn next(&mut self) -> Option<Item> {
        let mut lines = 0_u8;
        let from = self.at;
        while let Some(&kind) = self.kinds.get(self.at) {
            match kind {
                SyntaxKind::Whitespace => {}
                SyntaxKind::Newline => lines = (lines + 1).min(2),
                SyntaxKind::Comma if self.before_closing() => {}
                _ => {
                    let token = self.at;
                    self.at += 1;
                    return Some(Item {
                        token: token as u32,
                        kind,
                        lines,
                        apart: token > from,
                    });
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
        next.is_some_and(|kind| closes(*kind))
    }
}
