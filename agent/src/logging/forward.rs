//! Copies of the agent's own log lines on their way to the receivers of `logging { write_to }`.
//!
//! A line never waits: there is a bounded queue, and what does not fit is counted and told on stderr. What the components that the copies pass through log
//! themselves is not copied, nor is what libraries log: one line must not beget the next.

use super::LogControl;
use prometheus::{IntCounter, Registry};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};
use std_components::controller::LogSettings;
use std_components::signals::{Ack, Entry, Fanout, Labels, LogBatch};
use tokio::sync::{mpsc, watch};

/// Lines that wait at the most.
const MAX_WAITING: usize = 2048;

/// Lines in a batch at the most.
const MAX_BATCH: usize = 256;

/// Bytes of a line at the most; the rest is cut off.
const MAX_LINE_BYTES: usize = 64 * 1024;

/// How often lost lines are looked for while receivers make a batch wait.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How often lost lines are told at the most.
const TELL_EVERY: Duration = Duration::from_secs(30);

/// The queue's end where lines are put in.
#[derive(Debug, Default)]
pub(super) struct Copies {
    route: OnceLock<Route>,
    lost: Arc<AtomicU64>,
}

#[derive(Debug)]
struct Route {
    queue: mpsc::Sender<(SystemTime, String)>,
    /// Looked at for each line, so that the first line after a load goes where that load says.
    settings: watch::Receiver<LogSettings>,
}

impl Copies {
    /// Whether anybody wants copies.
    pub(super) fn wanted(&self) -> bool {
        self.route
            .get()
            .is_some_and(|route| !route.settings.borrow().write_to.is_empty())
    }

    /// Queues a copy of a line, unless the component that logs it is one that copies pass through.
    pub(super) fn put(&self, at: SystemTime, component_id: Option<&str>, line: &str) {
        let Some(route) = self.route.get() else { return };
        // A component of a module counts as the custom component that it stands in.
        let outermost = component_id.map(|id| id.split('/').next().unwrap_or(id));
        if outermost.is_some_and(|id| route.settings.borrow().passed.contains(id)) {
            return;
        }
        let mut end = line.len().min(MAX_LINE_BYTES);
        while !line.is_char_boundary(end) {
            end -= 1;
        }
        let copy = line.get(..end).unwrap_or(line).trim_end().to_owned();
        if route.queue.try_send((at, copy)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Counts lines that were not copied.
#[derive(Debug)]
pub(crate) struct Lost {
    counter: IntCounter,
    lost: Arc<AtomicU64>,
    told: Option<(tokio::time::Instant, u64)>,
}

impl Lost {
    /// # Errors
    /// Where the metric is registered already.
    pub(crate) fn register(log: &LogControl, registry: &Registry) -> prometheus::Result<Self> {
        let counter = IntCounter::new(
            "alloy_logging_write_to_lost_lines_total",
            "Number of the agent's own log lines that receivers of write_to did not get, because they took no more.",
        )?;
        registry.register(Box::new(counter.clone()))?;
        Ok(Self {
            counter,
            lost: log.state.copies.lost.clone(),
            told: None,
        })
    }

    fn look(&mut self) {
        let lost = self.lost.load(Ordering::Relaxed);
        self.counter.inc_by(lost.saturating_sub(self.counter.get()));
        let (at, before) = self.told.unwrap_or((tokio::time::Instant::now(), 0));
        if lost > before && (self.told.is_none() || at.elapsed() >= TELL_EVERY) {
            self.told = Some((tokio::time::Instant::now(), lost));
            // To stderr and, with luck, to the receivers.
            tracing::warn!(
                lines = lost - before,
                "own log lines were not copied to write_to: its receivers take no more"
            );
        }
    }
}

/// Sends copies as the `logging` block wants it, until nobody can change it any more, in a task of its own.
pub(crate) fn forward(log: &LogControl, settings: watch::Receiver<LogSettings>, lost: Lost) {
    let (sender, queue) = mpsc::channel(MAX_WAITING);
    let route = Route {
        queue: sender,
        settings: settings.clone(),
    };
    // Called once, at the start.
    if log.state.copies.route.set(route).is_ok() {
        tokio::spawn(follow(queue, settings, lost));
    }
}

async fn follow(
    mut queue: mpsc::Receiver<(SystemTime, String)>,
    mut settings: watch::Receiver<LogSettings>,
    mut lost: Lost,
) {
    let mut lines = Vec::new();
    loop {
        let to = settings.borrow_and_update().write_to.clone();
        let Some(()) = copy(&mut queue, &mut lines, &to, &mut settings, &mut lost).await else {
            return;
        };
    }
}

/// Sends copies until other receivers are wanted; `None` when nobody can want any more.
async fn copy(
    queue: &mut mpsc::Receiver<(SystemTime, String)>,
    lines: &mut Vec<(SystemTime, String)>,
    to: &Fanout<LogBatch>,
    settings: &mut watch::Receiver<LogSettings>,
    lost: &mut Lost,
) -> Option<()> {
    let labels = Labels::from_pairs([("component", "alloy")]);
    loop {
        lost.look();
        if lines.is_empty() {
            tokio::select! {
                biased;
                changed = settings.changed() => return changed.ok(),
                _ = queue.recv_many(lines, MAX_BATCH) => {}
            }
            // A line that was put in for the receivers of a load that has just ended must not go to those before.
            if settings.has_changed().ok()? {
                return Some(());
            }
        }
        if to.is_empty() {
            lost.lost.fetch_add(lines.len() as u64, Ordering::Relaxed);
            lines.clear();
            continue;
        }
        let batch = LogBatch {
            entries: lines
                .drain(..)
                .map(|(at, line)| entry(&labels, at, line))
                .collect(),
            ack: Ack::none(),
        };
        let count = batch.entries.len() as u64;
        let sending = to.send(batch);
        tokio::pin!(sending);
        let mut other = false;
        loop {
            tokio::select! {
                () = &mut sending => break,
                // Receivers that take nothing may just have been taken out.
                changed = settings.changed() => {
                    changed.ok()?;
                    if settings.borrow_and_update().write_to != *to {
                        lost.lost.fetch_add(count, Ordering::Relaxed);
                        return Some(());
                    }
                    other = true;
                }
                () = tokio::time::sleep(LOOK_EVERY) => lost.look(),
            }
        }
        if other {
            // Settings that do not touch this batch take effect after it.
            return Some(());
        }
    }
}

fn entry(labels: &Labels, at: SystemTime, line: String) -> Entry {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Entry {
        labels: labels.clone(),
        timestamp: i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        line: line.into(),
        metadata: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_counted_and_what_passes_on_the_way_is_left_out() {
        let passed = Arc::new(["loki.write.out".into(), "node.one".into()].into());
        let (_settings, settings) = watch::channel(LogSettings {
            passed,
            ..LogSettings::default()
        });
        let (queue, mut waiting) = mpsc::channel(2);
        let copies = Copies::default();
        assert!(copies.route.set(Route { queue, settings }).is_ok());
        let put = |id: Option<&str>, line: &str| copies.put(SystemTime::UNIX_EPOCH, id, line);
        put(Some("loki.write.out"), "on the way\n");
        put(Some("node.one/loki.write.inner"), "on the way in a module\n");
        put(Some("loki.write.other"), "elsewhere\n");
        put(None, &"ä".repeat(MAX_LINE_BYTES));
        put(None, "too many\n");
        assert_eq!(waiting.try_recv().unwrap().1, "elsewhere");
        assert_eq!(waiting.try_recv().unwrap().1.len(), MAX_LINE_BYTES);
        assert!(waiting.try_recv().is_err());
        assert_eq!(copies.lost.load(Ordering::Relaxed), 1);
    }
}
