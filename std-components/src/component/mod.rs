//! What a component is: arguments in, exports out, a task that runs, health, debug information and metrics of its own.

mod context;
mod health;
pub mod metrics;
mod page;
mod registration;
#[cfg(test)]
pub(crate) mod testing;

pub use context::{ComponentId, Context, ExportSink, Services};
pub use health::{Health, HealthCell, HealthState};
pub use metrics::{ComponentMetrics, MetricsHub};
pub use page::{INTERNAL_ADDRESS, Page, Pages};
pub use registration::{AnyComponent, Labelling, Refusal, Registration};
pub use river_eval::eval::Stability;
pub use tokio_util::sync::CancellationToken;

use river_eval::{Arguments, BodyValue, Exports};
use std::future::Future;
use std::sync::Arc;

/// A component.
///
/// The life of one: [`new`](Component::new) as soon as its arguments are evaluated, [`run`](Component::run) in a task of its own once the whole
/// configuration has been accepted, [`update`](Component::update) whenever its arguments change, cancellation of `stop` at the end.
pub trait Component: Send + Sync + Sized + 'static {
    /// The name in configurations, `loki.source.file`.
    const NAME: &'static str;
    /// How settled it is.
    const STABILITY: Stability = Stability::GenerallyAvailable;
    /// What it is configured with.
    type Arguments: Arguments + Send;
    /// What it exports; [`river_eval::Nothing`] where it exports nothing.
    type Exports: Exports;

    /// Builds it and sets its first exports through the context. Must not block for long, bind a port, or touch a peer: the configuration may
    /// still be rejected, and then this is dropped without having run. Reading a local file is fine.
    ///
    /// # Errors
    /// What makes it impossible to build; the configuration is rejected with it.
    fn new(context: Context<Self::Exports>, arguments: Self::Arguments) -> Result<Self, BuildError>;

    /// Takes changed arguments in place, keeping buffers, counters and sockets that need not change.
    ///
    /// # Errors
    /// The component goes on with its old arguments and is unhealthy with this reason.
    fn update(&self, arguments: Self::Arguments) -> Result<(), BuildError>;

    /// Runs until `stop` is cancelled, then drains: when `stop` comes, everything that sends to this component has ended already, so
    /// what waits in its inlets is all that there will be. The runner bounds the time of draining.
    ///
    /// # Errors
    /// Ends the task; the component is unhealthy with this reason, its exports stay, and it is run again after a backoff.
    fn run(self: Arc<Self>, stop: CancellationToken) -> impl Future<Output = Result<(), RunError>> + Send;

    /// What the UI shows under "debug info".
    fn debug_info(&self) -> BodyValue {
        BodyValue::default()
    }

    /// The page under `/api/v0/component/ID/metrics`, for exporters.
    fn page(&self) -> Option<Arc<dyn Page>> {
        None
    }
}

/// Why a component cannot be built or updated: a sentence with target and next step.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct BuildError {
    /// What is wrong.
    pub message: String,
    /// The attribute that it is about, if it is about one.
    pub attribute: Option<&'static str>,
}

impl BuildError {
    /// About the component as a whole.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            attribute: None,
        }
    }

    /// About an attribute: the diagnostic points there.
    pub fn at(attribute: &'static str, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            attribute: Some(attribute),
        }
    }
}

/// Why a component's task ended.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct RunError(pub String);
