//! The words of an expression.

use super::super::Mistake;
use serde_json::Value;
use std::iter::Peekable;
use std::ops::Range;
use std::str::CharIndices;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name(String),
    /// A name in double quotes.
    Quoted(String),
    /// `$name`, without the dollar.
    Variable(String),
    /// In brackets only; values are literals.
    Number(i64),
    Literal(Value),
    Star,
    Times,
    Dot,
    /// `[?`.
    Filter,
    /// `[]`.
    Flatten,
    OpenParen,
    CloseParen,
    OpenBracket,
    CloseBracket,
    OpenBrace,
    CloseBrace,
    Comma,
    Colon,
    Or,
    Pipe,
    And,
    /// `&`.
    Reference,
    Not,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Divide,
    DivideWhole,
    Modulo,
    Current,
    Root,
    Assign,
    End,
}

/// All words with their places; the last one is [`Token::End`].
pub(super) fn tokens(expression: &str) -> Result<Vec<(Token, Range<usize>)>, Mistake> {
    let mut lexer = Lexer {
        text: expression,
        chars: expression.char_indices().peekable(),
    };
    let mut tokens = Vec::new();
    while let Some((start, char)) = lexer.chars.next() {
        if matches!(char, ' ' | '\t' | '\n' | '\r') {
            continue;
        }
        let token = lexer.token(start, char)?;
        tokens.push((token, start..lexer.at()));
    }
    tokens.push((Token::End, expression.len()..expression.len()));
    Ok(tokens)
}

struct Lexer<'a> {
    text: &'a str,
    chars: Peekable<CharIndices<'a>>,
}

impl<'a> Lexer<'a> {
    fn at(&mut self) -> usize {
        self.chars.peek().map_or(self.text.len(), |(at, _)| *at)
    }

    fn from(&mut self, start: usize) -> &'a str {
        let end = self.at();
        self.text.get(start..end).unwrap_or_default()
    }

    /// Takes a character if it comes next.
    fn takes(&mut self, char: char) -> bool {
        self.chars.next_if(|(_, next)| *next == char).is_some()
    }

    fn skip(&mut self, of: impl Fn(char) -> bool) {
        while self.chars.next_if(|(_, char)| of(*char)).is_some() {}
    }

    fn token(&mut self, start: usize, char: char) -> Result<Token, Mistake> {
        let mut either = |second: char, long: Token, short: Token| {
            if self.takes(second) { long } else { short }
        };
        Ok(match char {
            '*' => Token::Star,
            '\u{d7}' => Token::Times,
            '\u{f7}' => Token::Divide,
            '\u{2212}' => Token::Minus,
            '.' => Token::Dot,
            ',' => Token::Comma,
            ':' => Token::Colon,
            '(' => Token::OpenParen,
            ')' => Token::CloseParen,
            ']' => Token::CloseBracket,
            '{' => Token::OpenBrace,
            '}' => Token::CloseBrace,
            '@' => Token::Current,
            '+' => Token::Plus,
            '%' => Token::Modulo,
            '[' => {
                if self.takes('?') {
                    Token::Filter
                } else if self.takes(']') {
                    Token::Flatten
                } else {
                    Token::OpenBracket
                }
            }
            '|' => either('|', Token::Or, Token::Pipe),
            '&' => either('&', Token::And, Token::Reference),
            '!' => either('=', Token::Unequal, Token::Not),
            '=' => either('=', Token::Equal, Token::Assign),
            '<' => either('=', Token::LessOrEqual, Token::Less),
            '>' => either('=', Token::GreaterOrEqual, Token::Greater),
            '/' => either('/', Token::DivideWhole, Token::Divide),
            '-' if self.chars.peek().is_some_and(|(_, next)| next.is_ascii_digit()) => self.number(start)?,
            '-' => Token::Minus,
            '0'..='9' => self.number(start)?,
            'a'..='z' | 'A'..='Z' | '_' => {
                self.skip(is_name);
                Token::Name(self.from(start).to_owned())
            }
            '$' => {
                self.skip(is_name);
                match self.from(start + 1) {
                    "" => Token::Root,
                    name => Token::Variable(name.to_owned()),
                }
            }
            '"' => {
                self.closed(start, '"', "name")?;
                let written = self.from(start);
                let name = serde_json::from_str(written);
                let mistake = |_| {
                    Mistake::new(
                        start..start + written.len(),
                        "the escapes of the name are not those of JSON",
                    )
                };
                Token::Quoted(name.map_err(mistake)?)
            }
            '\'' => {
                self.closed(start, '\'', "string")?;
                let written = self.from(start + 1);
                Token::Literal(unescaped(written.strip_suffix('\'').unwrap_or(written), &['\'', '\\']).into())
            }
            '`' => {
                self.closed(start, '`', "literal")?;
                let written = self.from(start + 1);
                let end = start + 1 + written.len();
                let json = unescaped(written.strip_suffix('`').unwrap_or(written), &['`']);
                let value = serde_json::from_str(&json);
                let mistake = |_| {
                    Mistake::new(start..end, "what stands between backticks is no JSON")
                        .with_help("strings are 'text', or `\"text\"` between backticks")
                };
                Token::Literal(value.map_err(mistake)?)
            }
            other => {
                let range = start..start + other.len_utf8();
                return Err(Mistake::new(range, format!("unexpected character {other:?}")));
            }
        })
    }

    fn number(&mut self, start: usize) -> Result<Token, Mistake> {
        self.skip(|char| char.is_ascii_digit());
        let digits = self.from(start);
        let number = digits.parse();
        let mistake = |_| Mistake::new(start..start + digits.len(), "the number is too large");
        Ok(Token::Number(number.map_err(mistake)?))
    }

    /// Goes on behind a quote that ends what the one at the start began.
    fn closed(&mut self, start: usize, quote: char, what: &str) -> Result<(), Mistake> {
        while let Some((_, char)) = self.chars.next() {
            if char == quote {
                return Ok(());
            }
            if char == '\\' {
                self.chars.next();
            }
        }
        Err(
            Mistake::new(start..self.text.len(), format!("the {what} is never closed"))
                .with_help(format!("end it with {quote}")),
        )
    }
}

fn is_name(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '_'
}

/// Without the backslashes before these characters; others stay.
fn unescaped(text: &str, escaped: &[char]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match chars.peek() {
            Some(next) if char == '\\' && escaped.contains(next) => {
                out.push(*next);
                chars.next();
            }
            _ => out.push(char),
        }
    }
    out
}
