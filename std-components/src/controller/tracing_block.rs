//! The `tracing` block: decoded here, acted on by the program through a watch.

use super::codes;
use super::config_blocks::ConfigBlock;
#[cfg(feature = "otelcol")]
use crate::signals::{Fanout, OtlpBatch};
use river_eval::graph::Node;
use river_eval::schema::BodySchema;
use river_eval::{Arguments as _, BodyValue, Checks};
use river_syntax::Diagnostic;
use std::time::Duration;
use tokio::sync::watch;

/// Who receives spans.
#[cfg(feature = "otelcol")]
type Consumers = Fanout<OtlpBatch>;

/// Nobody does where the family of OpenTelemetry is not built in.
#[cfg(not(feature = "otelcol"))]
type Consumers = Vec<river_eval::Shared<NoConsumer>>;

/// A receiver of spans that nothing exports.
#[cfg(not(feature = "otelcol"))]
#[derive(Debug)]
pub struct NoConsumer;

#[cfg(not(feature = "otelcol"))]
impl river_eval::CapsuleType for NoConsumer {
    const TYPE_NAME: &'static str = "otelcol.Consumer";
}

/// What the `tracing` block asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TraceSettings {
    /// The part of all traces that is kept, from 0 to 1.
    pub sampling_fraction: f64,
    /// Who gets the spans. With nobody, none are made.
    pub write_to: Consumers,
    /// Whether requests to peers carry the id of the span that they are sent in.
    pub send_traceparent: bool,
    /// Who says which traces are kept, instead of the fraction.
    pub jaeger_remote: Option<JaegerRemote>,
}

/// The arguments of `tracing`.
#[derive(Debug, river_eval::Arguments)]
#[river(validate = check)]
struct Arguments {
    /// The part of all traces that is kept, from 0 to 1.
    #[river(default = 0.1)]
    sampling_fraction: f64,
    /// Whether requests to peers carry the trace's id.
    #[river(default = false)]
    send_traceparent: bool,
    /// Who receives the agent's own traces.
    #[river(default = Consumers::default())]
    write_to: Consumers,
    /// Where the part that is kept is asked for.
    #[river(block)]
    sampler: Option<Sampler>,
}

/// Where the part of traces that is kept is asked for.
#[derive(Debug, river_eval::Arguments)]
struct Sampler {
    /// A Jaeger collector; `sampling_fraction` holds until it has answered.
    #[river(block)]
    jaeger_remote: Option<JaegerRemote>,
}

/// A Jaeger collector's sampling endpoint.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_jaeger)]
pub struct JaegerRemote {
    /// Its URL.
    #[river(default = "http://127.0.0.1:5778/sampling".into())]
    pub url: String,
    /// How many operations are told apart.
    #[river(default = 256)]
    pub max_operations: i64,
    /// How often it is asked.
    #[river(default = Duration::from_secs(60))]
    pub refresh_interval: Duration,
}

fn check_jaeger(arguments: &JaegerRemote, checks: &mut Checks<'_, '_>) {
    if let Err(reason) = crate::http_client::parse_url(&arguments.url) {
        checks.attribute("url", reason);
    }
    if arguments.refresh_interval.is_zero() {
        checks.attribute("refresh_interval", "refresh_interval must be greater than 0");
    }
}

fn check(arguments: &Arguments, checks: &mut Checks<'_, '_>) {
    if !(0.0..=1.0).contains(&arguments.sampling_fraction) {
        let message = format!(
            "sampling_fraction is a part of all traces, from 0 to 1, and is {}",
            arguments.sampling_fraction
        );
        checks.attribute("sampling_fraction", message);
    }
}

/// The `tracing` block.
pub(super) struct Tracing(pub(super) watch::Sender<TraceSettings>);

impl ConfigBlock for Tracing {
    fn name(&self) -> &'static str {
        "tracing"
    }

    fn check(&self, node: &Node, body: &BodyValue) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        let arguments = Arguments::decode(body)?;
        let warning =
            |code, message: &str| Diagnostic::warning(code, node.block.name_span, message.to_owned());
        let mut warnings = Vec::new();
        if arguments.write_to.is_empty() && !arguments.send_traceparent {
            let warning = warning(
                &codes::NO_TRACES,
                "write_to names nobody who receives traces: the agent makes no spans of its own",
            );
            warnings
                .push(warning.with_help("name an exporter: write_to = [otelcol.exporter.otlp.LABEL.input]"));
        }
        Ok(warnings)
    }

    fn apply(&self, body: Option<&BodyValue>) {
        let arguments = body.and_then(|body| Arguments::decode(body).ok());
        let settings = arguments.map_or_else(TraceSettings::default, |arguments| TraceSettings {
            sampling_fraction: arguments.sampling_fraction,
            write_to: arguments.write_to,
            send_traceparent: arguments.send_traceparent,
            jaeger_remote: arguments.sampler.and_then(|sampler| sampler.jaeger_remote),
        });
        self.0.send_if_modified(|current| {
            let changed = *current != settings;
            *current = settings;
            changed
        });
    }
}

/// What the block takes.
pub(super) fn schema() -> BodySchema {
    Arguments::schema()
}
