//! From the text of a path to its steps.

use super::filter::Filter;
use super::{Choice, Step};

/// Steps that a path may have, filters within filters counted by their own depth.
const MAX_STEPS_IN_PATH: usize = 256;

/// Where a slice ends that names no end.
const NO_END: i64 = i32::MAX as i64;

/// Reads a whole path.
pub(super) fn path(text: &str) -> Result<Vec<Step>, String> {
    let mut reader = Reader {
        text,
        at: 0,
        depth: 0,
    };
    let steps = reader.steps()?;
    if reader.at < text.len() {
        return reader.fail("the path does not go on like this");
    }
    Ok(steps)
}

/// The text of a path or filter, and where reading is.
pub(super) struct Reader<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    /// How many filters and parentheses are open.
    pub(super) depth: u32,
}

impl Reader<'_> {
    /// An error at this place.
    pub(super) fn fail<T>(&self, why: impl AsRef<str>) -> Result<T, String> {
        Err(format!("{} at {} in {:?}", why.as_ref(), self.at + 1, self.text))
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    pub(super) fn take(&mut self, wanted: &str) -> bool {
        let taken = self
            .text
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(wanted));
        if taken {
            self.at += wanted.len();
        }
        taken
    }

    pub(super) fn skip_space(&mut self) {
        while self.take(" ") {}
    }

    fn take_spaced(&mut self, wanted: &str) -> bool {
        self.skip_space();
        self.take(wanted)
    }

    /// Steps until something that cannot go on a path.
    pub(super) fn steps(&mut self) -> Result<Vec<Step>, String> {
        let mut steps: Vec<Step> = Vec::new();
        loop {
            let first = steps.is_empty();
            let descended = matches!(steps.last(), Some(Step::Descend));
            let step = match self.peek() {
                Some('$') if first => {
                    self.next();
                    Step::Root
                }
                Some('@') if first => {
                    self.next();
                    Step::Here
                }
                Some('.') => {
                    self.next();
                    self.after_dot()?
                }
                Some('*') => {
                    self.next();
                    Step::All
                }
                Some('[') => {
                    self.next();
                    self.bracket()?
                }
                Some(letter) if (first || descended) && is_name(letter) => self.name(),
                _ => return Ok(steps),
            };
            steps.push(step);
            if steps.len() > MAX_STEPS_IN_PATH {
                return self.fail(format!("more than {MAX_STEPS_IN_PATH} steps"));
            }
        }
    }

    fn after_dot(&mut self) -> Result<Step, String> {
        match self.peek() {
            None => self.fail("not terminated"),
            Some('*') => {
                self.next();
                Ok(Step::All)
            }
            Some('.') => {
                self.next();
                Ok(Step::Descend)
            }
            Some(letter) if is_name(letter) => Ok(self.name()),
            Some(letter) => self.fail(format!(
                "a name cannot start with {letter:?} here, write ['…'] instead"
            )),
        }
    }

    fn name(&mut self) -> Step {
        let start = self.at;
        while self.peek().is_some_and(is_name) {
            self.next();
        }
        Step::Child(self.text[start..self.at].to_owned())
    }

    fn bracket(&mut self) -> Result<Step, String> {
        self.skip_space();
        match self.peek() {
            None => self.fail("not terminated"),
            Some('*') => {
                self.next();
                self.close(Step::All)
            }
            Some('?') => {
                self.next();
                self.filter()
            }
            Some(':') => self.slice(0),
            Some('(') => self.fail("scripts between [( and )] are not supported"),
            Some(quote @ ('\'' | '"')) => {
                self.next();
                let name = self.quoted(quote)?;
                self.union_or(Choice::Name(name))
            }
            Some('-' | '0'..='9') => {
                let number = self.number()?;
                self.skip_space();
                if self.peek() == Some(':') {
                    return self.slice(number);
                }
                self.union_or(Choice::Item(number))
            }
            Some(_) => self.fail("brackets hold a number, a name in quotes, *, a slice or a filter"),
        }
    }

    fn close(&mut self, step: Step) -> Result<Step, String> {
        if self.take_spaced("]") {
            Ok(step)
        } else {
            self.fail("expected ]")
        }
    }

    fn union_or(&mut self, first: Choice) -> Result<Step, String> {
        if self.take_spaced("]") {
            return Ok(match first {
                Choice::Name(name) => Step::Child(name),
                Choice::Item(at) => Step::Item(at),
            });
        }
        let mut choices = vec![first];
        while self.take_spaced(",") {
            self.skip_space();
            choices.push(match self.peek() {
                Some(quote @ ('\'' | '"')) => {
                    self.next();
                    Choice::Name(self.quoted(quote)?)
                }
                Some('-' | '0'..='9') => Choice::Item(self.number()?),
                _ => return self.fail("a union holds numbers and names in quotes"),
            });
        }
        self.close(Step::Union(choices))
    }

    /// From the first colon on.
    fn slice(&mut self, first: i64) -> Result<Step, String> {
        let mut parts = [NO_END, 1];
        for part in &mut parts {
            if !self.take_spaced(":") {
                break;
            }
            self.skip_space();
            if matches!(self.peek(), Some('-' | '0'..='9')) {
                *part = self.number()?;
            }
        }
        self.close(Step::Slice(first, parts[0], parts[1]))
    }

    fn filter(&mut self) -> Result<Step, String> {
        let filter: Filter = super::filter_text::read(self)?;
        self.close(Step::Filter(Box::new(filter)))
    }

    /// A whole number with an optional minus.
    pub(super) fn number(&mut self) -> Result<i64, String> {
        let start = self.at;
        self.take("-");
        while matches!(self.peek(), Some('0'..='9')) {
            self.next();
        }
        match self.text[start..self.at].parse() {
            Ok(number) => Ok(number),
            Err(_) => self.fail("expected a number"),
        }
    }

    /// Text after its opening quote.
    pub(super) fn quoted(&mut self, quote: char) -> Result<String, String> {
        let mut text = String::new();
        loop {
            match self.next() {
                None => return self.fail("the text is not terminated"),
                Some(end) if end == quote => return Ok(text),
                Some('\\') => text.push(self.escape()?),
                Some(other) => text.push(other),
            }
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        let digits = match self.next() {
            Some('b') => return Ok('\u{8}'),
            Some('t') => return Ok('\t'),
            Some('n') => return Ok('\n'),
            Some('f') => return Ok('\u{c}'),
            Some('r') => return Ok('\r'),
            Some(same @ ('"' | '\'' | '\\' | '/')) => return Ok(same),
            Some('x') => 2,
            Some('u' | 'U') => 4,
            _ => return self.fail("not a valid escape"),
        };
        let code = self
            .text
            .get(self.at..self.at + digits)
            .and_then(|hex| u32::from_str_radix(hex, 16).ok());
        self.at += digits;
        match code {
            Some(code) => Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)),
            None => self.fail("not a valid escape"),
        }
    }
}

/// Whether a letter may stand in a name without quotes.
fn is_name(letter: char) -> bool {
    !letter.is_ascii()
        || letter.is_ascii_alphanumeric()
        || matches!(letter, '#' | '%' | ';' | '?' | '^' | '_' | '{' | '|' | '}' | '~')
}
