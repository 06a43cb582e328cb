//! The arguments, as every component that speaks HTTP takes them.

use river_eval::schema::Type;
use river_eval::{Checks, ConvertError, FromValue, IntoValue, Secret, Value};
use std::collections::BTreeMap;

/// Client settings, to be squashed into a component's arguments. `HTTP2` is the default of `enable_http2`, which differs between components.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_client)]
pub struct HttpClientArguments<const HTTP2: bool = true> {
    /// Bearer token to authenticate with.
    pub bearer_token: Option<Secret>,
    /// File containing a bearer token to authenticate with; read again when it changes.
    #[river(default)]
    pub bearer_token_file: String,
    /// Proxy settings.
    #[river(squash)]
    pub proxy: ProxyArguments,
    /// Whether redirects returned by the server should be followed.
    #[river(default = true)]
    pub follow_redirects: bool,
    /// Whether HTTP2 is supported for requests.
    #[river(default = HTTP2)]
    pub enable_http2: bool,
    /// Custom HTTP headers to be sent along with each request. The map key is the header name.
    pub http_headers: Option<BTreeMap<String, Vec<Secret>>>,
    /// Configure basic authentication to the endpoint.
    #[river(block)]
    pub basic_auth: Option<BasicAuth>,
    /// Configure generic authorization to the endpoint.
    #[river(block)]
    pub authorization: Option<Authorization>,
    /// Configure OAuth 2.0 (client credentials) for authenticating to the endpoint.
    #[river(block)]
    pub oauth2: Option<OAuth2>,
    /// Configure TLS settings for connecting to the endpoint.
    #[river(block)]
    pub tls_config: Option<TlsArguments>,
}

impl<const HTTP2: bool> Default for HttpClientArguments<HTTP2> {
    fn default() -> Self {
        Self {
            bearer_token: None,
            bearer_token_file: String::new(),
            proxy: ProxyArguments::default(),
            follow_redirects: true,
            enable_http2: HTTP2,
            http_headers: None,
            basic_auth: None,
            authorization: None,
            oauth2: None,
            tls_config: None,
        }
    }
}

fn check_client<const HTTP2: bool>(client: &HttpClientArguments<HTTP2>, checks: &mut Checks<'_, '_>) {
    let given = [
        ("basic_auth", true, client.basic_auth.is_some()),
        ("authorization", true, client.authorization.is_some()),
        ("oauth2", true, client.oauth2.is_some()),
        ("bearer_token", false, is_given(client.bearer_token.as_ref())),
        ("bearer_token_file", false, !client.bearer_token_file.is_empty()),
    ];
    let mut ways = given.iter().filter(|(.., given)| *given);
    let (Some((first, ..)), Some((second, is_block, _))) = (ways.next(), ways.next()) else {
        return;
    };
    let message = "at most one of basic_auth, authorization, oauth2, bearer_token & bearer_token_file must be configured";
    let mistake = if *is_block {
        checks.block(second, 0, message)
    } else {
        checks.attribute(second, message)
    };
    mistake.help = Some(format!("{first} is configured too: remove one of them"));
}

fn is_given(secret: Option<&Secret>) -> bool {
    secret.is_some_and(|secret| !secret.reveal().is_empty())
}

/// Which proxy to go through.
#[derive(Clone, Debug, Default, PartialEq, river_eval::Arguments)]
#[river(validate = check_proxy)]
pub struct ProxyArguments {
    /// HTTP proxy to send requests through.
    pub proxy_url: Option<ProxyUrl>,
    /// Comma-separated list of IP addresses, CIDR notations, and domain names to exclude from proxying.
    pub no_proxy: Option<String>,
    /// Use the proxy URL indicated by environment variables.
    pub proxy_from_environment: Option<bool>,
    /// Specifies headers to send to proxies during CONNECT requests.
    pub proxy_connect_header: Option<BTreeMap<String, Vec<Secret>>>,
}

impl ProxyArguments {
    /// Whether the proxy is to be taken from the environment.
    pub fn from_environment(&self) -> bool {
        self.proxy_from_environment == Some(true)
    }
}

fn check_proxy(proxy: &ProxyArguments, checks: &mut Checks<'_, '_>) {
    let excluded = proxy.no_proxy.as_ref().is_some_and(|list| !list.is_empty());
    let headers = proxy
        .proxy_connect_header
        .as_ref()
        .is_some_and(|headers| !headers.is_empty());
    if headers && proxy.proxy_url.is_none() && !proxy.from_environment() {
        checks.attribute(
            "proxy_connect_header",
            "if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured",
        );
    }
    if proxy.from_environment() && proxy.proxy_url.is_some() {
        checks.attribute(
            "proxy_url",
            "if proxy_from_environment is configured, proxy_url must not be configured",
        );
    }
    if proxy.from_environment() && excluded {
        checks
            .attribute(
                "no_proxy",
                "if proxy_from_environment is configured, no_proxy must not be configured",
            )
            .help = Some("set the environment variable NO_PROXY instead".into());
    }
    if excluded && proxy.proxy_url.is_none() && !proxy.from_environment() {
        checks.attribute(
            "no_proxy",
            "if no_proxy is configured, proxy_url must also be configured",
        );
    }
}

/// The URL of a proxy. Prints without its password.
#[derive(Clone, PartialEq)]
pub struct ProxyUrl(reqwest::Url);

impl ProxyUrl {
    /// The whole URL, password included.
    pub fn reveal(&self) -> &reqwest::Url {
        &self.0
    }
}

impl std::fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&super::safe_url(self.0.as_str()))
    }
}

impl FromValue for ProxyUrl {
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        let text = String::from_value(value)?;
        reqwest::Url::parse(&text).map(Self).map_err(|error| {
            ConvertError::new(format!("not a URL: {error}"))
                .with_help("write scheme, host and port, such as \"http://proxy.example:3128\"")
        })
    }

    fn schema() -> Type {
        Type::Text {
            name: "URL",
            words: &[],
        }
    }
}

impl IntoValue for ProxyUrl {
    fn into_value(self) -> Value {
        Value::string(super::safe_url(self.0.as_str()))
    }
}

/// User name and password.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_basic_auth)]
pub struct BasicAuth {
    /// Basic auth username.
    #[river(default)]
    pub username: String,
    /// Basic auth password.
    pub password: Option<Secret>,
    /// File containing the basic auth password; read again when it changes.
    #[river(default)]
    pub password_file: String,
}

fn check_basic_auth(auth: &BasicAuth, checks: &mut Checks<'_, '_>) {
    if is_given(auth.password.as_ref()) && !auth.password_file.is_empty() {
        checks.attribute(
            "password_file",
            "at most one of basic_auth password & password_file must be configured",
        );
    }
}

/// An `Authorization` header of any type.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_authorization)]
pub struct Authorization {
    /// Authorization type, for example, `Bearer`, which is also what an empty one means.
    #[river(name = "type", default)]
    pub kind: String,
    /// Secret value.
    pub credentials: Option<Secret>,
    /// File containing the secret value; read again when it changes.
    #[river(default)]
    pub credentials_file: String,
}

fn check_authorization(authorization: &Authorization, checks: &mut Checks<'_, '_>) {
    if is_given(authorization.credentials.as_ref()) && !authorization.credentials_file.is_empty() {
        checks.attribute(
            "credentials_file",
            "at most one of authorization credentials & credentials_file must be configured",
        );
    }
    if authorization.kind.trim().eq_ignore_ascii_case("basic") {
        checks
            .attribute(
                "type",
                "authorization type cannot be set to \"basic\", use \"basic_auth\" block instead",
            )
            .help = Some("write basic_auth { username = …, password = … }".into());
    }
}

/// OAuth 2.0, client credentials.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_oauth2)]
pub struct OAuth2 {
    /// OAuth2 client ID.
    #[river(default)]
    pub client_id: String,
    /// OAuth2 client secret.
    pub client_secret: Option<Secret>,
    /// File containing the OAuth2 client secret; read again when it changes.
    #[river(default)]
    pub client_secret_file: String,
    /// List of scopes to authenticate with.
    #[river(default)]
    pub scopes: Vec<String>,
    /// URL to fetch the token from.
    #[river(default)]
    pub token_url: String,
    /// Optional parameters to append to the token URL.
    #[river(default)]
    pub endpoint_params: BTreeMap<String, String>,
    /// Proxy settings.
    #[river(squash)]
    pub proxy: ProxyArguments,
    /// Configure TLS settings for connecting to the token URL.
    #[river(block)]
    pub tls_config: Option<TlsArguments>,
}

fn check_oauth2(oauth2: &OAuth2, checks: &mut Checks<'_, '_>) {
    if oauth2.client_id.is_empty() {
        checks.attribute("client_id", "oauth2 client_id must be configured");
    }
    if oauth2.token_url.is_empty() {
        checks.attribute("token_url", "oauth2 token_url must be configured");
    } else if let Err(error) = super::parse_url(&oauth2.token_url) {
        checks.attribute("token_url", error);
    }
    let secret = is_given(oauth2.client_secret.as_ref());
    if secret && !oauth2.client_secret_file.is_empty() {
        checks.attribute(
            "client_secret_file",
            "at most one of oauth2 client_secret & client_secret_file must be configured",
        );
    } else if !secret && oauth2.client_secret_file.is_empty() {
        checks.attribute(
            "client_secret",
            "either oauth2 client_secret or client_secret_file must be configured",
        );
    }
}

/// The least version of TLS. What is below 1.2 is accepted in configurations and means 1.2: nothing older is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, river_eval::TextEnum)]
#[river(text = "TLS version")]
#[expect(missing_docs, reason = "the names are the reference's")]
pub enum TlsVersion {
    #[river(name = "TLS10")]
    Tls10,
    #[river(name = "TLS11")]
    Tls11,
    #[river(name = "TLS12")]
    Tls12,
    #[river(name = "TLS13")]
    Tls13,
}

/// TLS settings.
#[derive(Clone, Debug, Default, PartialEq, river_eval::Arguments)]
#[river(validate = check_tls)]
pub struct TlsArguments {
    /// CA PEM-encoded text to validate the server with.
    #[river(default)]
    pub ca_pem: String,
    /// CA certificate to validate the server with; read again when it changes.
    #[river(default)]
    pub ca_file: String,
    /// Certificate PEM-encoded text for client authentication.
    #[river(default)]
    pub cert_pem: String,
    /// Certificate file for client authentication; read again when it changes.
    #[river(default)]
    pub cert_file: String,
    /// Key PEM-encoded text for client authentication.
    pub key_pem: Option<Secret>,
    /// Key file for client authentication; read again when it changes.
    #[river(default)]
    pub key_file: String,
    /// The name that the server's certificate is checked for instead of the URL's host.
    #[river(default)]
    pub server_name: String,
    /// Disables validation of the server certificate.
    #[river(default = false)]
    pub insecure_skip_verify: bool,
    /// Minimum acceptable TLS version.
    pub min_version: Option<TlsVersion>,
}

fn check_tls(tls: &TlsArguments, checks: &mut Checks<'_, '_>) {
    let key = is_given(tls.key_pem.as_ref());
    if !tls.ca_pem.is_empty() && !tls.ca_file.is_empty() {
        checks.attribute("ca_file", "at most one of ca_pem and ca_file must be configured");
    }
    if !tls.cert_pem.is_empty() && !tls.cert_file.is_empty() {
        checks.attribute(
            "cert_file",
            "at most one of cert_pem and cert_file must be configured",
        );
    }
    if key && !tls.key_file.is_empty() {
        checks.attribute(
            "key_file",
            "at most one of key_pem and key_file must be configured",
        );
    }
    let certificate = !tls.cert_pem.is_empty() || !tls.cert_file.is_empty();
    let key = key || !tls.key_file.is_empty();
    if certificate && !key {
        checks.here(
            "exactly one of key_pem or key_file must be configured when a client certificate is configured",
        );
    }
    if key && !certificate {
        checks
            .here("exactly one of cert_pem or cert_file must be configured when a client key is configured");
    }
}
