//! Lists and watches as streams of events that never end: reconnects, expired versions and failures are dealt with here.

use super::objects::{
    EndpointSlice, Endpoints, Ingress, Kind, Namespace, Node, Object, Pod, Service, Slim, Watched,
};
use crate::http_client::Backoff;
use crate::kubernetes::{Access, ApiError, Problem, retries};
use futures_util::stream::{self, BoxStream, StreamExt};
use kube::runtime::watcher::{self, watcher};
use kube::{Api, Client};
use std::time::{Duration, Instant};

/// Objects on a page of a list: some 2 MiB of pods as the API writes them.
const PAGE: u32 = 200;

/// How long no failure must have been seen for the waits to begin small again.
const CALM: Duration = Duration::from_secs(60);

/// A watch that has not failed for so long after a failure has come about: its beginning is waited for a second less.
const RECOVERED: Duration = Duration::from_secs(31);

/// What happens to a watch.
#[derive(Debug)]
pub(super) enum Event {
    /// A list begins.
    Begin,
    /// An object of the list.
    Listed(Object),
    /// The list ends; what it did not name is gone.
    End,
    /// An object is new or other than it was.
    Changed(Object),
    /// An object is gone.
    Gone(Object),
    /// The API server refuses or cannot be reached; it is asked again after a wait.
    Failed(ApiError),
    /// It is well again after a failure.
    Recovered,
}

/// Which objects to ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Selection {
    pub(super) label: String,
    pub(super) field: String,
}

impl Selection {
    fn config(&self) -> watcher::Config {
        let given = |text: &String| (!text.is_empty()).then(|| text.clone());
        let config = watcher::Config {
            label_selector: given(&self.label),
            field_selector: given(&self.field),
            page_size: Some(PAGE),
            ..watcher::Config::default()
        };
        // Few objects: the API server answers from its cache, on one page, without asking its store for all of them.
        if self.field.contains("spec.nodeName=") || self.field.contains("metadata.name=") {
            watcher::Config {
                page_size: None,
                ..config.any_semantic()
            }
        } else {
            config
        }
    }
}

/// The permission that a watch needs.
pub(super) fn access(kind: Kind, namespace: Option<&str>) -> Access {
    fn of<T: Watched>(namespace: Option<&str>) -> Access {
        Access::watch(T::GROUP, T::PLURAL, namespace)
    }
    match kind {
        Kind::Node => of::<Node>(namespace),
        Kind::Namespace => of::<Namespace>(namespace),
        Kind::Pod => of::<Pod>(namespace),
        Kind::Service => of::<Service>(namespace),
        Kind::Endpoints => of::<Endpoints>(namespace),
        Kind::EndpointSlice => of::<EndpointSlice>(namespace),
        Kind::Ingress => of::<Ingress>(namespace),
    }
}

/// Watches the objects of a kind, in a namespace or in all of them.
pub(super) fn watch(
    client: Client,
    server: &str,
    kind: Kind,
    namespace: Option<&str>,
    selection: &Selection,
) -> BoxStream<'static, Event> {
    let access = access(kind, namespace);
    let server = server.to_owned();
    match kind {
        Kind::Node => of::<Node>(client, server, access, selection),
        Kind::Namespace => of::<Namespace>(client, server, access, selection),
        Kind::Pod => of::<Pod>(client, server, access, selection),
        Kind::Service => of::<Service>(client, server, access, selection),
        Kind::Endpoints => of::<Endpoints>(client, server, access, selection),
        Kind::EndpointSlice => of::<EndpointSlice>(client, server, access, selection),
        Kind::Ingress => of::<Ingress>(client, server, access, selection),
    }
}

struct Watch<T> {
    events: BoxStream<'static, watcher::Result<watcher::Event<Slim<T>>>>,
    access: Access,
    server: String,
    backoff: Backoff,
    failed: Option<Instant>,
    failing: bool,
    wait: Option<Duration>,
}

fn of<T: Watched>(
    client: Client,
    server: String,
    access: Access,
    selection: &Selection,
) -> BoxStream<'static, Event> {
    let api: Api<Slim<T>> = match &access.namespace {
        Some(namespace) => Api::namespaced(client, namespace),
        None => Api::all(client),
    };
    let watch = Watch {
        events: watcher(api, selection.config()).boxed(),
        access,
        server,
        backoff: retries(),
        failed: None,
        failing: false,
        wait: None,
    };
    stream::unfold(watch, |mut watch| async {
        let event = watch.next().await?;
        Some((event, watch))
    })
    .boxed()
}

impl<T: Watched> Watch<T> {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(wait) = self.wait.take() {
                tokio::time::sleep(wait).await;
            }
            let next = if self.failing {
                match tokio::time::timeout(RECOVERED, self.events.next()).await {
                    Ok(next) => next,
                    Err(_) => {
                        self.failing = false;
                        return Some(Event::Recovered);
                    }
                }
            } else {
                self.events.next().await
            };
            let event = match next? {
                // Said before the API server has been asked.
                Ok(watcher::Event::Init) => return Some(Event::Begin),
                Ok(watcher::Event::InitApply(slim)) => Event::Listed(slim.object.any()),
                Ok(watcher::Event::InitDone) => Event::End,
                Ok(watcher::Event::Apply(slim)) => Event::Changed(slim.object.any()),
                Ok(watcher::Event::Delete(slim)) => Event::Gone(slim.object.any()),
                Err(error) => {
                    let error = ApiError::of_watch(&self.server, &self.access, &error);
                    if self.failed.is_none_or(|failed| failed.elapsed() > CALM) {
                        self.backoff = retries();
                    }
                    self.failed = Some(Instant::now());
                    self.wait = Some(self.backoff.next(error.retry_after));
                    // Versions expire in the normal course of things: everything is listed again.
                    if error.problem == Problem::Gone {
                        continue;
                    }
                    self.failing = true;
                    return Some(Event::Failed(error));
                }
            };
            self.failing = false;
            return Some(event);
        }
    }
}
