//! A path that is followed: the files that its name has pointed to, oldest first, until all of each has been taken for good.

mod open;

use super::arguments::{Format, OnPositionsFileError};
use super::batches::{Batches, Part};
use super::buffers::Buffers;
use super::encoding::Encoding;
use super::generation::{Generation, Phase, Turn};
use super::holders::Holders;
use super::metrics::{FileMetrics, Metrics};
use super::positions::{Key, Positions};
use super::rotated::{MAX_DONE, Rotated};
use crate::signals::{Entry, Labels, Outcome};
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// How long a file that was renamed or removed is kept open after its last growth, as its writer may still write to it.
pub(super) const LINGER: Duration = Duration::from_secs(5);

/// Files of one path that are kept open at the most: how often it may be rotated while nothing can be sent.
pub(super) const MAX_GENERATIONS: usize = 64;

/// How long a path may be missing before its health says so: between rotation and the first line of the new file it may be missing.
const MISSING: Duration = Duration::from_secs(15);

/// How often the log is told that a file cannot be read.
const TELL_PERIOD: Duration = Duration::from_secs(60);

/// The first pause after a batch has failed; it doubles.
const MIN_BACKOFF: Duration = Duration::from_millis(250);
/// The longest pause after a batch has failed.
const MAX_BACKOFF: Duration = Duration::from_secs(10);

/// How files are read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Settings {
    pub(super) encoding: Encoding,
    pub(super) format: Option<Format>,
    pub(super) initial_delay: Duration,
    pub(super) min_poll: Duration,
    pub(super) max_poll: Duration,
    pub(super) tail_from_end: bool,
    pub(super) on_positions_file_error: OnPositionsFileError,
    /// Whether positions without labels may be those of a predecessor.
    pub(super) takes_over: bool,
}

/// What the debug information tells of a path.
#[derive(Debug)]
pub(super) struct Info {
    pub(super) key: Key,
    pub(super) is_running: AtomicBool,
    pub(super) offset: AtomicU64,
}

/// Why a path that is no longer wanted is still here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Retiring {
    /// Its file is gone: what is left of it is still read.
    Draining,
    /// The configuration no longer wants it: only what is on its way is waited for.
    Stopping,
}

/// What all tails share while they are being read.
pub(super) struct Desk<'a> {
    pub(super) settings: &'a Settings,
    pub(super) positions: &'a mut Positions,
    pub(super) holders: &'a mut Holders,
    pub(super) buffers: &'a Buffers,
    pub(super) batches: &'a mut Batches,
    pub(super) metrics: &'a Metrics,
    pub(super) now: Instant,
}

/// A path that is followed.
pub(super) struct Tail {
    pub(super) id: u64,
    pub(super) info: Arc<Info>,
    /// When to look at it again.
    pub(super) due: Instant,
    component: Arc<str>,
    path: PathBuf,
    labels: Labels,
    metrics: FileMetrics,
    generations: VecDeque<Generation>,
    next_generation: u64,
    interval: Duration,
    /// Why it cannot be found or opened.
    problem: Option<String>,
    /// Why what was opened cannot be read.
    broken: Option<String>,
    /// When the log was told so.
    told_at: Option<Instant>,
    /// When the name was last seen to point to the last of the opened files.
    seen: Option<SystemTime>,
    retiring: Option<Retiring>,
    missing_since: Option<Instant>,
    was_opened: bool,
    /// Why it is never read, where `on_positions_file_error` asks for that.
    skipped: Option<String>,
    backoff: Duration,
    blocked_until: Option<Instant>,
    pub(super) watched: Watched,
    /// Files that the name pointed to and that are closed, or that another life of the agent had open.
    before: VecDeque<Rotated>,
}

/// How far events of the file system can be relied on for a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Watched {
    /// What [`Tail::opened`] was when the path was followed last.
    pub(super) opened: Option<u64>,
    /// Whether all of it is watched.
    pub(super) is_whole: bool,
    /// How often a look has shown what no event had told.
    pub(super) surprises: u8,
}

impl Tail {
    pub(super) fn new(
        id: u64,
        key: Key,
        labels: Labels,
        metrics: FileMetrics,
        component: Arc<str>,
        now: Instant,
    ) -> Self {
        Self {
            id,
            component,
            due: now,
            path: PathBuf::from(&key.path),
            info: Arc::new(Info {
                key,
                is_running: AtomicBool::new(false),
                offset: AtomicU64::new(0),
            }),
            labels,
            metrics,
            generations: VecDeque::new(),
            next_generation: 0,
            interval: Duration::ZERO,
            problem: None,
            broken: None,
            told_at: None,
            seen: None,
            retiring: None,
            missing_since: None,
            was_opened: false,
            skipped: None,
            backoff: MIN_BACKOFF,
            blocked_until: None,
            watched: Watched::default(),
            before: VecDeque::new(),
        }
    }

    /// What keeps it from being read: a sentence with path and next step.
    pub(super) fn problem(&self) -> Option<&str> {
        self.problem.as_deref().or(self.broken.as_deref())
    }

    /// How many files of it are open.
    #[cfg(test)]
    pub(super) fn generations(&self) -> usize {
        self.generations.len()
    }

    /// It is forgotten: what it had open, another path may go on with.
    pub(super) fn release(&self, holders: &mut Holders) {
        for file in &self.generations {
            finish(holders, self.id, file);
        }
    }

    /// Whether it can be forgotten.
    pub(super) fn is_done(&self) -> bool {
        match self.retiring {
            None => false,
            Some(Retiring::Draining) => self.generations.is_empty(),
            Some(Retiring::Stopping) => self.generations.iter().all(|file| file.ledger.is_settled()),
        }
    }

    /// It is wanted (again).
    pub(super) fn keep(&mut self) {
        self.retiring = None;
    }

    /// It is no longer wanted. A file that is gone is read to its end all the same.
    pub(super) fn retire(&mut self) {
        if self.retiring.is_some() {
            return;
        }
        let points_to = fs::metadata(&self.path);
        let is_gone = match (self.generations.back(), points_to) {
            (Some(last), Ok(metadata)) => !last.identity().is_inode(&metadata),
            (Some(_), Err(error)) => error.kind() == io::ErrorKind::NotFound,
            (None, _) => false,
        };
        self.retiring = Some(if is_gone {
            Retiring::Draining
        } else {
            Retiring::Stopping
        });
    }

    /// How many files it has opened so far.
    pub(super) fn opened(&self) -> u64 {
        self.next_generation
    }

    /// Whether nothing is to be done but to wait for its file to change.
    pub(super) fn is_quiet(&self) -> bool {
        self.problem().is_none()
            && self.retiring.is_none()
            && self.skipped.is_none()
            && self.blocked_until.is_none()
            && self.generations.len() == 1
            && self
                .generations
                .iter()
                .all(|file| file.phase == Phase::Live && file.is_at_end() && file.ledger.is_settled())
    }

    /// Looks whether the file has grown or was rotated. Answers whether something has changed.
    pub(super) fn poll(&mut self, desk: &mut Desk<'_>) -> bool {
        let before: u64 = self.generations.iter().map(Generation::size).sum::<u64>() + self.next_generation;
        match self.look(desk) {
            Ok(()) => self.settle_problem(),
            Err(problem) => self.report(problem),
        }
        self.reap(desk);
        let after: u64 = self.generations.iter().map(Generation::size).sum::<u64>() + self.next_generation;
        let settings = desk.settings;
        let min = settings
            .min_poll
            .min(settings.max_poll)
            .max(Duration::from_millis(1));
        self.interval = if before == after {
            (self.interval * 2).clamp(min, settings.max_poll.max(min))
        } else {
            min
        };
        self.due = desk.now + self.interval;
        self.info
            .is_running
            .store(!self.generations.is_empty(), Ordering::Relaxed);
        before != after
    }

    fn report(&mut self, problem: String) {
        if self.problem.as_ref() != Some(&problem) {
            tracing::error!(component_id = %self.component, path = %self.path.display(), "{problem}");
            self.problem = Some(problem);
        }
    }

    fn settle_problem(&mut self) {
        if self.problem.take().is_some() {
            tracing::info!(component_id = %self.component, path = %self.path.display(), "the file is read again");
        }
    }

    fn look(&mut self, desk: &mut Desk<'_>) -> Result<(), String> {
        let path = self.path.clone();
        let cannot = |error: io::Error| {
            format!(
                "failed to tail file {}: {error}; it is tried again, let the agent's user read it",
                path.display()
            )
        };
        for old in &mut self.generations {
            if matches!(old.phase, Phase::Leaving(_)) {
                old.look_at_handle(desk.now);
            }
        }
        if self.retiring == Some(Retiring::Stopping) {
            return Ok(());
        }
        if let Some(reason) = &self.skipped {
            return Err(reason.clone());
        }
        let metadata = match fs::metadata(&self.path) {
            Ok(metadata) if metadata.is_file() => metadata,
            Ok(_) => {
                return Err(format!(
                    "failed to tail file {}: it is no regular file; let __path__ name a file",
                    self.path.display()
                ));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return self.miss(desk).map_err(cannot)?;
            }
            Err(error) => return Err(cannot(error)),
        };
        self.missing_since = None;
        if self.retiring.is_some() {
            self.leave(desk.now);
            return Ok(());
        }
        if self.generations.is_empty() {
            return self.open_first(desk, &metadata);
        }
        self.follow(desk, &metadata).map_err(cannot)?
    }

    /// The name points nowhere.
    fn miss(&mut self, desk: &mut Desk<'_>) -> io::Result<Result<(), String>> {
        self.leave(desk.now);
        if !self.was_opened
            && let Some((offset, identity)) = self.stored(desk, None).ok().flatten()
            && let Some(identity) = identity
        {
            if let Some(position) = desk.positions.get(&self.info.key) {
                self.before = position.rotated.iter().copied().collect();
            }
            self.open_renamed(desk, offset, &identity)?;
        }
        let since = *self.missing_since.get_or_insert(desk.now);
        let is_told = !self.was_opened || desk.now.duration_since(since) >= MISSING;
        Ok(if is_told && self.retiring.is_none() {
            Err(format!(
                "failed to tail file {}: there is no such file; it is read as soon as there is one",
                self.path.display()
            ))
        } else {
            Ok(())
        })
    }

    /// Whatever was live is so no longer.
    fn leave(&mut self, now: Instant) {
        if let Some(last) = self.generations.back_mut()
            && last.phase == Phase::Live
        {
            last.leave(now);
        }
    }

    /// Reads one chunk, if there is something to read. Answers whether lines came of it.
    pub(super) fn read(&mut self, desk: &mut Desk<'_>) -> bool {
        if self.retiring == Some(Retiring::Stopping)
            || self.blocked_until.is_some_and(|until| desk.now < until)
        {
            return false;
        }
        let id = self.id;
        for file in &mut self.generations {
            if file.ledger.has_failed() || file.rests(desk.now) {
                return false;
            }
            let is_last = is_over(file.phase, desk.now);
            if file.is_exhausted() || (file.is_at_end() && !is_last) {
                continue;
            }
            desk.batches.now();
            let (labels, batches) = (&self.labels, &mut *desk.batches);
            let mut part = Part::of(id, file, 0);
            let read = file.read(desk.buffers, is_last, &mut |line, end| {
                part.end = end;
                let entry = Entry {
                    labels: labels.clone(),
                    timestamp: batches.stamp(),
                    line,
                    metadata: None,
                };
                batches.push(entry, part);
            });
            match read {
                Ok((turn, seen)) => {
                    self.broken = None;
                    self.metrics.lines.inc_by(seen.lines);
                    desk.metrics.replaced.inc_by(seen.replaced);
                    desk.metrics.cut.inc_by(seen.cut);
                    if seen.lines > 0 || turn == Turn::More {
                        return true;
                    }
                }
                Err(error) => {
                    self.blocked_until = Some(desk.now + MAX_BACKOFF);
                    let path = self.path.display().to_string();
                    let broken = format!("failed to read file {path}: {error}; it is tried again");
                    // One that is just being written is whole and broken by turns.
                    if self.broken.as_ref() != Some(&broken)
                        && self
                            .told_at
                            .is_none_or(|at| desk.now.duration_since(at) >= TELL_PERIOD)
                    {
                        tracing::error!(component_id = %self.component, path, "{broken}");
                        self.told_at = Some(desk.now);
                    }
                    self.broken = Some(broken);
                    return false;
                }
            }
        }
        false
    }

    /// A batch with bytes of this path is on its way.
    pub(super) fn sent(&mut self, shipment: u64, part: Part) {
        if let Some(file) = self.generation(part.generation) {
            file.ledger.sent(shipment, part.end);
        }
    }

    fn generation(&mut self, number: u64) -> Option<&mut Generation> {
        let at = self
            .generations
            .binary_search_by_key(&number, |file| file.number)
            .ok()?;
        self.generations.get_mut(at)
    }

    /// A batch with bytes of this path has ended.
    pub(super) fn ended(&mut self, shipment: u64, part: Part, outcome: Outcome, desk: &mut Desk<'_>) {
        match outcome {
            Outcome::Delivered => {
                self.backoff = MIN_BACKOFF;
                self.blocked_until = None;
            }
            Outcome::Failed => {
                self.blocked_until = Some(desk.now + self.backoff);
                self.backoff = (self.backoff * 2).min(MAX_BACKOFF);
            }
        }
        let Some(file) = self.generation(part.generation) else {
            return;
        };
        if let Some(again) = file.ledger.ended(shipment, outcome) {
            if file.phase == Phase::Truncated {
                let lost = file.read_offset().saturating_sub(again);
                desk.metrics.lost.with_label_values(&["truncated"]).inc_by(lost);
                let path = self.path.display();
                tracing::error!(component_id = %self.component, %path, lost, "the file was truncated before its receivers had taken its last lines; these bytes are lost");
            } else {
                file.rewind(again);
            }
        }
        self.reap(desk);
        self.store(desk.positions);
    }

    /// Lets go of files that are done for good.
    fn reap(&mut self, desk: &mut Desk<'_>) {
        let mut has_gone = false;
        while let Some(oldest) = self.generations.front()
            && oldest.phase != Phase::Live
            && oldest.is_exhausted()
            && oldest.ledger.is_settled()
            && is_over(oldest.phase, desk.now)
        {
            if self.generations.len() == 1 {
                self.store(desk.positions);
            }
            if let Some(done) = self.generations.pop_front()
                && !self.generations.iter().any(|file| file.is_inode_of(&done))
            {
                let (identity, offset) = (done.identity(), done.ledger.committed());
                finish(desk.holders, self.id, &done);
                self.remember(Rotated {
                    identity,
                    offset,
                    is_done: true,
                });
                has_gone = true;
            }
        }
        if has_gone {
            self.store(desk.positions);
        }
    }

    /// Keeps in mind how far a file was read that the name pointed to.
    fn remember(&mut self, one: Rotated) {
        let inode = |one: &Rotated| (one.identity.device, one.identity.inode);
        self.before.retain(|other| inode(other) != inode(&one));
        self.before.push_back(one);
        if self.before.len() > MAX_DONE {
            self.before.pop_front();
        }
    }

    /// Where to go on in a file that was open in another life of the agent.
    fn known_offset(&self, file: &File) -> Option<u64> {
        let known = self.before.iter().find(|one| one.is(file))?;
        Some(known.offset)
    }

    /// All files but the one that the position is about.
    fn rotated(&self, current: u64) -> Vec<Rotated> {
        let open = self
            .generations
            .iter()
            .filter(|file| file.number != current && file.phase != Phase::Truncated)
            .map(|file| Rotated {
                identity: file.identity(),
                offset: file.ledger.committed(),
                is_done: false,
            });
        let is_open = |one: &&Rotated| {
            let mut open = self.generations.iter().map(Generation::identity);
            !open.any(|file| (file.device, file.inode) == (one.identity.device, one.identity.inode))
        };
        self.before.iter().filter(is_open).copied().chain(open).collect()
    }

    /// The oldest file of which something is still to be read or acknowledged.
    fn current(&self) -> Option<&Generation> {
        self.generations
            .iter()
            .find(|file| file.phase == Phase::Live || !file.is_exhausted() || !file.ledger.is_settled())
            .or(self.generations.back())
    }

    /// Tells the positions how far it has been taken.
    pub(super) fn store(&mut self, positions: &mut Positions) {
        let Some(file) = self.current() else {
            return;
        };
        let committed = file.ledger.committed();
        let rotated = self.rotated(file.number);
        positions.set(&self.info.key, committed, file.identity(), rotated);
        self.info.offset.store(committed, Ordering::Relaxed);
        let gauge = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        self.metrics.read_bytes.set(gauge(committed));
        let size = self.generations.back().map_or(0, Generation::size);
        self.metrics.file_bytes.set(gauge(size));
    }
}

/// A path is done with a file. One without a name will never have another: nobody has to know of it.
fn finish(holders: &mut Holders, tail: u64, file: &Generation) {
    if file.has_no_name() {
        holders.forget(tail, file.identity());
    } else {
        holders.finish(tail, file.identity(), file.ledger.committed());
    }
}

/// Whether nothing more will be written to a file.
fn is_over(phase: Phase, now: Instant) -> bool {
    match phase {
        Phase::Live => false,
        Phase::Leaving(since) => now.duration_since(since) >= LINGER,
        Phase::Truncated => true,
    }
}
