//! OTLP over gRPC: `otelcol.exporter.otlp`.

use super::encode::{self, Status as Refusal};
use super::grpc_connect::{Connect, Target};
use super::protocol::{Failure, Protocol, Taken};
use crate::component::BuildError;
use crate::http_client::{USER_AGENT, parse_headers, tls};
use crate::otelcol::settings::{
    AuthHandler, ClientTls, Compression, DebugMetrics, QueueArguments, RetryArguments,
};
use crate::signals::{OtlpData, OtlpSignal};
use bytes::{Buf, BufMut, Bytes};
use http::HeaderMap;
use http::uri::PathAndQuery;
use parking_lot::Mutex;
use prost::Message;
use river_eval::{ByteSize, Checks, Shared};
use std::collections::BTreeMap;
use std::time::Duration;
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// The least time between two pings, as gRPC has it.
const LEAST_PING: Duration = Duration::from_secs(10);

/// The arguments of `otelcol.exporter.otlp`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(crate) struct Arguments {
    /// Time to wait before marking a request as failed; 0 to wait for ever.
    #[river(default = Duration::from_secs(5))]
    timeout: Duration,
    /// Configures batching of data before sending.
    #[river(block, default)]
    sending_queue: QueueArguments,
    /// Configures retry mechanism for failed requests.
    #[river(block, default)]
    retry_on_failure: RetryArguments,
    /// Configures the metrics that this component generates to monitor its state.
    #[river(block, default)]
    debug_metrics: DebugMetrics,
    /// Configures the gRPC client to send telemetry data to.
    #[river(block)]
    client: Client,
}

/// The `client` block.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_client)]
struct Client {
    /// `host:port` to send telemetry data to.
    endpoint: String,
    /// Compression mechanism to use for requests: `gzip` or `none`.
    #[river(default = Compression::Gzip)]
    compression: Compression,
    /// Accepted, without effect: buffers are as large as they have to be.
    #[river(default = ByteSize(0))]
    read_buffer_size: ByteSize,
    /// Accepted, without effect: buffers are as large as they have to be.
    #[river(default = ByteSize(512 * 1024))]
    write_buffer_size: ByteSize,
    /// Accepted: a request waits for the connection within its timeout in any case.
    #[river(default = false)]
    wait_for_ready: bool,
    /// Additional headers to send with the request.
    #[river(default)]
    headers: BTreeMap<String, String>,
    /// Accepted, without effect: there is one connection, to the first address that answers.
    #[river(default = "round_robin".into())]
    balancer_name: String,
    /// Overrides the default `:authority` header in gRPC requests.
    #[river(default)]
    authority: String,
    /// Handler from an `otelcol.auth` component to use for authenticating requests. This agent has no such component.
    auth: Option<Shared<AuthHandler>>,
    /// Configures TLS for the gRPC client.
    #[river(block, default)]
    tls: ClientTls,
    /// Configures keepalive settings for the gRPC client.
    #[river(block)]
    keepalive: Option<Keepalive>,
}

/// The `keepalive` block.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
struct Keepalive {
    /// How often to ping the server after no activity; no less than 10 s, and 0 for never.
    #[river(default)]
    ping_wait: Duration,
    /// Time to wait before closing inactive connections if the server doesn't respond to a ping; 0 means 20 s.
    #[river(default)]
    ping_response_timeout: Duration,
    /// Send pings even if there is no active request.
    #[river(default = false)]
    ping_without_stream: bool,
}

fn check_client(client: &Client, checks: &mut Checks<'_, '_>) {
    if let Err(error) = Target::parse(&client.endpoint) {
        checks.attribute("endpoint", error).help = Some("write host and port, such as \"tempo:4317\"".into());
    }
    if !matches!(
        client.compression,
        Compression::Gzip | Compression::None | Compression::Empty
    ) {
        checks
            .attribute("compression", "only gzip and none are supported over gRPC")
            .help = Some("write gzip or none".into());
    }
    if !client.authority.is_empty() && client.authority.parse::<http::uri::Authority>().is_err() {
        checks.attribute("authority", "not a host with or without a port");
    }
}

/// The client.
pub(crate) struct Grpc {
    shown: String,
    endpoint: Endpoint,
    connect: Connect,
    /// Made with the first request, so that an exporter that is never used has no tasks.
    channel: Mutex<Option<Channel>>,
    headers: HeaderMap,
    compresses: bool,
    timeout: Duration,
}

impl Grpc {
    fn channel(&self) -> Channel {
        let mut channel = self.channel.lock();
        channel
            .get_or_insert_with(|| self.endpoint.connect_with_connector_lazy(self.connect.clone()))
            .clone()
    }
}

impl Protocol for Grpc {
    const NAME: &'static str = "otelcol.exporter.otlp";
    const KIND: &'static str = "otlp";
    type Arguments = Arguments;

    fn build(arguments: &Arguments) -> Result<Self, BuildError> {
        let client = &arguments.client;
        let target = Target::parse(&client.endpoint)
            .map_err(|error| BuildError::new(format!("client: endpoint: {error}")))?;
        let is_tls = target.tls.unwrap_or(!client.tls.insecure);
        let tls = is_tls.then(|| client.tls.arguments());
        if let Some(tls) = &tls {
            // Read now, so that what cannot be used is told when the configuration is loaded.
            tls::configuration(Some(tls), true).map_err(|error| BuildError::new(error.to_string()))?;
        }
        let build = |error: &dyn std::fmt::Display| BuildError::new(format!("client: endpoint: {error}"));
        let scheme = if is_tls { "https" } else { "http" };
        let authority = match client.authority.as_str() {
            "" => target.authority(),
            own => own.to_owned(),
        };
        let origin = format!("{scheme}://{authority}")
            .parse()
            .map_err(|error: http::uri::InvalidUri| build(&error))?;
        // Plain for tonic, whatever is spoken: the connection makes its TLS itself.
        let mut endpoint = Endpoint::from_shared(format!("http://{}", target.authority()))
            .and_then(|endpoint| endpoint.user_agent(USER_AGENT))
            .map_err(|error| build(&error))?
            .origin(origin)
            .connect_timeout(CONNECT_TIMEOUT);
        if let Some(keepalive) = &client.keepalive
            && !keepalive.ping_wait.is_zero()
        {
            let timeout = match keepalive.ping_response_timeout {
                Duration::ZERO => Duration::from_secs(20),
                timeout => timeout,
            };
            endpoint = endpoint
                .http2_keep_alive_interval(keepalive.ping_wait.max(LEAST_PING))
                .keep_alive_timeout(timeout)
                .keep_alive_while_idle(keepalive.ping_without_stream);
        }
        let mut headers = parse_headers(&client.headers)?;
        headers.values_mut().for_each(|value| value.set_sensitive(true));
        Ok(Self {
            shown: target.authority(),
            endpoint,
            connect: Connect { target, tls },
            channel: Mutex::new(None),
            headers,
            compresses: client.compression == Compression::Gzip,
            timeout: arguments.timeout,
        })
    }

    fn blocks(arguments: &Arguments) -> (&QueueArguments, &RetryArguments) {
        (&arguments.sending_queue, &arguments.retry_on_failure)
    }

    fn target(&self, _: OtlpSignal) -> &str {
        &self.shown
    }

    fn prepare(&self, data: &OtlpData) -> Result<Bytes, String> {
        Ok(encode::proto(data).into())
    }

    async fn send(&self, signal: OtlpSignal, body: Bytes) -> Result<Taken, Failure> {
        let path = PathAndQuery::from_static(match signal {
            OtlpSignal::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            OtlpSignal::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
            OtlpSignal::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        });
        let mut client =
            tonic::client::Grpc::new(self.channel()).accept_compressed(CompressionEncoding::Gzip);
        if self.compresses {
            client = client.send_compressed(CompressionEncoding::Gzip);
        }
        let mut request = Request::new(body);
        *request.metadata_mut() = MetadataMap::from_headers(self.headers.clone());
        let call = async {
            client
                .ready()
                .await
                .map_err(|error| Status::unavailable(causes(&error)))?;
            client.unary(request, path, Raw).await
        };
        let answer = if self.timeout.is_zero() {
            call.await
        } else {
            match tokio::time::timeout(self.timeout, call).await {
                Ok(answer) => answer,
                Err(_) => {
                    return Err(Failure::passing(
                        format!(
                            "rpc error: code = DeadlineExceeded: no answer within {:?}",
                            self.timeout
                        ),
                        None,
                    ));
                }
            }
        };
        answer
            .map(|answer| answer.into_inner())
            .map_err(|status| judge(&status))
    }
}

/// What a status means for trying again, by the OTLP specification's table.
fn judge(status: &Status) -> Failure {
    let asked = Refusal::decode(status.details())
        .ok()
        .and_then(|refusal| refusal.retry_delay());
    let error = format!(
        "rpc error: code = {:?} desc = {}",
        status.code(),
        match std::error::Error::source(status) {
            // Of tonic itself, as where no connection comes about.
            Some(source) => causes(source),
            None => status.message().chars().take(1024).collect(),
        }
    );
    match status.code() {
        Code::Cancelled
        | Code::DeadlineExceeded
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unavailable
        | Code::DataLoss => Failure::passing(error, asked),
        // Only a peer that says when to come back can recover.
        Code::ResourceExhausted if asked.is_some() => Failure::passing(error, asked),
        _ => Failure::permanent(error),
    }
}

/// An error with what lies under it.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

/// Sends messages that are written already, and reads answers of all signals.
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Taken;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Taken;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Taken>, Status> {
        let body = from.copy_to_bytes(from.remaining());
        Ok(Some(encode::taken_proto(&body)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::testing::mistakes;

    #[test]
    fn what_cannot_work_is_refused_with_a_way_out() {
        insta::assert_snapshot!(
            mistakes::<Arguments>(r#"client {
                endpoint = "http://tempo:4317/v1/traces"
                compression = "snappy"
            }"#),
            @r#"
        not a host and a port (write host and port, such as "tempo:4317")
        only gzip and none are supported over gRPC (write gzip or none)
        "#
        );
    }

    #[test]
    fn statuses_are_judged_by_the_specifications_table() {
        let judged = |code| judge(&Status::new(code, "no")).may_retry;
        for code in [
            Code::Cancelled,
            Code::DeadlineExceeded,
            Code::Aborted,
            Code::OutOfRange,
            Code::Unavailable,
            Code::DataLoss,
        ] {
            assert!(judged(code), "{code:?}");
        }
        for code in [
            Code::ResourceExhausted,
            Code::InvalidArgument,
            Code::Unauthenticated,
            Code::PermissionDenied,
            Code::Unimplemented,
            Code::Internal,
            Code::Unknown,
        ] {
            assert!(!judged(code), "{code:?}");
        }
        let details = encode::status_with_retry("slow down", 7);
        let status = Status::with_details(Code::ResourceExhausted, "slow down", details.into());
        assert_eq!(
            judge(&status),
            Failure::passing(
                "rpc error: code = ResourceExhausted desc = slow down",
                Some(Duration::from_secs(7))
            )
        );
    }
}
