//! `loki.source.journal`: reads systemd's journal from its files and follows it, without systemd's library.
//!
//! A task reads a batch off the reactor, sends it and goes on while little enough is on its way. The position moves when batches are taken for good, in
//! their order; if one is not, the reading goes back to it.

mod arguments;
mod entries;
mod files;
mod position;
mod reader;

use super::account::Account;
use super::cursors::{Cursors, stored};
use super::now;
use crate::component::metrics::{IntCounter, IntCounterVec};
use crate::component::{BuildError, CancellationToken, Component, Context, RunError};
use crate::signals::{Ack, Fanout, LogBatch, Outcome};
use arguments::Arguments;
use entries::Maker;
use files::{Files, Id};
use parking_lot::Mutex;
use position::{Cursor, Origin, Position, Seen};
use reader::{Batch, Reader};
use river_eval::{BodyValue, Nothing};
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};

/// Bytes of lines that may be on their way unacknowledged.
const MAX_IN_FLIGHT_BYTES: usize = 8 * 1024 * 1024;

/// Batches that may be on their way unacknowledged.
const MAX_IN_FLIGHT: usize = 256;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The pause before what a receiver did not take is read again.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// How long a stop waits for what is on its way; the rest is read again after the next start.
const DRAIN: Duration = Duration::from_secs(5);

/// `loki.source.journal`.
pub(in crate::loki) struct SourceJournal {
    context: Context<Nothing>,
    arguments: Mutex<Arc<Arguments>>,
    changed: Notify,
    cursors: Mutex<Cursors>,
    account: Account,
    lines: IntCounter,
    errors: IntCounterVec,
}

/// A batch on its way.
struct Flight {
    number: u64,
    bytes: usize,
    lines: u64,
    /// How far which file has been read with it, and its last entry.
    files: BTreeMap<Id, Seen>,
    cursor: Cursor,
    outcome: Option<Outcome>,
}

impl Component for SourceJournal {
    const NAME: &'static str = "loki.source.journal";
    type Arguments = Arguments;
    type Exports = Nothing;

    fn new(context: Context<Nothing>, arguments: Arguments) -> Result<Self, BuildError> {
        let mut cursors = Cursors::load(context.data_dir().join("positions.yml")).map_err(BuildError::new)?;
        if let Some(legacy) = arguments.legacy_position.as_ref().filter(|_| cursors.is_empty()) {
            let name = format!("cursor-{}", legacy.name);
            match stored(Path::new(&legacy.file)).map_err(BuildError::new)? {
                Some(Ok(stored)) => {
                    if let Some(cursor) = stored.get(&name) {
                        cursors.set(&key(&context), cursor.clone());
                        tracing::info!(component_id = %context.id, path = legacy.file, "took over the legacy position");
                    } else {
                        tracing::warn!(component_id = %context.id, path = legacy.file, "the legacy positions file has no {name}");
                    }
                }
                Some(Err(reason)) => tracing::error!(
                    component_id = %context.id, path = legacy.file, error = reason,
                    "the legacy positions file is not valid and is not taken over"
                ),
                None => {
                    tracing::info!(component_id = %context.id, path = legacy.file, "there is no legacy positions file");
                }
            }
        }
        let metrics = &context.metrics;
        let account = Account::new(
            metrics,
            "loki_source_journal",
            &["no_message", "relabelled", "corrupt", "vacuumed", "returned"],
        );
        Ok(Self {
            account,
            lines: metrics.counter(
                "loki_source_journal_target_lines_total",
                "Total number of successful journal lines read",
            ),
            errors: metrics.counters(
                "loki_source_journal_target_parsing_errors_total",
                "Total number of parsing errors while reading journal messages",
                &["error"],
            ),
            arguments: Mutex::new(Arc::new(arguments)),
            changed: Notify::new(),
            cursors: Mutex::new(cursors),
            context,
        })
    }

    fn update(&self, arguments: Arguments) -> Result<(), BuildError> {
        *self.arguments.lock() = Arc::new(arguments);
        self.changed.notify_one();
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        let (told, ended) = mpsc::unbounded_channel();
        let arguments = self.arguments.lock().clone();
        let position = self.begin(&arguments);
        let maker = Maker::new(&self.context.id.to_string(), &arguments);
        let run = Run {
            component: &self,
            reader: Some(Reader::new(
                Files::new(roots(&arguments)),
                position.clone(),
                maker,
            )),
            forward_to: arguments.forward_to.clone(),
            taken: position,
            flights: VecDeque::new(),
            bytes: 0,
            next: 0,
            told,
            ended,
        };
        run.until(&stop).await
    }

    fn debug_info(&self) -> BodyValue {
        let mut body = BodyValue::default();
        self.account.describe(&mut body);
        let cursors = self.cursors.lock();
        body.attribute("position", cursors.get(&key(&self.context)).unwrap_or_default());
        body
    }
}

/// The reference's name of a component's cursor.
fn key(context: &Context<Nothing>) -> String {
    format!("cursor-{}", context.id)
}

/// The name under which this agent keeps how far each file has been read.
fn files_key(context: &Context<Nothing>) -> String {
    format!("cursor-{}-files", context.id)
}

fn roots(arguments: &Arguments) -> Vec<PathBuf> {
    match arguments.path.as_str() {
        "" => vec!["/var/log/journal".into(), "/run/log/journal".into()],
        path => vec![path.into()],
    }
}

impl SourceJournal {
    /// Where to begin.
    fn begin(&self, arguments: &Arguments) -> Position {
        let cursors = self.cursors.lock();
        let now = u64::try_from(now() / 1000).unwrap_or(0);
        let age = u64::try_from(arguments.max_age.as_micros()).unwrap_or(u64::MAX);
        let since = Origin::Since(now.saturating_sub(age));
        if let Some(text) = cursors.get(&files_key(&self.context)) {
            // A file that is not among them is new, or was too old to be read already then.
            let files = position::read_files(text);
            if !files.is_empty() {
                return Position { files, origin: since };
            }
        }
        let cursor = cursors.get(&key(&self.context));
        let origin = cursor.map(|text| {
            Cursor::read(text).map(Origin::Cursor).unwrap_or_else(|| {
                tracing::error!(
                    component_id = %self.context.id, cursor = text,
                    "the stored cursor is none of the journal's; reading begins with entries of max_age"
                );
                since
            })
        });
        Position {
            files: BTreeMap::new(),
            origin: origin.unwrap_or(since),
        }
    }

    /// Counts what a batch has besides entries, and tells what is new.
    fn count(&self, batch: &Batch) {
        let counted = [
            (batch.no_message, "no_message", "no_message"),
            (batch.relabelled, "relabelled", "empty_labels"),
            (batch.corrupt, "corrupt", "corrupt"),
            (batch.vacuumed, "vacuumed", ""),
        ];
        for (count, reason, error) in counted.into_iter().filter(|(count, ..)| *count > 0) {
            self.account.drop(count, reason);
            if !error.is_empty() {
                self.errors.with_label_values(&[error]).inc_by(count);
            }
        }
        for news in &batch.news {
            tracing::warn!(component_id = %self.context.id, "{news}");
        }
        match &batch.problem {
            Some(problem) => self.context.health.unhealthy(problem),
            None => self.context.health.healthy("journal tailer is running"),
        }
    }
}

/// The task of a component.
struct Run<'c> {
    component: &'c SourceJournal,
    /// `None` only while it reads.
    reader: Option<Reader>,
    forward_to: Fanout<LogBatch>,
    /// What has been taken for good. Its origin stays that of the start: the numbers of the files say the rest.
    taken: Position,
    flights: VecDeque<Flight>,
    bytes: usize,
    next: u64,
    told: mpsc::UnboundedSender<(u64, Outcome)>,
    ended: mpsc::UnboundedReceiver<(u64, Outcome)>,
}

impl Run<'_> {
    async fn until(mut self, stop: &CancellationToken) -> Result<(), RunError> {
        while !stop.is_cancelled() {
            while let Ok((number, outcome)) = self.ended.try_recv() {
                self.settle(number, outcome);
            }
            if self.must_go_back() {
                tokio::select! {
                    () = stop.cancelled() => break,
                    () = tokio::time::sleep(AGAIN_AFTER) => self.go_back(),
                }
            }
            self.save(false);
            let has_failed = self
                .flights
                .iter()
                .any(|flight| flight.outcome == Some(Outcome::Failed));
            let is_full = self.bytes >= MAX_IN_FLIGHT_BYTES || self.flights.len() >= MAX_IN_FLIGHT;
            let has_more = match has_failed || is_full {
                true => false,
                false => {
                    let batch = self.read().await?;
                    let has_more = batch.has_more;
                    self.component.count(&batch);
                    self.send(batch, stop).await;
                    has_more
                }
            };
            if has_more {
                continue;
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                () = self.component.changed.notified() => self.change(),
                Some((number, outcome)) = self.ended.recv() => self.settle(number, outcome),
                () = tokio::time::sleep(LOOK_EVERY), if !has_failed && !is_full => {}
            }
        }
        self.drain().await;
        Ok(())
    }

    /// Lets the reader read off the reactor.
    async fn read(&mut self) -> Result<Batch, RunError> {
        let Some(mut reader) = self.reader.take() else {
            return Err(RunError("the reading of the journal broke off".into()));
        };
        let read = tokio::task::spawn_blocking(move || {
            let batch = reader.next();
            (reader, batch)
        });
        let (reader, batch) = read
            .await
            .map_err(|error| RunError(format!("the reading of the journal broke off: {error}")))?;
        self.reader = Some(reader);
        Ok(batch)
    }

    async fn send(&mut self, batch: Batch, stop: &CancellationToken) {
        let Some(cursor) = batch.cursor else { return };
        let (number, told) = (self.next, self.told.clone());
        self.next += 1;
        let lines = batch.entries.len() as u64;
        self.component.account.see(lines);
        self.bytes += batch.bytes;
        self.flights.push_back(Flight {
            number,
            bytes: batch.bytes,
            lines,
            files: batch.files,
            cursor,
            outcome: None,
        });
        if lines == 0 {
            return self.settle(number, Outcome::Delivered);
        }
        self.component.lines.inc_by(lines);
        let batch = LogBatch {
            entries: batch.entries,
            ack: Ack::new(move |outcome| {
                // Nobody waits any more after a stop.
                let _ = told.send((number, outcome));
            }),
        };
        let is_changed = tokio::select! {
            biased;
            () = self.forward_to.send(batch) => false,
            // A batch that is let go here is read again for the new receivers, or after the next start.
            () = self.component.changed.notified() => true,
            () = stop.cancelled() => false,
        };
        if is_changed {
            self.change();
        }
    }

    /// Takes changed arguments.
    fn change(&mut self) {
        let arguments = self.component.arguments.lock().clone();
        self.forward_to = arguments.forward_to.clone();
        if let Some(reader) = &mut self.reader {
            let maker = Maker::new(&self.component.context.id.to_string(), &arguments);
            reader.set(roots(&arguments), maker);
        }
    }

    /// A batch has ended.
    fn settle(&mut self, number: u64, outcome: Outcome) {
        let flight = self.flights.iter_mut().find(|flight| flight.number == number);
        let Some(flight) = flight.filter(|flight| flight.outcome.is_none()) else {
            return;
        };
        flight.outcome = Some(outcome);
        self.component.account.end(flight.lines, outcome);
        self.bytes = self.bytes.saturating_sub(flight.bytes);
        let mut last = None;
        while let Some(first) = self.flights.front()
            && first.outcome == Some(Outcome::Delivered)
            && let Some(first) = self.flights.pop_front()
        {
            self.taken.files.extend(first.files);
            last = Some(first.cursor);
        }
        self.taken.prune();
        if let Some(cursor) = last {
            let context = &self.component.context;
            let mut cursors = self.component.cursors.lock();
            cursors.set(&key(context), cursor.to_text());
            cursors.set(&files_key(context), self.taken.files_text());
        }
    }

    /// Something has failed, and nothing is on its way that would be doubled.
    fn must_go_back(&self) -> bool {
        let has_failed = self
            .flights
            .iter()
            .any(|flight| flight.outcome == Some(Outcome::Failed));
        has_failed && self.flights.iter().all(|flight| flight.outcome.is_some())
    }

    fn go_back(&mut self) {
        self.flights.clear();
        self.bytes = 0;
        if let Some(reader) = &mut self.reader {
            reader.go_back(self.taken.clone());
        }
    }

    fn save(&self, is_last: bool) {
        if let Err(error) = self.component.cursors.lock().save(is_last) {
            let text = format!(
                "the position in the journal cannot be saved: {error}; entries may come again after a restart"
            );
            self.component.context.health.unhealthy(&text);
            tracing::warn!(component_id = %self.component.context.id, "{text}");
        }
    }

    /// Waits for what is on its way, for a while.
    async fn drain(mut self) {
        self.save(true);
        let deadline = tokio::time::Instant::now() + DRAIN;
        while self.flights.iter().any(|flight| flight.outcome.is_none()) {
            match tokio::time::timeout_at(deadline, self.ended.recv()).await {
                Ok(Some((number, outcome))) => self.settle(number, outcome),
                _ => break,
            }
        }
        for flight in self.flights.iter().filter(|flight| flight.outcome.is_none()) {
            self.component.account.end(flight.lines, Outcome::Failed);
        }
        self.save(true);
    }
}
