//! The part of the Docker Engine API that discovery and log sources use: four questions, over a Unix socket or HTTP.
//!
//! Asked through the client that every HTTP peer here is asked through, so that authentication, TLS, proxies and OAuth 2.0 of a configuration apply to
//! `http://` and `https://` hosts; a Docker crate would bring a client of its own, which knows none of those, and models of the whole API.

mod answers;

pub(crate) use answers::{Container, Endpoint, Inspected, Network, Port, State};

use crate::component::BuildError;
use crate::http_client::{HttpClient, HttpClientArguments, HttpError, beginning, safe_url, whole};
use reqwest::{Method, StatusCode, Url};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Bytes of an answer at the most: some 10,000 containers with many labels.
const MAX_ANSWER_BYTES: u64 = 64 * 1024 * 1024;

/// Bytes of a refusal that are shown at the most.
const MAX_REFUSAL_BYTES: usize = 1024;

/// Why the API gave no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum ApiError {
    /// There is no such container (any more).
    #[error("{0}")]
    NotFound(String),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

/// Which containers to list: names of filters with their values.
pub(crate) type Filters = BTreeMap<String, Vec<String>>;

/// A Docker daemon.
#[derive(Debug)]
pub(crate) struct Daemon {
    client: HttpClient,
    base: Url,
    /// The host as it is written, without a password.
    shown: String,
}

/// Where a daemon listens.
#[derive(Debug, PartialEq)]
pub(crate) enum Host {
    /// At a Unix socket.
    Socket(PathBuf),
    /// At an HTTP URL.
    Url(Url),
}

impl Host {
    /// Reads a `host` argument: `unix:///var/run/docker.sock`, `tcp://host:2375`, `http://…`, `https://…`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(host: &str) -> Result<Self, String> {
        if host.is_empty() {
            return Err("host attribute must not be empty".into());
        }
        let Some((scheme, rest)) = host.split_once("://") else {
            return Err("it has no scheme: write unix:///var/run/docker.sock, or http:// or https:// with a host and port".into());
        };
        match scheme {
            "unix" if rest.is_empty() => Err("it names no socket: write unix:///var/run/docker.sock".into()),
            "unix" => Ok(Self::Socket(rest.into())),
            "tcp" => crate::http_client::parse_url(&format!("http://{rest}")).map(Self::Url),
            "http" | "https" => crate::http_client::parse_url(host).map(Self::Url),
            other => Err(format!(
                "its scheme is {other:?}, expected unix, tcp, http or https"
            )),
        }
    }
}

impl Daemon {
    /// Makes the client; the daemon is not asked.
    ///
    /// # Errors
    /// A host that is none; see [`HttpClient::new`] for the client's.
    pub(crate) fn new<const HTTP2: bool>(
        host: &str,
        client: &HttpClientArguments<HTTP2>,
    ) -> Result<Self, BuildError> {
        let bad = |reason: String| BuildError::at("host", format!("parsing host attribute: {reason}"));
        match Host::parse(host).map_err(bad)? {
            Host::Socket(path) => Ok(Self {
                client: HttpClient::over(client, Some(Path::new(&path)))?,
                // The name is not looked up; it only has to be one.
                base: Url::parse("http://localhost/").map_err(|error| bad(error.to_string()))?,
                shown: host.to_owned(),
            }),
            Host::Url(url) => Ok(Self {
                client: HttpClient::new(client)?,
                shown: safe_url(url.as_str()),
                base: url,
            }),
        }
    }

    /// How it is called in messages.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// The containers that run, of those that pass the filters.
    pub(crate) async fn containers(&self, filters: &Filters) -> Result<Vec<Container>, ApiError> {
        let filters: BTreeMap<&String, BTreeMap<&String, bool>> = filters
            .iter()
            .map(|(name, values)| (name, values.iter().map(|value| (value, true)).collect()))
            .collect();
        let filters = serde_json::to_string(&filters).unwrap_or_default();
        let query: &[(&str, &str)] = if filters == "{}" {
            &[]
        } else {
            &[("filters", &filters)]
        };
        self.list("list the containers", &["containers", "json"], query)
            .await
    }

    /// All networks.
    pub(crate) async fn networks(&self) -> Result<Vec<Network>, ApiError> {
        self.list("list the networks", &["networks"], &[]).await
    }

    /// How a container fares.
    pub(crate) async fn inspect(&self, id: &str) -> Result<Inspected, ApiError> {
        self.list("inspect the container", &["containers", id, "json"], &[])
            .await
    }

    /// A container's log from a time on (`seconds.nanoseconds`), both streams, with timestamps, followed. The answer has no end before the container's.
    pub(crate) async fn logs(&self, id: &str, since: &str) -> Result<reqwest::Response, ApiError> {
        let query = [
            ("stdout", "1"),
            ("stderr", "1"),
            ("follow", "1"),
            ("timestamps", "1"),
            ("since", since),
        ];
        self.get(
            "follow the log of the container",
            &["containers", id, "logs"],
            &query,
        )
        .await
    }

    async fn list<T: DeserializeOwned>(
        &self,
        doing: &str,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, ApiError> {
        let answer = self.get(doing, path, query).await?;
        let failed = |reason: String| ApiError::Failed(format!("cannot {doing} at {}: {reason}", self.shown));
        let text = whole(answer, MAX_ANSWER_BYTES).await.map_err(failed)?;
        serde_json::from_slice(&text).map_err(|error| failed(format!("the answer is not the API's: {error}")))
    }

    async fn get(
        &self,
        doing: &str,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<reqwest::Response, ApiError> {
        let failed = |reason: String| format!("cannot {doing} at {}: {reason}", self.shown);
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            // Without a version the daemon speaks its newest, which these questions have the same form in.
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let unreachable = |error: HttpError| {
            ApiError::Failed(failed(format!(
                "{error}; check host, that the daemon runs and that the agent's user may open it"
            )))
        };
        let request = self.client.request(Method::GET, url).await.map_err(unreachable)?;
        let answer = request
            .send()
            .await
            .map_err(|error| unreachable(HttpError::from(error)))?;
        let status = answer.status();
        if status == StatusCode::OK {
            return Ok(answer);
        }
        let text = beginning(answer, MAX_REFUSAL_BYTES).await;
        let message = answers::refusal(&text);
        let error = failed(format!("{status}: {message}"));
        Err(if status == StatusCode::NOT_FOUND {
            ApiError::NotFound(error)
        } else {
            ApiError::Failed(error)
        })
    }
}

#[cfg(test)]
pub(crate) mod testing;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_host_on_tcp_is_asked_with_the_clients_settings() {
        use crate::http_client::testing::{Peer, Reply};
        let script = [
            Reply::Status(200, "[]"),
            Reply::Status(404, "{\"message\": \"No such container\"}"),
        ];
        let peer = Peer::start(script, Reply::Status(403, "<html>no\nnever</html>")).await;
        let client: HttpClientArguments = crate::component::testing::arguments("bearer_token = \"geheim\"");
        let daemon = Daemon::new(&peer.url("/base/"), &client).unwrap();
        assert_eq!(daemon.networks().await.unwrap().len(), 0);
        let gone = daemon.inspect("a/../b").await.unwrap_err();
        assert!(matches!(gone, ApiError::NotFound(_)), "{gone}");
        let refused = daemon.logs("c", "7").await.unwrap_err().to_string();
        let refused = refused.replace(&peer.address.to_string(), "HOST");
        insta::assert_snapshot!(refused, @"cannot follow the log of the container at http://HOST/base/: 403 Forbidden: <html>no");
        let seen = peer.requests(3).await;
        let paths: Vec<&str> = seen.iter().map(|seen| seen.path.as_str()).collect();
        insta::assert_snapshot!(paths.join("\n"), @"
        /base/networks
        /base/containers/a%2F..%2Fb/json
        /base/containers/c/logs?stdout=1&stderr=1&follow=1&timestamps=1&since=7
        ");
        assert!(
            seen.iter()
                .all(|seen| seen.header("authorization") == "Bearer geheim")
        );
    }

    #[test]
    fn hosts() {
        let url = |text| Host::Url(Url::parse(text).unwrap());
        assert_eq!(
            Host::parse("unix:///run/x.sock"),
            Ok(Host::Socket("/run/x.sock".into()))
        );
        assert_eq!(Host::parse("tcp://h:2375"), Ok(url("http://h:2375")));
        assert_eq!(Host::parse("https://h/base/"), Ok(url("https://h/base/")));
        let mistakes = ["", "/run/x.sock", "unix://", "npipe:////./pipe/docker", "http://"];
        let told: Vec<String> = mistakes
            .iter()
            .map(|host| Host::parse(host).unwrap_err())
            .collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        host attribute must not be empty
        it has no scheme: write unix:///var/run/docker.sock, or http:// or https:// with a host and port
        it names no socket: write unix:///var/run/docker.sock
        its scheme is "npipe", expected unix, tcp, http or https
        not a URL: empty host
        "#);
    }
}
