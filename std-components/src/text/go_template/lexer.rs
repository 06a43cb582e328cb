//! Texts and actions, and the tokens of an action.

use super::super::Mistake;
use std::ops::Range;

pub(super) enum Piece {
    Text(Range<usize>),
    /// With its braces.
    Comment(Range<usize>),
    /// What stands between the braces, without trim marks.
    Action(Range<usize>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `printf`, `if`.
    Word,
    /// `.name`.
    Field,
    /// `.`.
    Dot,
    /// `$`, `$name`.
    Variable,
    /// A string, a character or a number.
    Constant,
    /// `:=`.
    Declare,
    /// `=`.
    Assign,
    Pipe,
    Comma,
    Open,
    Close,
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) range: Range<usize>,
    /// Whether white space stands before it.
    pub(super) spaced: bool,
}

/// The pieces of a template, up to the first mistake.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = Result<Piece, Mistake>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at >= text.len() {
            return None;
        }
        let rest = &text[at..];
        match rest.find("{{") {
            Some(0) => match action(text, at) {
                Ok((range, after)) => {
                    let outer = at..after;
                    at = after;
                    Some(Ok(range.map_or(Piece::Comment(outer), Piece::Action)))
                }
                Err(mistake) => {
                    at = text.len();
                    Some(Err(mistake))
                }
            },
            Some(next) => {
                let start = at;
                at += next;
                Some(Ok(Piece::Text(start..at)))
            }
            None => {
                let start = at;
                at = text.len();
                Some(Ok(Piece::Text(start..at)))
            }
        }
    })
}

/// The inside of the action that begins at a byte (`None` for a comment), and where it ends.
fn action(text: &str, open: usize) -> Result<(Option<Range<usize>>, usize), Mistake> {
    let mut start = open + 2;
    if trims_left(&text[start..]) {
        start += 1;
    }
    let space = text[start..].len() - text[start..].trim_start().len();
    if text[start + space..].starts_with("/*") {
        let Some(end) = text[start + space..].find("*/") else {
            return Err(Mistake::new(open..open + 2, "the comment is never closed").with_help("add `*/}}`"));
        };
        let after = text[start + space + end + 2..].trim_start();
        let after = after.strip_prefix('-').unwrap_or(after);
        return match after.strip_prefix("}}") {
            Some(rest) => Ok((None, text.len() - rest.len())),
            None => Err(Mistake::new(open..open + 2, "a comment has to fill its action")
                .with_help("write `{{/* … */}}`")),
        };
    }
    let mut at = start;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("}}") {
            let inner = &text[start..at];
            let trimmed = inner
                .strip_suffix('-')
                .filter(|inner| inner.is_empty() || inner.ends_with(|c: char| c.is_ascii_whitespace()));
            return Ok((Some(start..start + trimmed.unwrap_or(inner).len()), at + 2));
        }
        at += match rest.chars().next() {
            Some(quote @ ('"' | '\'' | '`')) => match quoted(rest, quote) {
                Some(length) => length,
                None => {
                    return Err(Mistake::new(at..text.len(), "the string is never closed")
                        .with_help(format!("close it with {quote}")));
                }
            },
            Some(other) => other.len_utf8(),
            None => 1,
        };
    }
    Err(Mistake::new(open..open + 2, "the action is never closed").with_help("add `}}`"))
}

fn trims_left(text: &str) -> bool {
    text.strip_prefix('-')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_whitespace()))
}

/// The length of a quoted text at the start of `text`, if it is closed.
fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    while let Some((at, char)) = chars.next() {
        match char {
            _ if char == quote => return Some(at + 1),
            '\\' if quote != '`' => {
                chars.next();
            }
            '\n' if quote != '`' => return None,
            _ => {}
        }
    }
    None
}

/// The tokens of an action.
pub(super) fn tokens(text: &str, range: Range<usize>) -> Result<Vec<Token>, Mistake> {
    let mut tokens = Vec::new();
    let mut at = range.start;
    let mut spaced = true;
    while let Some(first) = text[at..range.end].chars().next() {
        let rest = &text[at..range.end];
        if first.is_whitespace() {
            at += first.len_utf8();
            spaced = true;
            continue;
        }
        let word = |text: &str| {
            text.find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(text.len())
        };
        let (kind, length) = match first {
            '"' | '`' | '\'' => (Kind::Constant, quoted(rest, first).unwrap_or(rest.len())),
            '|' => (Kind::Pipe, 1),
            '(' => (Kind::Open, 1),
            ')' => (Kind::Close, 1),
            ',' => (Kind::Comma, 1),
            ':' if rest.starts_with(":=") => (Kind::Declare, 2),
            '=' => (Kind::Assign, 1),
            '$' => (Kind::Variable, 1 + word(&rest[1..])),
            '.' if rest[1..].starts_with(|c: char| c.is_ascii_digit()) => (Kind::Constant, number(rest)),
            '.' => match word(&rest[1..]) {
                0 => (Kind::Dot, 1),
                length => (Kind::Field, 1 + length),
            },
            '+' | '-' if rest[1..].starts_with(|c: char| c.is_ascii_digit() || c == '.') && spaced => {
                (Kind::Constant, 1 + number(&rest[1..]))
            }
            _ if first.is_ascii_digit() => (Kind::Constant, number(rest)),
            _ if first.is_alphabetic() || first == '_' => (Kind::Word, word(rest)),
            other => {
                let mistake = Mistake::new(at..at + other.len_utf8(), format!("unexpected `{other}`"));
                return Err(match help(other) {
                    Some(help) => mistake.with_help(help),
                    None => mistake,
                });
            }
        };
        tokens.push(Token {
            kind,
            range: at..at + length,
            spaced,
        });
        at += length;
        spaced = false;
    }
    Ok(tokens)
}

fn help(unexpected: char) -> Option<&'static str> {
    Some(match unexpected {
        '-' => "a name with a `-` is read with index: `{{ index . \"my-name\" }}`",
        '+' | '*' | '/' | '%' => "there are no operators: use functions such as add, sub, mul, div",
        '<' | '>' | '!' | '&' => "there are no operators: use functions such as lt, gt, ne, and, or, not",
        '[' | ']' => "items are read with index: `{{ index .list 0 }}`",
        _ => return None,
    })
}

fn number(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '_')
        .unwrap_or(text.len())
        .max(1)
}
