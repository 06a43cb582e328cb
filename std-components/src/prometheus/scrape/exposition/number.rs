//! Numbers as Go reads them.

/// Powers of ten that a double holds exactly.
const EXACT_POWERS: [f64; 16] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
];

/// A value: Go's `strconv.ParseFloat` without hexadecimal forms and underscores, as Prometheus restricts it.
pub(super) fn float(text: &[u8]) -> Result<f64, String> {
    simple(text).map_or_else(|| general(text), Ok)
}

/// Up to 15 digits with at most one point: most values. Both numbers are exact, so one division rounds rightly.
fn simple(text: &[u8]) -> Option<f64> {
    let (is_negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    if digits.is_empty() || digits.len() > 16 {
        return None;
    }
    let mut whole: u64 = 0;
    let mut point = None;
    for (at, byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => whole = whole * 10 + u64::from(byte - b'0'),
            b'.' if point.is_none() => point = Some(at),
            _ => return None,
        }
    }
    let count = digits.len() - usize::from(point.is_some());
    if count == 0 || count > 15 {
        return None;
    }
    let fraction = point.map_or(0, |at| digits.len() - at - 1);
    let value = whole as f64 / EXACT_POWERS.get(fraction)?;
    Some(if is_negative { -value } else { value })
}

fn general(text: &[u8]) -> Result<f64, String> {
    let invalid = || format!("{:?} is no number", String::from_utf8_lossy(text));
    let text = std::str::from_utf8(text).map_err(|_| invalid())?;
    let unsigned = text.trim_start_matches(['+', '-']);
    let is_word = unsigned.starts_with(['i', 'I', 'n', 'N']);
    // Go takes no sign before NaN.
    if unsigned.len() < text.len() && unsigned.starts_with(['n', 'N']) {
        return Err(invalid());
    }
    let value: f64 = text.parse().map_err(|_| invalid())?;
    if value.is_infinite() && !is_word {
        return Err(format!("{text:?} is out of range"));
    }
    Ok(value)
}

/// A time of the text format: milliseconds.
pub(super) fn milliseconds(text: &[u8]) -> Result<i64, String> {
    let invalid = || format!("{:?} is no timestamp", String::from_utf8_lossy(text));
    std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(invalid)
}

/// A time of OpenMetrics: seconds with a fraction, in milliseconds.
pub(super) fn seconds(text: &[u8]) -> Result<i64, String> {
    let seconds = float(text)?;
    if seconds.is_finite() {
        Ok((seconds * 1000.0) as i64)
    } else {
        Err(format!("invalid timestamp {seconds}"))
    }
}
