//! Components of OpenTelemetry: they take and send traces, metrics and logs as OTLP's messages.
//!
//! An edge of this family is [`OtlpConsumer`](crate::signals::OtlpConsumer), the reference's `otelcol.Consumer`; it carries all three signals.

mod exporter;
mod settings;

use crate::component::Registration;

/// This family's components; a line for each.
pub const COMPONENTS: &[Registration] = &[
    Registration::of::<exporter::Exporter<exporter::Http>>(),
    Registration::of::<exporter::Exporter<exporter::Grpc>>(),
];
