//! `loki.source.journal` on files that Debian's `systemd-journal-remote` writes while they are read.

use super::source::{PATIENCE, Source};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};
use std_components::signals::Batch;

const BINARY: &str = "/lib/systemd/systemd-journal-remote";

/// Writes a journal file out of entries in the export format, as they come.
struct Writer {
    child: Child,
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn is_missing() -> bool {
    let is_missing = !Path::new(BINARY).exists();
    if is_missing {
        eprintln!("skipped: {BINARY} is not installed (apt-get install systemd-journal-remote)");
    }
    is_missing
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    now.as_micros().try_into().unwrap()
}

impl Writer {
    fn start(file: &Path) -> Self {
        Self::start_with(file, &[])
    }

    fn start_with(file: &Path, more: &[&str]) -> Self {
        let child = Command::new(BINARY)
            .args(more)
            .arg(format!("--output={}", file.display()))
            .arg("-")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child }
    }

    /// Writes an entry of a time (microseconds since 1970), with more fields.
    fn write(&mut self, time: u64, fields: &[(&str, &str)]) {
        let mut text = format!(
            "__REALTIME_TIMESTAMP={time}\n__MONOTONIC_TIMESTAMP={}\n_BOOT_ID=0123456789abcdef0123456789abcdef\n",
            time % 1_000_000_000
        );
        for (name, value) in fields {
            text.push_str(&format!("{name}={value}\n"));
        }
        text.push('\n');
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(text.as_bytes()).unwrap();
        stdin.flush().unwrap();
    }

    fn message(&mut self, time: u64, text: &str) {
        self.write(time, &[("MESSAGE", text), ("PRIORITY", "6")]);
    }

    /// All is written, and the file is closed.
    fn end(mut self) {
        drop(self.child.stdin.take());
        let begin = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(begin.elapsed() < PATIENCE, "the writer does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A journal and a place for positions.
struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("journal/0123456789abcdef0123456789abcdef")).unwrap();
        Self { folder }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder
            .path()
            .join("journal/0123456789abcdef0123456789abcdef")
            .join(name)
    }

    fn storage(&self) -> PathBuf {
        self.folder.path().join("storage")
    }

    fn start(&self, text: &str) -> Source {
        let path = self.folder.path().join("journal");
        Source::start(
            "loki.source.journal",
            &self.storage(),
            &format!("path = \"{}\"\n{text}", path.display()),
        )
    }
}

fn numbered(prefix: &str, numbers: std::ops::Range<u32>) -> Vec<String> {
    numbers.map(|number| format!("{prefix}{number}")).collect()
}

#[tokio::test]
async fn a_journal_is_followed_over_rotation_and_restarts() {
    if is_missing() {
        return;
    }
    let home = Home::new();
    let begin = now();
    let mut writer = Writer::start(&home.file("system.journal"));
    writer.message(begin - 8 * 3600 * 1_000_000, "too old");
    for number in 0..2000 {
        writer.message(begin + number, &format!("line {number}"));
    }
    let mut source = home.start("labels = { env = \"test\" }");
    let first = source.entries(2000).await;
    let lines: Vec<_> = first.iter().map(|entry| entry.line.to_string()).collect();
    assert_eq!(lines, numbered("line ", 0..2000));
    assert_eq!(first[7].timestamp, i64::try_from((begin + 7) * 1000).unwrap());
    assert_eq!(
        first[0].labels.to_string(),
        r#"{env="test", job="loki.source.journal.in"}"#
    );
    // Appended while it is followed.
    writer.message(begin + 3000, "line 2000");
    assert_eq!(source.lines(1).await, ["line 2000"]);

    // The file gets another name, and another takes its place, with the last words in the old one.
    std::fs::rename(home.file("system.journal"), home.file("system@1.journal")).unwrap();
    writer.message(begin + 3001, "line 2001");
    let mut second = Writer::start(&home.file("system.journal"));
    second.message(begin + 3002, "line 2002");
    let mut lines = source.lines(2).await;
    lines.sort();
    assert_eq!(lines, numbered("line ", 2001..2003));
    writer.end();

    // What was written while nobody read comes after a restart, and nothing else.
    source.stop().await;
    second.message(begin + 3003, "line 2003");
    // Another machine's, which comes late with what is older than all that was read.
    let mut other = Writer::start(&home.file("other.journal"));
    other.message(begin - 3_600_000_000, "late");
    other.end();
    let mut source = home.start("");
    let mut lines = source.lines(2).await;
    lines.sort();
    assert_eq!(lines, ["late", "line 2003"]);
    source.is_silent().await;

    // What was not taken comes again after the death of the process.
    second.message(begin + 3004, "line 2004");
    let batch = source.batch().await;
    assert_eq!(batch.entries.len(), 1);
    source.kill();
    drop(batch);
    let mut source = home.start("");
    assert_eq!(source.lines(1).await, ["line 2004"]);
    source.stop().await;
}

#[tokio::test]
async fn what_a_receiver_lets_go_comes_again_in_order() {
    if is_missing() {
        return;
    }
    let home = Home::new();
    let begin = now();
    let mut writer = Writer::start(&home.file("system.journal"));
    for number in 0..3000 {
        writer.message(begin + number, &format!("line {number}"));
    }
    writer.end();
    let mut source = home.start("");
    let first = source.batch().await;
    let second = source.batch().await;
    // The first is let go, the second taken: both come again, for their order.
    drop(first);
    second.delivered();
    let mut seen = Vec::new();
    loop {
        let batch = source.batch().await;
        seen.extend(batch.entries.iter().map(|entry| entry.line.to_string()));
        batch.delivered();
        let again = seen.iter().rposition(|line| line == "line 0");
        if let Some(again) = again
            && seen[again..].len() >= 3000
        {
            assert_eq!(seen[again..], numbered("line ", 0..3000));
            break;
        }
    }
    source.stop().await;
}

#[tokio::test]
async fn fields_become_labels_json_and_matches() {
    if is_missing() {
        return;
    }
    let home = Home::new();
    let begin = now();
    let mut writer = Writer::start(&home.file("system.journal"));
    let long = "long ".repeat(1000);
    let fields = [
        ("MESSAGE", "a <b> é"),
        ("PRIORITY", "3"),
        ("_SYSTEMD_UNIT", "a.service"),
    ];
    writer.write(begin, &fields);
    writer.write(
        begin + 1,
        &[
            ("MESSAGE", long.as_str()),
            ("PRIORITY", "6"),
            ("_SYSTEMD_UNIT", "b.service"),
        ],
    );
    writer.write(
        begin + 2,
        &[
            ("MESSAGE", "other"),
            ("PRIORITY", "6"),
            ("_SYSTEMD_UNIT", "c.service"),
        ],
    );
    writer.write(begin + 3, &[("PRIORITY", "6"), ("_SYSTEMD_UNIT", "a.service")]);
    writer.end();
    let mut source = home.start("matches = \"_SYSTEMD_UNIT=a.service _SYSTEMD_UNIT=b.service\"");
    assert_eq!(source.lines(2).await, ["a <b> é", long.as_str()]);
    source.is_silent().await;
    // The one without text is dropped; the others do not match.
    assert_eq!(source.account(), [3, 2, 0, 1]);
    source.stop().await;

    std::fs::remove_dir_all(home.storage()).unwrap();
    let mut source = home.start("relabel_rules = rules\n matches = \"PRIORITY=3\"");
    let labels = source.entries(1).await.remove(0).labels.to_string();
    insta::assert_snapshot!(labels.replace("0123456789abcdef0123456789abcdef", "BOOT"), @r#"{job="loki.source.journal.in", journal__boot_id="BOOT", journal__systemd_unit="a.service", journal_message="a <b> é", journal_priority="3", journal_priority_keyword="error"}"#);
    source.stop().await;

    std::fs::remove_dir_all(home.storage()).unwrap();
    let mut source = home.start("format_as_json = true\n matches = \"PRIORITY=3\"");
    insta::assert_snapshot!(source.lines(1).await[0].replace("0123456789abcdef0123456789abcdef", "BOOT"), @r#"{"MESSAGE":"a \u003cb\u003e é","PRIORITY":"3","_BOOT_ID":"BOOT","_SYSTEMD_UNIT":"a.service"}"#);
    source.stop().await;
}

#[tokio::test]
async fn damage_and_deletion_end_nothing() {
    if is_missing() {
        return;
    }
    let home = Home::new();
    let begin = now();
    let mut writer = Writer::start(&home.file("system@1.journal"));
    for number in 0..500 {
        writer.write(
            begin + number,
            &[
                ("MESSAGE", &format!("one {number}")),
                ("UNIQUE", &"x".repeat(100)),
            ],
        );
    }
    writer.end();
    // Bytes in the middle of what is used are turned over, and one file is nothing at all.
    let path = home.file("system@1.journal");
    let mut bytes = std::fs::read(&path).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    for at in (used - 60_000..used).step_by(7001) {
        bytes[at] ^= 0xff;
    }
    std::fs::write(&path, bytes).unwrap();
    std::fs::write(home.file("user-1000.journal"), "nothing").unwrap();
    std::fs::write(home.file("empty.journal"), "").unwrap();
    let mut writer = Writer::start(&home.file("system.journal"));
    writer.message(begin + 1000, "two 0");
    let mut source = home.start("");
    let mut lines = Vec::new();
    while lines.last().map(String::as_str) != Some("two 0") {
        lines.extend(source.lines(1).await);
    }
    let sound = lines.iter().filter(|line| line.starts_with("one ")).count();
    assert!(sound > 300, "most of a damaged file is read: {sound}");
    // A file that is cut off or deleted under the reader.
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(1000).unwrap();
    std::fs::remove_file(home.file("user-1000.journal")).unwrap();
    writer.message(begin + 1001, "two 1");
    assert_eq!(source.lines(1).await, ["two 1"]);
    std::fs::remove_file(&path).unwrap();
    writer.message(begin + 1002, "two 2");
    assert_eq!(source.lines(1).await, ["two 2"]);
    source.stop().await;
}

#[tokio::test]
async fn no_damage_keeps_another_file_from_being_read() {
    if is_missing() {
        return;
    }
    let home = Home::new();
    let begin = now();
    let mut writer = Writer::start(&home.file("damaged.journal"));
    for number in 0..200 {
        writer.message(begin + number, &format!("one {number}"));
    }
    writer.end();
    let mut writer = Writer::start(&home.file("sound.journal"));
    writer.message(begin + 1000, "sound");
    writer.end();
    let path = home.file("damaged.journal");
    let whole = std::fs::read(&path).unwrap();
    let used = whole.iter().rposition(|byte| *byte != 0).unwrap();
    let objects = whole.len().min(used) / 2;
    let rounds: u64 = std::env::var("ALLOY_RS_DAMAGES").map_or(12, |rounds| rounds.parse().unwrap());
    for round in 0..rounds {
        let mut random = fastrand::Rng::with_seed(round);
        let mut bytes = whole.clone();
        for _ in 0..random.usize(1..40) {
            // The header and the objects at the end are where most of the structure is.
            let at = match random.u8(0..3) {
                0 => random.usize(8..264),
                1 => random.usize(objects..used),
                _ => random.usize(264..used),
            };
            bytes[at] = random.u8(..);
        }
        std::fs::write(&path, &bytes).unwrap();
        drop(std::fs::remove_dir_all(home.storage()));
        let mut source = home.start("");
        while source.lines(1).await.last().map(String::as_str) != Some("sound") {}
        source.stop().await;
    }
}

#[tokio::test]
async fn a_predecessors_position_is_taken_over() {
    if is_missing() {
        return;
    }
    let home = Home::new();
    let begin = now();
    let mut writer = Writer::start(&home.file("system.journal"));
    for number in 0..5 {
        writer.message(begin + number, &format!("line {number}"));
    }
    writer.end();
    let mut source = home.start("");
    source.lines(5).await;
    let waiting = Instant::now();
    let text = loop {
        let position = source.debug("position").unwrap();
        let text = position.as_text().unwrap().into_owned();
        if text.contains(";i=5;") {
            let times = (format!(";t={:x}", begin + 4), format!(";t={:x}", begin + 2));
            break text.replace(";i=5;", ";i=3;").replace(&times.0, &times.1);
        }
        assert!(waiting.elapsed() < PATIENCE, "the position does not move: {text}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    source.stop().await;
    // Systemd takes the cursor too, and so does the reference.
    let journalctl = Command::new("journalctl")
        .args(["-o", "cat", "--after-cursor", &text, "--file"])
        .arg(home.file("system.journal"))
        .output();
    if let Ok(output) = journalctl {
        assert_eq!(String::from_utf8_lossy(&output.stdout), "line 3\nline 4\n");
    }
    let legacy = home.folder.path().join("promtail.yml");
    // As Promtail and the static mode write it.
    std::fs::write(
        &legacy,
        format!("positions:\n  cursor-systemd: {text};x=d0e3c94a3a0460ed\n  /var/log/x.log: \"7\"\n"),
    )
    .unwrap();
    std::fs::remove_dir_all(home.storage()).unwrap();
    let block = format!(
        "legacy_position {{\n file = \"{}\"\n name = \"systemd\"\n}}",
        legacy.display()
    );
    let mut source = home.start(&block);
    assert_eq!(source.lines(2).await, ["line 3", "line 4"]);
    source.stop().await;
}

const REPEATED: &str = "It is compressed. ";

/// `MESSAGE=` and [`REPEATED`] a hundred times as systemd packs a field with LZ4: its length, then a block of some text, a repetition, and
/// some text again.
fn lz4() -> Vec<u8> {
    let length = 8 + 100 * REPEATED.len() as u64;
    let mut out = length.to_le_bytes().to_vec();
    // 26 bytes (15 + 11) of text; then 4 + 15 + 6 * 255 + 215 bytes that stand 18 before.
    out.extend([0xff, 11]);
    out.extend(b"MESSAGE=");
    out.extend(REPEATED.as_bytes());
    out.extend([18, 0, 255, 255, 255, 255, 255, 255, 215]);
    // 18 (15 + 3) bytes of text.
    out.extend([0xf0, 3]);
    out.extend(REPEATED.as_bytes());
    out
}

/// The same as `xz --check=none --lzma2=dict=1MiB` packs it.
const XZ: &[u8] = &[
    0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x00, 0xff, 0x12, 0xd9, 0x41, 0x02, 0x00, 0x21, 0x01, 0x10,
    0x00, 0x00, 0x00, 0xa8, 0x70, 0x8e, 0x86, 0xe0, 0x07, 0x0f, 0x00, 0x2b, 0x5d, 0x00, 0x26, 0x91, 0x46,
    0xc0, 0xd1, 0x94, 0x57, 0xe4, 0x8f, 0xf2, 0x81, 0x0c, 0xd4, 0x19, 0xa9, 0xb6, 0x13, 0x6e, 0xbd, 0x78,
    0xa9, 0xd7, 0xd9, 0x0d, 0x4a, 0xec, 0x99, 0x6f, 0x66, 0x2c, 0x34, 0xfa, 0xcd, 0x69, 0x7d, 0x40, 0xd0,
    0xb0, 0x6b, 0x05, 0x21, 0x38, 0x00, 0x00, 0x00, 0x00, 0x01, 0x3f, 0x90, 0x0e, 0x00, 0x00, 0x00, 0x86,
    0x31, 0xa0, 0x07, 0xa8, 0x00, 0x0a, 0xfc, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x59, 0x5a,
];

/// Debian 10 and RHEL 8 packed with LZ4, RHEL 7 with XZ. Today's writer packs with Zstandard only, so that the packed field is put in by hand.
#[tokio::test]
async fn fields_are_read_that_older_journals_compressed() {
    if is_missing() {
        return;
    }
    let text = REPEATED.repeat(100);
    for (flag, packed) in [(1_u8, XZ.to_vec()), (2, lz4())] {
        let home = Home::new();
        let file = home.file("system.journal");
        let mut writer = Writer::start_with(&file, &["--compress=no"]);
        writer.message(now(), &text);
        writer.message(now(), "and more");
        writer.end();
        let mut bytes = std::fs::read(&file).unwrap();
        let payload = format!("MESSAGE={text}");
        let at = bytes
            .windows(payload.len())
            .position(|part| part == payload.as_bytes())
            .unwrap();
        // https://systemd.io/JOURNAL_FILE_FORMAT/: the header's incompatible flags, and a data object: type, flags, six bytes, size. 48 bytes of
        // references follow, 56 in compact files.
        let is_compact = bytes[12] & 16 != 0;
        let object = at - if is_compact { 72 } else { 64 };
        assert_eq!(bytes[object..object + 2], [1, 0]);
        bytes[12] |= flag;
        bytes[object + 1] = flag;
        let size = (at - object + packed.len()) as u64;
        bytes[object + 8..object + 16].copy_from_slice(&size.to_le_bytes());
        bytes[at..at + packed.len()].copy_from_slice(&packed);
        std::fs::write(&file, bytes).unwrap();
        let mut source = home.start("");
        assert_eq!(source.lines(2).await, [text.as_str(), "and more"], "{flag}");
        source.stop().await;
    }
}
