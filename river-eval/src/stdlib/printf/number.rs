//! Numbers in all bases and notations.

use super::Printer;
use super::quote::is_printable;
use crate::value::Value;
use std::fmt::Write;

impl Printer {
    /// A whole number, given as sign and size.
    pub(super) fn whole(&mut self, negative: bool, size: u64, signed: bool, verb: char, value: &Value) {
        let digits = match verb {
            'v' if self.spec.sharp_v && !signed && i64::try_from(size).is_err() => {
                let sharp = std::mem::replace(&mut self.spec.sharp, true);
                self.digits(negative, &format!("{size:x}"), "0x");
                self.spec.sharp = sharp;
                return;
            }
            'v' | 'd' => size.to_string(),
            'b' => format!("{size:b}"),
            'o' | 'O' => format!("{size:o}"),
            'x' => format!("{size:x}"),
            'X' => format!("{size:X}"),
            'c' => {
                let zeros = self.zeros();
                let mut buffer = [0; 4];
                let text = character(negative, size).encode_utf8(&mut buffer);
                self.pad(text, zeros);
                return;
            }
            'q' => return self.quoted_character(character(negative, size)),
            'U' => return self.code_point(negative, size),
            _ => return self.bad_verb(value, verb),
        };
        let prefix = match (verb, self.spec.sharp) {
            ('b', true) => "0b",
            ('x', true) => "0x",
            ('X', true) => "0X",
            // A zero stands there already if the precision has put it there.
            ('o', true) => "0",
            ('O', false) => "0o",
            ('O', true) => "0o0",
            _ => "",
        };
        self.digits(negative, &digits, prefix);
    }

    fn digits(&mut self, negative: bool, digits: &str, prefix: &str) {
        let spec = self.spec;
        let signed = negative || spec.plus || spec.space;
        let wanted = match (spec.precision, spec.width) {
            (Some(0), _) if digits == "0" => {
                self.fill(spec.width.unwrap_or(0), false);
                return;
            }
            (Some(precision), _) => precision,
            (None, Some(width)) if self.zeros() => width.saturating_sub(usize::from(signed)),
            _ => 0,
        };
        let mut text = String::with_capacity(wanted.max(digits.len()) + 4);
        text.push_str(match (negative, spec.plus, spec.space) {
            (true, ..) => "-",
            (false, true, _) => "+",
            (false, false, true) => " ",
            _ => "",
        });
        let leading = wanted.saturating_sub(digits.len());
        // The octal zero is left out where a zero stands there already.
        let has_zero = leading > 0 || digits.starts_with('0');
        text.push_str(match prefix {
            "0" if has_zero => "",
            "0o0" if has_zero => "0o",
            other => other,
        });
        text.extend(std::iter::repeat_n('0', leading));
        text.push_str(digits);
        self.pad(&text, false);
    }

    /// `%U`.
    fn code_point(&mut self, negative: bool, size: u64) {
        let bits = if negative { size.wrapping_neg() } else { size };
        let least = self.spec.precision.unwrap_or(4).max(4);
        let mut text = format!("U+{bits:0least$X}");
        if self.spec.sharp
            && let Some(character) = u32::try_from(bits).ok().and_then(char::from_u32)
            && is_printable(character)
        {
            let _ = write!(text, " '{character}'");
        }
        self.pad(&text, false);
    }

    /// A floating-point number.
    pub(super) fn float(&mut self, number: f64, verb: char, value: &Value) {
        let (notation, precision) = match verb {
            'v' => ('g', self.spec.precision),
            'g' | 'G' | 'b' | 'x' | 'X' => (verb, self.spec.precision),
            'e' | 'E' => (verb, Some(self.spec.precision.unwrap_or(6))),
            'f' | 'F' => ('f', Some(self.spec.precision.unwrap_or(6))),
            _ => return self.bad_verb(value, verb),
        };
        let mut text = match precision {
            Some(precision) => rounded(number.abs(), notation, precision),
            None => shortest(number.abs(), notation),
        };
        let negative = number.is_sign_negative() && !number.is_nan();
        let mut sign = match (negative, self.spec.plus, self.spec.space) {
            (true, ..) => "-",
            (false, true, _) => "+",
            (false, false, true) => " ",
            _ => "",
        };
        if !number.is_finite() {
            // Go writes an infinity with its sign.
            if number.is_infinite() && sign.is_empty() {
                sign = "+";
            }
            let text = match number.is_nan() {
                true => format!("{sign}NaN"),
                false => format!("{sign}Inf"),
            };
            self.pad(&text, false);
            return;
        }
        if self.spec.sharp && notation != 'b' {
            keep_zeros(&mut text, notation, precision);
        }
        let len = sign.len() + text.len();
        match self.spec.width {
            Some(width) if self.zeros() && width > len => {
                self.push(sign);
                self.fill(width - len, true);
                self.push(&text);
            }
            _ => self.pad(&format!("{sign}{text}"), false),
        }
    }
}

/// `%#g` and the like: a decimal point always, and zeros up to the precision.
fn keep_zeros(text: &mut String, notation: char, precision: Option<usize>) {
    let mut digits = match notation {
        'g' | 'G' | 'x' => precision.unwrap_or(6) as i64,
        _ => 0,
    };
    let hexadecimal = matches!(notation, 'x' | 'X');
    let at = text
        .find(|letter| matches!(letter, 'p' | 'P') || (!hexadecimal && matches!(letter, 'e' | 'E')))
        .unwrap_or(text.len());
    let tail = text.split_off(at);
    let mut seen = false;
    for letter in text.chars().filter(|&letter| letter != '.') {
        seen |= letter != '0';
        digits -= i64::from(seen);
    }
    if !text.contains('.') {
        if text == "0" {
            digits -= 1;
        }
        text.push('.');
    }
    text.extend(std::iter::repeat_n('0', usize::try_from(digits).unwrap_or(0)));
    text.push_str(&tail);
}

/// The character of a number; U+FFFD where there is none.
fn character(negative: bool, size: u64) -> char {
    u32::try_from(size)
        .ok()
        .filter(|_| !negative)
        .and_then(char::from_u32)
        .unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// A number in as few digits as tell it apart, in the notation `e`, `f`, `g`, `b` or `x` (or `E`, `G`, `X`).
pub(crate) fn shortest(number: f64, notation: char) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = nearest_shortest(number);
    match notation {
        'e' | 'E' => exponent_form(&scientific, notation),
        // Six digits, however many the number has, as in Go.
        'g' | 'G' if !(-4..6).contains(&exponent_of(&scientific)) => {
            exponent_form(&scientific, if notation == 'g' { 'e' } else { 'E' })
        }
        'b' => binary(number),
        'x' | 'X' => hexadecimal(number, None, notation == 'X'),
        _ => plain_form(&scientific),
    }
}

/// The fewest digits that tell the number apart, as `d.ddde±x`. Of two such texts that are equally near Go takes the one
/// with the even digit, the standard library the other.
fn nearest_shortest(number: f64) -> String {
    let short = format!("{number:e}");
    let mantissa = short.split('e').next().unwrap_or_default();
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).count();
    let even = format!("{number:.*e}", digits.saturating_sub(1));
    if even.parse() == Ok(number) { even } else { short }
}

/// `-1.25e2` as `-125`.
fn plain_form(scientific: &str) -> String {
    let before = exponent_of(scientific) + 1;
    let mantissa = scientific.split('e').next().unwrap_or_default();
    let sign = if mantissa.starts_with('-') { "-" } else { "" };
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    match usize::try_from(before) {
        Ok(before) if before >= digits.len() => {
            format!("{sign}{digits}{}", "0".repeat(before - digits.len()))
        }
        Ok(before) if before > 0 => {
            let (whole, fraction) = digits.split_at(before);
            format!("{sign}{whole}.{fraction}")
        }
        _ => format!("{sign}0.{}{digits}", "0".repeat(before.unsigned_abs() as usize)),
    }
}

/// A number (not negative) with so many digits: after the point for `e` and `f`, over all for `g`.
fn rounded(number: f64, notation: char, precision: usize) -> String {
    if !number.is_finite() {
        return String::new();
    }
    match notation {
        'e' | 'E' => exponent_form(&format!("{number:.precision$e}"), notation),
        'g' | 'G' => {
            let digits = precision.max(1);
            let scientific = format!("{number:.*e}", digits - 1);
            let exponent = exponent_of(&scientific);
            // Trailing zeros go, unless `#` puts them back.
            let (mantissa, _) = scientific.split_once('e').unwrap_or((&scientific, ""));
            let mantissa = if mantissa.contains('.') {
                mantissa.trim_end_matches('0').trim_end_matches('.')
            } else {
                mantissa
            };
            let significant = mantissa.len() - usize::from(mantissa.contains('.'));
            let mut limit = digits;
            if limit > significant && significant as i64 > i64::from(exponent) {
                limit = significant;
            }
            if exponent < -4 || i64::from(exponent) >= limit as i64 {
                exponent_form(
                    &format!("{mantissa}e{exponent}"),
                    if notation == 'g' { 'e' } else { 'E' },
                )
            } else {
                let after = (digits as i64 - 1 - i64::from(exponent)).max(0) as usize;
                let fixed = format!("{number:.after$}");
                if fixed.contains('.') {
                    fixed.trim_end_matches('0').trim_end_matches('.').to_owned()
                } else {
                    fixed
                }
            }
        }
        'b' => binary(number),
        'x' | 'X' => hexadecimal(number, Some(precision), notation == 'X'),
        _ => format!("{number:.precision$}"),
    }
}

fn exponent_of(scientific: &str) -> i32 {
    scientific
        .split_once('e')
        .and_then(|(_, exponent)| exponent.parse().ok())
        .unwrap_or(0)
}

/// `1.5e8` as `1.5e+08`.
fn exponent_form(scientific: &str, letter: char) -> String {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}{letter}{sign}{:02}", exponent.unsigned_abs())
}

/// `%b`: the mantissa as a whole number and a power of two.
fn binary(number: f64) -> String {
    let bits = number.to_bits();
    let sign = if number.is_sign_negative() { "-" } else { "" };
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, exponent) = match (bits >> 52) & 0x7ff {
        0 => (fraction, -1074),
        exponent => (fraction | 1 << 52, exponent as i64 - 1075),
    };
    format!("{sign}{mantissa}p{exponent:+}")
}

/// `%x`: one hexadecimal digit before the point, a power of two after `p`.
fn hexadecimal(number: f64, precision: Option<usize>, upper: bool) -> String {
    let bits = number.to_bits();
    let sign = if number.is_sign_negative() { "-" } else { "" };
    let fraction = bits & ((1 << 52) - 1);
    let (mut mantissa, mut exponent) = match (bits >> 52) & 0x7ff {
        0 if fraction == 0 => (0, 0),
        0 => {
            let shift = fraction.leading_zeros() - 11;
            (fraction << shift, -1022 - i64::from(shift))
        }
        exponent => (fraction | 1 << 52, exponent as i64 - 1023),
    };
    let mut digits = 13;
    if let Some(precision) = precision
        && precision < 13
    {
        // To the nearest, halves to the even digit.
        let drop = (13 - precision) as u32 * 4;
        let half = 1_u64 << (drop - 1);
        let rest = mantissa & ((1 << drop) - 1);
        mantissa >>= drop;
        if rest > half || (rest == half && mantissa & 1 == 1) {
            mantissa += 1;
        }
        digits = precision;
        if mantissa >> (precision * 4) > 1 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let first = mantissa >> (digits * 4);
    let rest = mantissa & ((1_u64 << (digits * 4)) - 1);
    let mut after = if digits == 0 {
        String::new()
    } else {
        format!("{rest:0digits$x}")
    };
    match precision {
        None => after.truncate(after.trim_end_matches('0').len()),
        Some(precision) => after.extend(std::iter::repeat_n('0', precision.saturating_sub(13))),
    }
    let point = if after.is_empty() { "" } else { "." };
    let exponent_sign = if exponent < 0 { '-' } else { '+' };
    let text = format!(
        "{sign}0x{first:x}{point}{after}p{exponent_sign}{:02}",
        exponent.unsigned_abs()
    );
    if upper { text.to_uppercase() } else { text }
}
