//! What an API server's refusal means, and the rule that would have let the request pass.

use crate::http_client::HttpError;
use kube::runtime::watcher;
use std::error::Error;
use std::fmt::{self, Write};
use std::time::Duration;

/// What a component wants to do at the API server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Access {
    /// The verbs that the component needs for it, as a rule spells them: `get`, `list`, `watch`.
    pub verbs: &'static [&'static str],
    /// The API group; empty for the core.
    pub group: &'static str,
    /// The resource as a rule spells it: `pods`, `pods/log`.
    pub resource: &'static str,
    /// Where: a namespace; `None` for all of them, or for what stands in none.
    pub namespace: Option<String>,
}

impl Access {
    /// List and watch.
    pub fn watch(group: &'static str, resource: &'static str, namespace: Option<&str>) -> Self {
        Self {
            verbs: &["get", "list", "watch"],
            group,
            resource,
            namespace: namespace.map(Into::into),
        }
    }

    /// Read one object.
    pub fn get(group: &'static str, resource: &'static str, namespace: Option<&str>) -> Self {
        Self {
            verbs: &["get"],
            ..Self::watch(group, resource, namespace)
        }
    }

    /// The rule that grants it: an item of a role's `rules`, in YAML, on one line.
    pub fn rule(&self) -> String {
        let mut rule = format!(
            "- {{apiGroups: [\"{}\"], resources: [\"{}\"], verbs: [",
            self.group, self.resource
        );
        for (at, verb) in self.verbs.iter().enumerate() {
            // Writing to a String cannot fail.
            let _ = write!(rule, "{}\"{verb}\"", if at == 0 { "" } else { ", " });
        }
        rule.push_str("]}");
        rule
    }

    /// The role that holds the rule.
    fn role(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("a Role in namespace {namespace} (or a ClusterRole)"),
            None => "a ClusterRole".into(),
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verbs.join(", "), self.resource)?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        match &self.namespace {
            Some(namespace) => write!(f, " in namespace {namespace}"),
            None => Ok(()),
        }
    }
}

/// Kinds of failures that callers tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Problem {
    /// 401: the credentials are not known.
    Unauthorized,
    /// 403: known, but not allowed.
    Forbidden,
    /// 404: the object, or the whole resource (a CRD that is not installed).
    NotFound,
    /// 410: what was asked for is too old; list again.
    Gone,
    /// 429 or 503: later.
    Overloaded,
    /// Any other answer.
    Refused,
    /// No answer: connection, TLS, timeout, a file with credentials.
    Unreachable,
}

/// A request to an API server that failed. Holds no secret.
#[derive(Clone, Debug)]
pub struct ApiError {
    /// What was wanted.
    pub access: Access,
    /// What kind of failure it is.
    pub problem: Problem,
    /// How long the server asks to wait.
    pub retry_after: Option<Duration>,
    server: String,
    text: String,
}

impl ApiError {
    /// What an error of the client means. `server` names the peer: [`Cluster::server`](super::Cluster::server).
    pub fn new(server: &str, access: &Access, error: &kube::Error) -> Self {
        let (problem, retry_after, text) = match error {
            kube::Error::Api(status) => of_status(status),
            kube::Error::Service(error) => {
                let text = match error.downcast_ref::<HttpError>() {
                    Some(known) => known.to_string(),
                    None => chain(&**error),
                };
                (Problem::Unreachable, None, text)
            }
            kube::Error::SerdeError(error) => (
                Problem::Refused,
                None,
                format!("an answer that is not understood: {error}"),
            ),
            other => (Problem::Unreachable, None, chain(other)),
        };
        Self {
            access: access.clone(),
            problem,
            retry_after,
            server: server.into(),
            text,
        }
    }

    /// What an error of a watch means.
    pub fn of_watch(server: &str, access: &Access, error: &watcher::Error) -> Self {
        let status = match error {
            watcher::Error::InitialListFailed(error)
            | watcher::Error::WatchStartFailed(error)
            | watcher::Error::WatchFailed(error) => return Self::new(server, access, error),
            watcher::Error::WatchError(status) => of_status(status),
            other => (Problem::Refused, None, other.to_string()),
        };
        let (problem, retry_after, text) = status;
        Self {
            access: access.clone(),
            problem,
            retry_after,
            server: server.into(),
            text,
        }
    }
}

fn of_status(status: &kube::core::Status) -> (Problem, Option<Duration>, String) {
    let problem = match status.code {
        401 => Problem::Unauthorized,
        403 => Problem::Forbidden,
        404 => Problem::NotFound,
        410 => Problem::Gone,
        429 | 503 => Problem::Overloaded,
        _ if status.is_forbidden() => Problem::Forbidden,
        _ => Problem::Refused,
    };
    let retry_after = (status.details.as_ref())
        .map(|details| details.retry_after_seconds)
        .filter(|seconds| *seconds > 0)
        .map(|seconds| Duration::from_secs(seconds.into()));
    let said = [&status.message, &status.reason]
        .into_iter()
        .find(|text| !text.is_empty());
    // Whole pages of a proxy are not quoted.
    let said: String = said
        .map_or("", |text| text.lines().next().unwrap_or_default())
        .chars()
        .take(300)
        .collect();
    (problem, retry_after, format!("{} {said}", status.code))
}

/// An error's text with those of its causes.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        // Many errors repeat what is inside of them.
        if !text.contains(&inner_text) {
            let _ = write!(text, ": {inner_text}");
        }
        cause = inner.source();
    }
    text
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            access, server, text, ..
        } = self;
        match self.problem {
            Problem::Forbidden => write!(
                f,
                "{server} does not permit to {access} ({text}); grant it with this rule in {}: {}",
                access.role(),
                access.rule()
            ),
            Problem::Unauthorized => write!(
                f,
                "{server} does not know who asks to {access} ({text}); check the token or certificate that the client uses"
            ),
            Problem::NotFound => write!(f, "{server}: not found, asked to {access} ({text})"),
            Problem::Gone | Problem::Overloaded | Problem::Refused => {
                write!(f, "{server} refused to {access} ({text})")
            }
            Problem::Unreachable => write!(f, "{server} cannot be asked to {access}: {text}"),
        }
    }
}

impl Error for ApiError {}
