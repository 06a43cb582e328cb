//! Functions of texts. Places and widths are counted in characters.

use super::super::run::{Failed, Found};
use super::{All, Function, NUMBER, TEXT, TEXTS, function, made};
use serde_json::Value;

/// Bytes of a padded text at the most.
const MAX_WIDTH: usize = 1 << 20;

pub(super) const ALL: &[Function] = &[
    function("starts_with", &[TEXT, TEXT], |_, all| {
        made(all.text(0).starts_with(all.text(1)))
    }),
    function("ends_with", &[TEXT, TEXT], |_, all| {
        made(all.text(0).ends_with(all.text(1)))
    }),
    function("lower", &[TEXT], |_, all| made(all.text(0).to_lowercase())),
    function("upper", &[TEXT], |_, all| made(all.text(0).to_uppercase())),
    function("trim", &[TEXT, TEXT], |_, all| {
        made(all.text(0).trim_matches(cut_set(&all)))
    })
    .optional(1),
    function("trim_left", &[TEXT, TEXT], |_, all| {
        made(all.text(0).trim_start_matches(cut_set(&all)))
    })
    .optional(1),
    function("trim_right", &[TEXT, TEXT], |_, all| {
        made(all.text(0).trim_end_matches(cut_set(&all)))
    })
    .optional(1),
    function("join", &[TEXT, TEXTS], |_, all| {
        let parts: Vec<&str> = all.list(1).iter().filter_map(Value::as_str).collect();
        made(parts.join(all.text(0)))
    }),
    function("split", &[TEXT, TEXT, NUMBER], |_, all| {
        let (whole, by) = (all.text(0), all.text(1));
        let most = if all.is_given(2) {
            all.size(2)?.saturating_add(1)
        } else {
            usize::MAX
        };
        made(if whole.is_empty() {
            Vec::new()
        } else if by.is_empty() {
            // Each character by itself, and the rest with the last.
            let mut parts: Vec<Value> = Vec::new();
            let mut rest = whole;
            while parts.len() + 1 < most
                && let Some(first) = rest.chars().next()
            {
                let (part, after) = rest.split_at(first.len_utf8());
                parts.push(part.into());
                rest = after;
            }
            if !rest.is_empty() {
                parts.push(rest.into());
            }
            parts
        } else {
            whole.splitn(most, by).map(Value::from).collect()
        })
    })
    .optional(1),
    function("replace", &[TEXT, TEXT, TEXT, NUMBER], |_, all| {
        let (whole, old, new) = (all.text(0), all.text(1), all.text(2));
        made(if all.is_given(3) {
            whole.replacen(old, new, all.size(3)?)
        } else {
            whole.replace(old, new)
        })
    })
    .optional(1),
    function("find_first", &[TEXT, TEXT, NUMBER, NUMBER], |_, all| {
        find(&all, |within, what| within.find(what))
    })
    .optional(2),
    function("find_last", &[TEXT, TEXT, NUMBER, NUMBER], |_, all| {
        find(&all, |within, what| within.rfind(what))
    })
    .optional(2),
    function("pad_left", &[TEXT, NUMBER, TEXT], |_, all| {
        made(padding(&all)? + all.text(0))
    })
    .optional(1),
    function("pad_right", &[TEXT, NUMBER, TEXT], |_, all| {
        made(all.text(0).to_owned() + &padding(&all)?)
    })
    .optional(1),
];

fn cut_set<'b>(all: &'b All<'_>) -> impl Fn(char) -> bool + Copy + 'b {
    let set = all.text(1);
    move |char| {
        if set.is_empty() {
            char.is_whitespace()
        } else {
            set.contains(char)
        }
    }
}

/// What is missing to a width.
fn padding(all: &All<'_>) -> Result<String, Failed> {
    let mut chars = if all.is_given(2) { all.text(2) } else { " " }.chars();
    let (Some(with), None) = (chars.next(), chars.next()) else {
        return Err("one character to pad with is expected");
    };
    let missing = all
        .size(1)?
        .min(MAX_WIDTH)
        .saturating_sub(all.text(0).chars().count());
    Ok(std::iter::repeat_n(with, missing).collect())
}

/// Where a text stands in another, in characters; null where it does not.
fn find<'a>(all: &All<'_>, find: fn(&str, &str) -> Option<usize>) -> Result<Found<'a>, Failed> {
    let (within, what) = (all.text(0), all.text(1));
    let length = within.chars().count();
    let at = |at: usize, other: usize| {
        if !all.is_given(at) {
            return Ok::<usize, Failed>(other);
        }
        // What lies before the start is the start.
        Ok(usize::try_from(all.whole(at)?).unwrap_or(0).min(length))
    };
    let (from, to) = (at(2, 0)?, at(3, length)?);
    if what.is_empty() || from >= to {
        return made(Value::Null);
    }
    let byte = |at: usize| {
        within
            .char_indices()
            .nth(at)
            .map_or(within.len(), |(byte, _)| byte)
    };
    let part = within.get(byte(from)..byte(to)).unwrap_or_default();
    let found = find(part, what).and_then(|byte| part.get(..byte));
    made(found.map_or(Value::Null, |before| (from + before.chars().count()).into()))
}
