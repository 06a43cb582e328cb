//! What stands between `%` and the verb: flags, width, precision, and which argument is meant.

use super::Trouble;
use crate::value::Value;

/// Width and precision above this are refused, as in Go.
const MAX_WIDTH: usize = 1_000_000;

/// The flags, width and precision between `%` and the verb.
#[derive(Clone, Copy, Default)]
pub(super) struct Spec {
    pub(super) sharp: bool,
    pub(super) zero: bool,
    pub(super) plus: bool,
    pub(super) minus: bool,
    pub(super) space: bool,
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
    /// `%#v`: as source text.
    pub(super) sharp_v: bool,
}

pub(super) fn general(message: String) -> Trouble {
    Trouble {
        message,
        argument: None,
    }
}

/// What is left of the format.
pub(super) struct Reader<'f> {
    pub(super) rest: &'f str,
}

impl Reader<'_> {
    pub(super) fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let first = chars.next();
        self.rest = chars.as_str();
        first
    }

    pub(super) fn take(&mut self, wanted: char) -> bool {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Digits, if there are any.
    pub(super) fn number(&mut self, what: &str) -> Result<Option<usize>, Trouble> {
        let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return Ok(None);
        }
        let (number, rest) = self.rest.split_at(digits);
        self.rest = rest;
        bounded(number.parse().unwrap_or(u64::MAX), what).map(Some)
    }
}

impl Spec {
    pub(super) fn read_flags(&mut self, reader: &mut Reader<'_>) {
        loop {
            match reader.rest.as_bytes().first() {
                Some(b'#') => self.sharp = true,
                Some(b'0') => self.zero = true,
                Some(b'+') => self.plus = true,
                Some(b'-') => self.minus = true,
                Some(b' ') => self.space = true,
                _ => return,
            }
            reader.next();
        }
    }
}

/// Which argument is next.
pub(super) struct Index<'n> {
    pub(super) next: &'n mut usize,
    pub(super) reordered: &'n mut bool,
    pub(super) count: usize,
}

impl Index<'_> {
    /// Reads `[n]`, if it stands here, and tells whether it does.
    pub(super) fn read(&mut self, reader: &mut Reader<'_>) -> Result<bool, Trouble> {
        let Some(inner) = reader.rest.strip_prefix('[') else {
            return Ok(false);
        };
        *self.reordered = true;
        let Some((number, rest)) = inner.split_once(']') else {
            return Err(bad_index(reader.rest));
        };
        let wanted = number
            .parse::<usize>()
            .ok()
            .filter(|_| number.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|number| number.checked_sub(1))
            .filter(|&number| number < self.count);
        match wanted {
            Some(at) => *self.next = at,
            None => {
                return Err(general(format!(
                    "there is no argument [{number}], there are {}",
                    self.count
                )));
            }
        }
        reader.rest = rest;
        Ok(true)
    }

    /// The argument for a `*`.
    pub(super) fn star(&mut self, values: &[Value], what: &str) -> Result<i64, Trouble> {
        let at = *self.next;
        let number = match values.get(at) {
            Some(Value::Int(number)) => *number,
            Some(Value::Uint(number)) => i64::try_from(*number).unwrap_or(i64::MAX),
            Some(other) => {
                return Err(Trouble {
                    message: format!("the {what} * should be a whole number, got {}", other.type_name()),
                    argument: Some(at),
                });
            }
            None => return Err(general(format!("no argument for the {what} *"))),
        };
        *self.next += 1;
        Ok(number)
    }
}

pub(super) fn bounded(number: u64, what: &str) -> Result<usize, Trouble> {
    usize::try_from(number)
        .ok()
        .filter(|&number| number <= MAX_WIDTH)
        .ok_or_else(|| general(format!("the {what} {number} is above {MAX_WIDTH}")))
}

pub(super) fn bad_index(at: &str) -> Trouble {
    let shown: String = at.chars().take(16).collect();
    general(format!(
        "an argument index stands in the wrong place or is not closed: {shown:?}"
    ))
}
