//! Spans of the agent's own work: loads, evaluations, requests. They go where the `tracing` block says; where there is none, nobody is interested in
//! their target and making one costs a look at a flag.
//!
//! Few and coarse: a span for a load, an evaluated node, a request. Nothing that is done for an entry or a sample has one, and nothing that the
//! exporters of spans do: one span must not beget the next.

use http::HeaderMap;
use std::sync::OnceLock;

/// The target of all of them, by which they are told from the spans around log lines.
pub const TARGET: &str = "own_spans";

/// Writes the id of the current span into the headers of a request.
pub type Propagator = Box<dyn Fn(&mut HeaderMap) + Send + Sync>;

static PROPAGATOR: OnceLock<Propagator> = OnceLock::new();

/// Sets for the whole process how requests carry the id of the span that they are sent in. The first one stays.
pub fn propagate_with(propagator: Propagator) {
    drop(PROPAGATOR.set(propagator));
}

/// The headers by which a request that is sent now carries the id of the current span; none where nobody wants them to.
pub(crate) fn propagated() -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(propagator) = PROPAGATOR.get() {
        propagator(&mut headers);
    }
    headers
}

/// A span of the agent's own work, with fields as `tracing`'s macros take them. `otel.name` and `otel.kind` are heeded.
#[macro_export]
macro_rules! own_span {
    ($name:literal $(, $($fields:tt)*)?) => {
        ::tracing::span!(target: $crate::own_spans::TARGET, ::tracing::Level::INFO, $name $(, $($fields)*)?)
    };
}
