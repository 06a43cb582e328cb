//! The stages in their order, and a batch through them.

use super::arguments::StageArguments;
use super::label_cache::LabelCache;
use super::record::Record;
use super::stages;
use crate::component::metrics::IntCounterVec;
use crate::component::{BuildError, ComponentMetrics};
use crate::signals::{Ack, Entry, LogBatch};
use std::time::Instant;

/// What becomes of a record after a stage.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Flow {
    /// It goes on to the next stage.
    Next,
    /// A rule of the configuration drops it; counted under a reason.
    Drop(&'static str),
    /// The same, under a reason of the configuration's.
    DropFor(std::sync::Arc<str>),
    /// The stage keeps it for later, with a share in the batch's acknowledgement.
    Held,
}

/// What a stage may do besides changing its record.
pub(super) struct Outlet<'a> {
    /// The acknowledgement of the batch, for records that are held back.
    pub(super) ack: &'a Ack,
    /// Records that go on before the one at hand.
    pub(super) before: &'a mut Vec<Record>,
}

impl Outlet<'_> {
    /// A share in the batch's fate, for a record that is held back.
    pub(super) fn share(&self) -> Ack {
        self.ack.clone()
    }
}

/// A stage.
pub(super) trait Stage: Send {
    /// Works on a record.
    fn process(&mut self, record: &mut Record, outlet: &mut Outlet<'_>) -> Flow;

    /// When held records have to go on although nothing came; `None` where none are held.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// Lets go of records that are due by a time; all of them at a stop.
    fn release(&mut self, _now: Option<Instant>, _out: &mut Vec<Record>) {}

    /// Whether [`waits_until`](Self::waits_until) may ever answer a time.
    fn may_wait(&self) -> bool {
        false
    }

    /// Before this time the record that it worked on last must not go on.
    fn waits_until(&self) -> Option<Instant> {
        None
    }
}

/// The stages with what they share.
pub(super) struct Pipeline {
    stages: Vec<Box<dyn Stage>>,
    labels: LabelCache,
    dropped: IntCounterVec,
    scratch: Record,
    /// The stages that may make entries wait.
    waiting: Vec<usize>,
}

/// A batch on its way through the stages.
pub(super) struct Work {
    entries: std::vec::IntoIter<Entry>,
    ack: Ack,
    finished: Finished,
}

impl Work {
    pub(super) fn new(batch: LogBatch) -> Self {
        let LogBatch { entries, ack } = batch;
        Self {
            finished: Finished {
                entries: Vec::with_capacity(entries.len()),
                acks: Vec::new(),
            },
            entries: entries.into_iter(),
            ack,
        }
    }

    /// Whether a source would send again what is not taken.
    pub(super) fn is_awaited(&self) -> bool {
        self.ack.is_awaited()
    }
}

/// How far a batch has come.
pub(super) enum Advance {
    /// Through. `None` where nothing is left of it.
    Done(Option<LogBatch>),
    /// A part of it is through; what follows has to wait.
    Wait {
        until: Instant,
        before: Option<LogBatch>,
    },
}

/// Where finished entries gather.
#[derive(Default)]
struct Finished {
    entries: Vec<Entry>,
    /// Acknowledgements of earlier batches whose held records are among the entries.
    acks: Vec<Ack>,
}

impl Pipeline {
    /// Builds the stages.
    ///
    /// # Errors
    /// The first stage that cannot be built, by its place in the configuration.
    pub(super) fn new(arguments: &[StageArguments], metrics: &StageMetrics) -> Result<Self, BuildError> {
        let build = |(at, arguments): (usize, &StageArguments)| {
            stages::build(arguments, metrics).map_err(|reason| {
                BuildError::new(format!("stage {} (stage.{}): {reason}", at + 1, arguments.name()))
            })
        };
        let stages: Vec<Box<dyn Stage>> = arguments
            .iter()
            .enumerate()
            .map(build)
            .collect::<Result<_, _>>()?;
        let waiting = stages.iter().enumerate().filter(|(_, stage)| stage.may_wait());
        Ok(Self {
            waiting: waiting.map(|(at, _)| at).collect(),
            stages,
            labels: LabelCache::default(),
            dropped: metrics.dropped.clone(),
            scratch: Record::default(),
        })
    }

    /// Takes a batch through the stages, whatever would have to wait; `None` where nothing is left of it.
    #[cfg(test)]
    pub(super) fn process(&mut self, batch: LogBatch) -> Option<LogBatch> {
        self.finish(Work::new(batch))
    }

    /// Takes the rest of a batch through the stages, whatever would have to wait.
    pub(super) fn finish(&mut self, mut work: Work) -> Option<LogBatch> {
        match self.run_all(&mut work, false) {
            Advance::Done(batch) | Advance::Wait { before: batch, .. } => batch,
        }
    }

    /// Takes a batch as far through the stages as it may go now.
    pub(super) fn advance(&mut self, work: &mut Work) -> Advance {
        self.run_all(work, !self.waiting.is_empty())
    }

    fn run_all(&mut self, work: &mut Work, may_wait: bool) -> Advance {
        if self.stages.is_empty() {
            work.finished.entries.extend(work.entries.by_ref());
        }
        if may_wait && let Some(until) = self.waits_until() {
            return Advance::Wait { until, before: None };
        }
        self.labels.tend();
        let mut record = std::mem::take(&mut self.scratch);
        while let Some(entry) = work.entries.next() {
            let before = (work.finished.entries.len(), work.finished.acks.len());
            record.load(entry);
            self.run(0, &mut record, &work.ack, &mut work.finished);
            if may_wait && let Some(until) = self.waits_until() {
                self.scratch = record;
                let gone = work.finished.split_off_after(before);
                let before = (!gone.entries.is_empty())
                    .then(|| gone.into_batch(work.ack.clone()))
                    .flatten();
                return Advance::Wait { until, before };
            }
        }
        self.scratch = record;
        let ack = std::mem::replace(&mut work.ack, Ack::none());
        Advance::Done(std::mem::take(&mut work.finished).into_batch(ack))
    }

    /// Whether no labels are remembered.
    pub(super) fn remembers_nothing(&self) -> bool {
        self.labels.is_empty()
    }

    /// Forgets labels that were not used for a while, as no batch comes that would.
    pub(super) fn tend(&mut self) {
        self.labels.tend();
    }

    /// Before this time nothing may go on.
    fn waits_until(&self) -> Option<Instant> {
        let until = |at: &usize| self.stages.get(*at)?.waits_until();
        self.waiting.iter().filter_map(until).max()
    }

    /// What is due of the records that stages hold; all of it where no time is given.
    pub(super) fn release(&mut self, now: Option<Instant>) -> Option<LogBatch> {
        let mut finished = Finished::default();
        for at in 0..self.stages.len() {
            let mut due = Vec::new();
            self.stages[at].release(now, &mut due);
            for mut record in due {
                self.run(at + 1, &mut record, &Ack::none(), &mut finished);
            }
        }
        let ack = Ack::none();
        finished.into_batch(ack)
    }

    /// When something is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.stages.iter().filter_map(|stage| stage.deadline()).min()
    }

    fn run(&mut self, from: usize, record: &mut Record, ack: &Ack, finished: &mut Finished) {
        for at in from..self.stages.len() {
            let mut before = Vec::new();
            let flow = self.stages[at].process(
                record,
                &mut Outlet {
                    ack,
                    before: &mut before,
                },
            );
            for mut earlier in before {
                self.run(at + 1, &mut earlier, ack, finished);
            }
            let reason = match &flow {
                Flow::Next => continue,
                Flow::Drop(reason) => reason,
                Flow::DropFor(reason) => &**reason,
                Flow::Held => {
                    record.acks.clear();
                    return;
                }
            };
            self.dropped.with_label_values(&[reason]).inc();
            // Dropped by the configuration is taken for good.
            record.acks.drain(..).for_each(Ack::delivered);
            return;
        }
        let labels = self.labels.finish(record);
        finished.acks.append(&mut record.acks);
        finished.entries.push(record.unload(labels));
    }
}

impl Finished {
    /// What was there when it held so many entries and acknowledgements; what came since stays.
    fn split_off_after(&mut self, (entries, acks): (usize, usize)) -> Self {
        let later = Self {
            entries: self.entries.split_off(entries),
            acks: self.acks.split_off(acks),
        };
        std::mem::replace(self, later)
    }

    fn into_batch(mut self, ack: Ack) -> Option<LogBatch> {
        if self.entries.is_empty() {
            // What is not held has been dropped by the configuration; what is held has a share of its own.
            ack.delivered();
            self.acks.drain(..).for_each(Ack::delivered);
            return None;
        }
        let ack = if self.acks.is_empty() {
            ack
        } else {
            self.acks.push(ack);
            Ack::all(self.acks)
        };
        Some(LogBatch {
            entries: self.entries,
            ack,
        })
    }
}

/// Metrics that several stages share.
#[derive(Clone, Debug)]
pub(super) struct StageMetrics {
    pub(super) dropped: IntCounterVec,
    pub(super) dropped_by_label: IntCounterVec,
    pub(super) cri_flushed: crate::component::metrics::IntCounter,
    pub(super) cri_truncated: crate::component::metrics::IntCounter,
    pub(super) truncated: IntCounterVec,
    /// For stages with metrics of the configuration's.
    pub(super) own: ComponentMetrics,
}

impl StageMetrics {
    pub(super) fn new(metrics: &ComponentMetrics) -> Self {
        Self {
            dropped: metrics.counters(
                "loki_process_dropped_lines_total",
                "A count of all log lines dropped as a result of a pipeline stage",
                &["reason"],
            ),
            dropped_by_label: metrics.counters(
                "loki_process_dropped_lines_by_label_total",
                "A count of all log lines dropped as a result of a pipeline stage",
                &["label_name", "label_value"],
            ),
            cri_flushed: metrics.counter(
                "loki_process_cri_partial_lines_flushed_total",
                "A count of partial lines that were flushed prematurely due to the max_partial_lines limit being exceeded",
            ),
            cri_truncated: metrics.counter(
                "loki_process_cri_lines_truncated_total",
                "A count of lines that were truncated due to the max_partial_line_size limit",
            ),
            truncated: metrics.counters(
                "loki_process_truncated_fields_total",
                "A count of all log lines, labels, extracted values, or structured_metadata truncated as a result of a pipeline stage",
                &["field"],
            ),
            own: metrics.clone(),
        }
    }
}
