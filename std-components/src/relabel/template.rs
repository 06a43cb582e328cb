//! Replacements with groups, by the rules of Go's `regexp.Expand` (<https://pkg.go.dev/regexp#Regexp.Expand>).

use regex::{CaptureLocations, Regex};

/// A compiled replacement.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Text(Box<str>),
    /// Groups of which the first that took part is written: a name may be given to several.
    Groups(Vec<usize>),
}

impl Template {
    /// Compiles a replacement for an expression. A group that the expression does not have is empty.
    pub(super) fn new(text: &str, regex: &Regex) -> Self {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            plain.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('$') {
                plain.push('$');
                rest = after;
            } else if let Some((name, after)) = reference(rest) {
                rest = after;
                let groups = groups(name, regex);
                if !groups.is_empty() {
                    if !plain.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut plain).into()));
                    }
                    pieces.push(Piece::Groups(groups));
                }
            } else {
                plain.push('$');
            }
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain.into()));
        }
        Self { pieces }
    }

    /// The text, if no group is in it.
    pub(super) fn plain(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether it is one group that is the whole match: `$1` for `(.*)`.
    pub(super) fn is_whole(&self, captures_whole: bool) -> bool {
        match self.pieces.as_slice() {
            [Piece::Groups(groups)] => match groups.as_slice() {
                [0] => true,
                [1] => captures_whole,
                _ => false,
            },
            _ => false,
        }
    }

    /// Appends the replacement for a match in a text.
    pub(super) fn expand(&self, text: &str, locations: &CaptureLocations, out: &mut String) {
        for piece in &self.pieces {
            match piece {
                Piece::Text(plain) => out.push_str(plain),
                Piece::Groups(groups) => {
                    let place = groups.iter().find_map(|group| locations.get(*group));
                    out.push_str(place.and_then(|(from, to)| text.get(from..to)).unwrap_or(""));
                }
            }
        }
    }
}

/// The name behind a `$`, and what comes after it.
fn reference(text: &str) -> Option<(&str, &str)> {
    let (is_braced, inner) = match text.strip_prefix('{') {
        Some(inner) => (true, inner),
        None => (false, text),
    };
    let end = inner
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(inner.len());
    let (name, after) = inner.split_at(end);
    if name.is_empty() {
        return None;
    }
    if is_braced {
        Some((name, after.strip_prefix('}')?))
    } else {
        Some((name, after))
    }
}

fn groups(name: &str, regex: &Regex) -> Vec<usize> {
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
    if is_number && (name.len() == 1 || !name.starts_with('0')) {
        let number: Option<usize> = name.parse().ok();
        return number
            .filter(|number| *number < regex.captures_len())
            .into_iter()
            .collect();
    }
    let is_named = |(at, group): (usize, Option<&str>)| (group == Some(name)).then_some(at);
    regex.capture_names().enumerate().filter_map(is_named).collect()
}

/// Whether a replacement looks as if it makes the name of a label:
/// `^(?:(?:[a-zA-Z_]|\$(?:\{\w+\}|\w+))+\w*)+$`.
pub fn makes_a_name(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut rest = text;
    let mut is_first = true;
    while let Some(first) = rest.chars().next() {
        if first == '$' {
            let after = &rest[1..];
            let inner = after.strip_prefix('{').unwrap_or(after);
            let end = inner.find(|c| !is_word(c)).unwrap_or(inner.len());
            if end == 0 {
                return false;
            }
            rest = &inner[end..];
            if inner.len() < after.len() {
                match rest.strip_prefix('}') {
                    Some(behind) => rest = behind,
                    None => return false,
                }
            }
        } else if is_word(first) && !(is_first && first.is_ascii_digit()) {
            rest = &rest[1..];
        } else {
            return false;
        }
        is_first = false;
    }
    !text.is_empty()
}
