//! From arguments to a client: a server that is named, a kubeconfig, or the service account of the pod.

use super::arguments::ClientArguments;
use super::kubeconfig;
use super::service::{Requests, Ways};
use crate::component::BuildError;
use crate::http_client::{Backoff, HttpClientArguments, ProxyArguments, TlsArguments, parse_url, safe_url};
use reqwest::Url;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Waits between attempts to reach an API server that does not answer or refuses.
const RETRY_LEAST: Duration = Duration::from_millis(500);
const RETRY_MOST: Duration = Duration::from_secs(30);

/// The waits between attempts to reach an API server: from half a second to half a minute, with jitter.
pub fn retries() -> Backoff {
    Backoff::new(RETRY_LEAST, RETRY_MOST)
}

/// What a pod is told of its cluster.
#[derive(Clone, Debug)]
pub struct InCluster {
    /// `KUBERNETES_SERVICE_HOST`.
    pub host: Option<String>,
    /// `KUBERNETES_SERVICE_PORT`.
    pub port: Option<String>,
    /// The folder that holds `token`, `ca.crt` and `namespace`.
    pub folder: PathBuf,
}

impl InCluster {
    /// What this process is told.
    pub fn from_environment() -> Self {
        Self {
            host: std::env::var("KUBERNETES_SERVICE_HOST").ok(),
            port: std::env::var("KUBERNETES_SERVICE_PORT").ok(),
            folder: "/var/run/secrets/kubernetes.io/serviceaccount".into(),
        }
    }

    /// The namespace of the pod.
    ///
    /// # Errors
    /// Which file could not be read.
    pub fn namespace(&self) -> Result<String, String> {
        let path = self.folder.join("namespace");
        let read = std::fs::read_to_string(&path).map_err(|error| {
            format!(
                "could not determine the pod's namespace: cannot read {}: {error}",
                path.display()
            )
        })?;
        match read.trim() {
            "" => Err(format!(
                "could not read own namespace name: {} is empty",
                path.display()
            )),
            name => Ok(name.into()),
        }
    }

    /// Server and credentials of the service account. The files are read again whenever they change.
    fn client(&self) -> Result<(Url, HttpClientArguments), String> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let (Some(host), Some(port)) = (given(&self.host), given(&self.port)) else {
            return Err("unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined; outside of a cluster set api_server or kubeconfig_file".into());
        };
        let host = if host.contains(':') {
            format!("[{host}]")
        } else {
            host
        };
        let server = parse_url(&format!("https://{host}:{port}"))
            .map_err(|error| format!("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT: {error}"))?;
        let token = self.folder.join("token");
        std::fs::metadata(&token).map_err(|error| {
            format!("cannot read the service account's token {}: {error}; does the pod have automountServiceAccountToken?", token.display())
        })?;
        let ca = self.folder.join("ca.crt");
        let tls = ca.exists().then(|| TlsArguments {
            ca_file: text(&ca),
            ..TlsArguments::default()
        });
        let http = HttpClientArguments {
            bearer_token_file: text(&token),
            tls_config: tls,
            proxy: environment(),
            ..HttpClientArguments::default()
        };
        Ok((server, http))
    }
}

/// Clients that Kubernetes configures heed the proxies of the environment.
pub(super) fn environment() -> ProxyArguments {
    ProxyArguments {
        proxy_from_environment: Some(true),
        ..ProxyArguments::default()
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// An API server and how to speak to it.
#[derive(Clone, Debug)]
pub struct Cluster {
    ways: Arc<Ways>,
    server: Url,
    namespace: String,
}

impl ClientArguments {
    /// The cluster that these arguments mean. Reads files; touches no peer.
    ///
    /// # Errors
    /// What cannot be read or used, and the argument that it is about.
    pub fn cluster(&self, pod: &InCluster) -> Result<Cluster, BuildError> {
        let in_file = |reason| BuildError::at("kubeconfig_file", reason);
        let (server, ways, namespace) = if !self.kubeconfig_file.is_empty() {
            let told = kubeconfig::read(Path::new(&self.kubeconfig_file)).map_err(in_file)?;
            (
                told.server,
                Ways::new(told.http).map_err(|error| in_file(error.message))?,
                told.namespace,
            )
        } else if let Some(server) = &self.api_server.0 {
            (server.clone(), Ways::new(self.http.clone())?, None)
        } else {
            let (server, http) = pod.client().map_err(BuildError::new)?;
            (server, Ways::new(http)?, pod.namespace().ok())
        };
        Ok(Cluster {
            ways: Arc::new(ways),
            server,
            namespace: namespace.unwrap_or_else(|| "default".into()),
        })
    }
}

impl Cluster {
    /// A client. To be called within a tokio runtime: it has a small task. Clones of it share that.
    pub fn client(&self) -> kube::Client {
        let requests = Requests::new(self.ways.clone(), self.server.clone());
        kube::Client::new(requests, self.namespace.clone())
    }

    /// The server's URL, for messages.
    pub fn server(&self) -> String {
        safe_url(self.server.as_str()).trim_end_matches('/').to_owned()
    }

    /// The namespace of the kubeconfig's context, or of the pod, or `default`.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }
}
