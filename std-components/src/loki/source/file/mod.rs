//! `loki.source.file`: reads log files and follows them, without losing a line.
//!
//! One task for all files of a component. It lets [`sweep::Sweeper`] look at the files and read them off the reactor, sends what that brings, and
//! tells it what has been taken for good. A receiver that takes nothing stops the reading; the files are still watched meanwhile, so that
//! rotation is not missed.

mod arguments;
mod batches;
mod buffers;
mod encoding;
mod generation;
mod holders;
mod identity;
mod journal;
mod ledger;
mod lines;
mod metrics;
pub(super) mod positions;
mod rotated;
mod sweep;
mod tail;
mod watch;
mod zstd;

use crate::component::{BuildError, CancellationToken, Component, Context, RunError};
use crate::local::file_match::{PATH, find_all};
use crate::signals::{Fanout, Labels, LogBatch, Target};
use arguments::Arguments;
use batches::Ended;
use encoding::Encoding;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use positions::{Key, Positions};
use river_eval::{BodyValue, Nothing};
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use sweep::{Sweep, Sweeper, Wanted};
use tail::{Info, Settings};
use tokio::sync::{Notify, mpsc};

/// Acknowledgements that are taken up at once.
const ENDS_AT_ONCE: usize = 256;

/// How long a stop waits for what is on its way; what is not acknowledged by then is read again after the next start.
const DRAIN: Duration = Duration::from_secs(5);

/// `loki.source.file`.
pub(in crate::loki) struct SourceFile {
    context: Context<Nothing>,
    arguments: Mutex<Arc<Arguments>>,
    changed: Notify,
    infos: Mutex<Vec<Arc<Info>>>,
    account: Arc<metrics::Account>,
    /// Locked by passes off the reactor and between them by the task, never by both at a time.
    sweeper: Arc<Mutex<Sweeper>>,
    /// Read by the task while it runs.
    ended: tokio::sync::Mutex<mpsc::UnboundedReceiver<Ended>>,
}

impl Component for SourceFile {
    const NAME: &'static str = "loki.source.file";
    type Arguments = Arguments;
    type Exports = Nothing;

    fn new(context: Context<Nothing>, arguments: Arguments) -> Result<Self, BuildError> {
        let legacy = &arguments.legacy_positions_file;
        let legacy = (!legacy.is_empty()).then(|| Path::new(legacy));
        let file = context.data_dir().join("positions.yml");
        let positions = Positions::load(file, legacy).map_err(BuildError::new)?;
        if let Some(damage) = positions.damage() {
            tracing::error!(
                component_id = %context.id,
                "{damage}; files are read as on_positions_file_error = {:?} asks for",
                arguments.on_positions_file_error.as_str()
            );
        }
        let (told, ended) = mpsc::unbounded_channel();
        let metrics = metrics::Metrics::new(&context.metrics);
        let account = metrics.account.clone();
        let sweeper = Sweeper::new(
            context.id.to_string().into(),
            settings(&arguments)?,
            positions,
            metrics,
            told,
        );
        Ok(Self {
            context,
            arguments: Mutex::new(Arc::new(arguments)),
            changed: Notify::new(),
            infos: Mutex::new(Vec::new()),
            account,
            sweeper: Arc::new(Mutex::new(sweeper)),
            ended: tokio::sync::Mutex::new(ended),
        })
    }

    fn update(&self, arguments: Arguments) -> Result<(), BuildError> {
        settings(&arguments)?;
        *self.arguments.lock() = Arc::new(arguments);
        self.changed.notify_one();
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        let run = Run {
            component: &self,
            outbox: VecDeque::new(),
            sending: None,
            forward_to: Arc::new(Fanout::default()),
            problems: Vec::new(),
        };
        run.until(&stop).await
    }

    fn debug_info(&self) -> BodyValue {
        let mut body = BodyValue::default();
        self.account.describe(&mut body);
        for info in self.infos.lock().iter() {
            let mut target = BodyValue::default();
            target
                .attribute("path", info.key.path.clone())
                .attribute("labels", info.key.labels.clone())
                .attribute("is_running", info.is_running.load(Ordering::Relaxed))
                .attribute(
                    "read_offset",
                    i64::try_from(info.offset.load(Ordering::Relaxed)).unwrap_or(i64::MAX),
                );
            body.block("targets_info", target);
        }
        body
    }
}

fn settings(arguments: &Arguments) -> Result<Settings, BuildError> {
    let encoding = Encoding::named(&arguments.encoding).ok_or_else(|| {
        BuildError::at(
            "encoding",
            format!("{:?} is no known encoding", arguments.encoding),
        )
    })?;
    let compression = arguments.compression();
    Ok(Settings {
        encoding,
        format: compression.map(|packed| packed.format),
        initial_delay: compression.map_or(Duration::ZERO, |packed| packed.initial_delay),
        min_poll: arguments.file_watch.min_poll_frequency,
        max_poll: arguments.file_watch.max_poll_frequency,
        tail_from_end: arguments.tail_from_end,
        on_positions_file_error: arguments.on_positions_file_error,
        takes_over: !arguments.legacy_positions_file.is_empty(),
    })
}

fn path_of(target: &Target) -> Option<&str> {
    target.get(PATH).filter(|path| !path.is_empty())
}

/// The files that targets stand for.
fn wanted(targets: &[Target]) -> Vec<Wanted> {
    let wanted = |target: &Target| {
        let path = path_of(target)?;
        let own = |(name, _): &(&str, &str)| !name.starts_with("__");
        let labels = Labels::from_pairs(target.iter().filter(own));
        let mut all = labels.builder();
        all.set("filename", path);
        Some(Wanted {
            key: Key {
                path: path.to_owned(),
                labels: labels.to_string(),
            },
            labels: all.build(),
        })
    };
    targets.iter().filter_map(wanted).collect()
}

/// The task of a component.
struct Run<'c> {
    component: &'c SourceFile,
    /// Read and not yet sent; a pass at the most.
    outbox: VecDeque<LogBatch>,
    sending: Option<BoxFuture<'static, ()>>,
    forward_to: Arc<Fanout<LogBatch>>,
    /// What the last search for files complained of.
    problems: Vec<String>,
}

impl Run<'_> {
    async fn until(mut self, stop: &CancellationToken) -> Result<(), RunError> {
        let component = self.component;
        let mut ended = component.ended.lock().await;
        let mut arguments = component.arguments.lock().clone();
        let mut is_new = true;
        let mut search_at = Instant::now();
        let mut next = Instant::now();
        let mut has_more = false;
        while !stop.is_cancelled() {
            let now = Instant::now();
            if is_new || (arguments.file_match.enabled && now >= search_at) {
                self.forward_to = Arc::new(arguments.forward_to.clone());
                self.retarget(arguments.clone()).await?;
                search_at = now + arguments.file_match.sync_period;
                is_new = false;
                next = now;
            }
            self.send_next();
            // Reading goes on when what was read is sent and enough of it acknowledged; looking goes on in any case.
            let may_read = self.outbox.is_empty() && !component.sweeper.lock().is_full();
            let is_time = now >= next || (has_more && may_read);
            if is_time && let Some(later) = component.sweeper.lock().quiet(now) {
                next = later;
            } else if is_time {
                let sweep = off_reactor(self.component, move |sweeper| {
                    sweeper.sweep(Instant::now(), may_read)
                })
                .await?;
                self.tell(&sweep);
                if let Some(infos) = sweep.infos {
                    *component.infos.lock() = infos;
                }
                (next, has_more) = (sweep.next, sweep.has_more);
                self.outbox.extend(sweep.batches);
                self.send_next();
            }
            let wake = if arguments.file_match.enabled {
                next.min(search_at)
            } else {
                next
            };
            let can_go_on = has_more && self.outbox.is_empty() && !component.sweeper.lock().is_full();
            let mut ends = Vec::new();
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                () = component.changed.notified() => {
                    arguments = component.arguments.lock().clone();
                    is_new = true;
                }
                () = sent(&mut self.sending) => self.sending = None,
                _ = ended.recv_many(&mut ends, ENDS_AT_ONCE) => {}
                () = std::future::ready(()), if can_go_on => {}
                () = tokio::time::sleep_until(wake.into()) => {}
            }
            if !ends.is_empty() {
                off_reactor(component, |sweeper| sweeper.settle(ends, Instant::now())).await?;
            }
        }
        self.drain(&mut ended).await
    }

    /// Sends what waits, if nothing is being sent.
    fn send_next(&mut self) {
        if self.sending.is_none()
            && let Some(batch) = self.outbox.pop_front()
        {
            let to = self.forward_to.clone();
            self.sending = Some(Box::pin(async move { to.send(batch).await }));
        }
    }

    /// Sends what was read and waits for what is on its way, for a while.
    async fn drain(mut self, ended: &mut mpsc::UnboundedReceiver<Ended>) -> Result<(), RunError> {
        let component = self.component;
        // First of all, in case that the process does not wait.
        off_reactor(self.component, |sweeper| sweeper.save(Instant::now())).await?;
        let deadline = tokio::time::Instant::now() + DRAIN;
        while !component.sweeper.lock().is_settled() {
            self.send_next();
            let mut ends = Vec::new();
            tokio::select! {
                () = sent(&mut self.sending) => self.sending = None,
                _ = ended.recv_many(&mut ends, ENDS_AT_ONCE) => {}
                () = tokio::time::sleep_until(deadline) => break,
            }
            component.sweeper.lock().settle(ends, Instant::now());
        }
        off_reactor(self.component, |sweeper| sweeper.save(Instant::now())).await
    }

    /// Finds the files and follows them.
    async fn retarget(&mut self, arguments: Arc<Arguments>) -> Result<(), RunError> {
        let settings = settings(&arguments).map_err(|error| RunError(error.to_string()))?;
        let (infos, problems) = off_reactor(self.component, move |sweeper| {
            let (targets, mut problems) = if arguments.file_match.enabled {
                let search = find_all(&arguments.targets, arguments.file_match.ignore_older_than);
                (search.targets, search.problems)
            } else {
                (arguments.targets.clone(), Vec::new())
            };
            let nameless = targets.iter().filter(|target| path_of(target).is_none());
            problems.extend(
                nameless
                    .take(1)
                    .map(|target| format!("the target {target:?} has no __path__ to read; set one")),
            );
            sweeper.set(settings);
            sweeper.retarget(wanted(&targets), Instant::now());
            (sweeper.infos(), problems)
        })
        .await?;
        *self.component.infos.lock() = infos;
        // Once when they come up, not every period.
        if self.problems != problems {
            for problem in &problems {
                tracing::warn!(component_id = %self.component.context.id, "{problem}");
            }
            self.problems = problems;
        }
        Ok(())
    }

    fn tell(&self, sweep: &Sweep) {
        let health = &self.component.context.health;
        match (self.problems.first(), &sweep.problem) {
            (Some(problem), _) | (None, Some((problem, 1))) => health.unhealthy(problem),
            (None, Some((problem, count))) => health.unhealthy(format!("{problem} (and {} more)", count - 1)),
            (None, None) => health.healthy("files are read"),
        }
    }
}

/// Lets a component's sweeper do something that may block.
async fn off_reactor<T: Send + 'static>(
    component: &SourceFile,
    work: impl FnOnce(&mut Sweeper) -> T + Send + 'static,
) -> Result<T, RunError> {
    let sweeper = component.sweeper.clone();
    tokio::task::spawn_blocking(move || work(&mut sweeper.lock()))
        .await
        .map_err(|error| RunError(format!("the reading of files broke off: {error}")))
}

/// Waits until what is being sent has been sent; for ever if nothing is.
async fn sent(sending: &mut Option<BoxFuture<'static, ()>>) {
    match sending {
        Some(sending) => sending.await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
