//! What the queue needs of a protocol: how a request is written, how it is sent, and what an answer means.

use crate::component::BuildError;
use crate::otelcol::settings::{QueueArguments, RetryArguments};
use crate::signals::{OtlpData, OtlpSignal};
use bytes::Bytes;
use std::future::Future;
use std::time::Duration;

/// OTLP over HTTP, or over gRPC.
pub(crate) trait Protocol: Send + Sync + Sized + 'static {
    /// The component's name.
    const NAME: &'static str;
    /// What its metrics call it.
    const KIND: &'static str;
    /// The component's arguments.
    type Arguments: river_eval::Arguments + Send;

    /// Builds a client; no peer is touched.
    ///
    /// # Errors
    /// What cannot be used: a certificate, a header.
    fn build(arguments: &Self::Arguments) -> Result<Self, BuildError>;

    /// The `sending_queue` and `retry_on_failure` blocks.
    fn blocks(arguments: &Self::Arguments) -> (&QueueArguments, &RetryArguments);

    /// Where a signal is sent, for messages: without a password.
    fn target(&self, signal: OtlpSignal) -> &str;

    /// Writes a request once for all of its attempts.
    ///
    /// # Errors
    /// Why it cannot be written.
    fn prepare(&self, data: &OtlpData) -> Result<Bytes, String>;

    /// Sends a request.
    fn send(&self, signal: OtlpSignal, body: Bytes) -> impl Future<Output = Result<Taken, Failure>> + Send;
}

/// The peer has taken a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Taken {
    /// Items that it has refused for good (partial success).
    pub(crate) rejected: u64,
    /// What it says of that, or a warning.
    pub(crate) message: String,
}

/// The peer has not taken a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// Whether the same request may be taken later.
    pub(crate) may_retry: bool,
    /// How long the peer asks to wait.
    pub(crate) asked: Option<Duration>,
    /// Why.
    pub(crate) error: String,
}

impl Failure {
    /// Trying again is no use.
    pub(crate) fn permanent(error: impl Into<String>) -> Self {
        Self {
            may_retry: false,
            asked: None,
            error: error.into(),
        }
    }

    /// May be taken later.
    pub(crate) fn passing(error: impl Into<String>, asked: Option<Duration>) -> Self {
        Self {
            may_retry: true,
            asked,
            error: error.into(),
        }
    }
}
