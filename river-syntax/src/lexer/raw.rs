//! The token definitions for the lexer generator.

use super::strings;
use crate::kind::SyntaxKind;
use logos::{Lexer, Logos};

/// Tokens as logos finds them; strings and comments are finished by callbacks that search for their ends.
#[derive(Clone, Copy, Debug, Logos, PartialEq)]
pub(super) enum Raw {
    #[regex(r"[ \t\r]+")]
    Whitespace,
    #[token("\n")]
    Newline,
    #[token("//", line_comment)]
    LineComment,
    #[token("/*", block_comment)]
    BlockComment(bool),
    #[token("\u{feff}")]
    ByteOrderMark,
    #[regex(r"[\p{L}_]", name)]
    Name(Word),
    #[regex(r"[0-9]+")]
    Number,
    #[regex(r"[0-9]+\.[0-9]*([eE][+-]?[0-9]+)?")]
    #[regex(r"\.[0-9]+([eE][+-]?[0-9]+)?")]
    #[regex(r"[0-9]+[eE][+-]?[0-9]+")]
    Float,
    #[regex(r"[0-9]+\.?[0-9]*[eE][+-]?")]
    #[regex(r"\.[0-9]+[eE][+-]?")]
    BadNumber,
    #[token("\"", strings::quoted)]
    String(strings::End),
    #[token("`", strings::raw)]
    Backticks(bool),
    #[token("'", strings::single_quoted)]
    SingleQuoted,
    #[token("||")]
    OrOr,
    #[token("&&")]
    AndAnd,
    #[token("|")]
    #[token("&")]
    HalfOperator,
    #[token("!")]
    Bang,
    #[token("=")]
    Eq,
    #[token("==")]
    EqEq,
    #[token("!=")]
    BangEq,
    #[token("<")]
    Lt,
    #[token("<=")]
    Le,
    #[token(">")]
    Gt,
    #[token(">=")]
    Ge,
    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("*")]
    Star,
    #[token("/")]
    Slash,
    #[token("%")]
    Percent,
    #[token("^")]
    Caret,
    #[token(",")]
    Comma,
    #[token(".")]
    Dot,
    #[token("{")]
    LCurly,
    #[token("}")]
    RCurly,
    #[token("(")]
    LParen,
    #[token(")")]
    RParen,
    #[token("[")]
    LBrack,
    #[token("]")]
    RBrack,
}

/// What a name is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Word {
    Ident,
    Null,
    Bool,
}

/// How a name goes on after its first letter.
#[derive(Logos)]
enum Rest {
    #[regex(r"[\p{L}_\p{Nd}]+")]
    Name,
}

/// ASCII bytes that names go on with.
const IN_NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_';
        byte += 1;
    }
    table
};

/// How long a name goes on after its first letter. Names are most of a configuration and nearly always ASCII: a loop over bytes is faster than
/// the automaton for all scripts.
#[inline]
pub(super) fn rest_of_name(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let mut end = bytes
        .iter()
        .position(|byte| !IN_NAME[*byte as usize])
        .unwrap_or(bytes.len());
    if bytes.get(end).is_some_and(|byte| !byte.is_ascii()) {
        let mut more = Rest::lexer(&rest[end..]);
        if let Some(Ok(Rest::Name)) = more.next() {
            end += more.span().end;
        }
    }
    end
}

/// What a whole name is.
#[inline]
pub(super) fn word(name: &str) -> Word {
    match name {
        "null" => Word::Null,
        "true" | "false" => Word::Bool,
        _ => Word::Ident,
    }
}

fn name(lexer: &mut Lexer<'_, Raw>) -> Word {
    let end = rest_of_name(lexer.remainder());
    lexer.bump(end);
    word(lexer.slice())
}

/// To the end of the line, which is not part of it; nor is a carriage return before it.
fn line_comment(lexer: &mut Lexer<'_, Raw>) {
    let rest = lexer.remainder().as_bytes();
    let mut end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    if end > 0 && rest[end - 1] == b'\r' {
        end -= 1;
    }
    lexer.bump(end);
}

/// Answers whether the comment is closed.
fn block_comment(lexer: &mut Lexer<'_, Raw>) -> bool {
    let rest = lexer.remainder();
    match memchr::memmem::find(rest.as_bytes(), b"*/") {
        Some(end) => {
            lexer.bump(end + 2);
            true
        }
        None => {
            lexer.bump(rest.len());
            false
        }
    }
}

impl Word {
    /// The kind of its token.
    #[inline]
    pub(super) fn kind(self) -> SyntaxKind {
        match self {
            Self::Ident => SyntaxKind::Ident,
            Self::Null => SyntaxKind::Null,
            Self::Bool => SyntaxKind::Bool,
        }
    }
}

impl Raw {
    /// The kind of a token that begins at a byte.
    #[inline]
    pub(super) fn kind(self, start: usize) -> SyntaxKind {
        match self {
            Self::Whitespace => SyntaxKind::Whitespace,
            Self::Newline => SyntaxKind::Newline,
            Self::LineComment => SyntaxKind::LineComment,
            Self::BlockComment(true) => SyntaxKind::BlockComment,
            Self::BlockComment(false) => SyntaxKind::OpenBlockComment,
            Self::ByteOrderMark if start == 0 => SyntaxKind::ByteOrderMark,
            Self::ByteOrderMark => SyntaxKind::Illegal,
            Self::Name(word) => word.kind(),
            Self::Number => SyntaxKind::Number,
            Self::Float => SyntaxKind::Float,
            Self::BadNumber => SyntaxKind::BadNumber,
            Self::String(strings::End::Closed) => SyntaxKind::String,
            Self::String(strings::End::BadEscape) => SyntaxKind::BadEscape,
            Self::String(strings::End::Open) => SyntaxKind::OpenString,
            Self::Backticks(true) => SyntaxKind::RawString,
            Self::Backticks(false) => SyntaxKind::OpenRawString,
            Self::SingleQuoted => SyntaxKind::SingleQuoted,
            Self::OrOr => SyntaxKind::OrOr,
            Self::AndAnd => SyntaxKind::AndAnd,
            Self::HalfOperator => SyntaxKind::HalfOperator,
            Self::Bang => SyntaxKind::Bang,
            Self::Eq => SyntaxKind::Eq,
            Self::EqEq => SyntaxKind::EqEq,
            Self::BangEq => SyntaxKind::BangEq,
            Self::Lt => SyntaxKind::Lt,
            Self::Le => SyntaxKind::Le,
            Self::Gt => SyntaxKind::Gt,
            Self::Ge => SyntaxKind::Ge,
            Self::Plus => SyntaxKind::Plus,
            Self::Minus => SyntaxKind::Minus,
            Self::Star => SyntaxKind::Star,
            Self::Slash => SyntaxKind::Slash,
            Self::Percent => SyntaxKind::Percent,
            Self::Caret => SyntaxKind::Caret,
            Self::Comma => SyntaxKind::Comma,
            Self::Dot => SyntaxKind::Dot,
            Self::LCurly => SyntaxKind::LCurly,
            Self::RCurly => SyntaxKind::RCurly,
            Self::LParen => SyntaxKind::LParen,
            Self::RParen => SyntaxKind::RParen,
            Self::LBrack => SyntaxKind::LBrack,
            Self::RBrack => SyntaxKind::RBrack,
        }
    }
}
