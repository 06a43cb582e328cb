//! LogQL as `stage.match` takes it: a stream selector and line filters (`{app="a", pod=~"b.*"} |= "error"`).
//!
//! Grammar: the reference's own reduced one (<https://grafana.com/docs/alloy/latest/reference/components/loki/loki.process/#stagematch>).

use super::{Mistake, re2_syntax};
use std::ops::Range;

/// A selector with its filters.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// What labels have to be; never empty.
    pub matchers: Vec<Matcher>,
    /// What lines have to hold, in their order.
    pub filters: Vec<Filter>,
}

/// How texts are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Operator {
    Equal,
    NotEqual,
    Matches,
    NotMatches,
}

/// `name="value"`.
#[derive(Clone, Debug, PartialEq)]
pub struct Matcher {
    /// The label.
    pub name: String,
    /// How it is compared.
    pub operator: Operator,
    /// What with.
    pub value: String,
}

/// `|= "text"`.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// How lines are compared.
    pub operator: Operator,
    /// What with.
    pub value: String,
}

/// Parses a selector with filters.
///
/// # Errors
/// The first mistake.
pub fn parse(text: &str) -> Result<Expression, Mistake> {
    Parser { text, at: 0 }.expression()
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn expression(&mut self) -> Result<Expression, Mistake> {
        self.skip_space();
        if !self.take("{") {
            return Err(self
                .expected("`{`")
                .with_help("a selector is `{label=\"value\"}`, with line filters after it"));
        }
        let mut matchers = Vec::new();
        loop {
            self.skip_space();
            if self.rest().starts_with('}') && matchers.is_empty() {
                return Err(self.expected("a matcher").with_help(
                    "at least one is needed; `{job=~\".+\"}` matches every entry with that label",
                ));
            }
            matchers.push(self.matcher()?);
            self.skip_space();
            if self.take(",") {
                continue;
            }
            if self.take("}") {
                break;
            }
            return Err(self.expected("`,` or `}`"));
        }
        let mut filters = Vec::new();
        loop {
            self.skip_space();
            if self.rest().is_empty() {
                return Ok(Expression { matchers, filters });
            }
            filters.push(self.filter()?);
        }
    }

    fn matcher(&mut self) -> Result<Matcher, Mistake> {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':' || c == '.';
        let length = self.rest().find(|c| !word(c)).unwrap_or(self.rest().len());
        if length == 0 {
            return Err(self.expected("the name of a label"));
        }
        let name = self.rest()[..length].to_owned();
        self.at += length;
        self.skip_space();
        let Some(operator) = self.operator(&[
            ("=~", Operator::Matches),
            ("!~", Operator::NotMatches),
            ("!=", Operator::NotEqual),
            ("=", Operator::Equal),
        ]) else {
            return Err(self.expected("`=`, `!=`, `=~` or `!~`"));
        };
        let value = self.compared(operator)?;
        Ok(Matcher {
            name,
            operator,
            value,
        })
    }

    fn filter(&mut self) -> Result<Filter, Mistake> {
        let Some(operator) = self.operator(&[
            ("|=", Operator::Equal),
            ("|~", Operator::Matches),
            ("!=", Operator::NotEqual),
            ("!~", Operator::NotMatches),
        ]) else {
            let mistake = self.expected("`|=`, `!=`, `|~` or `!~`");
            return Err(if self.rest().starts_with('|') {
                mistake.with_help(
                    "only line filters may follow the selector: parsers and label filters are stages of their own",
                )
            } else {
                mistake
            });
        };
        let value = self.compared(operator)?;
        Ok(Filter { operator, value })
    }

    fn operator(&mut self, known: &[(&str, Operator)]) -> Option<Operator> {
        known
            .iter()
            .find_map(|(text, operator)| self.take(text).then_some(*operator))
    }

    /// A text to compare with; an expression has to compile.
    fn compared(&mut self, operator: Operator) -> Result<String, Mistake> {
        self.skip_space();
        let start = self.at;
        let (value, plain) = self.string()?;
        if matches!(operator, Operator::Matches | Operator::NotMatches)
            && let Err(mistake) = re2_syntax::parse(&value)
        {
            // Places inside are told where no escape moves them.
            let range = if plain {
                start + 1 + mistake.range.start..start + 1 + mistake.range.end
            } else {
                start..self.at
            };
            return Err(Mistake {
                message: format!("the regular expression is not valid: {}", mistake.message),
                range,
                help: mistake.help,
            });
        }
        Ok(value)
    }

    /// A text in double quotes or backticks, and whether it stands there as it is.
    fn string(&mut self) -> Result<(String, bool), Mistake> {
        let rest = self.rest();
        let quote = match rest.chars().next() {
            Some(quote @ ('"' | '`')) => quote,
            Some('\'') => {
                return Err(self.expected("a text in double quotes or backticks").with_help(
                    "use double quotes, or backticks, which need no escapes in the string around",
                ));
            }
            _ => {
                return Err(self.expected("a text in double quotes or backticks").with_help(
                    "write `{app=\"web\"}`: with a backquoted string around, or with `\\\"` in a quoted one",
                ));
            }
        };
        let mut value = String::new();
        let mut plain = true;
        let mut chars = rest.char_indices().skip(1);
        while let Some((at, char)) = chars.next() {
            match char {
                _ if char == quote => {
                    self.at += at + 1;
                    return Ok((value, plain));
                }
                '\\' if quote == '"' => {
                    plain = false;
                    let escaped = chars.next().map(|(_, char)| char);
                    match escaped {
                        Some('n') => value.push('\n'),
                        Some('t') => value.push('\t'),
                        Some('r') => value.push('\r'),
                        Some(char @ ('\\' | '"' | '\'')) => value.push(char),
                        // Codes of bytes and characters are rare here; what they stand for decides nothing.
                        Some('x' | 'u' | 'U' | 'a' | 'b' | 'f' | 'v' | '0'..='7') => value.push('\u{fffd}'),
                        _ => {
                            let from = self.at + at;
                            let end = from + 1 + escaped.map_or(0, char::len_utf8);
                            return Err(Mistake::new(from..end, "unknown escape sequence")
                                .with_help("double the backslash, or write the text between backticks"));
                        }
                    }
                }
                other => value.push(other),
            }
        }
        Err(Mistake::new(self.at..self.text.len(), "the text is never closed")
            .with_help(format!("close it with {quote}")))
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn take(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    fn expected(&self, what: &str) -> Mistake {
        let (got, range): (String, Range<usize>) = match self.rest().chars().next() {
            Some(char) => (format!("`{char}`"), self.at..self.at + char.len_utf8()),
            None => ("the end".to_owned(), self.at..self.at),
        };
        Mistake::new(range, format!("expected {what}, got {got}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        let mistake = parse(text).unwrap_err();
        format!("{:?}: {}", mistake.range, mistake.message)
    }

    #[test]
    fn selectors_and_filters_are_read() {
        let found = parse("{app=\"a\\\"b\", pod!~`x\\d+`} |= \"GET\" !~ `b.*`").unwrap();
        assert_eq!(found.matchers.len(), 2);
        assert_eq!(found.matchers[0].value, "a\"b");
        assert_eq!(found.matchers[1].operator, Operator::NotMatches);
        assert_eq!(found.filters.len(), 2);
    }

    #[test]
    fn mistakes_have_their_place() {
        insta::assert_snapshot!(refused("{app=}"), @"5..6: expected a text in double quotes or backticks, got `}`");
        insta::assert_snapshot!(refused("{}"), @"1..2: expected a matcher, got `}`");
        insta::assert_snapshot!(refused("app=\"x\""), @"0..1: expected `{`, got `a`");
        insta::assert_snapshot!(refused("{app=\"x\""), @"8..8: expected `,` or `}`, got the end");
        insta::assert_snapshot!(refused("{app=\"x\"} | json"), @"10..11: expected `|=`, `!=`, `|~` or `!~`, got `|`");
        insta::assert_snapshot!(refused("{app=~\"a(b\"}"), @"8..9: the regular expression is not valid: unclosed group");
        insta::assert_snapshot!(refused("{app=\"x} |= 1"), @"5..13: the text is never closed");
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "[{}a-z=~!|\"`\\\\ ,(é]{0,24}") {
            if let Err(mistake) = parse(&text) {
                assert!(text.get(mistake.range).is_some());
            }
        }
    }
}
