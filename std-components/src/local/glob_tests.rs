//! Globs as a user of doublestar knows them.

use super::*;
use std::fs;

fn is_match(pattern: &str, path: &str) -> bool {
    Pattern::new(pattern).unwrap().matches(Path::new(path))
}

#[test]
fn components_and_folders() {
    for (pattern, path, wanted) in [
        ("/var/log/*.log", "/var/log/a.log", true),
        ("/var/log/*.log", "/var/log/.hidden.log", true),
        ("/var/log/*.log", "/var/log/app/a.log", false),
        ("/var/log/**/*.log", "/var/log/a.log", true),
        ("/var/log/**/*.log", "/var/log/x/y/z/a.log", true),
        ("/var/log/**/*.log", "/var/a.log", false),
        ("/var/log/**", "/var/log/x/y", true),
        ("/var/log/**", "/var/log", true),
        ("/var/**/b/**/c", "/var/b/x/b/y/c", true),
        ("/var/**/b/**/c", "/var/b/x/c/d", false),
        // Not a component of its own: no more than one star.
        ("/var/log/a**", "/var/log/a/b", false),
        ("/var/log/a**", "/var/log/abc", true),
        ("/var/log/?.log", "/var/log/é.log", true),
        ("/var/log/?.log", "/var/log/ab.log", false),
        ("/v/[a-c]x", "/v/bx", true),
        ("/v/[!a-c]x", "/v/bx", false),
        ("/v/[^a-c]x", "/v/dx", true),
        ("/v/[]x]", "/v/]", true),
        ("/v/[a-]", "/v/-", true),
        (r"/v/[\]^-]", "/v/^", true),
        ("/v/a.b+", "/v/a.b+", true),
        ("/v/a.b*", "/v/axb", false),
        ("/v/{a,b}.log", "/v/b.log", true),
        ("/v/{a,b}.log", "/v/c.log", false),
        ("/v/{a,b/c}/x", "/v/b/c/x", true),
        ("/v/{a,b{1,2}}", "/v/b2", true),
        ("/v/x{,.old}", "/v/x", true),
        ("/v/*.{log,txt}", "/v/a.txt", true),
        (r"/v/\{a,b\}", "/v/{a,b}", true),
        (r"/v/\*", "/v/*", true),
        (r"/v/\*", "/v/a", false),
        ("/v/[{,}]", "/v/,", true),
        ("/v//./x/../a", "/v/a", true),
    ] {
        assert_eq!(is_match(pattern, path), wanted, "{pattern} on {path}");
    }
}

#[test]
fn broken_patterns_say_why() {
    insta::assert_snapshot!(Pattern::new("/a/{b").unwrap_err(), @r#""/a/{b" is no valid glob: a brace is not closed"#);
    insta::assert_snapshot!(Pattern::new("/a/[b").unwrap_err(), @r#""/a/[b" is no valid glob: a bracket is not closed"#);
    insta::assert_snapshot!(Pattern::new("/a/b\\").unwrap_err(), @r#""/a/b\\" is no valid glob: it ends in a backslash"#);
    let bomb = format!("/{}", "{a,b}".repeat(40));
    insta::assert_snapshot!(
        Pattern::new(&bomb).unwrap_err().reason,
        @"its braces stand for too many patterns"
    );
}

fn found(root: &Path, pattern: &str) -> Vec<String> {
    let full = format!("{}/{pattern}", root.display());
    let found = Pattern::new(&full).unwrap().find().matches;
    let short = |one: &Match| {
        // What a folder says is true.
        assert!(!one.is_file || one.path.symlink_metadata().unwrap().is_file());
        one.path.strip_prefix(root).unwrap().display().to_string()
    };
    found.iter().map(short).collect()
}

#[test]
fn finds_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join("a/b/c")).unwrap();
    fs::create_dir_all(root.join("d")).unwrap();
    for file in [
        "x.log",
        "a/x.log",
        "a/b/x.log",
        "a/b/c/x.log",
        "d/y.txt",
        "d/x.log",
    ] {
        fs::write(root.join(file), "").unwrap();
    }
    std::os::unix::fs::symlink(root, root.join("a/loop")).unwrap();
    std::os::unix::fs::symlink(root.join("d"), root.join("linked")).unwrap();

    assert_eq!(found(root, "*.log"), ["x.log"]);
    assert_eq!(
        found(root, "a/**/*.log"),
        [
            "a/b/c/x.log",
            "a/b/x.log",
            // Once through the link, where it is not yet being walked; never round and round.
            "a/loop/d/x.log",
            "a/loop/linked/x.log",
            "a/loop/x.log",
            "a/x.log"
        ]
    );
    assert_eq!(
        found(root, "{d,linked}/*"),
        ["d/x.log", "d/y.txt", "linked/x.log", "linked/y.txt"]
    );
    assert_eq!(
        found(root, "*/b/**"),
        ["a/b", "a/b/c", "a/b/c/x.log", "a/b/x.log"]
    );
    assert_eq!(found(root, "a/x.log"), ["a/x.log"]);
    assert!(found(root, "nothing/*").is_empty());
    assert!(found(root, "nothing").is_empty());
}
