//! What stands behind a block: a component with its cells, or a config block.

use super::config_blocks::ConfigBlock;
use super::health::least_healthy;
use crate::component::{AnyComponent, ComponentId, ExportSink, Health, HealthCell};
use river_eval::Str;
use river_eval::schema::BodySchema;
use std::sync::Arc;

/// What stands behind a block.
#[derive(Clone)]
pub(super) enum Instance {
    Component(Arc<RunningComponent>),
    Config(Arc<dyn ConfigBlock>),
}

impl Instance {
    pub(super) fn component(&self) -> Option<&Arc<RunningComponent>> {
        match self {
            Self::Component(component) => Some(component),
            Self::Config(_) => None,
        }
    }
}

/// A component with everything that the controller keeps for it.
pub(super) struct RunningComponent {
    /// Its full id.
    pub(super) id: ComponentId,
    /// Its id in the engine.
    pub(super) local_id: Str,
    /// What it accepts: tells what of its arguments may be shown.
    pub(super) schema: fn() -> BodySchema,
    /// The component.
    pub(super) component: Arc<dyn AnyComponent>,
    /// What it exports.
    pub(super) exports: Arc<ExportSink>,
    /// What it says of itself.
    pub(super) own: HealthCell,
    /// How its last evaluation or update went.
    pub(super) evaluation: HealthCell,
    /// How its task fares.
    pub(super) run: HealthCell,
}

impl RunningComponent {
    /// Around everything that it does: its lines in the log carry its id.
    pub(super) fn span(&self) -> tracing::Span {
        span(&self.id)
    }

    /// The least healthy of the three, the newest of equals.
    pub(super) fn health(&self) -> Health {
        least_healthy(self.evaluation.get(), [self.run.get(), self.own.get()])
    }
}

/// The span of a component with this id.
pub(super) fn span(id: &ComponentId) -> tracing::Span {
    tracing::error_span!("component", component_id = %id)
}
