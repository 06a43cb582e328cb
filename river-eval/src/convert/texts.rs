//! Strings of a special form: durations and sizes in bytes.

use super::{ConvertError, FromValue, IntoValue, scalars};
use crate::schema::Type;
use crate::value::Value;
use std::fmt;
use std::time::Duration;

impl FromValue for Duration {
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        let nanoseconds = SignedDuration::from_value(value)?.0;
        u64::try_from(nanoseconds)
            .map(Duration::from_nanos)
            .map_err(|_| ConvertError::new("a duration that is not negative is expected"))
    }

    fn schema() -> Type {
        Type::Duration
    }
}

impl IntoValue for Duration {
    fn into_value(self) -> Value {
        Value::string(SignedDuration(i64::try_from(self.as_nanos()).unwrap_or(i64::MAX)).to_string())
    }
}

/// A duration that may be negative; nanoseconds, as Go's `time.Duration`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignedDuration(pub i64);

impl FromValue for SignedDuration {
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        // A null stands for the zero value.
        if matches!(value, Value::Null) {
            return Ok(Self(0));
        }
        let text = scalars::text(value).map_err(|error| match value {
            Value::Secret(_) | Value::OptionalSecret(_) => error,
            other => ConvertError::expected("a duration such as \"10s\"", other),
        })?;
        parse_duration(&text).map(Self).map_err(|reason| {
            ConvertError::new(format!("{text:?} is not a duration: {reason}"))
                .with_help("write a number with a unit: \"250ms\", \"10s\", \"1m30s\", \"2h\"")
        })
    }

    fn schema() -> Type {
        Type::Duration
    }
}

impl IntoValue for SignedDuration {
    fn into_value(self) -> Value {
        Value::string(self.to_string())
    }
}

/// Nanoseconds of a duration in Go's form (<https://pkg.go.dev/time#ParseDuration>).
fn parse_duration(text: &str) -> Result<i64, &'static str> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err("it is empty");
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let whole_end = rest.bytes().take_while(u8::is_ascii_digit).count();
        let whole: u64 = match &rest[..whole_end] {
            "" => 0,
            digits => digits.parse().map_err(|_| "it is too long")?,
        };
        rest = &rest[whole_end..];
        let mut fraction = "";
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.bytes().take_while(u8::is_ascii_digit).count();
            fraction = &after[..end];
            rest = &after[end..];
        }
        if whole_end == 0 && fraction.is_empty() {
            return Err("a number is missing before the unit");
        }
        let unit_end = rest
            .find(|c: char| c == '.' || c.is_ascii_digit())
            .unwrap_or(rest.len());
        let unit: u64 = match &rest[..unit_end] {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "" => return Err("the unit is missing"),
            _ => return Err("the unit is none of ns, us, ms, s, m, h"),
        };
        rest = &rest[unit_end..];
        total = whole
            .checked_mul(unit)
            .and_then(|part| total.checked_add(part))
            .ok_or("it is too long")?;
        if !fraction.is_empty() {
            // At most 18 digits matter: beyond them less than a nanosecond is left.
            let digits = &fraction[..fraction.len().min(18)];
            let numerator: u128 = digits.parse().map_err(|_| "it is too long")?;
            let part = numerator * u128::from(unit) / 10_u128.pow(digits.len() as u32);
            total = u64::try_from(part)
                .ok()
                .and_then(|part| total.checked_add(part))
                .ok_or("it is too long")?;
        }
    }
    let signed = i64::try_from(total).map_err(|_| "it is too long")?;
    Ok(if negative { -signed } else { signed })
}

impl fmt::Display for SignedDuration {
    /// Go's form: `1h0m0s`, `1m30s`, `1.5s`, `250ms`, `0s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanoseconds = self.0.unsigned_abs();
        if self.0 < 0 {
            f.write_str("-")?;
        }
        let fraction = |f: &mut fmt::Formatter<'_>, value: u64, unit: u64, suffix: &str| {
            let digits = unit.ilog10() as usize;
            let part = format!("{:0digits$}", value % unit);
            match part.trim_end_matches('0') {
                "" => write!(f, "{}{suffix}", value / unit),
                part => write!(f, "{}.{part}{suffix}", value / unit),
            }
        };
        match nanoseconds {
            0 => f.write_str("0s"),
            1..1_000 => write!(f, "{nanoseconds}ns"),
            1_000..1_000_000 => fraction(f, nanoseconds, 1_000, "µs"),
            1_000_000..1_000_000_000 => fraction(f, nanoseconds, 1_000_000, "ms"),
            _ => {
                let seconds = nanoseconds / 1_000_000_000;
                let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
                if hours > 0 {
                    write!(f, "{hours}h{minutes}m")?;
                } else if minutes > 0 {
                    write!(f, "{minutes}m")?;
                }
                fraction(f, nanoseconds % 60_000_000_000, 1_000_000_000, "s")
            }
        }
    }
}

/// A number of bytes, written with units: `1MiB`, `512KB`, `1MiB512KiB`, `0`.
///
/// Units are powers of two with and without the `i` (`KB` is 1024 bytes), as the reference's library for sizes has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(pub u64);

const SIZE_UNITS: [(&str, u32); 6] = [("E", 60), ("P", 50), ("T", 40), ("G", 30), ("M", 20), ("K", 10)];

impl FromValue for ByteSize {
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        let text = match value {
            Value::Int(_) | Value::Uint(_) | Value::Null => return u64::from_value(value).map(Self),
            other => scalars::text(other)?,
        };
        parse_size(&text).map(Self).ok_or_else(|| {
            ConvertError::new(format!("{text:?} is not a size in bytes"))
                .with_help("write a number with a unit: \"512KiB\", \"1MiB\", \"1.5GiB\"")
        })
    }

    fn schema() -> Type {
        Type::Text {
            name: "byte size with a binary or decimal unit, e.g. 1MiB",
            words: &[],
        }
    }
}

/// Bytes of a size: one or more numbers, each with a unit, as in `1MiB512KiB`.
fn parse_size(text: &str) -> Option<u64> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Some(0);
    }
    let is_number = |c: char| c.is_ascii_digit() || c == '.';
    let mut total = 0.0;
    loop {
        let (number, after) = rest.split_at(rest.find(|c| !is_number(c))?);
        let (unit, after) = after.split_at(after.find(is_number).unwrap_or(after.len()));
        total += number.parse::<f64>().ok()? * size_unit(unit.trim_start())?;
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    // The reference keeps sizes in 63 bits.
    (total < i64::MAX as f64).then_some(total as u64)
}

/// Bytes of a unit.
fn size_unit(unit: &str) -> Option<f64> {
    if unit == "B" {
        return Some(1.0);
    }
    let prefix = unit
        .strip_suffix("iB")
        .or_else(|| unit.strip_suffix('B'))
        .unwrap_or(unit);
    let (_, shift) = SIZE_UNITS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(prefix))?;
    Some((1_u64 << shift) as f64)
}

impl fmt::Display for ByteSize {
    /// The reference's form, every unit that is not zero: `1MiB512KiB`, `1KiB1B`, `0B`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        for (unit, shift) in SIZE_UNITS {
            let count = rest >> shift;
            if count > 0 {
                write!(f, "{count}{unit}iB")?;
            }
            rest -= count << shift;
        }
        if rest > 0 || self.0 == 0 {
            write!(f, "{rest}B")?;
        }
        Ok(())
    }
}

impl IntoValue for ByteSize {
    fn into_value(self) -> Value {
        Value::string(self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_print_as_go_does() {
        for (text, nanoseconds, printed) in [
            ("1h30m", 5_400_000_000_000, "1h30m0s"),
            ("250ms", 250_000_000, "250ms"),
            ("1.5s", 1_500_000_000, "1.5s"),
            (".5m", 30_000_000_000, "30s"),
            ("-1µs", -1_000, "-1µs"),
            ("1m0.25s", 60_250_000_000, "1m0.25s"),
            ("0", 0, "0s"),
            ("1500us", 1_500_000, "1.5ms"),
        ] {
            assert_eq!(parse_duration(text), Ok(nanoseconds), "{text}");
            assert_eq!(SignedDuration(nanoseconds).to_string(), printed, "{text}");
        }
        for text in ["", "10", "s", "10 s", "1d", "-", "1h-1m", "99999999999h"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_read_and_print() {
        for (text, bytes) in [
            ("1MiB", 1 << 20),
            ("1.5KiB", 1536),
            ("2KB", 2048),
            ("7B", 7),
            ("0", 0),
            ("3G", 3 << 30),
            ("1MiB512KiB", 3 << 19),
            ("1KB1B", 1025),
        ] {
            assert_eq!(parse_size(text), Some(bytes), "{text}");
        }
        assert_eq!(ByteSize(1 << 20).to_string(), "1MiB");
        assert_eq!(ByteSize(1537).to_string(), "1KiB513B");
        assert_eq!(ByteSize(0).to_string(), "0B");
        for text in ["", "MiB", "1 xB", "-1MiB", "10", "1KiB2", "9EiB", "1.2.3KiB"] {
            assert_eq!(parse_size(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_says_how_to_write_one() {
        let error = Duration::from_value(&Value::string("10 seconds")).unwrap_err();
        insta::assert_snapshot!(error.message, @r#""10 seconds" is not a duration: the unit is none of ns, us, ms, s, m, h"#);
        assert!(error.help.unwrap().contains("\"10s\""));
        assert!(Duration::from_value(&Value::string("-1s")).is_err());
        assert!(Duration::from_value(&Value::Secret(crate::Secret::new("1s"))).is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_duration_reads_back(nanoseconds in i64::MIN + 1..i64::MAX) {
            proptest::prop_assert_eq!(parse_duration(&SignedDuration(nanoseconds).to_string()), Ok(nanoseconds));
        }

        #[test]
        fn any_size_reads_back(bytes in 0..1_u64 << 53) {
            proptest::prop_assert_eq!(parse_size(&ByteSize(bytes).to_string()), Some(bytes));
        }

        #[test]
        fn nothing_panics(text in "[0-9.hmsuµn+-]{0,12}|[0-9.KMiBb +-]{0,12}|\\PC{0,8}") {
            let _ = (parse_duration(&text), parse_size(&text));
        }
    }
}
