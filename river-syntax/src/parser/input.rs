//! The tokens as the grammar sees them: without layout, with the terminators that line ends make.

use crate::kind::SyntaxKind;
use crate::lexer::Tokens;

/// What the parser reads.
pub(super) struct Input {
    kinds: Vec<SyntaxKind>,
    /// The token of each kind; of a terminator the layout token where the line ends.
    tokens: Vec<u32>,
}

impl Input {
    /// As in Go, a line's end ends the statement after a name, a literal or a closing bracket; a comment that reaches over the line's
    /// end counts as one, and so does the end of the text.
    pub(super) fn new(text: &str, tokens: &Tokens) -> Self {
        // Of a line such as `name = "value"` four of seven tokens are read.
        let capacity = tokens.len() / 3 * 2 + 8;
        let mut input = Self {
            kinds: Vec::with_capacity(capacity),
            tokens: Vec::with_capacity(capacity),
        };
        let mut ends_statement = false;
        // The first comment since the last token: where a terminator stands if a line's end follows.
        let mut comment = None;
        for (at, &kind) in tokens.kinds().iter().enumerate() {
            let at = at as u32;
            match kind {
                SyntaxKind::Whitespace | SyntaxKind::ByteOrderMark => {}
                SyntaxKind::Newline => {
                    if ends_statement {
                        input.push(SyntaxKind::Terminator, comment.unwrap_or(at));
                        ends_statement = false;
                    }
                    comment = None;
                }
                SyntaxKind::LineComment => comment = comment.or(Some(at)),
                SyntaxKind::BlockComment | SyntaxKind::OpenBlockComment => {
                    comment = comment.or(Some(at));
                    if ends_statement && text[tokens.range(at)].contains('\n') {
                        input.push(SyntaxKind::Terminator, comment.unwrap_or(at));
                        ends_statement = false;
                    }
                }
                // What is no token leaves the state as it is.
                SyntaxKind::Illegal => {
                    comment = None;
                    input.push(kind, at);
                }
                kind => {
                    comment = None;
                    ends_statement = kind.ends_statement();
                    input.push(kind, at);
                }
            }
        }
        let end = tokens.len() as u32;
        if ends_statement {
            input.push(SyntaxKind::Terminator, comment.unwrap_or(end));
        }
        input.push(SyntaxKind::Eof, end);
        input
    }

    fn push(&mut self, kind: SyntaxKind, token: u32) {
        self.kinds.push(kind);
        self.tokens.push(token);
    }

    /// The kind at a position; the end of the text past it.
    #[inline]
    pub(super) fn kind(&self, at: usize) -> SyntaxKind {
        self.kinds.get(at).copied().unwrap_or(SyntaxKind::Eof)
    }

    /// The token at a position.
    #[inline]
    pub(super) fn token(&self, at: usize) -> u32 {
        self.tokens.get(at).or(self.tokens.last()).copied().unwrap_or(0)
    }
}
