//! `file`: paths. Nothing here looks at a file system.

use crate::eval::{Call, EvalError};
use crate::value::Value;

/// `file.path_join(part...)`. Empty parts do not count.
pub(super) fn path_join(call: &mut Call<'_>) -> Result<Value, EvalError> {
    let mut joined = String::new();
    for at in 0..call.arguments.len() {
        let part = call.text(at)?;
        if !part.is_empty() {
            if !joined.is_empty() {
                joined.push('/');
            }
            joined.push_str(&part);
        }
    }
    call.give_text(if joined.is_empty() { joined } else { clean(&joined) })
}

/// The shortest path of the same meaning: no `.`, no `//`, no `..` after a name. Never empty.
fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(&last) if last != ".." => {
                    parts.pop();
                }
                _ if rooted => {}
                _ => parts.push(part),
            },
            name => parts.push(name),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn paths_are_tidied_without_leaving_their_root() {
        for (path, expected) in [
            ("a/b/../c", "a/c"),
            ("./a//b/..", "a"),
            ("a/..", "."),
            ("../../a", "../../a"),
            ("a/../../b", "../b"),
            ("/../a", "/a"),
            ("/", "/"),
            ("/a/./b/", "/a/b"),
        ] {
            assert_eq!(clean(path), expected, "{path}");
        }
    }
}
