//! Everything at once: writers that rotate in every style, endpoints with every fault, SIGKILL, reloads. Each line has to arrive, in order within its file,
//! and lines come again for no other reason than a kill.
//!
//! It takes some 20 s for each of the two; `ALLOY_RS_TORTURE_SECONDS` says otherwise.

use crate::harness::{Home, PATIENCE, until};
use crate::loki_endpoint::{LokiEndpoint, Mood};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Lines that a writer writes between two pauses.
const BURST: u64 = 25;
/// The pause.
const PAUSE: Duration = Duration::from_millis(25);
/// Bytes of lines in a request at the most.
const BATCH_BYTES: usize = 16 * 1024;
/// Bytes of a line without its end.
const LINE_BYTES: usize = 64;

fn seconds() -> u64 {
    let asked = std::env::var("ALLOY_RS_TORTURE_SECONDS");
    asked.ok().and_then(|text| text.parse().ok()).unwrap_or(20)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// Renamed, a new file under the old name.
    Rename,
    /// Twice in a row.
    DoubleRename,
    /// Copied, then truncated.
    CopyTruncate,
    /// Removed, then made anew.
    Recreate,
    /// Renamed, and packed once it has been read.
    Compress,
}

const STYLES: [Style; 5] = [
    Style::Rename,
    Style::DoubleRename,
    Style::CopyTruncate,
    Style::Recreate,
    Style::Compress,
];

/// Texts that every endpoint has taken, as far as writers asked.
trait Taken: Send + Sync {
    fn has(&self, text: &str) -> bool;
}

struct Writer {
    style: Style,
    folder: PathBuf,
    name: String,
    number: u64,
    /// Which file of the style.
    file: u64,
    last: String,
}

impl Writer {
    fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    fn rotated(&self) -> PathBuf {
        self.folder.join(format!("{}.{}", self.name, self.file))
    }

    fn burst(&mut self) {
        let mut text = String::new();
        for _ in 0..BURST {
            let line = format!("{:?} file={:05} seq={:08} ", self.style, self.file, self.number);
            self.last = format!("{line:.<LINE_BYTES$}");
            text.push_str(&self.last);
            text.push('\n');
            self.number += 1;
        }
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.path())
            .unwrap();
        // Cut in the middle of a line now and then.
        let (first, second) = text.split_at(text.len() / 2 + 7);
        file.write_all(first.as_bytes()).unwrap();
        file.write_all(second.as_bytes()).unwrap();
    }

    /// What is gone from the disk must have arrived before: no agent could know it otherwise.
    fn wait_taken(&self, taken: &dyn Taken, stop: &AtomicBool) -> bool {
        while !taken.has(&self.last) {
            if stop.load(Ordering::Relaxed) {
                return false;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        true
    }

    fn rotate(&mut self, taken: &dyn Taken, stop: &AtomicBool) {
        match self.style {
            Style::Rename => fs::rename(self.path(), self.rotated()).unwrap(),
            Style::DoubleRename => {
                fs::rename(self.path(), self.rotated()).unwrap();
                self.file += 1;
                self.burst();
                fs::rename(self.path(), self.rotated()).unwrap();
            }
            Style::CopyTruncate => {
                if !self.wait_taken(taken, stop) {
                    return;
                }
                fs::copy(self.path(), self.folder.join(format!("copy-{}", self.file))).unwrap();
                File::options()
                    .write(true)
                    .open(self.path())
                    .unwrap()
                    .set_len(0)
                    .unwrap();
            }
            Style::Recreate => {
                if !self.wait_taken(taken, stop) {
                    return;
                }
                fs::remove_file(self.path()).unwrap();
            }
            Style::Compress => {
                fs::rename(self.path(), self.rotated()).unwrap();
                if self.wait_taken(taken, stop) {
                    let packed = self.rotated().with_extension("gz");
                    // What is in it is of no interest: nobody must read it.
                    fs::write(packed, [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, b'x', b'\n']).unwrap();
                    fs::remove_file(self.rotated()).unwrap();
                }
            }
        }
        self.file += 1;
    }

    /// Writes until the stop; answers how many lines.
    fn run(mut self, taken: Arc<dyn Taken>, stop: Arc<AtomicBool>) -> (Style, u64) {
        let mut bursts = 0;
        while !stop.load(Ordering::Relaxed) {
            self.burst();
            bursts += 1;
            if bursts % 23 == 0 {
                self.rotate(&*taken, &stop);
            }
            std::thread::sleep(PAUSE);
        }
        (self.style, self.number)
    }
}

/// What an endpoint has taken, checked while it comes: the account of a long run stays small.
#[derive(Debug, Default)]
struct Arrived {
    /// How often each number of each style.
    counts: BTreeMap<String, BTreeMap<u64, u32>>,
    /// The highest number of each file of each style that came for the first time.
    highest: BTreeMap<(String, u64), u64>,
    problems: Vec<String>,
}

fn field(text: &str, name: &str) -> Option<u64> {
    let rest = text.split_once(name)?.1;
    rest.split(' ').next()?.parse().ok()
}

impl Arrived {
    fn of(endpoint: &LokiEndpoint) -> Self {
        let mut arrived = Self::default();
        for line in endpoint.taken() {
            let text = line.text;
            let style = text.split(' ').next().unwrap_or_default().to_owned();
            let (Some(file), Some(number)) = (field(&text, "file="), field(&text, "seq=")) else {
                arrived
                    .problems
                    .push(format!("no line that was written: {text:?}"));
                continue;
            };
            let count = arrived
                .counts
                .entry(style.clone())
                .or_default()
                .entry(number)
                .or_default();
            *count += 1;
            if *count > 1 {
                continue;
            }
            let highest = arrived.highest.entry((style, file)).or_default();
            if *highest > number {
                arrived
                    .problems
                    .push(format!("after {highest} of the same file: {text:?}"));
            }
            *highest = (*highest).max(number);
        }
        arrived
    }

    /// How many lines came again, by style.
    fn duplicates(&self) -> BTreeMap<&str, u64> {
        let again = |counts: &BTreeMap<u64, u32>| counts.values().map(|count| u64::from(*count) - 1).sum();
        self.counts
            .iter()
            .map(|(style, counts)| (style.as_str(), again(counts)))
            .collect()
    }
}

struct Everywhere(Vec<crate::loki_endpoint::Look>);

impl Taken for Everywhere {
    fn has(&self, text: &str) -> bool {
        self.0.iter().all(|look| look.has(text))
    }
}

fn config(logs: &Path, endpoints: &[LokiEndpoint], wal: bool, round: u64) -> String {
    let mut blocks = String::new();
    for (at, endpoint) in endpoints.iter().enumerate() {
        blocks.push_str(&format!(
            r#"
	endpoint {{
		name               = "{at}"
		url                = "{url}"
		batch_wait         = "{wait}ms"
		batch_size         = "{BATCH_BYTES}B"
		remote_timeout     = "500ms"
		min_backoff_period = "10ms"
		max_backoff_period = "100ms"
	}}
"#,
            url = endpoint.url(),
            wait = 20 + round % 3,
        ));
    }
    let logs = logs.display();
    format!(
        r#"
local.file_match "logs" {{
	path_targets = [
		{{"__path__" = "{logs}/*.log"}},
		{{"__path__" = "{logs}/*.log.[0-9]*", "__path_exclude__" = "{logs}/*.gz"}},
	]
	sync_period = "50ms"
}}

loki.source.file "logs" {{
	targets    = local.file_match.logs.targets
	forward_to = [loki.process.logs.receiver]

	file_watch {{
		min_poll_frequency = "20ms"
		max_poll_frequency = "20ms"
	}}
}}

loki.process "logs" {{
	forward_to = [loki.write.out.receiver]

	stage.static_labels {{
		values = {{"round" = "{}"}}
	}}
}}

loki.write "out" {{
{blocks}
	wal {{
		enabled = {wal}
	}}
}}
"#,
        round % 2
    )
}

/// What an endpoint goes through, step by step.
async fn trouble(endpoint: &mut LokiEndpoint, step: u64) {
    match step % 8 {
        1 => endpoint.answers(Mood::Refuses(503, "no room")),
        3 => endpoint.answers(Mood::Refuses(429, "Ingestion rate limit exceeded")),
        4 => endpoint.answers(Mood::Hangs),
        5 => {
            endpoint.answers(Mood::Takes);
            endpoint.down().await;
        }
        6 => endpoint.up().await,
        7 => endpoint.answers(Mood::Refuses(500, "")),
        _ => endpoint.answers(Mood::Takes),
    }
}

async fn torture(wal: bool, endpoints: usize) {
    let home = Home::new();
    let logs = home.path("logs");
    fs::create_dir(&logs).unwrap();
    let mut peers = Vec::new();
    for _ in 0..endpoints {
        peers.push(LokiEndpoint::start().await);
    }
    home.write("config.alloy", &config(&logs, &peers, wal, 0));
    let taken: Arc<dyn Taken> = Arc::new(Everywhere(peers.iter().map(LokiEndpoint::look).collect()));
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = STYLES
        .iter()
        .map(|style| {
            let writer = Writer {
                style: *style,
                folder: logs.clone(),
                name: format!("{style:?}.log").to_lowercase(),
                number: 0,
                file: 0,
                last: String::new(),
            };
            let (taken, stop) = (taken.clone(), stop.clone());
            std::thread::spawn(move || writer.run(taken, stop))
        })
        .collect();

    let mut agent = home.start().await;
    let end = Instant::now() + Duration::from_secs(seconds());
    let (mut round, mut kills) = (0, 0_u64);
    while Instant::now() < end {
        round += 1;
        for (at, peer) in peers.iter_mut().enumerate() {
            trouble(peer, round + 3 * at as u64).await;
        }
        // Times that fit to nothing else here.
        tokio::time::sleep(Duration::from_millis(170 + round * 37 % 190)).await;
        if round % 4 == 0 {
            home.write("config.alloy", &config(&logs, &peers, wal, round));
            assert_eq!(agent.post("/-/reload").await.status, 200);
        }
        if round % 9 == 0 {
            agent.kill();
            kills += 1;
            agent = home.start().await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    for peer in &mut peers {
        peer.down().await;
        peer.up().await;
        peer.answers(Mood::Takes);
    }
    let written: Vec<_> = writers.into_iter().map(|writer| writer.join().unwrap()).collect();
    for peer in &peers {
        let missing = || {
            let arrived = Arrived::of(peer);
            let mut missing = Vec::new();
            for (style, count) in &written {
                let numbers = arrived.counts.get(&format!("{style:?}"));
                let have: BTreeSet<u64> = numbers.into_iter().flat_map(BTreeMap::keys).copied().collect();
                missing.extend(
                    (0..*count)
                        .filter(|number| !have.contains(number))
                        .map(|number| (*style, number)),
                );
            }
            missing
        };
        let mut last = Vec::new();
        let waited = Instant::now();
        while waited.elapsed() < PATIENCE {
            last = missing();
            if last.is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        assert!(
            last.is_empty(),
            "{} lines never arrived after {kills} kills, first of them {:?}; written {written:?}\n{}",
            last.len(),
            last.first(),
            agent.stderr()
        );
    }
    let total: u64 = written.iter().map(|(_, count)| count).sum();
    let batch = (BATCH_BYTES / LINE_BYTES) as u64;
    for peer in &peers {
        let arrived = Arrived::of(peer);
        let by_style = arrived.duplicates();
        let duplicates: u64 = by_style.values().sum();
        eprintln!(
            "wal {wal}: {total} lines, {kills} kills, came again: {by_style:?} (a batch holds {batch})"
        );
        assert!(
            arrived.problems.is_empty(),
            "{:#?}",
            arrived.problems.iter().take(10).collect::<Vec<_>>()
        );
        assert!(
            duplicates <= kills * batch,
            "{by_style:?} of {total} lines came again after {kills} kills, with {batch} lines in a batch"
        );
    }
    // The account of the last life is right when all is quiet.
    until("nothing is queued", async || {
        let queued = agent.metric_sum("loki_write_ledger_queued_entries", "").await;
        (queued == 0.0).then_some(())
    })
    .await;
    let sum = async |name: &str| agent.metric_sum(name, "endpoint=\"0\"").await;
    let seen = sum("loki_write_ledger_seen_entries_total").await;
    let delivered = sum("loki_write_ledger_delivered_entries_total").await;
    let dropped = sum("loki_write_ledger_dropped_entries_total").await;
    assert!(
        (seen - delivered - dropped).abs() < 0.5,
        "{seen} = {delivered} + {dropped}"
    );
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_whatever_happens() {
    torture(false, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_with_logs_on_disk_and_two_endpoints_in_trouble() {
    torture(true, 2).await;
}
