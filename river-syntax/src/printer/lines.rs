//! On which line each token stands, and which tokens are comments.

use crate::kind::SyntaxKind;
use crate::tree::Tree;

/// Line numbers (from 1) of the tokens.
pub(super) struct Lines {
    /// Of the first byte of each token, and of the text's end.
    starts: Vec<u32>,
    /// Tokens that are comments, in order.
    comments: Vec<u32>,
}

impl Lines {
    pub(super) fn new(tree: &Tree) -> Self {
        let kinds = tree.tokens().kinds();
        let mut starts = Vec::with_capacity(kinds.len() + 1);
        let mut comments = Vec::new();
        let mut line = 1;
        starts.extend(kinds.iter().enumerate().map(|(at, kind)| {
            let start = line;
            match kind {
                SyntaxKind::Newline => line += 1,
                SyntaxKind::LineComment => comments.push(at as u32),
                SyntaxKind::BlockComment | SyntaxKind::RawString => {
                    let text = tree.token_text(at as u32).as_bytes();
                    line += memchr::memchr_iter(b'\n', text).count() as u32;
                    if *kind == SyntaxKind::BlockComment {
                        comments.push(at as u32);
                    }
                }
                _ => {}
            }
            start
        }));
        starts.push(line);
        Self { starts, comments }
    }

    /// The line of a token's first byte.
    #[inline]
    pub(super) fn start(&self, token: u32) -> u32 {
        self.starts
            .get(token as usize)
            .or(self.starts.last())
            .copied()
            .unwrap_or(1)
    }

    /// The line of the last byte of a token that is no line's end: where the next token begins.
    #[inline]
    pub(super) fn end(&self, token: u32) -> u32 {
        self.start(token + 1)
    }

    /// Tokens that are comments, in order.
    pub(super) fn comments(&self) -> &[u32] {
        &self.comments
    }
}
