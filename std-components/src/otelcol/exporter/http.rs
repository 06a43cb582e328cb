//! OTLP over HTTP: `otelcol.exporter.otlphttp`.

use super::encode::{self, Status};
use super::protocol::{Failure, Protocol, Taken};
use crate::component::BuildError;
use crate::http_client::{
    HttpClient, HttpClientArguments, ProxyArguments, parse_headers, parse_url, safe_url,
};
use crate::otelcol::settings::{
    AuthHandler, ClientTls, Compression, DebugMetrics, QueueArguments, RetryArguments,
};
use crate::signals::{OtlpData, OtlpSignal};
use bytes::Bytes;
use prost::Message;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Method, Url};
use river_eval::{ByteSize, Checks, FromValue, Shared, Value};
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

/// Bytes of an answer that are read at the most, as in the collector.
const MAX_ANSWER: usize = 64 * 1024;

/// The arguments of `otelcol.exporter.otlphttp`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check)]
pub(crate) struct Arguments {
    /// The endpoint to send traces to; otherwise `client`'s with `/v1/traces`.
    #[river(default)]
    traces_endpoint: String,
    /// The endpoint to send metrics to; otherwise `client`'s with `/v1/metrics`.
    #[river(default)]
    metrics_endpoint: String,
    /// The endpoint to send logs to; otherwise `client`'s with `/v1/logs`.
    #[river(default)]
    logs_endpoint: String,
    /// The encoding to use for messages: `proto` or `json`.
    #[river(default = "proto".into())]
    encoding: String,
    /// Configures the HTTP client to send telemetry data to.
    #[river(block)]
    client: Client,
    /// Configures batching of data before sending.
    #[river(block, default)]
    sending_queue: QueueArguments,
    /// Configures retry mechanism for failed requests.
    #[river(block, default)]
    retry_on_failure: RetryArguments,
    /// Configures the metrics that this component generates to monitor its state.
    #[river(block, default)]
    debug_metrics: DebugMetrics,
}

/// The `client` block.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_client)]
struct Client {
    /// The target URL to send telemetry data to.
    endpoint: String,
    /// HTTP proxy to send requests through.
    #[river(default)]
    proxy_url: String,
    /// Compression mechanism to use for requests.
    #[river(default = Compression::Gzip)]
    compression: Compression,
    /// Accepted, without effect: buffers are as large as they have to be.
    #[river(default = ByteSize(0))]
    read_buffer_size: ByteSize,
    /// Accepted, without effect: buffers are as large as they have to be.
    #[river(default = ByteSize(512 * 1024))]
    write_buffer_size: ByteSize,
    /// Time to wait before marking a request as failed; 0 to wait for ever.
    #[river(default = Duration::from_secs(30))]
    timeout: Duration,
    /// Additional headers to send with the request.
    #[river(default)]
    headers: BTreeMap<String, String>,
    /// Accepted, without effect: clients with equal settings share one pool of connections.
    #[river(default = 100)]
    max_idle_conns: i64,
    /// Accepted, without effect.
    #[river(default = 0)]
    max_idle_conns_per_host: i64,
    /// Accepted, without effect: no more connections are made than `sending_queue` has consumers.
    #[river(default = 0)]
    max_conns_per_host: i64,
    /// Accepted, without effect: an unused connection is closed after five minutes.
    #[river(default = Duration::from_secs(90))]
    idle_conn_timeout: Duration,
    /// Closes the connection after each request.
    #[river(default = false)]
    disable_keep_alives: bool,
    /// Accepted, without effect.
    #[river(default)]
    http2_read_idle_timeout: Duration,
    /// Accepted, without effect.
    #[river(default = Duration::from_secs(15))]
    http2_ping_timeout: Duration,
    /// Uses HTTP/2 where the peer speaks it.
    #[river(default = true)]
    force_attempt_http2: bool,
    /// Handler from an `otelcol.auth` component to use for authenticating requests. This agent has no such component.
    auth: Option<Shared<AuthHandler>>,
    /// Configures advanced compression options.
    #[river(block)]
    compression_params: Option<CompressionParams>,
    /// Configures TLS for the HTTP client.
    #[river(block, default)]
    tls: ClientTls,
    /// Stores cookies from server responses; not supported.
    #[river(block)]
    cookies: Option<Cookies>,
}

/// The `compression_params` block.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
struct CompressionParams {
    /// Configure compression level.
    level: i64,
}

/// The `cookies` block.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
struct Cookies {
    /// Keeps cookies; not supported.
    #[river(default = false)]
    enabled: bool,
}

fn check(arguments: &Arguments, checks: &mut Checks<'_, '_>) {
    let own = [
        ("traces_endpoint", &arguments.traces_endpoint),
        ("metrics_endpoint", &arguments.metrics_endpoint),
        ("logs_endpoint", &arguments.logs_endpoint),
    ];
    if arguments.client.endpoint.is_empty() && own.iter().all(|(_, url)| url.is_empty()) {
        checks.block_attribute(
            ("client", 0),
            "endpoint",
            "at least one endpoint must be specified",
        );
    }
    for (name, url) in own.into_iter().filter(|(_, url)| !url.is_empty()) {
        if let Err(error) = parse_url(url) {
            checks.attribute(name, error);
        }
    }
    if !matches!(arguments.encoding.as_str(), "proto" | "json") {
        let message = format!("invalid encoding type {}", arguments.encoding);
        checks.attribute("encoding", message).help = Some("write proto or json".into());
    }
}

fn check_client(client: &Client, checks: &mut Checks<'_, '_>) {
    if !client.endpoint.is_empty()
        && let Err(error) = parse_url(&client.endpoint)
    {
        checks.attribute("endpoint", error).help =
            Some("write scheme, host and port, such as \"http://tempo:4318\"".into());
    }
    if let Compression::Zstd | Compression::Lz4 = client.compression {
        checks
            .attribute("compression", "zstd and lz4 are not built into this agent")
            .help = Some("write gzip, zlib, deflate, snappy or none".into());
    }
    if client.cookies.as_ref().is_some_and(|cookies| cookies.enabled) {
        checks.block("cookies", 0, "cookies are not supported").help = Some("take the block away".into());
    }
    if let Some(params) = &client.compression_params
        && !(-1..=9).contains(&params.level)
    {
        let message = format!("unsupported compression level {}", params.level);
        checks
            .block_attribute(("compression_params", 0), "level", message)
            .help = Some("write 0 to 9, or -1 for the default".into());
    }
}

/// Where one signal goes.
struct Place {
    url: Option<Url>,
    shown: String,
}

/// The client.
pub(crate) struct Http {
    client: HttpClient,
    headers: HeaderMap,
    places: [Place; 3],
    compression: Compression,
    level: Option<u32>,
    timeout: Duration,
    as_json: bool,
}

impl Http {
    fn place(&self, signal: OtlpSignal) -> &Place {
        let [traces, metrics, logs] = &self.places;
        match signal {
            OtlpSignal::Traces => traces,
            OtlpSignal::Metrics => metrics,
            OtlpSignal::Logs => logs,
        }
    }
}

fn place(base: &str, own: &str, signal: OtlpSignal) -> Place {
    let url = match (own.is_empty(), base.is_empty()) {
        (false, _) => own.to_owned(),
        (true, false) => format!("{}/v1/{}", base.trim_end_matches('/'), signal.as_str()),
        (true, true) => String::new(),
    };
    match parse_url(&url) {
        Ok(parsed) => Place {
            url: Some(parsed),
            shown: safe_url(&url),
        },
        Err(_) => Place {
            url: None,
            shown: "(no endpoint)".to_owned(),
        },
    }
}

impl Protocol for Http {
    const NAME: &'static str = "otelcol.exporter.otlphttp";
    const KIND: &'static str = "otlphttp";
    type Arguments = Arguments;

    fn build(arguments: &Arguments) -> Result<Self, BuildError> {
        let client = &arguments.client;
        let proxy_url = match client.proxy_url.as_str() {
            "" => None,
            url => Some(
                FromValue::from_value(&Value::string(url))
                    .map_err(|_| BuildError::new("client: proxy_url is not a URL"))?,
            ),
        };
        let mut headers = parse_headers(&client.headers)?;
        headers.values_mut().for_each(|value| value.set_sensitive(true));
        let as_json = arguments.encoding == "json";
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static(if as_json {
                "application/json"
            } else {
                "application/x-protobuf"
            }),
        );
        if let Some(encoding) = client.compression.content_encoding() {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        if client.disable_keep_alives {
            headers.insert(reqwest::header::CONNECTION, HeaderValue::from_static("close"));
        }
        let proxy_from_environment = proxy_url.is_none().then_some(true);
        let base = &client.endpoint;
        Ok(Self {
            client: HttpClient::new(&HttpClientArguments::<true> {
                proxy: ProxyArguments {
                    proxy_url,
                    proxy_from_environment,
                    ..ProxyArguments::default()
                },
                // HTTP/1.1 where each request closes its connection: HTTP/2 has no such header.
                enable_http2: client.force_attempt_http2 && !client.disable_keep_alives,
                tls_config: Some(client.tls.arguments()),
                ..HttpClientArguments::default()
            })?,
            headers,
            places: [
                place(base, &arguments.traces_endpoint, OtlpSignal::Traces),
                place(base, &arguments.metrics_endpoint, OtlpSignal::Metrics),
                place(base, &arguments.logs_endpoint, OtlpSignal::Logs),
            ],
            compression: client.compression,
            level: client
                .compression_params
                .as_ref()
                .and_then(|params| u32::try_from(params.level).ok()),
            timeout: client.timeout,
            as_json,
        })
    }

    fn blocks(arguments: &Arguments) -> (&QueueArguments, &RetryArguments) {
        (&arguments.sending_queue, &arguments.retry_on_failure)
    }

    fn target(&self, signal: OtlpSignal) -> &str {
        &self.place(signal).shown
    }

    fn prepare(&self, data: &OtlpData) -> Result<Bytes, String> {
        let plain = if self.as_json {
            encode::json(data).map_err(|error| format!("cannot be written as JSON: {error}"))?
        } else {
            encode::proto(data)
        };
        self.compression
            .pack(plain, self.level)
            .map_err(|error| format!("cannot be compressed: {error}"))
    }

    async fn send(&self, signal: OtlpSignal, body: Bytes) -> Result<Taken, Failure> {
        let Some(url) = self.place(signal).url.clone() else {
            let signal = signal.as_str();
            return Err(Failure::permanent(format!(
                "no endpoint for {signal}: set endpoint in client, or {signal}_endpoint"
            )));
        };
        let passing = |error: crate::http_client::HttpError| Failure::passing(error.to_string(), None);
        let mut request = self
            .client
            .request(Method::POST, url)
            .await
            .map_err(passing)?
            .headers(self.headers.clone())
            .body(body);
        if !self.timeout.is_zero() {
            request = request.timeout(self.timeout);
        }
        let mut answer = request.send().await.map_err(|error| passing(error.into()))?;
        let status = answer.status();
        let asked = retry_after(answer.headers(), SystemTime::now());
        let says_json = answer
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
        let mut text = Vec::new();
        while text.len() < MAX_ANSWER {
            match answer.chunk().await {
                Ok(Some(chunk)) => text.extend_from_slice(&chunk),
                Ok(None) | Err(_) => break,
            }
        }
        if status.is_success() {
            return Ok(if says_json {
                encode::taken_json(&text)
            } else {
                encode::taken_proto(&text)
            });
        }
        let code = status.as_u16();
        let error = format!(
            "error exporting items, request to {} responded with HTTP Status Code {code}{}",
            self.target(signal),
            reason(&text, says_json)
        );
        // The OTLP specification's list.
        Err(if matches!(code, 429 | 502 | 503 | 504) {
            Failure::passing(error, asked)
        } else {
            Failure::permanent(error)
        })
    }
}

/// What the peer says of its refusal, for a message.
fn reason(body: &[u8], is_json: bool) -> String {
    let status = if is_json {
        let answer: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        answer["message"].as_str().map(str::to_owned)
    } else {
        Status::decode(body).ok().map(|status| status.message)
    };
    let said = status.filter(|said| !said.is_empty()).unwrap_or_else(|| {
        let text = String::from_utf8_lossy(body);
        text.lines().next().unwrap_or_default().to_owned()
    });
    let said: String = said.chars().filter(|c| !c.is_control()).take(1024).collect();
    if said.is_empty() {
        said
    } else {
        format!(", Message={said}")
    }
}

/// `Retry-After` in seconds, or as the date until which to wait.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?;
    SystemTime::from(date.timestamp()).duration_since(now).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::testing::{arguments, mistakes};

    #[test]
    fn what_cannot_work_is_refused_with_a_way_out() {
        insta::assert_snapshot!(
            mistakes::<Arguments>(r#"client { endpoint = "tempo:4318" }"#),
            @r#"not an HTTP URL: its scheme is "tempo", expected http or https (write scheme, host and port, such as "http://tempo:4318")"#
        );
        insta::assert_snapshot!(
            mistakes::<Arguments>(r#"client { endpoint = "" }"#),
            @"at least one endpoint must be specified"
        );
        insta::assert_snapshot!(
            mistakes::<Arguments>("client {\n endpoint = \"http://tempo:4318\"\n compression = \"zstd\"\n}"),
            @"zstd and lz4 are not built into this agent (write gzip, zlib, deflate, snappy or none)"
        );
        insta::assert_snapshot!(
            mistakes::<Arguments>("encoding = \"xml\"\nclient { endpoint = \"http://tempo:4318\" }"),
            @"invalid encoding type xml (write proto or json)"
        );
    }

    #[test]
    fn signals_go_to_their_own_endpoints_or_to_paths_of_the_common_one() {
        let http = Http::build(&arguments(
            r#"logs_endpoint = "http://loki:3100/otlp/v1/logs"
               client { endpoint = "http://user:secret@tempo:4318/base/" }"#,
        ))
        .unwrap();
        assert_eq!(
            http.target(OtlpSignal::Traces),
            "http://user:xxxxx@tempo:4318/base/v1/traces"
        );
        assert_eq!(http.target(OtlpSignal::Logs), "http://loki:3100/otlp/v1/logs");
    }

    #[test]
    fn the_wish_to_wait_is_read_as_seconds_and_as_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let read = |text: &'static str| {
            let headers = [(RETRY_AFTER, HeaderValue::from_static(text))]
                .into_iter()
                .collect();
            retry_after(&headers, now)
        };
        assert_eq!(read("7"), Some(Duration::from_secs(7)));
        assert_eq!(
            read("Tue, 14 Nov 2023 22:13:30 GMT"),
            Some(Duration::from_secs(10))
        );
        assert_eq!(read("soon"), None);
    }
}
