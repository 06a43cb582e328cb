//! The `tracing` block. Its arguments are the reference's and are checked; there is no component that receives traces in this agent yet, so
//! the agent makes no spans and says so where the block stands.

use super::codes;
use super::config_blocks::ConfigBlock;
use river_eval::graph::Node;
use river_eval::schema::BodySchema;
use river_eval::{Arguments as _, BodyValue, CapsuleType, Checks, Shared};
use river_syntax::Diagnostic;
use std::time::Duration;

/// What receives traces: nothing exports one yet.
#[derive(Debug)]
struct Consumer;

impl CapsuleType for Consumer {
    const TYPE_NAME: &'static str = "otelcol.Consumer";
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
    #[expect(dead_code, reason = "nothing is traced yet")]
    send_traceparent: bool,
    /// Who receives the agent's own traces.
    #[river(default)]
    #[expect(dead_code, reason = "nothing is traced yet")]
    write_to: Vec<Shared<Consumer>>,
    /// Where the part that is kept is asked for.
    #[river(block)]
    #[expect(dead_code, reason = "nothing is traced yet")]
    sampler: Option<Sampler>,
}

/// Where the part of traces that is kept is asked for.
#[derive(Debug, river_eval::Arguments)]
struct Sampler {
    /// A Jaeger collector.
    #[river(block)]
    #[expect(dead_code, reason = "nothing is traced yet")]
    jaeger_remote: Option<JaegerRemote>,
}

/// A Jaeger collector's sampling endpoint.
#[derive(Debug, river_eval::Arguments)]
struct JaegerRemote {
    /// Its URL.
    #[river(default = "http://127.0.0.1:5778/sampling".into())]
    #[expect(dead_code, reason = "nothing is traced yet")]
    url: String,
    /// How many operations are told apart.
    #[river(default = 256)]
    #[expect(dead_code, reason = "nothing is traced yet")]
    max_operations: i64,
    /// How often it is asked.
    #[river(default = Duration::from_secs(60))]
    #[expect(dead_code, reason = "nothing is traced yet")]
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
pub(super) struct Tracing;

impl ConfigBlock for Tracing {
    fn name(&self) -> &'static str {
        "tracing"
    }

    fn check(&self, node: &Node, body: &BodyValue) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        Arguments::decode(body)?;
        let warning = Diagnostic::warning(
            &codes::NO_TRACES,
            node.block.name_span,
            "no component of this agent receives traces yet: it makes no spans of its own",
        );
        Ok(vec![warning.with_help(
            "the block's arguments are checked and otherwise without effect",
        )])
    }

    fn apply(&self, _: Option<&BodyValue>) {}
}

/// What the block takes.
pub(super) fn schema() -> BodySchema {
    Arguments::schema()
}
