//! A scripted Kubernetes API server for tests, on a loopback port of its own: list, get and watch of objects, logs of containers, faults on demand.
//!
//! It is compiled into tests only: into the unit tests of the crate and into `tests/e2e`, each by `#[path]`. Objects are JSON as a user would write them
//! (without `resourceVersion`, which the server gives), kept by the plural name of their resource: `pods`, `nodes`, `podlogs`.
//!
//! ```ignore
//! let api = ApiServer::start().await;
//! api.apply("pods", json!({"metadata": {"namespace": "shop", "name": "web-0"}, "spec": {...}}));
//! let log = api.log("shop", "web-0", "nginx");
//! log.line("2026-01-01T00:00:00.5Z", "hello");
//! api.requests(1, |request| request.verb == "watch" && request.resource == "pods").await;
//! api.open(1, |stream| stream.resource == "pods/log").await;     // so many streams are open now
//! api.cut(|stream| stream.resource == "pods");                   // their connections break off
//! api.expire("pods");                                            // 410 Gone for watches that are open or start from before
//! api.deny("list", "nodes");                                     // 403 with the API's own text
//! api.fault(2, Fault::Status(500), |request| request.resource == "pods");
//! ```
#![allow(
    dead_code,
    reason = "the unit tests and the e2e tests use different parts of it"
)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends where its peer does not work"
)]

mod answers;
mod logs;
mod objects;
mod selectors;
mod streams;

pub(crate) use logs::ContainerLog;
pub(crate) use streams::Stream;

use objects::Objects;
use parking_lot::Mutex;
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How long a test waits for what has to come.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a request meets instead of its answer.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// An HTTP status with the API's `Status` object.
    Status(u16),
    /// The connection breaks off before an answer's first byte.
    Cut,
    /// No answer ever.
    Hang,
}

/// A request as the server understood it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Request {
    /// `get`, `list` or `watch`, as roles name it.
    pub(crate) verb: &'static str,
    /// Plural name, with its subresource: `pods/log`.
    pub(crate) resource: String,
    /// API group; empty for the core.
    pub(crate) group: String,
    /// Empty at the cluster scope.
    pub(crate) namespace: String,
    /// Empty for lists and watches.
    pub(crate) name: String,
    /// Path and query as they came.
    pub(crate) uri: String,
    /// The decoded query.
    pub(crate) query: BTreeMap<String, String>,
    /// The headers' values by lower-case name.
    pub(crate) headers: BTreeMap<String, String>,
}

impl Request {
    /// A parameter of the query; empty where there is none.
    pub(crate) fn query(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }
}

type Rule = (usize, Fault, Box<dyn Fn(&Request) -> bool + Send>);

#[derive(Default)]
struct State {
    objects: Objects,
    logs: logs::Logs,
    streams: streams::Streams,
    seen: Vec<Request>,
    denied: HashSet<(String, String)>,
    faults: Vec<Rule>,
    /// The most objects of a page, whatever limit is asked for; 0 is no bound.
    page: usize,
    /// Minor version and patch that it says it is, if not the newest.
    release: Option<(u32, u32)>,
    /// How often it was asked for that.
    versions_told: usize,
}

struct Shared {
    state: Mutex<State>,
    /// Counts up with every change, so that streams and tests look again.
    changes: watch::Sender<u64>,
}

impl Shared {
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let answer = change(&mut self.state.lock());
        self.changes.send_modify(|count| *count += 1);
        answer
    }
}

/// The running server; it ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct ApiServer {
    shared: Arc<Shared>,
    pub(crate) address: SocketAddr,
}

impl ApiServer {
    /// Listens on a free port.
    pub(crate) async fn start() -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changes: watch::channel(0).0,
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = axum::Router::new()
            .fallback(answers::answer)
            .with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { shared, address }
    }

    /// Where it listens, as `api_server` of a `client` block takes it.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A kubeconfig file's text that leads here.
    pub(crate) fn kubeconfig(&self) -> String {
        format!(
            "apiVersion: v1\nkind: Config\nclusters: [{{name: test, cluster: {{server: '{}'}}}}]\n\
             users: [{{name: test, user: {{token: from-kubeconfig}}}}]\n\
             contexts: [{{name: test, context: {{cluster: test, user: test}}}}]\ncurrent-context: test\n",
            self.url()
        )
    }

    /// Creates an object or replaces it; gives its new `resourceVersion`.
    pub(crate) fn apply(&self, resource: &str, object: Value) -> u64 {
        self.shared.change(|state| state.objects.apply(resource, object))
    }

    /// Creates many objects at once.
    pub(crate) fn apply_all(&self, resource: &str, objects: impl IntoIterator<Item = Value>) {
        self.shared.change(|state| {
            for object in objects {
                state.objects.apply(resource, object);
            }
        });
    }

    /// Deletes an object, which has to be there; an empty namespace is the cluster scope.
    pub(crate) fn delete(&self, resource: &str, namespace: &str, name: &str) {
        self.shared
            .change(|state| state.objects.delete(resource, namespace, name));
    }

    /// Sends a bookmark on every watch of a resource that asked for them.
    pub(crate) fn bookmark(&self, resource: &str) {
        self.shared.change(|state| state.objects.bookmark(resource));
    }

    /// Forgets the history of a resource: open watches end with 410 Gone, as do watches from before now and continued lists.
    pub(crate) fn expire(&self, resource: &str) {
        self.shared.change(|state| state.objects.expire(resource));
    }

    /// Lists have no more objects than this on a page, whatever limit is asked for.
    pub(crate) fn page(&self, most: usize) {
        self.shared.change(|state| state.page = most);
    }

    /// Says that it is of the release `1.MINOR.PATCH`.
    pub(crate) fn release(&self, minor: u32, patch: u32) {
        self.shared.change(|state| state.release = Some((minor, patch)));
    }

    /// How often it was asked for its release.
    pub(crate) fn versions_told(&self) -> usize {
        self.shared.state.lock().versions_told
    }

    /// Refuses a verb on a resource (`pods/log` included) with 403 from now on; watches that are open go on.
    pub(crate) fn deny(&self, verb: &str, resource: &str) {
        self.shared
            .change(|state| state.denied.insert((verb.into(), resource.into())));
    }

    /// Takes a refusal back.
    pub(crate) fn allow(&self, verb: &str, resource: &str) {
        self.shared
            .change(|state| state.denied.remove(&(verb.to_owned(), resource.to_owned())));
    }

    /// Lets the next requests of a kind meet a fault.
    pub(crate) fn fault(&self, times: usize, fault: Fault, of: impl Fn(&Request) -> bool + Send + 'static) {
        self.shared
            .change(|state| state.faults.push((times, fault, Box::new(of))));
    }

    /// Breaks off open watches and log streams, as a lost connection does.
    pub(crate) fn cut(&self, of: impl Fn(&Stream) -> bool) {
        self.shared.change(|state| state.streams.end(of, true));
    }

    /// Ends open watches and log streams in good order, as the server's time limit does.
    pub(crate) fn end(&self, of: impl Fn(&Stream) -> bool) {
        self.shared.change(|state| state.streams.end(of, false));
    }

    /// The log of a container, which exists from now on and runs.
    pub(crate) fn log(&self, namespace: &str, pod: &str, container: &str) -> ContainerLog {
        let key = (namespace.to_owned(), pod.to_owned(), container.to_owned());
        self.shared.change(|state| state.logs.make(key.clone()));
        ContainerLog::new(self.shared.clone(), key)
    }

    /// Waits until so many requests of a kind have come, and hands them out.
    pub(crate) async fn requests(&self, count: usize, of: impl Fn(&Request) -> bool) -> Vec<Request> {
        self.wait("requests", |state| {
            let seen: Vec<_> = state.seen.iter().filter(|request| of(request)).cloned().collect();
            (seen.len() >= count).then_some(seen)
        })
        .await
    }

    /// The requests until now.
    pub(crate) fn seen(&self) -> Vec<Request> {
        self.shared.state.lock().seen.clone()
    }

    /// Waits until exactly so many watches and log streams of a kind are open.
    pub(crate) async fn open(&self, count: usize, of: impl Fn(&Stream) -> bool) {
        self.wait("open streams", |state| {
            (state.streams.count(&of) == count).then_some(())
        })
        .await;
    }

    async fn wait<T>(&self, what: &str, look: impl Fn(&State) -> Option<T>) -> T {
        let mut changes = self.shared.changes.subscribe();
        let waited = tokio::time::timeout(PATIENCE, async {
            loop {
                changes.mark_unchanged();
                if let Some(found) = look(&self.shared.state.lock()) {
                    return found;
                }
                changes.changed().await.unwrap();
            }
        });
        match waited.await {
            Ok(found) => found,
            Err(_) => panic!(
                "the {what} did not come in time; these did: {:#?}",
                self.seen()
                    .iter()
                    .map(|seen| seen.uri.clone())
                    .collect::<Vec<_>>()
            ),
        }
    }
}
