//! Texts that are known from the configuration alone, with places inside of them.

use crate::ir::{Expr, ExprKind};
use crate::value::{Str, Value};
use river_syntax::Span;
use std::ops::Range;

/// A known text and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownText {
    /// The text, without quotes and escapes.
    pub text: Str,
    /// Where it stands, quotes included.
    pub span: Span,
    /// Whether it stands there as one literal, so that places inside of it can be told.
    pub literal: bool,
}

impl KnownText {
    pub(super) fn of(expr: &Expr, text: &Str) -> Self {
        Self {
            text: text.clone(),
            span: expr.span,
            literal: matches!(expr.kind, ExprKind::Literal(_)),
        }
    }

    pub(super) fn collect(expr: &Expr, key: Option<&Str>, found: &mut Vec<(Option<Str>, KnownText)>) {
        match &expr.kind {
            ExprKind::Literal(Value::String(text)) => found.push((key.cloned(), Self::of(expr, text))),
            ExprKind::List(items) => {
                for item in items.iter() {
                    Self::collect(item, key, found);
                }
            }
            ExprKind::Object(fields) => {
                for field in fields.iter() {
                    Self::collect(&field.value, Some(&field.key), found);
                }
            }
            ExprKind::Paren(inner) => Self::collect(inner, key, found),
            _ => {}
        }
    }
}

/// The place in the file of a range of bytes of a literal's text; the whole literal where it cannot be told.
///
/// `source` is what stands at `literal`, quotes included.
pub fn inside(literal: Span, source: &str, range: Range<usize>) -> Span {
    let raw = source.starts_with('`');
    let mut start = None;
    let mut value_at = 0;
    let mut chars = source.char_indices().skip(1).peekable();
    while let Some((at, char)) = chars.next() {
        if value_at >= range.start && start.is_none() {
            start = Some(at);
        }
        if value_at >= range.end && start.is_some_and(|start| at > start) {
            return place(literal, start.unwrap_or(at)..at);
        }
        if raw && char == '\r' {
            continue;
        }
        value_at += if !raw && char == '\\' {
            escape(&mut chars)
        } else {
            char.len_utf8()
        };
    }
    match start {
        Some(start) => place(literal, start..source.len().saturating_sub(1).max(start)),
        None => literal,
    }
}

fn place(literal: Span, range: Range<usize>) -> Span {
    let at = |offset: usize| literal.start + offset as u32;
    Span::new(literal.file, at(range.start), at(range.end))
}

/// Reads what follows a backslash; how many bytes of text it stands for.
fn escape(chars: &mut impl Iterator<Item = (usize, char)>) -> usize {
    let digits = match chars.next() {
        Some((_, 'u')) => 4,
        Some((_, 'U')) => 8,
        // A byte: `\x41` and `\101`.
        Some((_, 'x' | '0'..='7')) => {
            chars.nth(1);
            return 1;
        }
        _ => return 1,
    };
    let mut value = 0;
    for _ in 0..digits {
        let digit = chars.next().and_then(|(_, char)| char.to_digit(16));
        value = value * 16 + digit.unwrap_or_default();
    }
    char::from_u32(value).map_or(1, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::inside;
    use river_syntax::{FileId, Span};

    fn shown(source: &str, range: std::ops::Range<usize>) -> &str {
        let span = inside(Span::new(FileId(0), 0, source.len() as u32), source, range);
        &source[span.range()]
    }

    #[test]
    fn a_place_inside_of_a_literal_is_found() {
        assert_eq!(shown(r#""abcdef""#, 1..3), "bc");
        assert_eq!(shown(r#""a\nb\u00e9c""#, 3..5), r"\u00e9");
        assert_eq!(shown(r#""a\nb\u00e9c""#, 5..6), "c");
        assert_eq!(shown("`a\\b`", 1..2), "\\");
        assert_eq!(shown(r#""abc""#, 3..3), "");
        assert_eq!(shown(r#""abc""#, 9..12), r#""abc""#);
    }
}
