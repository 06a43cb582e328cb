//! Sprig's functions of words: shortening, cases of names, wrapping.

use super::super::value::Value;
use super::numbers::whole;
use super::{Arguments, Function, function};

/// What stands for what was left out.
const MORE: &str = "...";

pub(super) const ALL: &[Function] = &[
    function("abbrev", 2, 2, |arguments| {
        let width = whole(arguments.get(0));
        let text = arguments.text(1)?;
        Ok(Value::of(match usize::try_from(width) {
            Ok(width) if width >= 4 => abbreviated(text, 0, width),
            _ => text.to_string(),
        }))
    }),
    function("abbrevboth", 3, 3, |arguments| {
        let (left, right) = (whole(arguments.get(0)), whole(arguments.get(1)));
        let text = arguments.text(2)?;
        if right < 4 || left > 0 && right < 7 {
            return Ok(Value::Text(text.clone()));
        }
        let size = |value: i64| usize::try_from(value).unwrap_or(0);
        Ok(Value::of(abbreviated(text, size(left), size(right))))
    }),
    function("initials", 1, 1, |arguments| {
        let words = arguments.text(0)?.split_whitespace();
        Ok(Value::of(words.filter_map(|word| word.chars().next()).collect()))
    }),
    function("swapcase", 1, 1, |arguments| {
        let swapped = arguments.text(0)?.chars().flat_map(|c| {
            let (upper, lower) = (c.is_lowercase(), c.is_uppercase());
            let same = (!upper && !lower).then_some(c);
            let upper = upper.then(|| c.to_uppercase()).into_iter().flatten();
            let lower = lower.then(|| c.to_lowercase()).into_iter().flatten();
            upper.chain(lower).chain(same)
        });
        Ok(Value::of(swapped.collect()))
    }),
    function("camelcase", 1, 1, |arguments| {
        Ok(Value::of(camel(arguments.text(0)?)))
    }),
    function("snakecase", 1, 1, |arguments| {
        Ok(Value::of(parted(arguments.text(0)?, '_')))
    }),
    function("kebabcase", 1, 1, |arguments| {
        Ok(Value::of(parted(arguments.text(0)?, '-')))
    }),
    function("plural", 3, 3, |arguments| {
        let at = usize::from(whole(arguments.get(2)) != 1);
        Ok(Value::Text(arguments.text(at)?.clone()))
    }),
    function("wrap", 2, 2, |arguments| {
        Ok(Value::of(wrapped(
            arguments.text(1)?,
            width(arguments)?,
            "\n",
            false,
        )))
    }),
    function("wrapWith", 3, 3, |arguments| {
        let text = wrapped(arguments.text(2)?, width(arguments)?, arguments.text(1)?, true);
        Ok(Value::of(text))
    }),
    function("hello", 0, 0, |_| Ok(Value::text("Hello!"))),
];

fn width(arguments: &Arguments<'_>) -> Result<usize, String> {
    // As in goutils a width below 1 is 1.
    Ok(usize::try_from(arguments.int(0)?).unwrap_or(1).max(1))
}

/// A part of a text, with `...` where something is left out. As in goutils the first four bytes are not worth leaving out.
fn abbreviated(text: &str, offset: usize, width: usize) -> String {
    let length = text.len();
    if length <= width {
        return text.to_owned();
    }
    let room = width - MORE.len();
    let mut offset = offset.min(length);
    if length - offset < room {
        offset = length - room;
    }
    let start = |text: &str, count| crate::text::start(text, count).to_owned();
    if offset <= 4 {
        return start(text, room) + MORE;
    }
    if offset + room < length {
        let rest = crate::text::end(text, length - offset);
        return MORE.to_owned() + &abbreviated(rest, 0, room);
    }
    MORE.to_owned() + crate::text::end(text, room)
}

fn is_part(c: char) -> bool {
    matches!(c, '_' | '-') || c.is_whitespace()
}

/// `some_words` as `SomeWords`; separators at both ends stay.
fn camel(text: &str) -> String {
    let core = text.trim_matches(is_part);
    if core.is_empty() {
        return text.to_owned();
    }
    let before = text.len() - text.trim_start_matches(is_part).len();
    let mut out = text.get(..before).unwrap_or_default().to_owned();
    for word in core.split(is_part) {
        let mut chars = word.chars();
        out.extend(chars.next().into_iter().flat_map(char::to_uppercase));
        let is_shouted = !word.chars().any(char::is_lowercase);
        for c in chars {
            if is_shouted {
                out.extend(c.to_lowercase());
            } else {
                out.push(c);
            }
        }
    }
    out.push_str(text.get(before + core.len()..).unwrap_or_default());
    out
}

/// `SomeHTTPWords` as `some_http_words`.
fn parted(text: &str, separator: char) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len() + 8);
    // Whether the word at hand began with a digit: what follows the digits belongs to it.
    let mut by_digit = false;
    for (at, &c) in chars.iter().enumerate() {
        if is_part(c) {
            out.push(separator);
            by_digit = false;
            continue;
        }
        let before = at.checked_sub(1).and_then(|at| chars.get(at).copied());
        let after = chars.get(at + 1).copied();
        let breaks = match before {
            None => false,
            Some(before) if is_part(before) => false,
            Some(before) if c.is_uppercase() => {
                !before.is_uppercase() || after.is_some_and(char::is_lowercase)
            }
            Some(before) if c.is_ascii_digit() && !before.is_ascii_digit() => {
                let behind = chars.iter().skip(at).find(|c| !c.is_ascii_digit());
                !by_digit && behind.is_some_and(|behind| behind.is_lowercase())
            }
            Some(_) => false,
        };
        if breaks {
            out.push(separator);
        }
        if breaks || before.is_none_or(is_part) {
            by_digit = c.is_ascii_digit();
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// Lines of a width at the most where there are spaces; longer words are cut if asked for.
fn wrapped(text: &str, width: usize, newline: &str, cuts: bool) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while chars.len().saturating_sub(at) > width {
        let rest = chars.get(at..).unwrap_or_default();
        if rest.first() == Some(&' ') {
            at += 1;
            continue;
        }
        let space = rest.iter().take(width + 1).rposition(|c| *c == ' ');
        let next = |rest: &[char]| {
            rest.iter()
                .skip(width)
                .position(|c| *c == ' ')
                .map(|more| width + more)
        };
        let (end, skip) = match (space, cuts) {
            (Some(space), _) => (space, 1),
            (None, true) => (width, 0),
            (None, false) => match next(rest) {
                Some(space) => (space, 1),
                None => break,
            },
        };
        out.extend(rest.iter().take(end));
        out.push_str(newline);
        at += end + skip;
    }
    out.extend(chars.get(at..).unwrap_or_default());
    out
}
