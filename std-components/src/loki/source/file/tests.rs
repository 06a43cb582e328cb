//! The component's parts together on real files: everything that happens to log files, and what must arrive.

mod rotation;
mod task;
mod text;

use super::arguments::OnPositionsFileError;
use super::batches::Ended;
use super::encoding::Encoding;
use super::metrics::Metrics;
use super::positions::{Key, Positions};
use super::sweep::{Sweeper, Wanted};
use super::tail::Settings;
use crate::component::{ComponentMetrics, MetricsHub};
use crate::signals::{Labels, LogBatch};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

pub(super) fn settings() -> Settings {
    Settings {
        encoding: Encoding::Utf8,
        format: None,
        initial_delay: Duration::ZERO,
        min_poll: Duration::from_millis(250),
        max_poll: Duration::from_millis(250),
        tail_from_end: false,
        on_positions_file_error: OnPositionsFileError::RestartFromBeginning,
        takes_over: false,
    }
}

/// A sweeper with a clock that the test moves, whose batches the test takes or fails.
pub(super) struct Bench {
    pub(super) folder: tempfile::TempDir,
    pub(super) settings: Settings,
    pub(super) sweeper: Sweeper,
    ended: mpsc::UnboundedReceiver<Ended>,
    now: Instant,
    wanted: Vec<Wanted>,
    hub: MetricsHub,
    /// Metrics go when it goes.
    _metrics: ComponentMetrics,
}

impl Bench {
    pub(super) fn new(settings: Settings) -> Self {
        Self::within(tempfile::tempdir().unwrap(), settings)
    }

    fn within(folder: tempfile::TempDir, settings: Settings) -> Self {
        let positions = Positions::load(folder.path().join("data/positions.yml"), None).unwrap();
        let hub = MetricsHub::default();
        let component = ComponentMetrics::new(&hub, "x", "/");
        let metrics = Metrics::new(&component);
        let (told, ended) = mpsc::unbounded_channel();
        Self {
            folder,
            sweeper: Sweeper::new("x".into(), settings.clone(), positions, metrics, told),
            settings,
            ended,
            now: Instant::now(),
            wanted: Vec::new(),
            hub,
            _metrics: component,
        }
    }

    /// The agent is killed and started again: only what is on disk survives.
    pub(super) fn killed(self) -> Self {
        let mut again = Self::within(self.folder, self.settings);
        again.now = self.now;
        again.follow_keys(self.wanted);
        again
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn append(&self, name: &str, text: impl AsRef<[u8]>) {
        append(&self.path(name), text);
    }

    pub(super) fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    pub(super) fn follow(&mut self, names: &[&str]) {
        let wanted = names.iter().map(|name| {
            let path = self.path(name).display().to_string();
            Wanted {
                labels: Labels::from_pairs([("filename", path.as_str())]),
                key: Key {
                    path,
                    labels: "{}".into(),
                },
            }
        });
        let wanted = wanted.collect();
        self.follow_keys(wanted);
    }

    fn follow_keys(&mut self, wanted: Vec<Wanted>) {
        self.wanted = wanted.clone();
        self.sweeper.retarget(wanted, self.now);
    }

    pub(super) fn pass_time(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    /// Looks and reads once, a poll later.
    pub(super) fn sweep(&mut self) -> Vec<LogBatch> {
        self.now += Duration::from_millis(250);
        let is_quiet = self.is_quiet();
        let batches = self.sweeper.sweep(self.now, true).batches;
        assert!(!is_quiet || batches.is_empty(), "lines were missed");
        batches
    }

    /// Whether the next look may be left out.
    pub(super) fn is_quiet(&self) -> bool {
        self.sweeper.quiet(self.now).is_some()
    }

    /// Only looks, as while nothing can be sent.
    pub(super) fn watch(&mut self) {
        self.now += Duration::from_millis(250);
        assert!(self.sweeper.sweep(self.now, false).batches.is_empty());
    }

    pub(super) fn settle(&mut self) {
        let mut ended = Vec::new();
        while let Ok(end) = self.ended.try_recv() {
            ended.push(end);
        }
        self.sweeper.settle(ended, self.now);
    }

    /// Delivers everything until nothing more comes.
    pub(super) fn deliver(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let batches = self.sweep();
            if batches.is_empty() {
                return lines;
            }
            for batch in batches {
                lines.extend(batch.entries.iter().map(|entry| entry.line.to_string()));
                batch.ack.delivered();
            }
            self.settle();
        }
    }

    pub(super) fn problem(&mut self) -> Option<String> {
        self.sweeper
            .sweep(self.now, false)
            .problem
            .map(|(first, _)| first)
    }

    pub(super) fn save(&mut self) {
        self.sweeper.save(self.now);
    }

    pub(super) fn metric(&self, line: &str) -> bool {
        let mut page = String::new();
        self.hub.render(&mut page).unwrap();
        page.lines().any(|have| have.starts_with(line))
    }

    pub(super) fn offsets(&self) -> Vec<u64> {
        let offset =
            |info: std::sync::Arc<super::tail::Info>| info.offset.load(std::sync::atomic::Ordering::Relaxed);
        self.sweeper.infos().into_iter().map(offset).collect()
    }
}

pub(super) fn append(path: &Path, text: impl AsRef<[u8]>) {
    let mut file = File::options().append(true).create(true).open(path).unwrap();
    file.write_all(text.as_ref()).unwrap();
}

/// The lines of batches that are let go unacknowledged.
pub(super) fn lines_of(batches: &[LogBatch]) -> Vec<String> {
    let lines = batches.iter().flat_map(|batch| &batch.entries);
    lines.map(|entry| entry.line.to_string()).collect()
}
