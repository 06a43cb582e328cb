//! From a text to tokens that cover every byte of it.

mod first;
mod raw;
mod strings;

use crate::kind::SyntaxKind;
use first::{FIRST, First};
use logos::Logos;
use raw::Raw;

/// Tokens of a text: kinds and first bytes. The token `i` ends where the token `i + 1` begins.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    kinds: Vec<SyntaxKind>,
    /// One more than there are kinds: the last is the length of the text.
    starts: Vec<u32>,
}

/// Longest text that can be lexed: positions are 32 bits.
pub const MAX_TEXT_BYTES: usize = u32::MAX as usize - 1;

impl Tokens {
    /// How many tokens.
    pub fn len(&self) -> usize {
        self.kinds.len()
    }

    /// Whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// The kind of a token; [`SyntaxKind::Eof`] past the last.
    pub fn kind(&self, token: u32) -> SyntaxKind {
        self.kinds.get(token as usize).copied().unwrap_or(SyntaxKind::Eof)
    }

    /// The first byte of a token; the length of the text past the last.
    pub fn start(&self, token: u32) -> u32 {
        self.starts
            .get(token as usize)
            .or(self.starts.last())
            .copied()
            .unwrap_or(0)
    }

    /// The byte after a token.
    pub fn end(&self, token: u32) -> u32 {
        self.start(token + 1)
    }

    /// The bytes of a token.
    pub fn range(&self, token: u32) -> std::ops::Range<usize> {
        self.start(token) as usize..self.end(token) as usize
    }

    /// The token that holds a byte.
    pub fn at_offset(&self, offset: u32) -> u32 {
        (self.starts.partition_point(|&start| start <= offset) as u32)
            .saturating_sub(1)
            .min(self.len().saturating_sub(1) as u32)
    }

    /// All kinds in order.
    pub fn kinds(&self) -> &[SyntaxKind] {
        &self.kinds
    }
}

/// Lexes a text. Never fails: what is no token is one of a kind that says so.
///
/// A text above [`MAX_TEXT_BYTES`] is cut there.
pub fn lex(text: &str) -> Tokens {
    let mut end = text.len().min(MAX_TEXT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = &text[..end];
    // Measured on configurations: 4.5 bytes a token.
    let mut tokens = Tokens {
        kinds: Vec::with_capacity(text.len() / 4),
        starts: Vec::with_capacity(text.len() / 4 + 1),
    };
    let bytes = text.as_bytes();
    let mut lexer = Raw::lexer(text);
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        at += 1;
        let kind = match FIRST[byte as usize] {
            First::Alone(kind) => kind,
            First::Blank => {
                while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\r')) {
                    at += 1;
                }
                SyntaxKind::Whitespace
            }
            First::Name => {
                at += raw::rest_of_name(&text[at..]);
                raw::word(&text[start..at]).kind()
            }
            First::Other => {
                lexer.bump(start - lexer.span().end);
                let kind = match lexer.next() {
                    Some(Ok(raw)) => raw.kind(start),
                    _ => SyntaxKind::Illegal,
                };
                at = lexer.span().end.max(at);
                kind
            }
        };
        tokens.kinds.push(kind);
        tokens.starts.push(start as u32);
    }
    tokens.starts.push(text.len() as u32);
    tokens
}

pub use strings::{StringError, unquote};

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> String {
        let tokens = lex(text);
        (0..tokens.len() as u32)
            .filter(|&at| tokens.kind(at) != SyntaxKind::Whitespace)
            .map(|at| format!("{:?}({})", tokens.kind(at), text[tokens.range(at)].escape_debug()))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn a_block_and_its_layout() {
        insta::assert_snapshot!(kinds("a.b \"l\" { // c\n\tx = -1.5e3 /* d */\n}"), @r#"Ident(a) Dot(.) Ident(b) String(\"l\") LCurly({) LineComment(// c) Newline(\n) Ident(x) Eq(=) Minus(-) Float(1.5e3) BlockComment(/* d */) Newline(\n) RCurly(})"#);
    }

    #[test]
    fn what_is_no_token_says_so() {
        insta::assert_snapshot!(kinds("\"a\\q\" 'x' # | 1e \u{feff} \"open\n`open"), @r#"BadEscape(\"a\\q\") SingleQuoted(\'x\') Illegal(#) HalfOperator(|) BadNumber(1e) Illegal(\u{feff}) OpenString(\"open) Newline(\n) OpenRawString(`open)"#);
    }

    #[test]
    fn names_may_hold_letters_of_any_script() {
        insta::assert_snapshot!(kinds("größe_1 null nullx true _"), @"Ident(größe_1) Null(null) Ident(nullx) Bool(true) Ident(_)");
    }

    proptest::proptest! {
        #[test]
        fn tokens_cover_every_byte(text in "[a-z0-9 \\t\\r\\n\"'`{}()\\[\\]=,.+*/%^&|!<>\\\\#é\u{feff}\u{0}-]{0,60}") {
            let tokens = lex(&text);
            let joined: String = (0..tokens.len() as u32).map(|at| &text[tokens.range(at)]).collect();
            proptest::prop_assert_eq!(joined, text);
        }

        #[test]
        fn what_the_first_byte_tells_is_what_the_generated_lexer_says(
            text in "[a-z0-9 \\t\\r\\n\"'`{}()\\[\\]=,.+*/%^&|!<>\\\\#éßⅣ٣_\u{feff}\u{0}-]{0,60}|(true|false|null|[a-zé_1-3]{1,3}|[-+*%^,(){}\\[\\] \n\r\t.]){0,20}"
        ) {
            let tokens = lex(&text);
            let ours: Vec<_> = (0..tokens.len() as u32).map(|at| (tokens.kind(at), tokens.range(at))).collect();
            let generated: Vec<_> = Raw::lexer(&text)
                .spanned()
                .map(|(token, range)| (token.map_or(SyntaxKind::Illegal, |raw| raw.kind(range.start)), range))
                .collect();
            proptest::prop_assert_eq!(ours, generated);
        }
    }
}
