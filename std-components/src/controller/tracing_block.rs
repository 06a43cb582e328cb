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
}

/// The arguments of `tracing`.
#[derive(Debug, river_eval::Arguments)]
#[river(validate = check)]
struct Arguments {
    /// The part of all traces that is kept, from 0 to 1.
    #[river(default = 0.1)]
    sampling_fraction: f64,
    /// Whether requests to peers carry the trace's id. Accepted, without effect.
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
    /// A Jaeger collector. Accepted; `sampling_fraction` is used instead.
    #[river(block)]
    jaeger_remote: Option<JaegerRemote>,
}

/// A Jaeger collector's sampling endpoint.
#[derive(Debug, river_eval::Arguments)]
struct JaegerRemote {
    /// Its URL.
    #[river(default = "http://127.0.0.1:5778/sampling".into())]
    #[expect(dead_code, reason = "accepted, nobody is asked")]
    url: String,
    /// How many operations are told apart.
    #[river(default = 256)]
    #[expect(dead_code, reason = "accepted, nobody is asked")]
    max_operations: i64,
    /// How often it is asked.
    #[river(default = Duration::from_secs(60))]
    #[expect(dead_code, reason = "accepted, nobody is asked")]
    refresh_interval: Duration,
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
        if arguments.write_to.is_empty() {
            let warning = warning(
                &codes::NO_TRACES,
                "write_to names nobody who receives traces: the agent makes no spans of its own",
            );
            warnings
                .push(warning.with_help("name an exporter: write_to = [otelcol.exporter.otlp.LABEL.input]"));
        }
        if arguments.send_traceparent {
            let warning = warning(
                &codes::WITHOUT_EFFECT,
                "send_traceparent has no effect: requests to peers do not carry the trace's id",
            );
            warnings.push(warning.with_help("leave it out"));
        }
        if arguments
            .sampler
            .is_some_and(|sampler| sampler.jaeger_remote.is_some())
        {
            let warning = warning(
                &codes::WITHOUT_EFFECT,
                "jaeger_remote is not supported: nobody is asked which traces to keep, sampling_fraction decides",
            );
            warnings.push(warning.with_help("set sampling_fraction and take the block away"));
        }
        Ok(warnings)
    }

    fn apply(&self, body: Option<&BodyValue>) {
        let arguments = body.and_then(|body| Arguments::decode(body).ok());
        let settings = arguments.map_or_else(TraceSettings::default, |arguments| TraceSettings {
            sampling_fraction: arguments.sampling_fraction,
            write_to: arguments.write_to,
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
