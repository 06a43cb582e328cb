//! Logs of containers, as the kubelet answers them through `pods/log`.

use super::answers::failure;
use super::streams::{Closed, Writer};
use super::{Request, Shared};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Namespace, pod and container.
pub(super) type Key = (String, String, String);

/// Bytes and where the time stamp of the line was, for `sinceTime`.
#[derive(Clone)]
struct Line {
    time: Timestamp,
    stamp: String,
    /// With its line feed; without one in a line that is being written.
    text: Vec<u8>,
}

/// The life of a container from one start to its end.
#[derive(Clone, Default)]
struct Run {
    lines: Vec<Line>,
    /// Lines before those, which a rotation took away.
    gone: usize,
    has_ended: bool,
}

#[derive(Default)]
struct Log {
    run: Run,
    previous: Option<Run>,
    /// Counts restarts, so that a stream of the former run ends.
    runs: u64,
    /// Counts rotations that open streams have not noticed.
    missed: u64,
    is_waiting: bool,
    hangs: bool,
    /// Bytes of a chunk, and the pause after it.
    pace: Option<(usize, Duration)>,
    /// The next streams break off after so many bytes.
    cuts: std::collections::VecDeque<usize>,
    /// Bytes that have gone to clients.
    sent: usize,
}

#[derive(Default)]
pub(super) struct Logs(HashMap<Key, Log>);

impl Logs {
    pub(super) fn make(&mut self, key: Key) {
        self.0.entry(key).or_default();
    }
}

/// The log of a container, to be written by the test.
#[derive(Clone)]
pub(crate) struct ContainerLog {
    shared: Arc<Shared>,
    key: Key,
}

impl ContainerLog {
    pub(super) fn new(shared: Arc<Shared>, key: Key) -> Self {
        Self { shared, key }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Log) -> T) -> T {
        self.shared
            .change(|state| change(state.logs.0.entry(self.key.clone()).or_default()))
    }

    /// Writes a line.
    pub(crate) fn line(&self, time: &str, text: &str) {
        self.lines([(time, text)]);
    }

    /// Writes lines.
    pub(crate) fn lines<S: AsRef<str>, T: AsRef<str>>(&self, lines: impl IntoIterator<Item = (S, T)>) {
        self.change(|log| {
            for (time, text) in lines {
                log.run.lines.push(Line {
                    time: time.as_ref().parse().unwrap(),
                    stamp: time.as_ref().to_owned(),
                    text: format!("{}\n", text.as_ref()).into_bytes(),
                });
            }
        });
    }

    /// Writes bytes as one line: not UTF-8, or without its line feed.
    pub(crate) fn bytes(&self, time: &str, text: &[u8]) {
        self.change(|log| {
            log.run.lines.push(Line {
                time: time.parse().unwrap(),
                stamp: time.to_owned(),
                text: text.to_vec(),
            });
        });
    }

    /// The container ends: followed streams end when they have sent all.
    pub(crate) fn stop(&self) {
        self.change(|log| log.run.has_ended = true);
    }

    /// The container ends and another begins: an empty log, the former one is the previous.
    pub(crate) fn restart(&self) {
        self.change(|log| {
            log.run.has_ended = true;
            log.previous = Some(std::mem::take(&mut log.run));
            log.runs += 1;
        });
    }

    /// Whether the container is still to start: 400 until it is not.
    pub(crate) fn waits(&self, waits: bool) {
        self.change(|log| log.is_waiting = waits);
    }

    /// Whether streams that open from now on send nothing.
    pub(crate) fn hangs(&self, hangs: bool) {
        self.change(|log| log.hangs = hangs);
    }

    /// Sends chunks of so many bytes with a pause after each, whatever lines they tear.
    pub(crate) fn pace(&self, bytes: usize, pause: Duration) {
        self.change(|log| log.pace = Some((bytes, pause)));
    }

    /// The next streams break off after so many bytes each.
    pub(crate) fn cut_after(&self, bytes: impl IntoIterator<Item = usize>) {
        self.change(|log| log.cuts.extend(bytes));
    }

    /// The rotated file is gone: the lines before this one are no longer to be had.
    pub(crate) fn rotate(&self, keep_last: usize) {
        self.change(|log| {
            let first = log.run.lines.len().saturating_sub(keep_last);
            log.run.lines.drain(..first);
            log.run.gone += first;
        });
    }

    /// The log is rotated, and streams that are open do not notice: nothing more comes through them.
    pub(crate) fn rotate_unnoticed(&self) {
        self.rotate(0);
        self.change(|log| log.missed += 1);
    }

    /// Bytes that clients have taken until now.
    pub(crate) fn sent(&self) -> usize {
        self.change(|log| log.sent)
    }

    /// The container is gone with its pod: 404 from now on, and open streams end.
    pub(crate) fn remove(&self) {
        let key = self.key.clone();
        self.shared.change(|state| state.logs.0.remove(&key));
    }
}

/// Which lines a stream carries.
struct Asked {
    timestamps: bool,
    follow: bool,
    previous: bool,
    /// Lines before it are left out, one by one, as the kubelet does.
    since: Option<Timestamp>,
}

pub(super) fn answer(shared: &Arc<Shared>, request: &Request) -> Response {
    let is = |name: &str| matches!(request.query(name), "true" | "1");
    let (pod, container) = (&request.name, request.query("container"));
    // Whole seconds, as the API server hands it on to the kubelet.
    let since = match request.query("sinceTime") {
        "" => None,
        since => match since.parse::<Timestamp>() {
            Ok(since) => Timestamp::from_second(since.as_second()).ok(),
            Err(_) => return failure(400, "BadRequest", &format!("invalid sinceTime {since:?}")),
        },
    };
    let asked = Asked {
        timestamps: is("timestamps"),
        follow: is("follow"),
        previous: is("previous"),
        since,
    };
    let tail: Option<usize> = request.query("tailLines").parse().ok();
    let key = (request.namespace.clone(), pod.clone(), container.to_owned());
    let (first, runs, missed) = {
        let state = shared.state.lock();
        let Some(log) = state.logs.0.get(&key) else {
            return failure(404, "NotFound", &format!("pods {pod:?} not found"));
        };
        if log.is_waiting {
            let message =
                format!("container {container:?} in pod {pod:?} is waiting to start: ContainerCreating");
            return failure(400, "BadRequest", &message);
        }
        if asked.previous && log.previous.is_none() {
            let message = format!("previous terminated container {container:?} in pod {pod:?} not found");
            return failure(400, "BadRequest", &message);
        }
        let run = log
            .previous
            .as_ref()
            .filter(|_| asked.previous)
            .unwrap_or(&log.run);
        let tail = tail.map_or(0, |tail| run.lines.len().saturating_sub(tail));
        (run.gone + tail, log.runs, log.missed)
    };
    let (writer, body) = Writer::open(shared, request);
    tokio::spawn(async move {
        let _ = send(writer, key, asked, first, (runs, missed)).await;
    });
    ([("content-type", "text/plain")], body).into_response()
}

async fn send(
    mut writer: Writer,
    key: Key,
    asked: Asked,
    mut place: usize,
    (runs, missed): (u64, u64),
) -> Result<(), Closed> {
    let shared = writer.shared().clone();
    let mut cut = shared.change(|state| state.logs.0.get_mut(&key).and_then(|log| log.cuts.pop_front()));
    loop {
        let (mut bytes, is_over, pace) = {
            let state = shared.state.lock();
            let Some(log) = state.logs.0.get(&key) else {
                return Ok(());
            };
            // After a restart the stream goes on with what the former run still had.
            let is_former = asked.previous || log.runs != runs;
            let run = match &log.previous {
                Some(previous) if is_former => previous,
                _ => &log.run,
            };
            let mut bytes = Vec::new();
            place = place.max(run.gone);
            let rest = if log.hangs || log.missed != missed {
                &[][..]
            } else {
                run.lines.get(place - run.gone..).unwrap_or_default()
            };
            for line in rest {
                place += 1;
                if asked.since.is_some_and(|since| line.time < since) {
                    continue;
                }
                if asked.timestamps {
                    bytes.extend_from_slice(line.stamp.as_bytes());
                    bytes.push(b' ');
                }
                bytes.extend_from_slice(&line.text);
            }
            (bytes, is_former || run.has_ended || !asked.follow, log.pace)
        };
        let breaks = cut.is_some_and(|left| bytes.len() >= left);
        if let Some(left) = &mut cut {
            bytes.truncate(*left);
            *left -= bytes.len();
        }
        let (size, pause) = pace.unwrap_or((64 << 10, Duration::ZERO));
        for chunk in bytes.chunks(size.max(1)) {
            writer.send(chunk.to_vec()).await?;
            let count = chunk.len();
            shared.change(|state| {
                if let Some(log) = state.logs.0.get_mut(&key) {
                    log.sent += count;
                }
            });
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
        }
        if breaks {
            return Err(writer.cut().await);
        }
        if is_over {
            return Ok(());
        }
        writer.changed().await?;
    }
}
