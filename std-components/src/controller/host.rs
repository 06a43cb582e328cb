//! The engine's view of the bundled components: how they are checked, built and updated.

use super::changes::Changes;
use super::config_blocks::{self, ConfigBlock};
use super::instance::{Holder, Instance, RunningComponent, span};
use super::live_debugging::LiveDebugging;
use super::logging::{LogSettings, Logging};
use super::metrics::ControllerMetrics;
use super::options::Options;
use super::run;
use super::tracing_block::{TraceSettings, Tracing};
use crate::component::{
    BuildError, ComponentId, ExportSink, HealthCell, Labelling, MetricsHub, Refusal, Registration, Services,
};
use crate::imports::IMPORTS;
use river_eval::codes::graph as codes;
use river_eval::engine::{At, Content, Host, Refused};
use river_eval::eval::Stability;
use river_eval::graph::{BlockSpec, Blocks, Node, NodeKind};
use river_eval::schema::BodySchema;
use river_eval::{BodyValue, Value};
use river_syntax::Diagnostic;
use std::any::Any;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::watch;

/// The bundled components and the config blocks.
pub(super) struct ComponentHost {
    components: HashMap<&'static str, &'static Registration>,
    config_blocks: HashMap<&'static str, Arc<dyn ConfigBlock>>,
    services: Services,
    min_stability: Stability,
    changes: Arc<Changes>,
    metrics: Option<Arc<ControllerMetrics>>,
}

impl ComponentHost {
    pub(super) fn new(
        options: &Options,
        changes: Arc<Changes>,
        metrics: Option<Arc<ControllerMetrics>>,
        log_settings: watch::Sender<LogSettings>,
        trace_settings: watch::Sender<TraceSettings>,
    ) -> Self {
        let mut acting = options.config_blocks.clone();
        acting.push(Arc::new(Logging(log_settings)));
        acting.push(Arc::new(Tracing(trace_settings)));
        acting.push(Arc::new(LiveDebugging(options.services.flows.clone())));
        Self {
            components: options
                .components
                .iter()
                .map(|&known| (known.name, known))
                .collect(),
            config_blocks: config_blocks::all(acting)
                .into_iter()
                .map(|block| (block.name(), block))
                .collect(),
            services: options.services.clone(),
            min_stability: options.min_stability,
            changes,
            metrics,
        }
    }

    /// What the controller measures; `None` at a check.
    pub(super) fn metrics(&self) -> Option<&ControllerMetrics> {
        self.metrics.as_deref()
    }

    /// Runs a component's code on the loading task: measured, its lines in the log carrying its id, a panic being a refusal.
    fn guarded<T>(&self, id: &ComponentId, code: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
        let begun = Instant::now();
        let done = span(id).in_scope(|| {
            let own = crate::own_span!("BuildComponent", node_id = %id);
            own.in_scope(|| std::panic::catch_unwind(AssertUnwindSafe(code)))
        });
        if let Some(metrics) = &self.metrics {
            metrics.built(&id.module, &id.local, begun.elapsed());
        }
        done.unwrap_or_else(|panic| {
            let reason = format!("it panicked: {}", run::panic_text(&*panic));
            Err(Refusal::Build(BuildError::new(reason)))
        })
    }

    /// What a component exports; `None` for what is none.
    pub(super) fn exports_schema(&self, name: &str) -> Option<BodySchema> {
        self.components.get(name).map(|component| (component.exports)())
    }

    fn build_component(
        &self,
        registration: &Registration,
        at: At<'_>,
        body: &BodyValue,
    ) -> Result<Arc<RunningComponent>, Refused> {
        let id = ComponentId {
            module: at.module.clone(),
            local: at.node.id.clone(),
        };
        let (own, exports) = (HealthCell::default(), Arc::new(ExportSink::default()));
        let mut services = self.services.clone();
        if !at.metrics {
            // A hub that nobody prints.
            services.metrics = MetricsHub::default();
        }
        let component = self.guarded(&id, || {
            let (own, exports) = (own.clone(), exports.clone());
            (registration.build)(id.clone(), services, own, exports, body, self.min_stability)
        });
        let component = component.map_err(|refusal| match refusal {
            Refusal::Arguments(mistakes) => Refused::Configuration(mistakes),
            Refusal::Build(error) => Refused::World(cannot_build(at.node, body, &error).into()),
        })?;
        let global_id = at.id();
        let (changes, changed) = (self.changes.clone(), global_id.clone());
        exports.on_change(Arc::new(move || changes.push(&changed)));
        let evaluation = HealthCell::default();
        evaluation.healthy("component evaluated");
        Ok(Arc::new(RunningComponent {
            flow: self.services.flows.of(&global_id),
            id,
            global_id,
            schema: registration.arguments,
            component,
            exports,
            own,
            evaluation,
            run: HealthCell::default(),
        }))
    }

    /// What stands behind an instance of a custom component and behind a `foreach`.
    fn build_holder(&self, at: At<'_>) -> Arc<RunningComponent> {
        let global_id = at.id();
        let evaluation = HealthCell::default();
        evaluation.healthy("component evaluated");
        Arc::new(RunningComponent {
            flow: self.services.flows.of(&global_id),
            id: ComponentId {
                module: at.module.clone(),
                local: at.node.id.clone(),
            },
            global_id,
            schema: BodySchema::default,
            component: Arc::new(Holder),
            exports: Arc::new(ExportSink::default()),
            own: HealthCell::default(),
            evaluation,
            run: HealthCell::default(),
        })
    }
}

/// The finding that says why a component cannot be built, at the attribute that it is about.
fn cannot_build(node: &Node, body: &BodyValue, error: &BuildError) -> Diagnostic {
    let attribute = error
        .attribute
        .and_then(|name| body.attributes.iter().find(|attribute| &*attribute.name == name));
    let span = attribute.map_or(node.block.name_span, |attribute| attribute.value_span);
    if node.kind == NodeKind::Import {
        return Diagnostic::error(
            &codes::IMPORT_FAILED,
            span,
            format!("failed to import {:?}: {}", node.id, error.message),
        );
    }
    Diagnostic::error(
        &codes::CANNOT_BUILD,
        span,
        format!("failed to build component {:?}: {}", node.id, error.message),
    )
}

fn import(name: &str) -> Option<&'static Registration> {
    IMPORTS.iter().find(|import| import.name == name)
}

impl Blocks for ComponentHost {
    fn spec(&self, name: &str) -> Option<BlockSpec> {
        if let Some(component) = self.components.get(name) {
            return Some(BlockSpec {
                kind: NodeKind::Component,
                labelled: component.labelling == Labelling::Required,
                stability: component.stability,
            });
        }
        if let Some(import) = import(name) {
            return Some(BlockSpec {
                kind: NodeKind::Import,
                labelled: true,
                stability: import.stability,
            });
        }
        self.config_blocks.contains_key(name).then_some(BlockSpec {
            kind: NodeKind::Config,
            labelled: false,
            stability: Stability::GenerallyAvailable,
        })
    }

    fn names(&self) -> Vec<&str> {
        self.components
            .keys()
            .chain(self.config_blocks.keys())
            .copied()
            .chain(IMPORTS.iter().map(|import| import.name))
            .collect()
    }

    fn min_stability(&self) -> Stability {
        self.min_stability
    }
}

impl Host for ComponentHost {
    type Instance = Instance;

    fn check(&mut self, at: At<'_>, body: &BodyValue) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        let node = at.node;
        if let Some(component) = self.components.get(&*node.block.name) {
            return (component.check)(body, self.min_stability).map(|()| Vec::new());
        }
        match self.config_blocks.get(&*node.block.name) {
            Some(block) => {
                let warnings = block.check(node, body)?;
                block.prepare(node, body).map_err(|finding| vec![*finding])?;
                Ok(warnings)
            }
            None => Ok(Vec::new()),
        }
    }

    fn build(
        &mut self,
        at: At<'_>,
        body: &BodyValue,
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<Instance, Refused> {
        let node = at.node;
        match node.kind {
            NodeKind::Custom | NodeKind::Foreach => return Ok(Instance::Module(self.build_holder(at))),
            NodeKind::Import => {
                if let Some(import) = import(&node.block.name) {
                    return self.build_component(import, at, body).map(Instance::Import);
                }
            }
            _ => {}
        }
        if let Some(component) = self.components.get(&*node.block.name) {
            return self.build_component(component, at, body).map(Instance::Component);
        }
        let Some(block) = self.config_blocks.get(&*node.block.name) else {
            // The graph only has blocks that `spec` knows.
            return Err(Refused::Configuration(Vec::new()));
        };
        warnings.extend(block.check(node, body).map_err(Refused::Configuration)?);
        block.prepare(node, body).map_err(Refused::World)?;
        Ok(Instance::Config(block.clone()))
    }

    fn exports(&self, instance: &Instance) -> Value {
        instance
            .component()
            .map_or(Value::Null, |component| component.exports.get())
    }

    fn content(&self, instance: &Instance) -> Option<Content> {
        match instance {
            Instance::Import(import) => crate::imports::content(&import.exports.get()),
            _ => None,
        }
    }

    fn update(&mut self, at: At<'_>, instance: &Instance, body: &BodyValue) -> Result<(), Box<Diagnostic>> {
        let node = at.node;
        match instance {
            Instance::Import(_) | Instance::Module(_) => Ok(()),
            Instance::Component(component) => {
                let updated = self.guarded(&component.id, || component.component.update(body));
                updated.map_err(|refusal| {
                    let mut finding = match refusal {
                        Refusal::Build(error) => Diagnostic {
                            message: error.message.clone(),
                            ..cannot_build(node, body, &error)
                        },
                        Refusal::Arguments(mistakes) => mistakes
                            .into_iter()
                            .find(Diagnostic::is_error)
                            .unwrap_or_else(|| {
                                cannot_build(node, body, &BuildError::new("its arguments are wrong"))
                            }),
                    };
                    finding.message = format!(
                        "failed to update component {:?}, which goes on with its old arguments: {}",
                        &*at.id(),
                        finding.message
                    );
                    finding.code = &codes::UPDATE_FAILED;
                    finding.into()
                })
            }
            Instance::Config(block) => {
                block.check(node, body).map_err(|mistakes| {
                    mistakes.into_iter().next().unwrap_or_else(|| {
                        cannot_build(node, body, &BuildError::new("its arguments are wrong"))
                    })
                })?;
                block.prepare(node, body)?;
                block.apply(Some(body));
                Ok(())
            }
        }
    }

    fn evaluated(&mut self, at: At<'_>, instance: &Instance, failure: Option<&str>) {
        let node = at.node;
        let Some(component) = instance.running() else {
            if let Some(reason) = failure {
                tracing::error!(block = %node.id, "a config block could not be evaluated and stays as it was: {reason}");
            }
            return;
        };
        match failure {
            None => component.evaluation.healthy("component evaluated"),
            Some(reason) => {
                let message = format!("component evaluation failed: {reason}");
                // Said once: the same reason again and again is in the component's health.
                if component.evaluation.get().message != message {
                    tracing::error!(
                        component_id = %component.id,
                        "failed to evaluate component, which goes on with its last good arguments: {reason}"
                    );
                }
                component.evaluation.unhealthy(message);
            }
        }
    }

    fn timer(&self, at: At<'_>) -> Option<Box<dyn Any>> {
        self.metrics
            .as_ref()
            .map(|metrics| Box::new(metrics.evaluation(at.module, &at.node.id)) as Box<dyn Any>)
    }
}
