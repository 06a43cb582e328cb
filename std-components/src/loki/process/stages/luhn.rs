//! `stage.luhn`: hides numbers that pass the Luhn check (ISO/IEC 7812-1), such as those of credit cards.

use super::super::arguments;
use super::super::pipeline::{Flow, Outlet, Stage};
use super::super::record::{Extracted, Record};

/// What stands in the place of a number where the configuration says nothing.
const REPLACEMENT: &str = "**REDACTED**";

/// Digits of a number at the least where the configuration says nothing.
const MIN_LENGTH: usize = 13;

pub(super) struct Luhn {
    replacement: String,
    source: Option<String>,
    min_length: usize,
    delimiters: String,
    digits: Vec<u8>,
}

impl Luhn {
    pub(super) fn new(arguments: &arguments::Luhn) -> Self {
        let replacement = match arguments.replacement.as_str() {
            "" => REPLACEMENT,
            replacement => replacement,
        };
        Self {
            replacement: replacement.to_owned(),
            source: arguments.source.clone(),
            min_length: usize::try_from(arguments.min_length)
                .ok()
                .filter(|length| *length > 0)
                .unwrap_or(MIN_LENGTH),
            delimiters: arguments.delimiters.clone(),
            digits: Vec::new(),
        }
    }

    /// The text with numbers replaced; `None` where it has none.
    fn hide(&mut self, text: &str) -> Option<String> {
        let mut out: Option<String> = None;
        let mut copied = 0;
        let mut chars = text.char_indices().peekable();
        while let Some((start, first)) = chars.next() {
            if !first.is_ascii_digit() {
                continue;
            }
            self.digits.clear();
            self.digits.push(first as u8 - b'0');
            let mut end = start + 1;
            while let Some((at, next)) = chars.peek().copied() {
                if next.is_ascii_digit() {
                    self.digits.push(next as u8 - b'0');
                    end = at + 1;
                } else if !self.delimiters.contains(next) {
                    break;
                }
                chars.next();
            }
            if self.digits.len() >= self.min_length && is_luhn(&self.digits) {
                let out = out.get_or_insert_with(|| String::with_capacity(text.len()));
                out.push_str(&text[copied..start]);
                out.push_str(&self.replacement);
                copied = end;
            }
        }
        if let Some(out) = &mut out {
            out.push_str(&text[copied..]);
        }
        out
    }
}

/// Digits that the check is made for at the most: longer numbers are no card's, and the reference's do not fit its integers.
const MAX_LENGTH: usize = 19;

fn is_luhn(digits: &[u8]) -> bool {
    // The reference reads numbers as 64-bit integers: leading zeros do not count.
    let significant = digits.len() - digits.iter().take_while(|digit| **digit == 0).count();
    if significant > MAX_LENGTH {
        return false;
    }
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| match (at % 2, u32::from(*digit)) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}

impl Stage for Luhn {
    fn process(&mut self, record: &mut Record, _: &mut Outlet<'_>) -> Flow {
        let input = match &self.source {
            None => record.line.clone(),
            Some(source) => match record.extracted(source).as_deref() {
                // As in the reference the line becomes the source's text, numbers or not.
                Some(Extracted::Text(text)) => text.clone(),
                _ => return Flow::Next,
            },
        };
        match self.hide(&input) {
            Some(hidden) => record.line = hidden.into(),
            None => record.line = input,
        }
        Flow::Next
    }
}
