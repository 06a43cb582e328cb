//! The agent's own log: one line an event on stderr, as logfmt or JSON, in the reference's field order.
//!
//! Level and format can change while it runs (the `logging` block), so both are atomics that the subscriber reads for each event.

mod forward;
mod line;
mod recent;

pub(crate) use forward::{Lost, forward};

use crate::own_traces::{self, TraceControl};
use forward::Copies;
use line::{Format, Line};
use recent::Recent;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// Changes the running log. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogControl {
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    level: AtomicU8,
    format: AtomicU8,
    copies: Copies,
    recent: Recent,
}

impl Default for State {
    fn default() -> Self {
        Self {
            level: AtomicU8::new(rank(Level::INFO)),
            format: AtomicU8::new(Format::Logfmt as u8),
            copies: Copies::default(),
            recent: Recent::default(),
        }
    }
}

fn rank(level: Level) -> u8 {
    match level {
        Level::ERROR => 1,
        Level::WARN => 2,
        Level::INFO => 3,
        Level::DEBUG => 4,
        Level::TRACE => 5,
    }
}

impl LogControl {
    /// Sets the level by the reference's word: `error`, `warn`, `info` or `debug`.
    pub(crate) fn set_level(&self, level: &str) {
        let rank = match level {
            "error" => 1,
            "warn" => 2,
            "debug" => 4,
            _ => 3,
        };
        self.state.level.store(rank, Ordering::Relaxed);
    }

    /// Sets the format by the reference's word: `logfmt` or `json`.
    pub(crate) fn set_format(&self, format: &str) {
        let format = if format == "json" {
            Format::Json
        } else {
            Format::Logfmt
        };
        self.state.format.store(format as u8, Ordering::Relaxed);
    }

    /// The last lines, for somebody who helps.
    pub(crate) fn recent(&self) -> String {
        self.state.recent.text()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let mut limit = self.state.level.load(Ordering::Relaxed);
        // Libraries speak of every connection at info and below; theirs is shown when debugging only.
        if !is_ours(metadata) && limit < 4 {
            limit = limit.min(if is_told_by_us(metadata) { 1 } else { 2 });
        }
        rank(*metadata.level()) <= limit
    }

    fn format(&self) -> Format {
        if self.state.format.load(Ordering::Relaxed) == Format::Json as u8 {
            Format::Json
        } else {
            Format::Logfmt
        }
    }
}

/// Whether it is this project's code that speaks.
fn is_ours(metadata: &Metadata<'_>) -> bool {
    ["alloy_rs", "std_components", "river_"]
        .iter()
        .any(|ours| metadata.target().starts_with(ours))
}

/// Whether it is a library that hands each failure to us, which is told once with the way out, and warns at every attempt besides.
fn is_told_by_us(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("kube_")
}

/// Starts the log of this process and hands back its control.
pub(crate) fn start(traces: &TraceControl) -> LogControl {
    let control = LogControl::default();
    let layer = StderrLayer {
        control: control.clone(),
        traces: traces.clone(),
    };
    // Fails only where a subscriber is already set, which then goes on.
    drop(
        tracing_subscriber::registry()
            .with(traces.layer())
            .with(layer)
            .try_init(),
    );
    control
}

struct StderrLayer {
    control: LogControl,
    traces: TraceControl,
}

/// The fields of a span, kept with it so that each event in it carries them.
struct SpanFields(Vec<(&'static str, String)>);

struct Collect<'a>(&'a mut Vec<(&'static str, String)>);

impl Visit for Collect<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push((field.name(), value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.push((field.name(), format!("{value:?}")));
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for StderrLayer {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> tracing::subscriber::Interest {
        // The level may change at any time: ask again for each event.
        tracing::subscriber::Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        if own_traces::is_own(metadata) {
            // What is not enabled here comes into being for no layer.
            return self.traces.wanted();
        }
        metadata.is_span() || self.control.enabled(metadata)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if own_traces::is_own(attributes.metadata()) {
            return;
        }
        if let Some(span) = context.span(id) {
            let mut fields = Vec::new();
            attributes.record(&mut Collect(&mut fields));
            span.extensions_mut().insert(SpanFields(fields));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Vec::new();
        event.record(&mut Collect(&mut fields));
        let at = std::time::SystemTime::now();
        let mut line = Line::new(self.control.format(), at, event.metadata().level());
        let copied = is_ours(event.metadata()) && self.control.state.copies.wanted();
        let mut component_id = None;
        if let Some(at) = fields.iter().position(|(name, _)| *name == "message") {
            let (_, message) = fields.remove(at);
            line.field("msg", &message);
        }
        if let Some(scope) = context.event_scope(event) {
            for span in scope.from_root() {
                if let Some(SpanFields(of_span)) = span.extensions().get() {
                    // An event that says it itself is not told twice.
                    let unsaid = |name: &str| !fields.iter().any(|(said, _)| *said == name);
                    for (name, value) in of_span.iter().filter(|(name, _)| unsaid(name)) {
                        line.field(name, value);
                        if copied && *name == "component_id" {
                            component_id = Some(value.clone());
                        }
                    }
                }
            }
        }
        fields.iter().for_each(|(name, value)| line.field(name, value));
        // A closed stderr must not take the agent down.
        let text = line.finish();
        drop(std::io::stderr().lock().write_all(text.as_bytes()));
        self.control.state.recent.put(&text);
        if copied {
            let said = fields.iter().find(|(name, _)| *name == "component_id");
            let component_id = said.map(|(_, id)| id.as_str()).or(component_id.as_deref());
            self.control.state.copies.put(at, component_id, &text);
        }
    }
}
