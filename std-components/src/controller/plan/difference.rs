//! Where two evaluated bodies differ.

use river_eval::{BlockValue, BodyValue};

/// How something in a body changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It was not there before.
    Added,
    /// It has another value, or another place among its like.
    Changed,
    /// It is not there any more.
    Removed,
}

/// A place in a body that changed. Values are not told: a password is plain text until a component takes it as a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyChange {
    /// `endpoint.url`; of several blocks of a name with the number from 1, `rule[2].regex`.
    pub path: String,
    /// The name of the attribute or block at the top that it is in.
    pub top: String,
    /// How it changed.
    pub kind: ChangeKind,
}

/// All places where two bodies differ, in the order of the new one and then of the old one.
pub(super) fn between(old: &BodyValue, new: &BodyValue) -> Vec<BodyChange> {
    let mut found = Vec::new();
    body(old, new, "", &mut found);
    found
}

fn body(old: &BodyValue, new: &BodyValue, above: &str, found: &mut Vec<BodyChange>) {
    let mut push = |name: &str, kind| {
        let path = join(above, name);
        found.push(BodyChange {
            top: top_of(&path).to_owned(),
            path,
            kind,
        });
    };
    for attribute in &new.attributes {
        let before = old.attributes.iter().find(|before| before.name == attribute.name);
        match before {
            None => push(&attribute.name, ChangeKind::Added),
            Some(before) if before.value != attribute.value => push(&attribute.name, ChangeKind::Changed),
            Some(_) => {}
        }
    }
    for attribute in &old.attributes {
        if !new.attributes.iter().any(|after| after.name == attribute.name) {
            push(&attribute.name, ChangeKind::Removed);
        }
    }
    for (name, at, block) in numbered(&new.blocks) {
        let counterpart = nth(&old.blocks, block, at);
        match counterpart {
            Some(before) if before.body == block.body => {}
            Some(before) => body(&before.body, &block.body, &join(above, &name), found),
            None => found.push(change(above, &name, ChangeKind::Added)),
        }
    }
    for (name, at, block) in numbered(&old.blocks) {
        if nth(&new.blocks, block, at).is_none() {
            found.push(change(above, &name, ChangeKind::Removed));
        }
    }
}

fn change(above: &str, name: &str, kind: ChangeKind) -> BodyChange {
    let path = join(above, name);
    BodyChange {
        top: top_of(&path).to_owned(),
        path,
        kind,
    }
}

fn join(above: &str, name: &str) -> String {
    match above.is_empty() {
        true => name.to_owned(),
        false => format!("{above} > {name}"),
    }
}

/// The first part of a path, without its number.
fn top_of(path: &str) -> &str {
    let first = path.split(" > ").next().unwrap_or(path);
    first.split('[').next().unwrap_or(first)
}

/// Blocks with a name for people and their place among those of their name and label.
fn numbered(blocks: &[BlockValue]) -> impl Iterator<Item = (String, usize, &BlockValue)> {
    blocks.iter().enumerate().map(move |(at, block)| {
        let like = |other: &&BlockValue| is_like(other, block);
        let before = blocks.iter().take(at).filter(like).count();
        let all = blocks.iter().filter(like).count();
        let mut name = block.name.to_string();
        if let Some((label, _)) = &block.label {
            name.push_str(&format!(" {label:?}"));
        }
        if all > 1 {
            name.push_str(&format!("[{}]", before + 1));
        }
        (name, before, block)
    })
}

fn nth<'b>(blocks: &'b [BlockValue], like: &BlockValue, at: usize) -> Option<&'b BlockValue> {
    blocks.iter().filter(|other| is_like(other, like)).nth(at)
}

fn is_like(a: &BlockValue, b: &BlockValue) -> bool {
    let label = |block: &BlockValue| block.label.as_ref().map(|(label, _)| label.clone());
    a.name == b.name && label(a) == label(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(url: &str) -> BodyValue {
        let mut body = BodyValue::default();
        body.attribute("url", url);
        body
    }

    #[test]
    fn places_are_named_and_values_are_not() {
        let mut old = BodyValue::default();
        old.attribute("a", 1_i64).attribute("b", 2_i64);
        old.block("endpoint", endpoint("x"));
        old.block("rule", endpoint("1")).block("rule", endpoint("2"));
        let mut new = BodyValue::default();
        new.attribute("a", 2_i64).attribute("c", 2_i64);
        new.block("endpoint", endpoint("secret"));
        new.block("rule", endpoint("1"))
            .block("rule", endpoint("3"))
            .block("rule", endpoint("4"));
        let told: Vec<String> = between(&old, &new)
            .iter()
            .map(|change| format!("{} {} {:?}", change.path, change.top, change.kind))
            .collect();
        assert_eq!(
            told,
            [
                "a a Changed",
                "c c Added",
                "b b Removed",
                "endpoint > url endpoint Changed",
                "rule[2] > url rule Changed",
                "rule[3] rule Added",
            ]
        );
        assert_eq!(between(&new, &new), []);
    }
}
