//! One pass over all files of a component: look, read, put into batches. It blocks for as long as the file system does and runs off the reactor.

use super::batches::{Batches, Ended};
use super::buffers::Buffers;
use super::holders::Holders;
use super::metrics::Metrics;
use super::positions::{Key, Positions};
use super::tail::{Desk, Info, Settings, Tail};
use super::watch::Watcher;
use crate::signals::{Labels, LogBatch};
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedSender;

/// Bytes of lines that one pass reads at the most before they are sent.
const SWEEP_BYTES: u64 = 1024 * 1024;

/// How often the positions file is written, if anything has changed.
pub(super) const SAVE_PERIOD: Duration = Duration::from_secs(1);

/// How long a damaged positions file counts after the first targets have come: discovery may bring some a little later.
const DAMAGE_COUNTS: Duration = Duration::from_secs(60);

/// After so long without a line, spare buffers are freed.
const IDLE: Duration = Duration::from_secs(2);

/// A file that the configuration wants to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) key: Key,
    /// The entries' labels, `filename` among them.
    pub(super) labels: Labels,
}

/// What a pass has brought.
#[derive(Debug)]
pub(super) struct Sweep {
    /// To be sent in this order.
    pub(super) batches: Vec<LogBatch>,
    /// What is being read, where that has changed.
    pub(super) infos: Option<Vec<Arc<Info>>>,
    /// When to look again.
    pub(super) next: Instant,
    /// Whether more is there to be read than may be on its way at once.
    pub(super) has_more: bool,
    /// Why files are not read, a sentence for the first and how many.
    pub(super) problem: Option<(String, usize)>,
}

/// All files of a component.
pub(super) struct Sweeper {
    component: Arc<str>,
    settings: Settings,
    tails: Vec<Tail>,
    by_key: BTreeMap<Key, u64>,
    next_id: u64,
    positions: Positions,
    holders: Holders,
    buffers: Buffers,
    batches: Batches,
    metrics: Metrics,
    turn: usize,
    last_line: Instant,
    /// Whether spare room was given back after the last line was read and the last file forgotten.
    is_shrunk: bool,
    /// Until when there is nothing to be done, unless an event tells otherwise.
    quiet_until: Option<Instant>,
    last_save: Instant,
    save_problem: Option<String>,
    watcher: Watcher,
    /// When there were targets for the first time.
    began: Option<Instant>,
}

/// How often a quiet file whose changes are told by events is looked at all the same.
const VERIFY_PERIOD: Duration = Duration::from_secs(10);

/// Changes that no event has told until a path is polled for good: one may happen between asking for events and looking.
const MAX_SURPRISES: u8 = 3;

impl Sweeper {
    /// Of the component with this id; ends of batches go to `told`.
    pub(super) fn new(
        component: Arc<str>,
        settings: Settings,
        positions: Positions,
        metrics: Metrics,
        told: UnboundedSender<Ended>,
    ) -> Self {
        let now = Instant::now();
        let mut holders = Holders::default();
        for (key, offset, identity) in positions.identified() {
            holders.remember(key, identity, offset);
        }
        Self {
            component,
            settings,
            tails: Vec::new(),
            by_key: BTreeMap::new(),
            next_id: 0,
            positions,
            holders,
            buffers: Buffers::default(),
            batches: Batches::new(told, metrics.account.clone()),
            metrics,
            turn: 0,
            last_line: now,
            is_shrunk: false,
            quiet_until: None,
            last_save: now,
            save_problem: None,
            watcher: Watcher::default(),
            began: None,
        }
    }

    /// Reads files another way from now on. Files that are open already keep their encoding.
    pub(super) fn set(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// Follows these files and no others.
    pub(super) fn retarget(&mut self, wanted: Vec<Wanted>, now: Instant) {
        self.quiet_until = None;
        let mut keys = HashSet::with_capacity(wanted.len());
        for Wanted { key, labels } in wanted {
            if !keys.insert(key.clone()) {
                continue;
            }
            match self.by_key.get(&key).copied().and_then(|id| self.tail(id)) {
                Some(tail) => tail.keep(),
                None => {
                    let id = self.next_id;
                    self.next_id += 1;
                    let metrics = self.metrics.start(&key.path);
                    self.by_key.insert(key.clone(), id);
                    self.tails
                        .push(Tail::new(id, key, labels, metrics, self.component.clone(), now));
                }
            }
        }
        for tail in &mut self.tails {
            if !keys.contains(&tail.info.key) {
                tail.retire();
            }
        }
        self.bury();
    }

    /// What is being read, sorted.
    pub(super) fn infos(&self) -> Vec<Arc<Info>> {
        let mut infos: Vec<_> = self.tails.iter().map(|tail| tail.info.clone()).collect();
        infos.sort_by(|one, two| one.key.cmp(&two.key));
        infos
    }

    /// How many files are open.
    #[cfg(test)]
    pub(super) fn generations(&self) -> usize {
        self.tails.iter().map(Tail::generations).sum()
    }

    fn tail(&mut self, id: u64) -> Option<&mut Tail> {
        let at = self.tails.binary_search_by_key(&id, |tail| tail.id).ok()?;
        self.tails.get_mut(at)
    }

    /// Forgets the tails that are done; answers whether there was one.
    fn bury(&mut self) -> bool {
        let before = self.tails.len();
        let (by_key, holders) = (&mut self.by_key, &mut self.holders);
        let (metrics, component, watcher) = (&mut self.metrics, &self.component, &mut self.watcher);
        self.tails.retain(|tail| {
            let stays = !tail.is_done();
            if !stays {
                tracing::info!(component_id = %component, path = tail.info.key.path, "stopped tailing file");
                by_key.remove(&tail.info.key);
                tail.release(holders);
                watcher.forget(tail.id);
                metrics.stop(&tail.info.key.path);
            }
            stays
        });
        let has_buried = self.tails.len() != before;
        self.is_shrunk &= !has_buried;
        has_buried
    }

    /// Batches have been taken for good, or not. Blocks while it notes what has moved.
    pub(super) fn settle(&mut self, ended: impl IntoIterator<Item = Ended>, now: Instant) {
        self.quiet_until = None;
        for (shipment, outcome) in ended {
            for part in self.batches.ended(shipment, outcome) {
                let Ok(at) = self.tails.binary_search_by_key(&part.tail, |tail| tail.id) else {
                    continue;
                };
                let mut desk = desk(
                    &self.settings,
                    &mut self.positions,
                    &mut self.holders,
                    &self.buffers,
                    &mut self.batches,
                    &self.metrics,
                    now,
                );
                if let Some(tail) = self.tails.get_mut(at) {
                    tail.ended(shipment, part, outcome, &mut desk);
                }
            }
        }
        self.positions.note();
        #[cfg(test)]
        self.batches.check_account();
    }

    /// Whether every batch has been accounted for.
    pub(super) fn is_settled(&self) -> bool {
        self.batches.is_settled()
    }

    /// Whether so much is on its way that no more is read for now.
    pub(super) fn is_full(&self) -> bool {
        self.batches.is_full()
    }

    /// When to ask again, where nothing is to be done now. Never blocks, and takes the same time for one file as for thousands.
    pub(super) fn quiet(&self, now: Instant) -> Option<Instant> {
        let until = self.quiet_until.filter(|until| now < *until)?;
        (!self.watcher.has_news()).then(|| until.min(self.tick(now)))
    }

    /// One pass; without reading where what was read before still waits to be sent.
    pub(super) fn sweep(&mut self, now: Instant, may_read: bool) -> Sweep {
        let mut desk = desk(
            &self.settings,
            &mut self.positions,
            &mut self.holders,
            &self.buffers,
            &mut self.batches,
            &self.metrics,
            now,
        );
        let changes = self.watcher.changes();
        let mut has_rotated = false;
        for tail in &mut self.tails {
            let is_told = changes.is_all || changes.files.contains(&tail.id);
            if tail.due <= now || is_told {
                let opened = tail.opened();
                poll(tail, &mut desk, &mut self.watcher, is_told);
                has_rotated |= opened > 0 && tail.opened() > opened;
            }
        }
        if has_rotated {
            desk.positions.note();
        }
        let has_more = !may_read || read(&mut self.tails, &mut self.turn, &mut desk);
        let tails = &mut self.tails;
        let batches = self.batches.take(|shipment, part| {
            if let Ok(at) = tails.binary_search_by_key(&part.tail, |tail| tail.id)
                && let Some(tail) = tails.get_mut(at)
            {
                tail.sent(shipment, part);
            }
        });
        #[cfg(test)]
        self.batches.check_account();
        if !batches.is_empty() {
            self.last_line = now;
            self.is_shrunk = false;
        } else if !self.is_shrunk && now.duration_since(self.last_line) >= IDLE {
            self.shrink();
            self.is_shrunk = true;
        }
        if now.duration_since(self.last_save) >= SAVE_PERIOD {
            self.save(now);
        }
        let infos = self.bury().then(|| self.infos());
        if !self.tails.is_empty() && now.duration_since(*self.began.get_or_insert(now)) >= DAMAGE_COUNTS {
            self.positions.forget_damage();
        }
        let due = self.tails.iter().map(|tail| tail.due).min();
        let due = due.unwrap_or(now + SAVE_PERIOD);
        let save = self.last_save + SAVE_PERIOD;
        let is_quiet = self.is_shrunk
            && !has_more
            && self.save_problem.is_none()
            && !self.positions.is_changed()
            && self.tails.iter().all(Tail::is_quiet);
        self.quiet_until = is_quiet.then_some(due);
        Sweep {
            batches,
            infos,
            next: due.min(save).min(self.tick(now)),
            has_more,
            problem: self.problem(),
        }
    }

    /// Gives back what was needed for more files and lines than there are.
    fn shrink(&mut self) {
        self.buffers.shrink();
        self.holders.shrink();
        self.tails.shrink_to_fit();
    }

    /// When to ask for events again.
    fn tick(&self, now: Instant) -> Instant {
        let (least, most) = (self.settings.min_poll, self.settings.max_poll);
        match self.watcher.is_watching() {
            true => now + least.min(most).max(Duration::from_millis(1)),
            false => now + VERIFY_PERIOD,
        }
    }

    fn problem(&self) -> Option<(String, usize)> {
        let mut problems = self
            .save_problem
            .as_deref()
            .into_iter()
            .chain(self.tails.iter().filter_map(Tail::problem));
        let first = problems.next()?.to_owned();
        Some((first, 1 + problems.count()))
    }

    /// Writes the positions file.
    pub(super) fn save(&mut self, now: Instant) {
        self.last_save = now;
        let by_key = &self.by_key;
        self.positions.forget_missing(|key| by_key.contains_key(key));
        match self.positions.save() {
            Ok(()) => self.save_problem = None,
            Err(error) => {
                let problem = format!(
                    "the positions file cannot be written ({error}); after a crash lines would arrive twice: free space or let the agent's user write below --storage.path"
                );
                if self.save_problem.as_ref() != Some(&problem) {
                    tracing::error!(component_id = %self.component, "{problem}");
                }
                self.save_problem = Some(problem);
            }
        }
    }
}

/// Looks at a path; one of which events tell enough is due much later then.
fn poll(tail: &mut Tail, desk: &mut Desk<'_>, watcher: &mut Watcher, is_told: bool) {
    let was_trusted = tail.watched.is_whole && tail.watched.surprises < MAX_SURPRISES;
    let has_changed = tail.poll(desk);
    if tail.watched.opened != Some(tail.opened()) || !watcher.is_followed(tail.id) {
        tail.watched.opened = Some(tail.opened());
        tail.watched.is_whole = watcher.follow(tail.id, Path::new(&tail.info.key.path));
        // What happened before it was followed has told nobody.
        return;
    }
    if was_trusted && has_changed {
        tail.watched.surprises = if is_told { 0 } else { tail.watched.surprises + 1 };
    }
    let is_trusted = tail.watched.is_whole && tail.watched.surprises < MAX_SURPRISES;
    if is_trusted && !has_changed && tail.is_quiet() {
        tail.due = desk.now + VERIFY_PERIOD;
    }
}

/// Reads from one file after the other, a chunk at a time, until there is no more or it is enough; answers whether there may be more.
fn read(tails: &mut [Tail], turn: &mut usize, desk: &mut Desk<'_>) -> bool {
    let before = desk.batches.taken_bytes();
    loop {
        let mut has_progress = false;
        for step in 0..tails.len() {
            let at = (*turn + step) % tails.len();
            let is_enough = desk.batches.taken_bytes() - before >= SWEEP_BYTES;
            if is_enough || desk.batches.is_full() {
                *turn = at;
                return true;
            }
            has_progress |= tails.get_mut(at).is_some_and(|tail| tail.read(desk));
        }
        if !has_progress {
            return false;
        }
    }
}

fn desk<'a>(
    settings: &'a Settings,
    positions: &'a mut Positions,
    holders: &'a mut Holders,
    buffers: &'a Buffers,
    batches: &'a mut Batches,
    metrics: &'a Metrics,
    now: Instant,
) -> Desk<'a> {
    Desk {
        settings,
        positions,
        holders,
        buffers,
        batches,
        metrics,
        now,
    }
}
