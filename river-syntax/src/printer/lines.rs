//! On which line each token stands.

use crate::kind::SyntaxKind;
use crate::tree::Tree;

/// Line numbers (from 1) of the first and last byte of each token.
pub(super) struct Lines {
    starts: Vec<u32>,
    /// Lines that a token goes on for beyond its first; only of the few that have any.
    more: Vec<(u32, u32)>,
}

impl Lines {
    pub(super) fn new(tree: &Tree) -> Self {
        let tokens = tree.tokens();
        let mut starts = Vec::with_capacity(tokens.len() + 1);
        let mut more = Vec::new();
        let mut line = 1;
        for (at, kind) in tokens.kinds().iter().enumerate() {
            starts.push(line);
            match kind {
                SyntaxKind::Newline => line += 1,
                SyntaxKind::BlockComment | SyntaxKind::RawString => {
                    let text = tree.token_text(at as u32).as_bytes();
                    let count = memchr::memchr_iter(b'\n', text).count() as u32;
                    if count > 0 {
                        more.push((at as u32, count));
                        line += count;
                    }
                }
                _ => {}
            }
        }
        starts.push(line);
        Self { starts, more }
    }

    /// The line of a token's first byte.
    pub(super) fn start(&self, token: u32) -> u32 {
        self.starts
            .get(token as usize)
            .or(self.starts.last())
            .copied()
            .unwrap_or(1)
    }

    /// The line of a token's last byte.
    pub(super) fn end(&self, token: u32) -> u32 {
        let more = match self.more.binary_search_by_key(&token, |(at, _)| *at) {
            Ok(found) => self.more[found].1,
            Err(_) => 0,
        };
        self.start(token) + more
    }
}
