//! The arguments of a client for Kubernetes.

use crate::http_client::{HttpClientArguments, parse_url, safe_url};
use reqwest::Url;
use river_eval::schema::Type;
use river_eval::{Checks, ConvertError, FromValue, IntoValue, Value};

/// The `client` block. Without any argument the service account of the pod is used.
#[derive(Clone, Debug, Default, PartialEq, river_eval::Arguments)]
#[river(validate = check)]
pub struct ClientArguments {
    /// URL of the Kubernetes API server.
    #[river(default)]
    pub api_server: ApiServer,
    /// Path of the `kubeconfig` file to use for connecting to Kubernetes.
    #[river(default)]
    pub kubeconfig_file: String,
    /// How the API server is spoken to; only with `api_server`.
    #[river(squash)]
    pub http: HttpClientArguments,
}

fn check(client: &ClientArguments, checks: &mut Checks<'_, '_>) {
    let custom = client.http != HttpClientArguments::default();
    if client.api_server.0.is_some() && !client.kubeconfig_file.is_empty() {
        checks.attribute(
            "kubeconfig_file",
            "only one of api_server and kubeconfig_file can be set",
        );
    }
    if !client.kubeconfig_file.is_empty() && custom {
        checks
            .attribute(
                "kubeconfig_file",
                "custom HTTP client configuration is not allowed when kubeconfig_file is set",
            )
            .help = Some("the kubeconfig file says how to connect: leave the other arguments out".into());
    } else if client.api_server.0.is_none() && custom {
        checks
            .here("api_server must be set when custom HTTP client configuration is provided")
            .help = Some(
            "without api_server and kubeconfig_file the service account of the pod is used, which needs no other arguments".into(),
        );
    }
}

/// The URL of an API server; empty where there is none. Prints without its password.
#[derive(Clone, Default, PartialEq)]
pub struct ApiServer(pub Option<Url>);

impl std::fmt::Debug for ApiServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text())
    }
}

impl ApiServer {
    fn text(&self) -> String {
        (self.0.as_ref()).map_or_else(String::new, |url| safe_url(url.as_str()))
    }
}

impl FromValue for ApiServer {
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        let text = String::from_value(value)?;
        if text.is_empty() {
            return Ok(Self(None));
        }
        parse_url(&text).map(|url| Self(Some(url))).map_err(|error| {
            ConvertError::new(error)
                .with_help("write scheme, host and port, such as \"https://kubernetes.example:6443\"")
        })
    }

    fn schema() -> Type {
        Type::Text {
            name: "URL",
            words: &[],
        }
    }
}

impl IntoValue for ApiServer {
    fn into_value(self) -> Value {
        Value::string(self.text())
    }
}
