//! How a component is known: its name, its schema and how to build it, without its types.

use super::{
    BuildError, CancellationToken, Component, ComponentId, ComponentMetrics, Context, ExportSink, HealthCell,
    Page, RunError, Services,
};
use crate::signals::Flow;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use river_eval::eval::Stability;
use river_eval::schema::BodySchema;
use river_eval::{Arguments, BodyValue, Exports};
use river_syntax::Diagnostic;
use std::sync::Arc;

/// Whether a block takes a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labelling {
    /// It must have one (every component but a few).
    Required,
    /// It must not have one.
    None,
}

/// What a decode or build of a component can end with: findings in the configuration, or one reason.
#[derive(Debug)]
pub enum Refusal {
    /// The arguments are wrong.
    Arguments(Vec<Diagnostic>),
    /// The component cannot be built with them.
    Build(BuildError),
}

/// A component without its types.
pub trait AnyComponent: Send + Sync {
    /// [`Component::update`], from an evaluated body.
    ///
    /// # Errors
    /// See [`Refusal`].
    fn update(&self, body: &BodyValue) -> Result<(), Refusal>;
    /// [`Component::run`].
    fn run(self: Arc<Self>, stop: CancellationToken) -> BoxFuture<'static, Result<(), RunError>>;
    /// [`Component::debug_info`].
    fn debug_info(&self) -> BodyValue;
    /// [`Component::page`].
    fn page(&self) -> Option<Arc<dyn Page>>;
}

/// A component with what lives as long as it does.
struct Built<C> {
    component: Arc<C>,
    /// Edges that an update makes belong to it.
    flow: Arc<Flow>,
    /// What arguments may be written.
    min_stability: Stability,
    /// Takes the component's metrics away when it is gone.
    _metrics: ComponentMetrics,
}

impl<C: Component> AnyComponent for Built<C> {
    fn update(&self, body: &BodyValue) -> Result<(), Refusal> {
        self.flow.scope(|| {
            let arguments =
                C::Arguments::decode_allowing(body, self.min_stability).map_err(Refusal::Arguments)?;
            self.component.update(arguments).map_err(Refusal::Build)
        })
    }

    fn run(self: Arc<Self>, stop: CancellationToken) -> BoxFuture<'static, Result<(), RunError>> {
        Component::run(self.component.clone(), stop).boxed()
    }

    fn debug_info(&self) -> BodyValue {
        self.component.debug_info()
    }

    fn page(&self) -> Option<Arc<dyn Page>> {
        self.component.page()
    }
}

type Build = fn(
    ComponentId,
    Services,
    HealthCell,
    Arc<ExportSink>,
    &BodyValue,
    Stability,
) -> Result<Arc<dyn AnyComponent>, Refusal>;

/// A component as its family lists it.
#[derive(Clone, Copy)]
pub struct Registration {
    /// The name in configurations.
    pub name: &'static str,
    /// How settled it is.
    pub stability: Stability,
    /// Whether it takes a label.
    pub labelling: Labelling,
    /// What it accepts.
    pub arguments: fn() -> BodySchema,
    /// What it exports.
    pub exports: fn() -> BodySchema,
    /// Decodes the arguments without building anything: what a checker needs. Refuses what is less stable.
    pub check: fn(&BodyValue, Stability) -> Result<(), Vec<Diagnostic>>,
    /// Decodes the arguments and builds it.
    pub build: Build,
}

impl std::fmt::Debug for Registration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Registration({})", self.name)
    }
}

impl Registration {
    /// The registration of a component: its line in the family's list.
    pub const fn of<C: Component>() -> Self {
        Self {
            name: C::NAME,
            stability: C::STABILITY,
            labelling: Labelling::Required,
            arguments: <C::Arguments as Arguments>::schema,
            exports: <C::Exports as Exports>::schema,
            check: |body, min_stability| C::Arguments::decode_allowing(body, min_stability).map(drop),
            build: |id, services, health, exports, body, min_stability| {
                let flow = services.flows.of(&id.to_string());
                let (component, metrics) = flow.scope(|| {
                    let arguments =
                        C::Arguments::decode_allowing(body, min_stability).map_err(Refusal::Arguments)?;
                    let context = Context::new(id, services, health, exports);
                    let metrics = context.metrics.clone();
                    let component = C::new(context, arguments).map_err(Refusal::Build)?;
                    Ok((Arc::new(component), metrics))
                })?;
                Ok(Arc::new(Built {
                    component,
                    flow,
                    min_stability,
                    _metrics: metrics,
                }))
            },
        }
    }
}
