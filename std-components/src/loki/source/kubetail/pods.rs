//! What is asked of the API server: how a container fares, and its log.

use super::target::Place;
use crate::component::BuildError;
use crate::kubernetes::pod::{self, Pod};
use crate::kubernetes::{Access, ApiError, ClientArguments, Cluster, InCluster};
use futures_util::AsyncBufRead;
use k8s_openapi::api::core::v1::ContainerStatus;
use kube::Api;
use std::fmt::Write;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{Notify, OnceCell};
use tokio_util::sync::CancellationToken;

/// The first release of which kubelets notice that a log they follow is rotated (kubernetes/kubernetes#115702).
const NOTICES_ROTATIONS: (u32, u32) = (1, 29);

/// Over how long those spread who waited for the server to come back.
const CROWD: Duration = Duration::from_secs(2);

/// A log as it comes.
pub(super) type Stream = Pin<Box<dyn AsyncBufRead + Send>>;

/// Which part of a log is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Part {
    /// Whether the stream goes on with what is written later.
    pub(super) follows: bool,
    /// Of the run before the present one.
    pub(super) previous: bool,
    /// From this second on (since 1970).
    pub(super) since: Option<i64>,
    /// The last lines only.
    pub(super) last: Option<u32>,
}

/// How a container fares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// Whose log the API hands out; `None` before the first start.
    pub(super) id: Option<Arc<str>>,
    /// When that one began, in nanoseconds since 1970.
    pub(super) started: Option<i64>,
    /// The run before it.
    pub(super) previous: Option<Arc<str>>,
    /// Whether that one still writes.
    pub(super) is_running: bool,
    /// Whether nothing will be written any more, by no later run either.
    pub(super) is_over: bool,
}

/// A way to the API server. Logs have connections of their own there, so that no stream waits for another's end.
pub(in crate::loki::source) struct Pods {
    cluster: Cluster,
    /// Made by the first who asks, as that is within a runtime.
    client: OnceLock<kube::Client>,
    /// Whether the cluster is of a release whose kubelets miss rotations.
    misses_rotations: OnceCell<bool>,
    /// The server has answered.
    reached: Notify,
    /// Cancelled once tails have to go on with another server.
    pub(super) is_stale: CancellationToken,
}

impl Pods {
    /// What a `client` block means. Nobody is asked yet.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(in crate::loki::source) fn new(client: &ClientArguments) -> Result<Self, BuildError> {
        Ok(Self {
            cluster: client.cluster(&InCluster::from_environment())?,
            client: OnceLock::new(),
            misses_rotations: OnceCell::new(),
            reached: Notify::new(),
            is_stale: CancellationToken::new(),
        })
    }

    fn client(&self) -> &kube::Client {
        self.client.get_or_init(|| self.cluster.client())
    }

    /// How a container fares; `None` if its pod is gone, also if another one has its name now.
    pub(super) async fn state(&self, place: &Place) -> Result<Option<State>, ApiError> {
        let pods: Api<Pod> = Api::namespaced_with(self.client().clone(), &place.namespace, &pod::resource());
        let pod = pods.get_opt(&place.pod).await.map_err(|error| {
            let access = Access::get("", "pods", Some(&place.namespace));
            ApiError::new(&self.cluster.server(), &access, &error)
        })?;
        let own = pod.filter(|pod| pod.metadata.uid.as_deref().is_none_or(|uid| uid == &*place.uid));
        Ok(own.map(|pod| state(&pod, &place.container)))
    }

    /// The server has answered: those who have not reached it need not wait out their pauses.
    pub(super) fn is_reached(&self) {
        self.reached.notify_waiters();
    }

    /// Waits until somebody reaches the server, and a little more: they do not all come at once.
    pub(super) async fn is_reached_again(&self) {
        self.reached.notified().await;
        tokio::time::sleep(CROWD.mul_f64(fastrand::f64())).await;
    }

    /// Whether it has to be feared, or is not known yet, that streams miss rotations.
    pub(super) fn may_miss_rotations(&self) -> bool {
        self.misses_rotations.get() != Some(&false)
    }

    /// Whether a stream may miss that its log is rotated; asks the server once. One that does not tell its release is asked again later.
    pub(super) async fn misses_rotations(&self) -> bool {
        let ask = async || {
            let version = self.client().apiserver_version().await.map_err(drop)?;
            let release = release(&version.git_version).ok_or(())?;
            Ok::<_, ()>(release < NOTICES_ROTATIONS)
        };
        let known = self.misses_rotations.get_or_try_init(ask).await;
        known.is_ok_and(|misses| *misses)
    }

    /// Opens a container's log.
    pub(super) async fn log(&self, place: &Place, part: Part) -> Result<Stream, ApiError> {
        let refused = |error: &kube::Error| {
            let access = Access::get("", "pods/log", Some(&place.namespace));
            ApiError::new(&self.cluster.server(), &access, error)
        };
        // Not by kube's parameters: they round the time to the next second, and so lose lines.
        let mut path = format!(
            "/api/v1/namespaces/{}/pods/{}/log?container={}&timestamps=true",
            place.namespace, place.pod, place.container
        );
        // Writing to a String does not fail.
        for (name, is_set) in [("follow", part.follows), ("previous", part.previous)] {
            if is_set {
                let _ = write!(path, "&{name}=true");
            }
        }
        if let Some(time) = part
            .since
            .and_then(|second| jiff::Timestamp::from_second(second).ok())
        {
            let _ = write!(path, "&sinceTime={time}");
        }
        if let Some(last) = part.last {
            let _ = write!(path, "&tailLines={last}");
        }
        let request = http::Request::get(path).body(Vec::new());
        let request = request.map_err(|error| refused(&kube::Error::HttpError(error)))?;
        let stream = self.client().request_stream(request).await;
        Ok(Box::pin(stream.map_err(|error| refused(&error))?))
    }
}

/// The release in a version: `v1.28.5-eks-1` is (1, 28).
fn release(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.trim_start_matches('v').split(['.', '-', '+']);
    let mut number = || numbers.next()?.parse().ok();
    Some((number()?, number()?))
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    App,
    Init,
    Ephemeral,
}

/// How a container of a pod fares: which run's log the kubelet hands out, and whether there will be another.
fn state(pod: &Pod, name: &str) -> State {
    let Some(status) = &pod.status else {
        return State::default();
    };
    let lists = [
        (Kind::App, &status.container_statuses),
        (Kind::Init, &status.init_container_statuses),
        (Kind::Ephemeral, &status.ephemeral_container_statuses),
    ];
    let mut all = lists
        .into_iter()
        .flat_map(|(kind, list)| list.iter().flatten().map(move |status| (kind, status)));
    let ended = matches!(status.phase.as_deref(), Some("Succeeded" | "Failed"));
    let Some((kind, container)) = all.find(|(_, status)| status.name == name) else {
        return State {
            is_over: ended,
            ..State::default()
        };
    };
    let policy = pod.spec.restart_policy.as_deref();
    let is_sidecar = kind == Kind::Init
        && (pod.spec.init_containers.iter().flatten())
            .any(|spec| spec.name == name && spec.restart_policy.as_deref() == Some("Always"));
    let is_over = ended || will_not_restart(kind, is_sidecar, container, policy.unwrap_or("Always"));
    let known = |id: Option<&String>| id.filter(|id| !id.is_empty()).map(|id| Arc::from(id.as_str()));
    let nanoseconds = |time: &k8s_openapi::apimachinery::pkg::apis::meta::v1::Time| {
        i64::try_from(time.0.as_nanosecond()).ok()
    };
    let now = container.state.as_ref();
    let last = container
        .last_state
        .as_ref()
        .and_then(|last| last.terminated.as_ref());
    let before = last.and_then(|last| known(last.container_id.as_ref()));
    let running = now.and_then(|now| now.running.as_ref());
    let terminated = now.and_then(|now| now.terminated.as_ref());
    let (id, started) = match (running, terminated) {
        (Some(running), _) => (
            known(container.container_id.as_ref()),
            running.started_at.as_ref(),
        ),
        (None, Some(terminated)) => (
            known(terminated.container_id.as_ref()),
            terminated.started_at.as_ref(),
        ),
        (None, None) => (None, None),
    };
    match id {
        Some(id) => State {
            started: started.and_then(nanoseconds),
            previous: before.filter(|before| *before != id),
            id: Some(id),
            is_running: running.is_some(),
            is_over,
        },
        // Until a container starts again, the log is that of its last run.
        None => State {
            id: before,
            started: last
                .and_then(|last| last.started_at.as_ref())
                .and_then(nanoseconds),
            previous: None,
            is_running: false,
            is_over,
        },
    }
}

/// The rules of a pod's life.
fn will_not_restart(kind: Kind, is_sidecar: bool, status: &ContainerStatus, policy: &str) -> bool {
    let Some(terminated) = status.state.as_ref().and_then(|state| state.terminated.as_ref()) else {
        return false;
    };
    let has_failed = terminated.exit_code != 0;
    match kind {
        Kind::App => policy == "Never" || (policy == "OnFailure" && !has_failed),
        Kind::Init if is_sidecar => false,
        Kind::Init => !has_failed || policy == "Never",
        Kind::Ephemeral => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn of(policy: &str, status: Value) -> State {
        let pod = json!({
            "metadata": {"name": "p"},
            "spec": {"containers": [], "restartPolicy": policy},
            "status": {"containerStatuses": [status]},
        });
        state(&serde_json::from_value(pod).unwrap(), "c")
    }

    fn container(now: Value, last: Value) -> Value {
        json!({"name": "c", "image": "", "imageID": "", "ready": true, "restartCount": 0, "containerID": "cri://now", "state": now, "lastState": last})
    }

    #[tokio::test]
    async fn a_server_that_is_back_is_asked_without_waiting_out_a_pause() {
        let client = crate::component::testing::arguments("api_server = \"http://127.0.0.1:9\"");
        let pods = Arc::new(Pods::new(&client).unwrap());
        let waits = tokio::spawn({
            let pods = pods.clone();
            async move { pods.is_reached_again().await }
        });
        let told = async {
            while !waits.is_finished() {
                pods.is_reached();
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(CROWD * 2, told).await.unwrap();
    }

    #[test]
    fn releases_are_compared() {
        let misses = |version| release(version).map(|release| release < NOTICES_ROTATIONS);
        for (version, expected) in [
            ("v1.28.15-eks-7f9249a", Some(true)),
            ("v1.27.3+k3s1", Some(true)),
            ("v1.29.0", Some(false)),
            ("v1.33.1-gke.100", Some(false)),
            ("v1.9.11", Some(true)),
            ("v2.0.0", Some(false)),
            ("unknown", None),
            ("", None),
        ] {
            assert_eq!(misses(version), expected, "{version}");
        }
    }

    #[test]
    fn whose_log_it_is_and_whether_it_goes_on() {
        let last = json!({"terminated": {"containerID": "cri://last", "exitCode": 1}});
        let running = of(
            "Always",
            container(
                json!({"running": {"startedAt": "2026-01-01T00:00:00Z"}}),
                last.clone(),
            ),
        );
        assert_eq!(
            (
                running.id.as_deref(),
                running.previous.as_deref(),
                running.is_over
            ),
            (Some("cri://now"), Some("cri://last"), false)
        );
        assert_eq!(running.started, Some(1_767_225_600_000_000_000));
        let waiting = of("Always", container(json!({"waiting": {}}), last));
        assert_eq!(
            (waiting.id.as_deref(), waiting.previous),
            (Some("cri://last"), None)
        );
        assert_eq!(
            of("Always", container(json!({"waiting": {}}), json!({}))),
            State::default()
        );
        for (policy, code, is_over) in [
            ("Always", 0, false),
            ("OnFailure", 0, true),
            ("OnFailure", 1, false),
            ("Never", 1, true),
        ] {
            let ended = json!({"terminated": {"containerID": "cri://now", "exitCode": code}});
            assert_eq!(
                of(policy, container(ended, json!({}))).is_over,
                is_over,
                "{policy} {code}"
            );
        }
    }
}
