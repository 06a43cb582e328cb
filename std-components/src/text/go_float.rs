//! Numbers as Go prints them.

use std::fmt::Write as _;

/// Appends a number as Go's `strconv.FormatFloat(value, 'g', -1, 64)` prints it: the shortest digits that read back as the same number, with
/// an exponent of at least two digits below 1e-4 and from 1e+06 on.
pub fn push_float(out: &mut String, value: f64) {
    if value.is_nan() {
        out.push_str("NaN");
        return;
    }
    if value.is_infinite() {
        out.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
        return;
    }
    // Small whole numbers, most of a page. -0 is not one: Go prints its sign.
    if value.fract() == 0.0 && value.abs() < 1e6 && !(value == 0.0 && value.is_sign_negative()) {
        let _ = write!(out, "{}", value as i64);
        return;
    }
    // Rust's `e` form has the same shortest digits: `-1.5e-7`.
    let from = out.len();
    let _ = write!(out, "{value:e}");
    let Some(mark) = out[from..].find('e').map(|at| at + from) else {
        return;
    };
    let exponent: i32 = out[mark + 1..].parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        out.truncate(from);
        // Without an exponent Rust's plain form is the same.
        let _ = write!(out, "{value}");
        return;
    }
    out.truncate(mark);
    let sign = if exponent < 0 { '-' } else { '+' };
    let _ = write!(out, "e{sign}{:02}", exponent.unsigned_abs());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn float(value: f64) -> String {
        let mut out = String::new();
        push_float(&mut out, value);
        out
    }

    #[test]
    fn numbers_are_printed_as_go_prints_them() {
        let cases = [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (-125_000.0, "-125000"),
            (999_999.0, "999999"),
            (1e6, "1e+06"),
            (1_609_728.0, "1.609728e+06"),
            (1_795_243_710.419_766, "1.795243710419766e+09"),
            (0.052_000_000_000_000_005, "0.052000000000000005"),
            (999_999.5, "999999.5"),
            (0.0001, "0.0001"),
            (0.000_01, "1e-05"),
            (6.111e-6, "6.111e-06"),
            (1e100, "1e+100"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ];
        for (value, text) in cases {
            assert_eq!(float(value), text);
        }
    }
}
