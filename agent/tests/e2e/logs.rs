//! From files to a Loki endpoint: rotation, endpoints in trouble, SIGKILL. No line is lost, and lines come again only where they must.

use crate::harness::{Agent, Home, until};
use crate::loki_endpoint::{Line, LokiEndpoint, Mood};
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

/// Bytes of each line with its end, so that a position in a file tells the number of a line.
const LINE_BYTES: u64 = 40;

/// A pipeline that is quick to see files, to send and to try again.
pub(crate) fn pipeline(glob: &Path, url: &str, endpoint: &str) -> String {
    format!(
        r#"
local.file_match "logs" {{
	path_targets = [{{"__path__" = "{glob}", "job" = "app"}}]
	sync_period  = "50ms"
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

	stage.regex {{
		expression = "level=(?P<level>\\w+)"
	}}

	stage.labels {{
		values = {{"level" = ""}}
	}}
}}

loki.write "out" {{
	external_labels = {{"cluster" = "test"}}

	endpoint {{
		url                = "{url}"
		batch_wait         = "30ms"
		min_backoff_period = "20ms"
		max_backoff_period = "100ms"
		{endpoint}
	}}
}}
"#,
        glob = glob.display(),
    )
}

/// Appends numbered lines.
pub(crate) fn append(file: &Path, numbers: Range<u32>) {
    let mut file = OpenOptions::new().create(true).append(true).open(file).unwrap();
    let mut text = String::new();
    for number in numbers {
        let line = format!("seq={number:08} level=info");
        let width = LINE_BYTES as usize - 1;
        text.push_str(&format!("{line:.<width$}\n"));
    }
    file.write_all(text.as_bytes()).unwrap();
}

fn number(line: &Line) -> u32 {
    line.text.get(4..12).unwrap().parse().unwrap()
}

/// How often each number has been taken.
pub(crate) fn counts(lines: &[Line]) -> BTreeMap<u32, u32> {
    let mut counts = BTreeMap::new();
    for line in lines {
        *counts.entry(number(line)).or_insert(0) += 1;
    }
    counts
}

/// All of these numbers and no others have been taken, each once.
pub(crate) fn assert_each_once(endpoint: &LokiEndpoint, numbers: Range<u32>) {
    let counts = counts(&endpoint.taken());
    let lost: Vec<u32> = numbers.clone().filter(|n| !counts.contains_key(n)).collect();
    let again: Vec<_> = counts.iter().filter(|(_, count)| **count > 1).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    assert!(again.is_empty(), "came again: {again:?}");
    assert_eq!(counts.len(), numbers.len(), "nothing that was not written");
}

/// Waits until every one of these numbers has been taken at least once.
pub(crate) async fn all_taken(endpoint: &LokiEndpoint, numbers: Range<u32>) {
    until(&format!("all of {numbers:?} are taken"), async || {
        let counts = counts(&endpoint.taken());
        numbers.clone().all(|n| counts.contains_key(&n)).then_some(())
    })
    .await;
}

/// A program that writes a few lines at a time, without a pause.
pub(crate) struct Writer {
    stop: std::sync::mpsc::Sender<()>,
    thread: std::thread::JoinHandle<u32>,
}

impl Writer {
    pub(crate) fn start(log: &Path) -> Self {
        let (stop, stopped) = std::sync::mpsc::channel();
        let log = log.to_owned();
        let thread = std::thread::spawn(move || {
            let mut next = 0;
            while stopped.recv_timeout(Duration::from_millis(1)) == Err(RecvTimeoutError::Timeout) {
                append(&log, next..next + 3);
                next += 3;
            }
            next
        });
        Self { stop, thread }
    }

    /// Stops it and tells how many lines it wrote.
    pub(crate) fn stop(self) -> u32 {
        self.stop.send(()).unwrap();
        self.thread.join().unwrap()
    }
}

/// Where the positions of the source are kept.
fn positions(home: &Home) -> PathBuf {
    home.path("storage")
        .join("loki.source.file.logs")
        .join("positions.yml")
}

/// The number of lines that the stored position of a file covers; 0 where none is stored.
fn stored_lines(home: &Home, file: &Path) -> u32 {
    let Ok(text) = std::fs::read_to_string(positions(home)) else {
        return 0;
    };
    // `? path: "…"`, `labels: "…"`, `: "OFFSET"`: the first map, of three lines an entry.
    let path = format!("? path: {:?}", file.to_str().unwrap());
    let mut lines = text.lines().map(str::trim).skip_while(|line| *line != path);
    let offset = lines
        .find_map(|line| line.strip_prefix(": "))
        .map_or(0, |offset| offset.trim_matches('"').parse::<u64>().unwrap());
    u32::try_from(offset / LINE_BYTES).unwrap()
}

async fn start(home: &Home, glob: &str, endpoint: &LokiEndpoint) -> (Agent, PathBuf) {
    std::fs::create_dir_all(home.path("logs")).unwrap();
    let glob = home.path("logs").join(glob);
    home.write("config.alloy", &pipeline(&glob, &endpoint.url(), ""));
    (home.start().await, home.path("logs/app.log"))
}

#[tokio::test]
async fn every_line_comes_once_through_each_kind_of_rotation() {
    let endpoint = LokiEndpoint::start().await;
    let home = Home::new();
    let (mut agent, log) = start(&home, "*.log", &endpoint).await;
    append(&log, 0..100);
    agent.opens(&log).await;

    // Renamed, and the writer still writes to the old file for a while.
    let renamed = log.with_extension("log.1");
    std::fs::rename(&log, &renamed).unwrap();
    append(&renamed, 100..200);
    append(&log, 200..300);
    endpoint.takes(300).await;

    // Copied and truncated: what was not read by then is lost by the method, so it has been.
    std::fs::copy(&log, log.with_extension("log.2")).unwrap();
    OpenOptions::new().write(true).truncate(true).open(&log).unwrap();
    append(&log, 300..350);
    endpoint.takes(350).await;
    // Truncated and at once longer than before.
    OpenOptions::new().write(true).truncate(true).open(&log).unwrap();
    append(&log, 350..450);
    endpoint.takes(450).await;

    // Deleted and made again, with lines that were written last before that.
    append(&log, 450..500);
    std::fs::remove_file(&log).unwrap();
    append(&log, 500..600);
    endpoint.takes(600).await;

    assert_each_once(&endpoint, 0..600);
    let lines = endpoint.taken();
    let numbers: Vec<u32> = lines.iter().map(number).collect();
    assert!(numbers.is_sorted(), "in the order of writing: {numbers:?}");
    let stream = format!(
        r#"{{cluster="test", filename="{}", job="app", level="info"}}"#,
        log.display()
    );
    assert_eq!(lines[0].stream, stream);
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs().cast_signed();
    assert!((now - 300..=now).contains(&lines[0].seconds), "{:?}", lines[0]);
    agent.stop().await;
}

#[tokio::test]
async fn nothing_is_lost_while_the_endpoint_is_down_and_files_rotate() {
    let mut endpoint = LokiEndpoint::start().await;
    endpoint.down().await;
    let home = Home::new();
    let (agent, log) = start(&home, "*.log", &endpoint).await;
    append(&log, 0..1000);
    agent.opens(&log).await;
    std::fs::rename(&log, log.with_extension("log.1")).unwrap();
    append(&log, 1000..2000);
    agent.opens(&log).await;
    std::fs::remove_file(&log).unwrap();
    append(&log, 2000..3000);
    agent.opens(&log).await;

    // The outage shows: in the log, with what and where, and in the component's health.
    until("the log tells that the endpoint is away", async || {
        let log = agent.stderr();
        log.lines()
            .any(|line| {
                line.contains("level=warn")
                    && line.contains("component_id=loki.write.out")
                    && line.contains(&endpoint.url())
            })
            .then_some(())
    })
    .await;
    let unhealthy = until("the component is unhealthy", async || {
        let answer = agent.get("/-/healthy").await;
        (answer.status == 500).then_some(answer.body)
    })
    .await;
    assert!(unhealthy.contains("loki.write.out"), "{unhealthy}");

    endpoint.up().await;
    endpoint.takes(3000).await;
    assert_each_once(&endpoint, 0..3000);
    until("the component is healthy again", async || {
        (agent.get("/-/healthy").await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_in_trouble_is_asked_again_until_it_takes_the_lines() {
    let endpoint = LokiEndpoint::start().await;
    let home = Home::new();
    std::fs::create_dir_all(home.path("logs")).unwrap();
    let log = home.path("logs/app.log");
    home.write(
        "config.alloy",
        &pipeline(
            &log,
            &endpoint.url(),
            "remote_timeout = \"300ms\"\n\t\tmax_backoff_retries = 2",
        ),
    );
    let agent = home.start().await;
    let mut written = 0;
    for mood in [
        Mood::Refuses(500, "broken"),
        Mood::Refuses(429, "too many"),
        Mood::Hangs,
    ] {
        endpoint.answers(mood);
        append(&log, written..written + 100);
        // More often than max_backoff_retries: a file can wait.
        endpoint.is_asked(4).await;
        written += 100;
        endpoint.answers(Mood::Takes);
        endpoint.takes(written as usize).await;
    }
    assert_each_once(&endpoint, 0..written);
    assert!(agent.metric_sum("loki_write_batch_retries_total", "").await >= 9.0);
    assert_eq!(
        agent.metric_sum("loki_write_dropped_entries_total", "").await,
        0.0
    );
    assert_eq!(
        agent.metric_sum("loki_write_sent_entries_total", "").await,
        f64::from(written)
    );
}

#[tokio::test]
async fn what_the_endpoint_refuses_for_good_is_counted_and_told_and_the_rest_goes_on() {
    let endpoint = LokiEndpoint::start().await;
    endpoint.answers(Mood::Refuses(400, "entry too far behind"));
    let home = Home::new();
    let (agent, log) = start(&home, "*.log", &endpoint).await;
    append(&log, 0..50);
    until("the refusal is counted", async || {
        let dropped = agent
            .metric_sum("loki_write_dropped_entries_total", "reason=\"ingester_error\"")
            .await;
        (dropped == 50.0).then_some(())
    })
    .await;
    let told = agent.stderr();
    let line = told.lines().find(|line| line.contains("entry too far behind"));
    let line = line.expect("the log has the endpoint's words");
    for part in [
        "level=error",
        "component_id=loki.write.out",
        "400",
        &endpoint.url(),
        "dropping data",
    ] {
        assert!(line.contains(part), "{part} is missing: {line}");
    }
    endpoint.answers(Mood::Takes);
    append(&log, 50..100);
    endpoint.takes(50).await;
    assert_each_once(&endpoint, 50..100);
}

#[tokio::test]
async fn stopped_in_order_and_started_again_each_line_comes_once() {
    let endpoint = LokiEndpoint::start().await;
    let home = Home::new();
    let (mut agent, log) = start(&home, "*.log", &endpoint).await;
    append(&log, 0..500);
    agent.opens(&log).await;
    agent.stop().await;
    append(&log, 500..700);
    let (mut agent, log) = start(&home, "*.log", &endpoint).await;
    endpoint.takes(700).await;
    // Stopped while the endpoint takes nothing: within the bound, and nothing is forgotten.
    endpoint.answers(Mood::Refuses(503, "restarting"));
    append(&log, 700..800);
    endpoint.is_asked(1).await;
    agent.stop().await;
    endpoint.answers(Mood::Takes);
    let (mut agent, _) = start(&home, "*.log", &endpoint).await;
    endpoint.takes(800).await;
    agent.stop().await;
    assert_each_once(&endpoint, 0..800);
}

#[tokio::test]
async fn killed_with_lines_under_way_and_files_rotated_meanwhile() {
    let endpoint = LokiEndpoint::start().await;
    let home = Home::new();
    let (mut agent, log) = start(&home, "app.log*", &endpoint).await;
    append(&log, 0..500);
    endpoint.takes(500).await;
    until("the position is stored", async || {
        (stored_lines(&home, &log) == 500).then_some(())
    })
    .await;
    // From here on the endpoint acknowledges nothing.
    endpoint.answers(Mood::Refuses(500, "broken"));
    append(&log, 500..800);
    endpoint.is_asked(2).await;
    agent.kill();

    append(&log, 800..900);
    std::fs::rename(&log, log.with_extension("log.1")).unwrap();
    append(&log, 900..1000);
    endpoint.answers(Mood::Takes);
    let (mut agent, _) = start(&home, "app.log*", &endpoint).await;
    all_taken(&endpoint, 0..1000).await;
    agent.stop().await;
    assert_each_once(&endpoint, 0..1000);
}

#[tokio::test]
async fn killed_again_and_again_while_lines_flow() {
    let endpoint = LokiEndpoint::start().await;
    let home = Home::new();
    std::fs::create_dir_all(home.path("logs")).unwrap();
    let log = home.path("logs/app.log");
    let writer = Writer::start(&log);
    let mut allowed_again = BTreeMap::<u32, u32>::new();
    for _ in 0..4 {
        let before = endpoint.taken().len();
        let (mut agent, _) = start(&home, "app.log", &endpoint).await;
        endpoint.takes(before + 200).await;
        agent.kill();
        // Answers that were under way have been given by then, or the lines are not taken.
        let stored = stored_lines(&home, &log);
        for n in endpoint.taken().iter().map(number).filter(|n| *n >= stored) {
            *allowed_again.entry(n).or_insert(0) += 1;
        }
    }
    let written = writer.stop();
    let (mut agent, _) = start(&home, "app.log", &endpoint).await;
    all_taken(&endpoint, 0..written).await;
    agent.stop().await;
    let counts = counts(&endpoint.taken());
    assert_eq!(counts.len(), written as usize, "nothing that was not written");
    for (n, count) in counts {
        let allowed = allowed_again.get(&n).copied().unwrap_or(0);
        assert!(
            count == 1 || allowed > 0,
            "{n} came {count} times though its position was stored"
        );
    }
}

#[tokio::test]
async fn a_line_without_an_end_waits_for_it_also_over_a_kill() {
    let endpoint = LokiEndpoint::start().await;
    let home = Home::new();
    let (mut agent, log) = start(&home, "app.log", &endpoint).await;
    append(&log, 0..10);
    endpoint.takes(10).await;
    let mut file = OpenOptions::new().append(true).open(&log).unwrap();
    file.write_all(b"seq=00000010 half").unwrap();
    agent.opens(&log).await;
    agent.kill();
    let (_agent, _) = start(&home, "app.log", &endpoint).await;
    file.write_all(b" and half\nseq=00000011 end\n").unwrap();
    until("the last line is taken", async || {
        endpoint
            .texts()
            .contains(&"seq=00000011 end".to_owned())
            .then_some(())
    })
    .await;
    let texts = endpoint.texts();
    let halves: Vec<_> = texts.iter().filter(|text| text.contains("half")).collect();
    assert_eq!(halves, ["seq=00000010 half and half"]);
}

#[tokio::test]
async fn secrets_are_sent_and_never_shown() {
    let endpoint = LokiEndpoint::start().await;
    let home = Home::new();
    std::fs::create_dir_all(home.path("logs")).unwrap();
    let log = home.path("logs/app.log");
    let auth = "basic_auth {\n\t\t\tusername = \"user\"\n\t\t\tpassword = \"pass-w0rd-7\"\n\t\t}";
    let config = pipeline(&log, &endpoint.url(), auth) + "logging {\n\tlevel = \"debug\"\n}\n";
    home.write("config.alloy", &config);
    let mut agent = home.start().await;
    append(&log, 0..10);
    endpoint.takes(10).await;
    assert_eq!(
        endpoint.headers()["authorization"],
        "Basic dXNlcjpwYXNzLXcwcmQtNw==",
        "the endpoint gets it"
    );
    // Trouble of every kind makes the agent speak of the endpoint.
    endpoint.answers(Mood::Refuses(401, "who are you"));
    append(&log, 10..20);
    endpoint.is_asked(1).await;
    endpoint.answers(Mood::Refuses(500, "broken"));
    append(&log, 20..30);
    endpoint.is_asked(2).await;

    let mut shown = Vec::new();
    for path in [
        "/api/v0/web/components",
        "/api/v0/web/components/loki.write.out",
        "/metrics",
        "/-/healthy",
    ] {
        shown.push(agent.get(path).await.body);
    }
    assert!(shown[1].contains("(secret)"), "{}", shown[1]);
    let broken = config.replace("username", "user_name");
    home.write("config.alloy", &broken);
    let rejected = agent.post("/-/reload").await;
    assert_eq!(rejected.status, 400, "{rejected:?}");
    shown.push(rejected.body);
    endpoint.answers(Mood::Takes);
    agent.stop().await;
    shown.push(agent.stderr());
    shown.push(agent.stdout());
    for text in shown {
        for secret in ["pass-w0rd-7", "dXNlcjpwYXNzLXcwcmQtNw"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_told_and_the_others_are_read() {
    let endpoint = LokiEndpoint::start().await;
    let home = Home::new();
    std::fs::create_dir_all(home.path("logs")).unwrap();
    // A link to itself cannot be opened by anybody, root included.
    let bad = home.path("logs/bad.log");
    std::os::unix::fs::symlink(&bad, &bad).unwrap();
    let config = pipeline(&home.path("logs/app.log"), &endpoint.url(), "").replace(
        "targets    = local.file_match.logs.targets",
        &format!(
            "targets    = array.concat(local.file_match.logs.targets, [{{\"__path__\" = \"{}\"}}])",
            bad.display()
        ),
    );
    home.write("config.alloy", &config);
    let agent = home.start().await;
    append(&home.path("logs/app.log"), 0..10);
    endpoint.takes(10).await;
    until("the log tells of the file", async || {
        let log = agent.stderr();
        log.lines()
            .any(|line| {
                line.contains("component_id=loki.source.file.logs") && line.contains(bad.to_str().unwrap())
            })
            .then_some(())
    })
    .await;
}
