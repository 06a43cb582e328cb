//! `loki.source.docker`: the logs of containers through the Docker API, each line once.
//!
//! A task for each container ([`tail`]) follows its log and hands its lines on; the component's own task starts and ends those as targets come and go, and
//! writes the positions.

mod arguments;
mod batches;
mod metrics;
mod place;
mod stream;
mod tail;

use crate::component::{BuildError, CancellationToken, Component, Context, RunError};
use crate::docker::{ApiError, Daemon};
use crate::loki::source::file::positions::{Key, Positions};
use crate::relabel::Scratch;
use crate::signals::{Labels, Target};
use arguments::Arguments;
use batches::{MAX_IN_FLIGHT_BYTES, Sink, StreamLabels};
use parking_lot::Mutex;
use place::Place;
use river_eval::{BodyValue, Nothing};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tail::{End, Info, Tail};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// The label of a container's id.
const CONTAINER_ID: &str = "__meta_docker_container_id";

/// The label of a line's stream.
const LOG_STREAM: &str = "__meta_docker_container_log_stream";

/// What the reference's positions of containers begin with.
const CURSOR: &str = "cursor-";

/// How often the positions file is written; its journal holds what has moved meanwhile.
const SAVE: Duration = Duration::from_secs(1);

/// How often the daemon is asked whether containers that are no targets any more still exist: the positions of others are forgotten.
const FORGET: Duration = Duration::from_secs(600);

/// Containers that are asked about then, at the most.
const FORGET_AT_ONCE: usize = 64;

/// A container that is wanted.
#[derive(Clone, Debug, PartialEq)]
struct Wanted {
    key: Key,
    labels: StreamLabels,
}

/// A container that is followed.
struct Followed {
    wanted: Wanted,
    info: Arc<Info>,
    leave: CancellationToken,
    /// Its task has ended, as the container is gone.
    is_gone: bool,
}

/// `loki.source.docker`.
pub(in crate::loki) struct SourceDocker {
    context: Context<Nothing>,
    arguments: Mutex<Arc<Arguments>>,
    changed: Notify,
    sink: Arc<Sink>,
    positions: Arc<Mutex<Positions>>,
    infos: Mutex<Vec<Arc<Info>>>,
}

impl Component for SourceDocker {
    const NAME: &'static str = "loki.source.docker";
    type Arguments = Arguments;
    type Exports = Nothing;

    fn new(context: Context<Nothing>, arguments: Arguments) -> Result<Self, BuildError> {
        // Whatever is wrong with the settings is told now, not by the task.
        Daemon::new(&arguments.host, &arguments.http_client_config)?;
        let file = context.data_dir().join("positions.yml");
        let positions = Positions::load(file, None).map_err(BuildError::new)?;
        if let Some(damage) = positions.damage() {
            tracing::error!(
                component_id = %context.id,
                "{damage}; the logs of containers are read from their beginnings"
            );
        }
        Ok(Self {
            sink: Arc::new(Sink {
                forward_to: Mutex::new(Arc::new(arguments.forward_to.clone())),
                room: Arc::new(Semaphore::new(MAX_IN_FLIGHT_BYTES as usize)),
                metrics: metrics::Metrics::new(&context.metrics),
            }),
            context,
            arguments: Mutex::new(Arc::new(arguments)),
            changed: Notify::new(),
            positions: Arc::new(Mutex::new(positions)),
            infos: Mutex::new(Vec::new()),
        })
    }

    fn update(&self, arguments: Arguments) -> Result<(), BuildError> {
        Daemon::new(&arguments.host, &arguments.http_client_config)?;
        *self.sink.forward_to.lock() = Arc::new(arguments.forward_to.clone());
        *self.arguments.lock() = Arc::new(arguments);
        self.changed.notify_one();
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        let arguments = self.arguments.lock().clone();
        let (moved, news) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let run = Run {
            shared: self.shared(&arguments, &moved, &news)?,
            component: &self,
            arguments,
            moved,
            news,
            stop: CancellationToken::new(),
            followed: BTreeMap::new(),
            tasks: JoinSet::new(),
            nameless: false,
        };
        run.until(&stop).await
    }

    fn debug_info(&self) -> BodyValue {
        let mut body = BodyValue::default();
        self.sink.metrics.account.describe(&mut body);
        let positions = self.positions.lock();
        for info in self.infos.lock().iter() {
            let offset = positions
                .cursors(&info.key.path)
                .find(|(labels, ..)| *labels == info.key.labels)
                .map_or_else(|| "0".to_owned(), |(_, number, _)| number.to_owned());
            let id = info.key.path.strip_prefix(CURSOR).unwrap_or(&info.key.path);
            let mut target = BodyValue::default();
            target
                .attribute("id", id.to_owned())
                .attribute("last_error", info.error.lock().clone().unwrap_or_default())
                .attribute("labels", info.key.labels.clone())
                .attribute("is_running", info.is_running.load(Ordering::Relaxed))
                .attribute("read_offset", offset);
            body.block("targets_info", target);
        }
        body
    }
}

impl SourceDocker {
    fn shared(
        &self,
        arguments: &Arguments,
        moved: &Arc<Notify>,
        news: &Arc<Notify>,
    ) -> Result<Arc<tail::Shared>, RunError> {
        let daemon = Daemon::new(&arguments.host, &arguments.http_client_config)
            .map_err(|error| RunError(error.to_string()))?;
        Ok(Arc::new(tail::Shared {
            component_id: self.context.id.to_string(),
            daemon,
            sink: self.sink.clone(),
            positions: self.positions.clone(),
            moved: moved.clone(),
            news: news.clone(),
            quiet: arguments.refresh_interval,
        }))
    }
}

/// The containers that targets stand for. One that several targets are about (one for each port, say) is followed once, as the first of them in order.
fn wanted(arguments: &Arguments) -> (BTreeMap<Arc<str>, Wanted>, bool) {
    let mut targets: Vec<&Target> = arguments.targets.iter().collect();
    targets.sort_unstable();
    let mut wanted = BTreeMap::new();
    let mut nameless = false;
    for target in targets {
        let own = arguments.labels.iter().map(|(name, value)| (&**name, &**value));
        let mut labels = Labels::from_pairs(target.iter()).builder();
        own.for_each(|(name, value)| {
            labels.set(name, value);
        });
        let labels = labels.build();
        let Some(id) = labels.get(CONTAINER_ID).filter(|id| !id.is_empty()) else {
            nameless = true;
            continue;
        };
        let id: Arc<str> = id.into();
        wanted.entry(id.clone()).or_insert_with(|| Wanted {
            key: Key {
                path: format!("{CURSOR}{id}"),
                labels: labels.to_string(),
            },
            labels: StreamLabels {
                stdout: of_stream(arguments, &labels, "stdout"),
                stderr: of_stream(arguments, &labels, "stderr"),
            },
        });
    }
    (wanted, nameless)
}

/// The labels of a stream's entries; `None` where the rules drop it.
fn of_stream(arguments: &Arguments, labels: &Labels, stream: &str) -> Option<Labels> {
    let mut labels = labels.builder();
    labels.set(LOG_STREAM, stream);
    if let Some(rules) = &arguments.relabel_rules
        && !rules.inner.apply(&mut labels, &mut Scratch::default())
    {
        return None;
    }
    labels.retain(|name, _| !name.starts_with("__"));
    Some(labels.build())
}

/// The task of a component.
struct Run<'c> {
    component: &'c SourceDocker,
    arguments: Arc<Arguments>,
    shared: Arc<tail::Shared>,
    moved: Arc<Notify>,
    news: Arc<Notify>,
    /// Ends the containers' tasks, however this one ends.
    stop: CancellationToken,
    followed: BTreeMap<Arc<str>, Followed>,
    tasks: JoinSet<(Arc<str>, End)>,
    /// That a target has no container was told.
    nameless: bool,
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Run<'_> {
    async fn until(mut self, stop: &CancellationToken) -> Result<(), RunError> {
        let component = self.component;
        let mut saved = Instant::now();
        let mut forget_at = Instant::now() + FORGET;
        let mut unsaved = false;
        self.retarget();
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => break,
                () = component.changed.notified() => self.change().await?,
                () = self.news.notified() => self.tell(),
                () = self.moved.notified() => {
                    // Said to the journal at once, so that the death of the process costs nothing.
                    self.positions(Positions::note).await?;
                    unsaved = true;
                }
                () = tokio::time::sleep_until(saved + SAVE), if unsaved => {
                    self.save().await?;
                    (saved, unsaved) = (Instant::now(), false);
                }
                () = tokio::time::sleep_until(forget_at) => {
                    tokio::select! {
                        () = stop.cancelled() => break,
                        () = self.forget() => {}
                    }
                    unsaved = true;
                    forget_at = Instant::now() + FORGET;
                }
                Some(ended) = self.tasks.join_next() => {
                    self.ended(ended)?;
                    unsaved = true;
                }
            }
        }
        self.stop.cancel();
        // First of all, in case that the process does not wait.
        self.save().await?;
        while self.tasks.join_next().await.is_some() {}
        self.save().await
    }

    /// Lets the positions do something that may block.
    async fn positions<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Positions) -> T + Send + 'static,
    ) -> Result<T, RunError> {
        let positions = self.component.positions.clone();
        tokio::task::spawn_blocking(move || work(&mut positions.lock()))
            .await
            .map_err(|error| RunError(format!("the storing of positions broke off: {error}")))
    }

    async fn save(&self) -> Result<(), RunError> {
        if let Err(error) = self.positions(Positions::save).await? {
            tracing::error!(
                component_id = %self.component.context.id,
                "the positions cannot be stored: {error}; lines are sent again after a restart. Make room or let the agent's user write below --storage.path"
            );
        }
        Ok(())
    }

    /// Takes other arguments.
    async fn change(&mut self) -> Result<(), RunError> {
        let before = self.arguments.clone();
        self.arguments = self.component.arguments.lock().clone();
        let now = &self.arguments;
        let is_other = now.host != before.host
            || now.http_client_config != before.http_client_config
            || now.refresh_interval != before.refresh_interval;
        if is_other {
            self.shared = self.component.shared(now, &self.moved, &self.news)?;
        }
        let (wanted, _) = wanted(&self.arguments);
        for (id, followed) in &self.followed {
            let is_wanted = wanted.get(id).is_some_and(|wanted| *wanted == followed.wanted);
            if is_other || !is_wanted {
                followed.leave.cancel();
            }
        }
        // What leaves has to store how far it came before anything begins there.
        let mut leaving: usize = (self.followed.values())
            .filter(|followed| followed.leave.is_cancelled() && !followed.is_gone)
            .count();
        while leaving > 0
            && let Some(ended) = self.tasks.join_next().await
        {
            if let Some(id) = self.ended(ended)?
                && self
                    .followed
                    .get(&id)
                    .is_some_and(|followed| followed.leave.is_cancelled())
            {
                leaving -= 1;
            }
        }
        self.followed.retain(|_, followed| !followed.leave.is_cancelled());
        self.retarget();
        Ok(())
    }

    /// Follows what is wanted and not yet followed.
    fn retarget(&mut self) {
        let (wanted, nameless) = wanted(&self.arguments);
        if nameless && !self.nameless {
            tracing::debug!(
                component_id = %self.component.context.id,
                "a target is left out, as it has no label {CONTAINER_ID}; use the targets of discovery.docker"
            );
        }
        self.nameless = nameless;
        for (id, wanted) in wanted {
            if self.followed.contains_key(&id) {
                continue;
            }
            let place = self.adopt(&id, &wanted.key);
            let info = Arc::new(Info {
                key: wanted.key.clone(),
                is_running: AtomicBool::new(false),
                error: Mutex::new(None),
            });
            let leave = self.stop.child_token();
            let tail = Tail::new(
                self.shared.clone(),
                id.clone(),
                info.clone(),
                wanted.labels.clone(),
                place,
            );
            let (token, container) = (leave.clone(), id.clone());
            self.tasks
                .spawn(async move { (container, tail.run(token).await) });
            let followed = Followed {
                wanted,
                info,
                leave,
                is_gone: false,
            };
            self.followed.insert(id, followed);
        }
        *self.component.infos.lock() = (self.followed.values())
            .map(|followed| followed.info.clone())
            .collect();
        self.tell();
    }

    /// How far a container's log was taken, under whatever labels; from now on it is known under these.
    fn adopt(&self, id: &Arc<str>, key: &Key) -> Option<Place> {
        let mut positions = self.component.positions.lock();
        let known: Vec<(String, Place)> = positions
            .cursors(&key.path)
            .filter_map(|(labels, number, detail)| {
                Some((labels.to_owned(), Place::from_stored(id, number, detail)?))
            })
            .collect();
        let place = known.iter().max_by_key(|(_, place)| place.time())?.1.clone();
        for (labels, _) in known {
            if labels != key.labels {
                let path = key.path.clone();
                positions.remove(&Key { path, labels });
            }
        }
        let (seconds, detail) = place.to_stored();
        positions.set_cursor(key, seconds, detail);
        self.moved.notify_one();
        Some(place)
    }

    /// A container's task has ended.
    fn ended(
        &mut self,
        ended: Result<(Arc<str>, End), tokio::task::JoinError>,
    ) -> Result<Option<Arc<str>>, RunError> {
        let (id, end) =
            ended.map_err(|error| RunError(format!("the following of a container broke off: {error}")))?;
        if end == End::Gone
            && let Some(followed) = self.followed.get_mut(&id)
        {
            followed.is_gone = true;
            self.component.positions.lock().remove(&followed.wanted.key);
            tracing::info!(
                component_id = %self.component.context.id,
                container = &*id,
                "the container no longer exists, and all of its log has been taken"
            );
        }
        Ok(Some(id))
    }

    /// Forgets the positions of containers that neither are targets nor exist.
    async fn forget(&self) {
        let keys: Vec<Key> = self.component.positions.lock().keys().cloned().collect();
        let strays = keys.into_iter().filter_map(|key| {
            let id = key.path.strip_prefix(CURSOR)?.to_owned();
            (!self.followed.contains_key(&*id)).then_some((id, key))
        });
        for (id, key) in strays.take(FORGET_AT_ONCE) {
            match tokio::time::timeout(tail::TIMEOUT, self.shared.daemon.inspect(&id)).await {
                Ok(Err(ApiError::NotFound(_))) => self.component.positions.lock().remove(&key),
                Ok(Ok(_)) => {}
                // It cannot tell now.
                Ok(Err(ApiError::Failed(_))) | Err(_) => return,
            }
        }
    }

    fn tell(&self) {
        let health = &self.component.context.health;
        let failing: Vec<String> = (self.followed.values())
            .filter_map(|followed| followed.info.error.lock().clone())
            .collect();
        match failing.as_slice() {
            [] => health.healthy("the logs of containers are followed"),
            [error] => health.unhealthy(format!("{error}; it is tried again")),
            [error, others @ ..] => {
                health.unhealthy(format!(
                    "{error} (and {} more containers); it is tried again",
                    others.len()
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests;
