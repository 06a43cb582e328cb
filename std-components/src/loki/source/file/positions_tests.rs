//! The positions file as the reference writes it, as a crash leaves it, as Promtail left it.

use super::super::identity::Head;
use super::*;

fn key(path: &str, labels: &str) -> Key {
    Key {
        path: path.into(),
        labels: labels.into(),
    }
}

fn identity() -> Identity {
    Identity {
        device: 1,
        inode: 2,
        head: Head { length: 3, hash: 4 },
    }
}

#[test]
fn reads_what_the_reference_writes() {
    let entries = parse(
        br#"positions:
  ? path: /var/log/app/a.log
    labels: '{job="h"}'
  : "108"
  ? path: /var/log/b.log
    labels: '{}'
  : 72
"#,
    )
    .unwrap()
    .entries;
    assert_eq!(entries[&key("/var/log/app/a.log", "{job=\"h\"}")].offset, "108");
    assert_eq!(entries[&key("/var/log/b.log", "{}")].offset, "72");
    assert!(parse(b"positions: {}\n").unwrap().entries.is_empty());
    assert!(parse(b"").unwrap().entries.is_empty());
}

#[test]
fn what_is_written_is_what_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data/positions.yml");
    let mut positions = Positions::load(file.clone(), None).unwrap();
    positions.set(&key("/a \"b\".log", r#"{job="a\"b"}"#), 7, identity(), Vec::new());
    positions.save().unwrap();
    insta::assert_snapshot!(fs::read_to_string(&file).unwrap(), @r#"
    positions:
      ? path: "/a \"b\".log"
        labels: "{job=\"a\\\"b\"}"
      : "7"
    alloy_rs_identities:
      ? path: "/a \"b\".log"
        labels: "{job=\"a\\\"b\"}"
      : "1:2:3:0000000000000004"
    alloy_rs_journal: "1"
    "#);
    let again = Positions::load(file, None).unwrap();
    assert_eq!(again.entries, positions.entries);
    assert_eq!(again.damage(), None);
}

#[test]
fn a_crash_before_the_rename_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("positions.yml");
    let mut positions = Positions::load(file.clone(), None).unwrap();
    positions.set(&key("/a", "{}"), 7, identity(), Vec::new());
    positions.save().unwrap();
    for torn in ["", "positions:\n  ? path: /a\n", "\0\0\0\0"] {
        fs::write(folder.path().join("positions.yml.new"), torn).unwrap();
        let mut again = Positions::load(file.clone(), None).unwrap();
        assert_eq!(again.entries, positions.entries);
        again.set(&key("/a", "{}"), 8, identity(), Vec::new());
        again.save().unwrap();
        again.set(&key("/a", "{}"), 7, identity(), Vec::new());
        again.save().unwrap();
    }
}

#[test]
fn a_damaged_file_is_kept_and_told() {
    for damaged in [
        &b"\0\0\0\0\0"[..],
        b"positions:\n  ? path: [\n",
        b"\xff\xfe",
        b"positions:\n  ? labels: x\n  : 1\n",
        b"just words",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("positions.yml");
        fs::write(&file, damaged).unwrap();
        let mut positions = Positions::load(file.clone(), None).unwrap();
        let damage = positions.damage().unwrap().to_owned();
        assert!(damage.contains("positions.yml.damaged"), "{damage}");
        // As long as nothing takes its place it is found damaged again.
        assert!(Positions::load(file.clone(), None).unwrap().damage().is_some());
        positions.set(&key("/a", "{}"), 1, identity(), Vec::new());
        positions.save().unwrap();
        assert!(Positions::load(file, None).unwrap().damage().is_none());
        assert_eq!(
            fs::read(folder.path().join("positions.yml.damaged")).unwrap(),
            damaged
        );
    }
}

#[test]
fn promtails_file_is_taken_over_once() {
    let folder = tempfile::tempdir().unwrap();
    let legacy = folder.path().join("positions.yaml");
    fs::write(&legacy, "positions:\n  /var/log/a.log: \"42\"\n").unwrap();
    let file = folder.path().join("positions.yml");
    let mut positions = Positions::load(file.clone(), Some(&legacy)).unwrap();
    assert_eq!(positions.get_legacy("/var/log/a.log").unwrap().offset, "42");
    positions.save().unwrap();
    fs::write(&legacy, "positions:\n  /var/log/a.log: \"1\"\n").unwrap();
    let again = Positions::load(file, Some(&legacy)).unwrap();
    assert_eq!(again.get_legacy("/var/log/a.log").unwrap().offset, "42");
}

#[test]
fn files_that_are_gone_are_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().join("here").display().to_string();
    fs::write(&here, "").unwrap();
    let mut positions = Positions::load(folder.path().join("positions.yml"), None).unwrap();
    for path in [here.as_str(), "/gone/1", "/gone/2", "cursor-x"] {
        positions.set(&key(path, "{}"), 1, identity(), Vec::new());
    }
    positions.forget_missing(|key| key.path == "/gone/2");
    let left: Vec<&str> = positions.entries.keys().map(|key| key.path.as_str()).collect();
    assert_eq!(left, ["/gone/2", here.as_str(), "cursor-x"]);
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn any_key_survives(path in "\\PC{0,20}", labels in "\\PC{0,20}", offset in proptest::num::u64::ANY) {
        let mut positions = Positions::default();
        positions.set(&key(&path, &labels), offset, identity(), Vec::new());
        let again = parse(positions.to_yaml(1).as_bytes()).unwrap();
        proptest::prop_assert_eq!(again.entries, positions.entries);
    }
}

#[test]
fn a_killed_agent_knows_what_moved_since_the_file_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("positions.yml");
    let journal = folder.path().join("positions.yml.journal");
    let load = || Positions::load(file.clone(), None).unwrap();
    let offset =
        |positions: &Positions, path: &str| positions.get(&key(path, "{}")).map(|at| at.offset.clone());
    // Before there is any file.
    let mut positions = load();
    positions.set(&key("/a", "{}"), 7, identity(), Vec::new());
    positions.note();
    assert_eq!(offset(&load(), "/a").as_deref(), Some("7"));
    positions.save().unwrap();
    assert!(!journal.exists());
    for moved in 8..20 {
        positions.set(&key("/a", "{}"), moved, identity(), Vec::new());
        positions.set(&key("/b\n", "{}"), moved * 2, identity(), Vec::new());
        positions.note();
    }
    let again = load();
    assert_eq!(again.entries, positions.entries);
    // However it is cut off, what is whole counts.
    let whole = fs::read(&journal).unwrap();
    for length in 0..whole.len() {
        fs::write(&journal, &whole[..length]).unwrap();
        let at: u64 = offset(&load(), "/a").unwrap().parse().unwrap();
        assert!((7..20).contains(&at));
    }
    // A journal of another file is none.
    fs::write(&journal, &whole).unwrap();
    positions.set(&key("/a", "{}"), 100, identity(), Vec::new());
    positions.save().unwrap();
    fs::write(&journal, &whole).unwrap();
    assert_eq!(offset(&load(), "/a").as_deref(), Some("100"));
    fs::write(&file, "positions:\n  ? path: /a\n    labels: '{}'\n  : \"3\"\n").unwrap();
    assert_eq!(offset(&load(), "/a").as_deref(), Some("3"));
}
