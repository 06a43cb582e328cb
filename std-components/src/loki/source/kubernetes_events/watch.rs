//! Follows the events of a namespace, or of all, from where they were last taken for good.
//!
//! Each state of an event has a version, which only grows. The stored position is the version of the last one taken: a watch goes on from there, and nothing is lost or
//! doubled. When the API server has forgotten that version (410 Gone), everything is listed, and what has a greater one is taken, in that order.

use super::line::{line, time};
use super::{Desk, Format};
use crate::component::CancellationToken;
use crate::kubernetes::{Access, ApiError, Cluster, Problem, retries};
use crate::loki::source::account::Account;
use crate::loki::source::file::positions::Key;
use crate::loki::source::marks::{Sent, Stopped};
use crate::signals::{Entry, Labels, MAX_BATCH_BYTES, MAX_BATCH_ENTRIES};
use futures_util::{FutureExt, StreamExt};
use k8s_openapi::api::core::v1::Event;
use kube::Api;
use kube::api::{ListParams, WatchEvent, WatchParams};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// Events of a page of a list.
const PAGE: u32 = 500;

/// How long a watch lasts, in seconds; then the next one begins.
const WATCH: u32 = 290;

/// A watch that says nothing for this long has broken off unseen.
const SILENCE: Duration = Duration::from_secs(WATCH as u64 + 30);

/// How far events have been taken.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Place {
    /// The greatest version; 0 where only a time is known, of another agent's position.
    version: u64,
    /// The time of the last event, in microseconds since 1970, which is all that the reference stores.
    micros: i64,
}

/// How a namespace fares.
#[derive(Debug, Default)]
pub(super) struct Info {
    pub(super) namespace: String,
    /// Of the last event taken for good, in nanoseconds since 1970.
    pub(super) last_event: AtomicI64,
    pub(super) last_error: Mutex<Option<String>>,
}

/// What one namespace's events become.
pub(super) struct Settings {
    pub(super) job: String,
    pub(super) instance: String,
    pub(super) format: Format,
}

enum Failure {
    Stopped,
    Failed(ApiError),
    /// The version is too old: list.
    Gone,
}

impl From<Stopped> for Failure {
    fn from(Stopped: Stopped) -> Self {
        Self::Stopped
    }
}

pub(super) struct Follower {
    desk: Arc<Desk>,
    info: Arc<Info>,
    settings: Settings,
    api: Api<Event>,
    server: String,
    access: Access,
    /// Behind the last event that was handed on; `None` before the first.
    read: Option<Place>,
    /// The version from which to watch; `None` where a list is needed first.
    from: Option<String>,
    sent: Sent<Place>,
    labels: Vec<(String, Labels)>,
}

/// Label sets that are kept, one for each namespace of objects.
const MAX_LABELS: usize = 1000;

fn key(namespace: &str) -> Key {
    Key {
        path: match namespace {
            "" => "cursor-events".into(),
            namespace => format!("cursor-events-{namespace}"),
        },
        labels: String::new(),
    }
}

fn version(event: &Event) -> u64 {
    let version = event.metadata.resource_version.as_deref();
    version.and_then(|version| version.parse().ok()).unwrap_or(0)
}

impl Follower {
    pub(super) fn new(
        desk: Arc<Desk>,
        info: Arc<Info>,
        settings: Settings,
        cluster: &Cluster,
        stop: CancellationToken,
    ) -> Self {
        let namespace = info.namespace.as_str();
        let client = cluster.client();
        let (api, scope) = match namespace {
            "" => (Api::all(client), None),
            namespace => (Api::namespaced(client, namespace), Some(namespace)),
        };
        let stored = {
            let positions = desk.kept.positions.lock();
            let key = key(namespace);
            let mut found = positions.cursors(&key.path);
            let micros_of = |number: &str| number.parse().ok().filter(|micros: &i64| *micros > 0);
            found.next().and_then(|(_, number, detail)| {
                Some(Place {
                    version: detail.parse().unwrap_or(0),
                    micros: micros_of(number).or_else(|| (!detail.is_empty()).then_some(0))?,
                })
            })
        };
        let store = {
            let (desk, info) = (desk.clone(), info.clone());
            move |place: &Place| store(&desk, &info, place)
        };
        let (budget, account) = (desk.budget.clone(), desk.account.clone());
        Self {
            access: Access::watch("", "events", scope),
            api,
            server: cluster.server(),
            from: stored
                .as_ref()
                .filter(|place| place.version > 0)
                .map(|place| place.version.to_string()),
            sent: Sent::behind(stored.clone(), stop, budget, account, store),
            read: stored,
            desk,
            info,
            settings,
            labels: Vec::new(),
        }
    }

    pub(super) async fn run(mut self) {
        let mut backoff = retries();
        loop {
            let before = self.read.clone();
            let pause = match self.attempt().await {
                Ok(()) => None,
                Err(Failure::Stopped) => break,
                Err(Failure::Gone) => {
                    self.from = None;
                    None
                }
                Err(Failure::Failed(error)) => {
                    self.report(&error);
                    Some(error.retry_after)
                }
            };
            if before != self.read {
                backoff = retries();
            }
            if self.sent.has_failed() {
                if self.sent.land().await.is_err() {
                    break;
                }
                (self.read, _) = self.sent.forget_failed();
                let version = self.read.as_ref().map_or(0, |place| place.version);
                self.from = (version > 0).then(|| version.to_string());
            }
            let pause = match pause {
                Some(asked) => backoff.next(asked),
                // A watch that ends by itself; no tight loop where a server ends each at once.
                None => Duration::from_millis(50),
            };
            if self.sent.meanwhile(tokio::time::sleep(pause)).await.is_err() {
                break;
            }
        }
        // The caller bounds it.
        self.sent.land_at_last().await;
    }

    fn report(&self, error: &ApiError) {
        let text = error.to_string();
        let is_new = self
            .info
            .last_error
            .lock()
            .replace(text.clone())
            .is_none_or(|before| before != text);
        self.desk.context_health.unhealthy(&text);
        // Asked also where the text is new: what follows is quiet for a while then.
        let more = self.desk.failures.now();
        if is_new || more.is_some() {
            tracing::error!(
                component_id = &*self.desk.component,
                namespace = self.info.namespace,
                err = text,
                more_of_them = more.unwrap_or(0),
                "event watcher exited with error"
            );
        }
    }

    fn is_well(&self) {
        self.info.last_error.lock().take();
        self.desk.context_health.healthy("events are watched");
    }

    fn failure(&self, error: &kube::Error) -> Failure {
        let error = ApiError::new(&self.server, &self.access, error);
        match error.problem {
            Problem::Gone => Failure::Gone,
            _ => Failure::Failed(error),
        }
    }

    async fn attempt(&mut self) -> Result<(), Failure> {
        let from = match self.from.clone() {
            Some(from) => from,
            None => self.list().await?,
        };
        self.watch(from).await
    }

    /// Hands on what a list has that is new; answers the list's version.
    async fn list(&mut self) -> Result<String, Failure> {
        let mut new = Vec::new();
        let mut parameters = ListParams::default().limit(PAGE);
        let version_of_list = loop {
            let api = self.api.clone();
            let asked = parameters.clone();
            let page = self.sent.meanwhile(async move { api.list(&asked).await }).await?;
            let page = page.map_err(|error| self.failure(&error))?;
            for event in page.items {
                let is_new = match &self.read {
                    None => true,
                    Some(place) if place.version == 0 => time(&event).div_euclid(1000) > place.micros,
                    Some(place) => version(&event) > place.version,
                };
                if is_new {
                    let entry = self.entry(&event);
                    new.extend(entry.map(|entry| (version(&event), entry)));
                }
            }
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => parameters.continue_token = Some(token),
                None => break page.metadata.resource_version.unwrap_or_default(),
            }
        };
        self.is_well();
        new.sort_by_key(|(version, _)| *version);
        self.hand_on(new).await?;
        let version = version_of_list.parse().unwrap_or(0);
        self.pass(version);
        self.from = Some(version_of_list.clone());
        Ok(version_of_list)
    }

    /// Everything until a version is known, although nothing of it may have become a line.
    fn pass(&mut self, version: u64) {
        let mut place = self.read.clone().unwrap_or_default();
        if version > place.version {
            place.version = version;
            self.read = Some(place.clone());
            if self.sent.is_settled() {
                self.sent.commit(place);
            }
        }
    }

    async fn watch(&mut self, from: String) -> Result<(), Failure> {
        let (api, parameters) = (self.api.clone(), WatchParams::default().timeout(WATCH));
        let stream = self
            .sent
            .meanwhile(async move { api.watch(&parameters, &from).await })
            .await?;
        let mut stream = Box::pin(stream.map_err(|error| self.failure(&error))?);
        self.is_well();
        tracing::info!(
            component_id = &*self.desk.component,
            namespace = self.info.namespace,
            "watching events for namespace"
        );
        let mut new = Vec::new();
        loop {
            let next = tokio::time::timeout(SILENCE, stream.next());
            let mut next = match self.sent.unless_failed(next).await? {
                Some(Ok(Some(next))) => Some(next),
                // Its time is over, it broke off unseen, or what was sent is not taken.
                Some(Ok(None) | Err(_)) | None => return Ok(()),
            };
            let mut bytes = 0;
            let mut passed = 0;
            let mut end = Ok(());
            while let Some(event) = next.take() {
                match event {
                    Ok(WatchEvent::Added(event) | WatchEvent::Modified(event)) => {
                        let version = version(&event);
                        let entry = self.entry(&event);
                        bytes += entry.as_ref().map_or(0, |entry| entry.line.len());
                        match entry {
                            Some(entry) => new.push((version, entry)),
                            None => passed = version,
                        }
                    }
                    Ok(WatchEvent::Deleted(event)) => passed = version(&event),
                    Ok(WatchEvent::Bookmark(bookmark)) => {
                        passed = bookmark.metadata.resource_version.parse().unwrap_or(0);
                    }
                    Ok(WatchEvent::Error(status)) => {
                        end = Err(self.failure(&kube::Error::Api(status)));
                        break;
                    }
                    Err(error) => {
                        end = Err(self.failure(&error));
                        break;
                    }
                }
                if new.len() < MAX_BATCH_ENTRIES && bytes < MAX_BATCH_BYTES {
                    next = stream.next().now_or_never().flatten();
                }
            }
            self.hand_on(std::mem::take(&mut new)).await?;
            self.pass(passed);
            self.from = self.read.as_ref().map(|place| place.version.to_string());
            end?;
        }
    }

    /// An event's entry; none for one that is about nothing.
    fn entry(&mut self, event: &Event) -> Option<Entry> {
        let object = &event.involved_object;
        if object.name.as_deref().unwrap_or_default().is_empty() {
            Account::drop(&self.desk.account, 1, "no_object");
            return None;
        }
        let namespace = object.namespace.as_deref().unwrap_or_default();
        let labels = match self.labels.iter().find(|(known, _)| known == namespace) {
            Some((_, labels)) => labels.clone(),
            None => {
                let Settings { job, instance, .. } = &self.settings;
                let labels =
                    Labels::from_pairs([("namespace", namespace), ("job", job), ("instance", instance)]);
                if self.labels.len() >= MAX_LABELS {
                    self.labels.clear();
                }
                self.labels.push((namespace.to_owned(), labels.clone()));
                labels
            }
        };
        Some(Entry {
            labels,
            timestamp: time(event),
            line: line(event, self.settings.format).into(),
            metadata: None,
        })
    }

    /// Sends entries, which are in the order of their versions.
    async fn hand_on(&mut self, new: Vec<(u64, Entry)>) -> Result<(), Failure> {
        let mut new = new.into_iter().peekable();
        while new.peek().is_some() {
            let mut entries = Vec::new();
            let mut bytes = 0;
            let mut place = self.read.clone().unwrap_or_default();
            while entries.len() < MAX_BATCH_ENTRIES
                && let Some((version, entry)) =
                    new.next_if(|(_, entry)| bytes == 0 || bytes + entry.line.len() <= MAX_BATCH_BYTES)
            {
                bytes += entry.line.len();
                place.version = place.version.max(version);
                place.micros = entry.timestamp.div_euclid(1000);
                entries.push(entry);
            }
            self.read = Some(place.clone());
            let to = self.desk.forward_to.lock().clone();
            self.sent.send(&to, entries, bytes, Some(place)).await?;
        }
        Ok(())
    }
}

/// Everything until a place has been taken for good.
fn store(desk: &Desk, info: &Info, place: &Place) {
    info.last_event
        .store(place.micros.saturating_mul(1000), Ordering::Relaxed);
    let key = key(&info.namespace);
    let detail = place.version.to_string();
    desk.kept.positions.lock().set_cursor(&key, place.micros, detail);
    desk.kept.have_moved();
}
