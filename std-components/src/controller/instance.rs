//! What stands behind a block: a component with its cells, or a config block.

use super::config_blocks::ConfigBlock;
use super::health::least_healthy;
use crate::component::{
    AnyComponent, CancellationToken, ComponentId, ExportSink, Health, HealthCell, Page, Refusal, RunError,
};
use crate::signals::Flow;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use river_eval::schema::BodySchema;
use river_eval::{BodyValue, Str};
use std::sync::Arc;

/// What stands behind a block.
#[derive(Clone)]
pub(super) enum Instance {
    Component(Arc<RunningComponent>),
    /// Runs as a component does, and is none to those who ask for components.
    Import(Arc<RunningComponent>),
    /// An instance of a custom component, or a `foreach`: the engine holds what is in it, so that no task runs for it.
    Module(Arc<RunningComponent>),
    Config(Arc<dyn ConfigBlock>),
}

impl Instance {
    /// What is told as a component: custom ones, too.
    pub(super) fn component(&self) -> Option<&Arc<RunningComponent>> {
        match self {
            Self::Component(component) | Self::Module(component) => Some(component),
            Self::Import(_) | Self::Config(_) => None,
        }
    }

    /// What has a health.
    pub(super) fn running(&self) -> Option<&Arc<RunningComponent>> {
        match self {
            Self::Component(component) | Self::Module(component) | Self::Import(component) => Some(component),
            Self::Config(_) => None,
        }
    }
}

/// What stands behind a custom component: nothing of its own.
pub(super) struct Holder;

impl AnyComponent for Holder {
    fn update(&self, _: &BodyValue) -> Result<(), Refusal> {
        Ok(())
    }

    fn run(self: Arc<Self>, stop: CancellationToken) -> BoxFuture<'static, Result<(), RunError>> {
        async move {
            stop.cancelled().await;
            Ok(())
        }
        .boxed()
    }

    fn debug_info(&self) -> BodyValue {
        BodyValue::default()
    }

    fn page(&self) -> Option<Arc<dyn Page>> {
        None
    }
}

/// A component with everything that the controller keeps for it.
pub(super) struct RunningComponent {
    /// Its full id.
    pub(super) id: ComponentId,
    /// Its global id.
    pub(super) global_id: Str,
    /// What it accepts: tells what of its arguments may be shown.
    pub(super) schema: fn() -> BodySchema,
    /// The component.
    pub(super) component: Arc<dyn AnyComponent>,
    /// What flows through it.
    pub(super) flow: Arc<Flow>,
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

    /// How it fared, the newest first: for each change, what the whole was from then on.
    pub(super) fn health_history(&self) -> Vec<Health> {
        let cells = [&self.evaluation, &self.run, &self.own].map(HealthCell::history);
        let mut changes: Vec<(usize, &Health)> = cells
            .iter()
            .enumerate()
            .flat_map(|(cell, history)| history.iter().map(move |health| (cell, health)))
            // A cell that nobody has written says nothing.
            .filter(|(_, health)| !health.message.is_empty())
            .collect();
        changes.sort_by_key(|(_, health)| health.updated);
        let mut now: [Option<&Health>; 3] = [None; 3];
        let mut history: Vec<Health> = Vec::new();
        for (cell, health) in changes {
            if let Some(now) = now.get_mut(cell) {
                *now = Some(health);
            }
            let mut known = now.iter().flatten().map(|health| Health::clone(health));
            let Some(first) = known.next() else { continue };
            let mut whole = least_healthy(first, known);
            let is_news = history
                .last()
                .is_none_or(|last| last.state != whole.state || last.message != whole.message);
            if is_news {
                // A worse cell that got well again leaves one that has been so for long: it is news from now on.
                whole.updated = health.updated;
                history.push(whole);
            }
        }
        history.reverse();
        history
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
