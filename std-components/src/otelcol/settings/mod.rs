//! Settings that exporters of OpenTelemetry share: queue, retries, TLS, compression.

mod compression;
mod debug_metrics;
mod handlers;
mod queue;
mod retry;
mod tls;

pub(super) use compression::Compression;
pub(super) use debug_metrics::DebugMetrics;
pub(super) use handlers::{AuthHandler, StorageHandler};
pub(super) use queue::{QueueArguments, Sizer};
pub(super) use retry::{Retries, RetryArguments};
pub(super) use tls::ClientTls;
