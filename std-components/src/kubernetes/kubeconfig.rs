//! What a kubeconfig file says of a server and of who speaks to it.

use super::cluster::environment;
use crate::http_client::{BasicAuth, HttpClientArguments, ProxyUrl, TlsArguments, parse_url};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kube::config::{AuthInfo, Cluster, Kubeconfig};
use reqwest::Url;
use river_eval::{FromValue, Secret, Value};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The current context of a file.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) server: Url,
    pub(super) http: HttpClientArguments,
    pub(super) namespace: Option<String>,
}

/// Reads a file. Paths in it are relative to it. The error names the file and what is missing in it.
pub(super) fn read(path: &Path) -> Result<Told, String> {
    let wrong = |what: String| format!("kubeconfig {}: {what}", path.display());
    let file = Kubeconfig::read_from(path).map_err(|error| match error {
        // A parser quotes the line that it does not understand, and that may hold a token.
        kube::config::KubeconfigError::Parse(_) => wrong("not the YAML of a kubeconfig".into()),
        kube::config::KubeconfigError::ReadConfig(error, _) => wrong(format!("cannot be read: {error}")),
        other => wrong(other.to_string()),
    })?;
    let current = (file.current_context.as_deref())
        .filter(|name| !name.is_empty())
        .ok_or_else(|| wrong("it has no current-context; set one with kubectl config use-context".into()))?;
    let context = (file.contexts.iter().find(|named| named.name == current))
        .and_then(|named| named.context.as_ref())
        .ok_or_else(|| {
            wrong(format!(
                "there is no context {current:?}, which is its current-context"
            ))
        })?;
    let cluster = (file.clusters.iter().find(|named| named.name == context.cluster))
        .and_then(|named| named.cluster.as_ref())
        .ok_or_else(|| {
            wrong(format!(
                "there is no cluster {:?}, which context {current:?} names",
                context.cluster
            ))
        })?;
    let nobody = AuthInfo::default();
    let user = match context.user.as_deref().filter(|name| !name.is_empty()) {
        None => &nobody,
        Some(name) => (file.auth_infos.iter().find(|named| named.name == name))
            .and_then(|named| named.auth_info.as_ref())
            .ok_or_else(|| {
                wrong(format!(
                    "there is no user {name:?}, which context {current:?} names"
                ))
            })?,
    };
    let server = cluster.server.as_deref().unwrap_or_default();
    Ok(Told {
        server: parse_url(server)
            .map_err(|error| wrong(format!("server of cluster {:?}: {error}", context.cluster)))?,
        http: http(cluster, user).map_err(wrong)?,
        namespace: context.namespace.clone().filter(|name| !name.is_empty()),
    })
}

fn http(cluster: &Cluster, user: &AuthInfo) -> Result<HttpClientArguments, String> {
    if let Some(exec) = &user.exec {
        let command = exec.command.as_deref().unwrap_or_default();
        return Err(format!(
            "its user's credentials come from the command {command:?} (exec), which this agent does not run; use a token, a tokenFile or a client certificate"
        ));
    }
    if let Some(provider) = &user.auth_provider {
        return Err(format!(
            "its user has the auth-provider {:?}, which this agent does not know; use a token, a tokenFile or a client certificate",
            provider.name
        ));
    }
    let mut http = HttpClientArguments {
        proxy: environment(),
        ..HttpClientArguments::default()
    };
    if let Some(url) = cluster.proxy_url.as_deref().filter(|url| !url.is_empty()) {
        let url = ProxyUrl::from_value(&Value::string(url))
            .map_err(|error| format!("proxy-url: {}", error.message))?;
        http.proxy.proxy_from_environment = None;
        http.proxy.proxy_url = Some(url);
    }
    let mut tls = TlsArguments {
        insecure_skip_verify: cluster.insecure_skip_tls_verify == Some(true),
        server_name: cluster.tls_server_name.clone().unwrap_or_default(),
        ..TlsArguments::default()
    };
    // Where there are both, data go before a file.
    match &cluster.certificate_authority_data {
        Some(data) => tls.ca_pem = decode("certificate-authority-data", data)?,
        None => tls.ca_file = cluster.certificate_authority.clone().unwrap_or_default(),
    }
    match &user.client_certificate_data {
        Some(data) => tls.cert_pem = decode("client-certificate-data", data)?,
        None => tls.cert_file = user.client_certificate.clone().unwrap_or_default(),
    }
    match revealed(user, "client-key-data") {
        Some(data) => tls.key_pem = Some(Secret::new(decode("client-key-data", &data)?)),
        None => tls.key_file = user.client_key.clone().unwrap_or_default(),
    }
    if tls != TlsArguments::default() {
        http.tls_config = Some(tls);
    }
    let token_file = user.token_file.clone().unwrap_or_default();
    if !token_file.is_empty() {
        http.bearer_token_file = token_file;
    } else if let Some(token) = revealed(user, "token") {
        http.bearer_token = Some(Secret::new(token));
    } else if let Some(username) = &user.username {
        http.basic_auth = Some(BasicAuth {
            username: username.clone(),
            password: revealed(user, "password").map(Secret::new),
            password_file: String::new(),
        });
    }
    let mut headers = BTreeMap::new();
    let mut add = |name: &str, values: Vec<String>| {
        if !values.is_empty() {
            headers.insert(name.to_owned(), values.into_iter().map(Secret::new).collect());
        }
    };
    add("Impersonate-User", user.impersonate.clone().into_iter().collect());
    add(
        "Impersonate-Uid",
        user.impersonate_uid.clone().into_iter().collect(),
    );
    add(
        "Impersonate-Group",
        user.impersonate_groups.clone().unwrap_or_default(),
    );
    if !headers.is_empty() {
        http.http_headers = Some(headers);
    }
    Ok(http)
}

/// A secret of a user. Its type comes from a crate that kube does not pass on; what is written out again can be read without it.
fn revealed(user: &AuthInfo, field: &str) -> Option<String> {
    let fields = user.serialize(serde_json::value::Serializer).ok()?;
    let text = fields.get(field)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// Text that stands in the file as base64. An error does not quote it.
fn decode(field: &str, data: &str) -> Result<String, String> {
    let data: String = data.split_whitespace().collect();
    let bytes = STANDARD
        .decode(data)
        .map_err(|_| format!("{field} is not base64"))?;
    String::from_utf8(bytes).map_err(|_| format!("{field} is not PEM text"))
}
