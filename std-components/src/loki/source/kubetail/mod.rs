//! Tails containers' logs through the Kubernetes API: each line once as far as the API allows, over breaks, restarts of the agent, of containers and of
//! pods, and changes of labels.
//!
//! A task for each container ([`tail`]) follows its log and hands its lines on; all of them share a [`Desk`]: a bound for what is on its way, positions on disk.
//! [`Tails`] starts and ends the tasks as targets come and go.

mod desk;
mod lines;
mod pace;
mod pods;
mod tail;
mod target;

pub(in crate::loki::source) use desk::{Desk, Info};
pub(in crate::loki::source) use pods::Pods;
pub(in crate::loki::source) use target::Wanted;

use crate::component::{CancellationToken, RunError};
use crate::loki::source::file::positions::Key;
use river_eval::BodyValue;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tail::Tail;
use tokio::task::JoinSet;

/// How long a stop waits for what is on its way; what is not acknowledged by then is read again after the next start.
const DRAIN: Duration = Duration::from_secs(5);

/// How long the position of a target that is gone is kept, as it may come back; that of a pod that is gone goes at once.
const KEEP_GONE: Duration = Duration::from_secs(3600);

/// How many of those are kept at the most, or as many as went at the same time: a discovery that starts anew loses all of its targets for a moment.
const MAX_GONE: usize = 1000;

/// A tail that runs.
struct Running {
    info: Arc<Info>,
    leaving: CancellationToken,
    /// Cancelled when its task has ended.
    ended: CancellationToken,
}

/// A target that went.
struct Gone {
    since: Instant,
    /// Its tail; `None` of one of a former run.
    running: Option<Running>,
}

impl Gone {
    /// Of a former run, or one that may still come.
    fn unseen(since: Instant) -> Self {
        Self { since, running: None }
    }

    /// Whether its position is of no use any more: an UID never comes back.
    fn is_over(&self) -> bool {
        let is_pods_end =
            |running: &Running| running.info.is_gone.load(Ordering::Relaxed) && running.ended.is_cancelled();
        self.running.as_ref().is_some_and(is_pods_end) || self.since.elapsed() >= KEEP_GONE
    }
}

/// The tails of a component while it runs.
pub(in crate::loki::source) struct Tails {
    desk: Arc<Desk>,
    stop: CancellationToken,
    running: HashMap<Key, Running>,
    tasks: JoinSet<()>,
    /// Tails that have been told to end, by the paths of their keys; those are done that are cancelled.
    leaving: HashMap<String, Vec<CancellationToken>>,
    /// Targets of positions that went.
    gone: BTreeMap<Key, Gone>,
    /// How many of them are kept.
    most_gone: usize,
}

impl Drop for Tails {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Tails {
    /// None yet. To be made within a tokio runtime.
    pub(in crate::loki::source) fn new(desk: Arc<Desk>) -> Self {
        let now = Instant::now();
        // Their targets may still be on their way.
        let gone: BTreeMap<_, _> = desk
            .kept
            .positions
            .lock()
            .keys()
            .map(|key| (key.clone(), Gone::unseen(now)))
            .collect();
        Self {
            desk,
            stop: CancellationToken::new(),
            running: HashMap::new(),
            tasks: JoinSet::new(),
            leaving: HashMap::new(),
            most_gone: MAX_GONE.max(gone.len()),
            gone,
        }
    }

    /// Tails these and no others. A target of which the labels alone have changed goes on where it is, its stream too.
    pub(in crate::loki::source) fn sync(&mut self, wanted: impl IntoIterator<Item = Wanted>) {
        let mut wanted: BTreeMap<Key, Arc<Wanted>> = wanted
            .into_iter()
            .map(|wanted| (wanted.key(), Arc::new(wanted)))
            .collect();
        let mut without: BTreeMap<String, Vec<Key>> = BTreeMap::new();
        for (key, running) in &self.running {
            match wanted.remove(key) {
                // What it was discovered with may have changed.
                Some(wanted) => *running.info.wanted.lock() = wanted,
                None => without.entry(key.path.clone()).or_default().push(key.clone()),
            }
        }
        for keys in without.values_mut() {
            keys.sort_by(|one, other| other.labels.cmp(&one.labels));
        }
        for (key, wanted) in wanted {
            let before = without.get_mut(&key.path).and_then(Vec::pop);
            match before.and_then(|before| Some((self.running.remove(&before)?, before))) {
                Some((running, before)) => self.relabel(running, &before, key, wanted),
                None => self.start(key, wanted),
            }
        }
        let gone: Vec<_> = without.into_values().flatten().collect();
        if !gone.is_empty() {
            self.most_gone = MAX_GONE.max(gone.len());
        }
        for key in gone {
            if let Some(running) = self.running.remove(&key) {
                running.leaving.cancel();
                self.leaving
                    .entry(key.path.clone())
                    .or_default()
                    .push(running.ended.clone());
                let gone = Gone {
                    since: Instant::now(),
                    running: Some(running),
                };
                self.gone.insert(key, gone);
            }
        }
        let mut infos: Vec<_> = self.running.iter().collect();
        infos.sort_by_key(|(key, _)| *key);
        *self.desk.infos.lock() = infos
            .into_iter()
            .map(|(_, running)| running.info.clone())
            .collect();
        self.desk.tell_health();
    }

    fn relabel(&mut self, running: Running, before: &Key, key: Key, wanted: Arc<Wanted>) {
        // Under the lock of the labels, so that no acknowledgement is stored under the former ones afterwards.
        let mut labels = running.info.wanted.lock();
        *labels = wanted;
        {
            let mut positions = self.desk.kept.positions.lock();
            let stored = positions
                .cursors(&before.path)
                .find(|(labels, ..)| *labels == before.labels)
                .and_then(|(_, number, detail)| Some((number.parse::<i64>().ok()?, detail.to_owned())));
            if let Some((number, detail)) = stored {
                positions.set_cursor(&key, number, detail);
                positions.remove(before);
            }
        }
        drop(labels);
        self.desk.kept.have_moved();
        self.gone.remove(&key);
        self.running.insert(key, running);
    }

    fn start(&mut self, key: Key, wanted: Arc<Wanted>) {
        self.gone.remove(&key);
        let info = Arc::new(Info::new(wanted));
        let running = Running {
            info: info.clone(),
            leaving: CancellationToken::new(),
            ended: CancellationToken::new(),
        };
        let (desk, stop) = (self.desk.clone(), self.stop.clone());
        let (leaving, ended) = (running.leaving.clone(), running.ended.clone());
        // Tails of the same log that are just ending store their positions first.
        let before = self.leaving.get(&key.path).cloned().unwrap_or_default();
        let others = self.running.keys().filter(|other| other.path == key.path);
        let others: Vec<_> = others.map(|other| other.labels.clone()).collect();
        let own = key.clone();
        self.tasks.spawn(async move {
            let _ended = ended.drop_guard();
            for before in before {
                tokio::select! {
                    () = before.cancelled() => {}
                    () = stop.cancelled() => return,
                }
            }
            desk.adopt(&own, &others);
            Tail::new(desk, info, stop, leaving).run().await;
        });
        self.running.insert(key, running);
    }

    /// Waits for something to be done (a position to be stored), and does it.
    ///
    /// # Errors
    /// A tail that broke down.
    pub(in crate::loki::source) async fn work(&mut self) -> Result<(), RunError> {
        let kept = self.desk.kept.clone();
        tokio::select! {
            () = kept.work(|| forget(&self.desk, &self.running, &mut self.gone, self.most_gone)) => {}
            Some(ended) = self.tasks.join_next() => {
                self.leaving.retain(|_, ended| {
                    ended.retain(|ended| !ended.is_cancelled());
                    !ended.is_empty()
                });
                ended.map_err(|error| RunError(format!("the tail of a container broke down: {error}")))?;
            }
        }
        Ok(())
    }

    /// Ends all of them, and waits a while for what is on its way.
    pub(in crate::loki::source) async fn finish(mut self) {
        // First of all, in case that the process does not wait.
        self.desk.kept.save(true).await;
        self.stop.cancel();
        let deadline = tokio::time::Instant::now() + DRAIN;
        while let Ok(Some(_)) = tokio::time::timeout_at(deadline, self.tasks.join_next()).await {}
        self.tasks.abort_all();
        self.desk.kept.save(true).await;
    }
}

/// Forgets positions of targets that have been gone for long, and of too many.
fn forget(desk: &Desk, running: &HashMap<Key, Running>, gone: &mut BTreeMap<Key, Gone>, most: usize) {
    for gone in gone.values_mut() {
        // Its labels need not be kept.
        let may_come_back = |running: &mut Running| {
            running.ended.is_cancelled() && !running.info.is_gone.load(Ordering::Relaxed)
        };
        drop(gone.running.take_if(may_come_back));
    }
    let mut old: BTreeSet<Key> = (gone.iter())
        .filter(|(_, gone)| gone.is_over())
        .map(|(key, _)| key.clone())
        .collect();
    let surplus = gone.len().saturating_sub(most);
    if surplus > old.len() {
        let mut by_age: Vec<_> = gone.iter().map(|(key, gone)| (gone.since, key)).collect();
        by_age.sort_by_key(|(since, _)| *since);
        old.extend(by_age.into_iter().take(surplus).map(|(_, key)| key.clone()));
    }
    let mut positions = desk.kept.positions.lock();
    for key in old {
        gone.remove(&key);
        if !running.contains_key(&key) {
            positions.remove(&key);
        }
    }
}

impl Desk {
    /// Writes the tails into the debug information, as the reference does; `read_offset` is the time of the last line taken for good.
    pub(in crate::loki::source) fn describe(&self, body: &mut BodyValue) {
        let time = |nanoseconds: i64| match jiff::Timestamp::from_nanosecond(nanoseconds.into()) {
            Ok(time) if nanoseconds > 0 => time.to_string(),
            _ => "0001-01-01T00:00:00Z".into(),
        };
        for info in self.infos.lock().iter() {
            let wanted = info.wanted.lock().clone();
            let mut target = BodyValue::default();
            target
                .attribute("labels", map(&wanted.labels))
                .attribute("discovery_labels", map(&wanted.discovered))
                .attribute("last_error", info.last_error.lock().clone().unwrap_or_default())
                .attribute("update_time", time(info.updated.load(Ordering::Relaxed)))
                .attribute("read_offset", time(info.committed.load(Ordering::Relaxed)))
                .attribute("is_finished", info.is_finished.load(Ordering::Relaxed));
            body.block("target", target);
        }
        self.metrics.account.describe(body);
    }
}

fn map(labels: &crate::signals::Labels) -> BTreeMap<String, String> {
    labels
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// The block `clustering`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(in crate::loki) struct Clustering {
    /// Whether targets are shared among the agents of a cluster; this agent is always alone.
    enabled: bool,
}

impl Clustering {
    /// Says that this agent is alone, if that is not what is wanted.
    pub(in crate::loki::source) fn warn(&self, component_id: &str) {
        if self.enabled {
            tracing::warn!(
                component_id,
                "clustering is enabled, but this agent is alone: it takes all targets"
            );
        }
    }
}
