//! The controller: runs a configuration. The engine of `river-eval` decides what has to change; this room builds the components, runs each in
//! a task of its own, tells the engine of changed exports, and stops everything in order.
//!
//! The life of a component and what a reload does are told in `docs/runtime.md`.

mod changes;
pub mod codes;
mod config_blocks;
mod health;
mod host;
mod info;
mod instance;
mod live_debugging;
mod logging;
mod metrics;
mod options;
mod plan;
mod remotecfg;
mod run;
mod stop;
mod tasks;
#[cfg(test)]
mod tests;
mod tracing_block;

pub use config_blocks::{ConfigBlock, NamedSchema, config_block_schemas};
pub use info::{ComponentInfo, HealthInfo};
pub use logging::{LogFormat, LogLevel, LogSettings};
pub use options::{Options, Restarts};
pub use plan::{Action, BodyChange, Change, ChangeKind, Plan, PlanError, Reason, Which, plan};
pub use river_eval::engine::LoadError;
pub use tracing_block::{JaegerRemote, TraceSettings};

use crate::component::{CancellationToken, Health, HealthState, MetricsHub, Page, Services};
use crate::imports::Fetches;
use crate::own_span;
use arc_swap::ArcSwap;
use changes::Changes;
use host::ComponentHost;
use instance::{Instance, RunningComponent};
use metrics::ControllerMetrics;
use parking_lot::Mutex;
use river_eval::Str;
use river_eval::engine::{Engine, Stopped};
use river_eval::graph::NodeKind;
use river_syntax::{Diagnostic, Sources};
use std::collections::HashMap;
use std::sync::Arc;
use tasks::JoinHandle;
use tokio::sync::watch;

/// What a load changed.
#[derive(Debug, Default)]
pub struct LoadReport {
    /// The texts that run now.
    pub sources: Sources,
    /// Findings that do not keep the configuration from being used.
    pub warnings: Vec<Diagnostic>,
    /// Ids of new blocks.
    pub started: Vec<Str>,
    /// Ids of blocks that got other arguments.
    pub updated: Vec<Str>,
    /// Ids of blocks that are gone. Their components drain in the background.
    pub stopped: Vec<Str>,
    /// How many blocks stayed as they were.
    pub unchanged: usize,
    /// How many blocks were evaluated.
    pub evaluated: u64,
}

/// Runs a configuration.
pub struct Controller {
    shared: Arc<Shared>,
    /// Keeps loads and the shutdown apart, and holds the draining of what the last load took away.
    loading: tokio::sync::Mutex<Option<JoinHandle<()>>>,
    changes: Mutex<Option<JoinHandle<()>>>,
    stop: CancellationToken,
}

/// What the controller's tasks share.
struct Shared {
    options: Options,
    engine: Mutex<Engine<ComponentHost>>,
    /// The running components. Apart from the engine, so that what only asks for health never waits for a load: the metrics page holds the
    /// registry's lock while it asks, and a load registers metrics.
    live: Arc<ArcSwap<Vec<Arc<RunningComponent>>>>,
    tasks: Mutex<HashMap<Str, run::Task>>,
    /// What still drains, by global id: one that takes its place waits for it.
    ending: Mutex<HashMap<Str, CancellationToken>>,
    changes: Arc<Changes>,
    log_settings: watch::Sender<LogSettings>,
    trace_settings: watch::Sender<TraceSettings>,
}

impl std::fmt::Debug for Controller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Controller").finish_non_exhaustive()
    }
}

impl Controller {
    /// A controller that runs nothing yet. Has to be called inside a tokio runtime.
    ///
    /// # Errors
    /// Where the controller's metrics are registered with the services already: one controller for each set of services.
    pub fn new(options: Options) -> Result<Self, prometheus::Error> {
        let live: Arc<ArcSwap<Vec<Arc<RunningComponent>>>> = Arc::default();
        let changes = Arc::new(Changes::default());
        let metrics = Arc::new(ControllerMetrics::register(
            options.services.metrics.registry(),
            live.clone(),
            changes.clone(),
        )?);
        let log_settings = watch::Sender::new(LogSettings::default());
        let trace_settings = watch::Sender::new(TraceSettings::default());
        let host = ComponentHost::new(
            &options,
            changes.clone(),
            Some(metrics),
            log_settings.clone(),
            trace_settings.clone(),
        );
        let engine =
            Engine::new(host, options.evaluation_context()).with_module_path(options.module_path.as_str());
        let shared = Arc::new(Shared {
            options,
            engine: Mutex::new(engine),
            live,
            tasks: Mutex::default(),
            ending: Mutex::default(),
            changes,
            log_settings,
            trace_settings,
        });
        let stop = CancellationToken::new();
        let follower = tasks::spawn(changes::follow(shared.clone(), stop.clone()));
        Ok(Self {
            shared,
            loading: tokio::sync::Mutex::new(None),
            changes: Mutex::new(Some(follower)),
            stop,
        })
    }

    /// Takes a configuration as a whole, or rejects it and changes nothing. Evaluates on the calling thread, for some 0.1 ms a component
    /// that changed. Waits until what the last load took away has drained, [`Options::shutdown_timeout`] at the most.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub async fn load(&self, sources: Sources) -> Result<LoadReport, LoadError> {
        let mut draining = self.loading.lock().await;
        if let Some(earlier) = draining.as_mut() {
            // It cannot fail but by a panic, which its task has reported. Taken away only afterwards: a caller may give up waiting.
            drop(earlier.await);
            *draining = None;
        }
        let fetches = &self.services().fetches;
        let turn = fetches.turn().await;
        let mut rounds = 0;
        let loaded = loop {
            if self.stop.is_cancelled() {
                return Ok(LoadReport::default());
            }
            let loaded = self.shared.load(sources.clone());
            if loaded.is_ok() || rounds == changes::MAX_FETCHES {
                break loaded;
            }
            // Where an import needs something from elsewhere, that is asked for, and the load is tried again.
            let fetched = tokio::select! {
                () = self.stop.cancelled() => false,
                fetched = fetches.fetch() => fetched,
            };
            if !fetched {
                break loaded;
            }
            rounds += 1;
        };
        fetches.clear();
        drop(turn);
        let (report, gone) = loaded?;
        if !gone.is_empty() {
            let timeout = self.shared.options.shutdown_timeout;
            let pages = self.shared.options.services.pages.clone();
            *draining = Some(tasks::spawn(stop::drain(gone, timeout, pages)));
        }
        Ok(report)
    }

    /// Ends the configuration: what refers to others stops before those others, within [`Options::shutdown_timeout`] over all. What does
    /// not stop in its share of the time is aborted, and the log says so. Calling it again does nothing.
    pub async fn shutdown(&self) {
        // First, so that a load that waits for a peer gives up.
        self.stop.cancel();
        let mut draining = self.loading.lock().await;
        let follower = self.changes.lock().take();
        if let Some(follower) = follower {
            drop(follower.await);
        }
        if let Some(earlier) = draining.take() {
            drop(earlier.await);
        }
        let gone = self.shared.end();
        stop::drain(
            gone,
            self.shared.options.shutdown_timeout,
            self.services().pages.clone(),
        )
        .await;
    }

    /// What all components share.
    pub fn services(&self) -> &Services {
        &self.shared.options.services
    }

    /// All metrics of the process.
    pub fn metrics(&self) -> &MetricsHub {
        &self.services().metrics
    }

    /// What the `logging` block asks for; changes with every load that changes the block.
    pub fn log_settings(&self) -> watch::Receiver<LogSettings> {
        self.shared.log_settings.subscribe()
    }

    /// What the `tracing` block asks for; changes with every load that changes the block.
    pub fn trace_settings(&self) -> watch::Receiver<TraceSettings> {
        self.shared.trace_settings.subscribe()
    }

    /// The sources of the running configuration.
    pub fn sources(&self) -> Sources {
        self.shared.engine.lock().sources().clone()
    }

    /// The running components in the order in which they are written, without arguments, exports and debug information.
    pub fn components(&self) -> Vec<ComponentInfo> {
        info::all(self.shared.engine.lock().root())
    }

    /// The ids of all running modules, the instances of custom components: `node.one`, `node.one/inner.two`. The root, whose id is empty,
    /// is not among them.
    pub fn modules(&self) -> Vec<Str> {
        modules(&self.shared.engine.lock()).collect()
    }

    /// The running components of one module, as [`components`](Self::components) lists those of the root; `None` where there is no such module.
    pub fn components_of(&self, module_id: &str) -> Option<Vec<ComponentInfo>> {
        let engine = self.shared.engine.lock();
        Some(info::all(engine.module(module_id)?))
    }

    /// A running component with everything that is known of it, by its global id: `loki.write.out`, `node.one/loki.write.out`.
    pub fn component(&self, id: &str) -> Option<ComponentInfo> {
        info::one(&self.shared.engine.lock(), id)
    }

    /// A running component's health.
    pub fn health(&self, id: &str) -> Option<Health> {
        let live = self.shared.live.load();
        live.iter()
            .find(|component| *component.global_id == *id)
            .map(|component| component.health())
    }

    /// How a running component fared, by its global id; the newest first. Empty where there is no such component.
    pub fn health_history(&self, id: &str) -> Vec<Health> {
        let live = self.shared.live.load();
        let found = live.iter().find(|component| **component.flow.id() == *id);
        found.map_or_else(Vec::new, |component| component.health_history())
    }

    /// Ids of the components that are not well, with their health.
    pub fn unhealthy(&self) -> Vec<(Str, Health)> {
        let live = self.shared.live.load();
        let of = |component: &Arc<RunningComponent>| (component.global_id.clone(), component.health());
        live.iter()
            .map(of)
            .filter(|(_, health)| matches!(health.state, HealthState::Unhealthy | HealthState::Exited))
            .collect()
    }

    /// The page that a component serves.
    pub fn page(&self, id: &str) -> Option<Arc<dyn Page>> {
        self.services().pages.get(id)
    }

    /// How many blocks have been evaluated since the start, rejected loads included.
    pub fn evaluations(&self) -> u64 {
        self.shared.engine.lock().evaluations()
    }
}

impl Drop for Controller {
    /// Without a [`shutdown`](Controller::shutdown) nothing drains, but nothing is left running either.
    fn drop(&mut self) {
        self.stop.cancel();
        for (_, task) in self.shared.tasks.lock().drain() {
            task.abort();
        }
    }
}

/// Finds everything that is wrong with a configuration, and runs nothing. Components are built where that can be, which may read local files; what
/// cannot be built on this machine is a warning. Has to be called inside a tokio runtime.
///
/// # Errors
/// Everything that is wrong with it.
pub fn check(options: &Options, sources: Sources) -> Result<Vec<Diagnostic>, LoadError> {
    let options = Options {
        services: Services {
            storage: options.services.storage.clone(),
            fetches: Fetches::for_check(),
            ..Services::default()
        },
        ..options.clone()
    };
    let log_sender = watch::Sender::new(LogSettings::default());
    let trace_sender = watch::Sender::new(TraceSettings::default());
    let host = ComponentHost::new(&options, Arc::default(), None, log_sender, trace_sender);
    Engine::new(host, options.evaluation_context())
        .with_module_path(options.module_path.as_str())
        .check(sources)
}

/// The ids of all running modules but the root.
fn modules(engine: &Engine<ComponentHost>) -> impl Iterator<Item = Str> {
    engine
        .nodes()
        .filter(|node| matches!(node.instance, Instance::Module(_)))
        .flat_map(|node| {
            node.modules()
                .map(|module| module.id().clone())
                .collect::<Vec<_>>()
        })
}

impl Shared {
    /// Loads and starts; hands over what has to be stopped.
    fn load(&self, sources: Sources) -> Result<(LoadReport, Vec<stop::Stopping>), LoadError> {
        let mut engine = self.engine.lock();
        let span = own_span!(
            "GraphEvaluate",
            otel.status_code = tracing::field::Empty,
            evaluated = tracing::field::Empty
        );
        let loaded = span.in_scope(|| engine.load(sources));
        let report = match loaded {
            Ok(report) => report,
            Err(refused) => {
                span.record("otel.status_code", "ERROR");
                Self::forget_modules(&engine);
                return Err(refused);
            }
        };
        span.record("evaluated", report.evaluated);
        let stopped = report.stopped.iter().map(|gone| gone.id.clone()).collect();
        let stopping = self.put_in_place(&engine, &report.started, report.stopped);
        if engine.failed() > 0 {
            self.changes.look();
        }
        Ok((
            LoadReport {
                sources: engine.sources().clone(),
                warnings: report.warnings,
                started: report.started,
                updated: report.updated,
                stopped,
                unchanged: report.unchanged,
                evaluated: report.evaluated,
            },
            stopping,
        ))
    }

    /// Follows changed exports. Gives how many evaluations and updates have failed and wait to be tried again.
    fn follow(self: &Arc<Self>) -> usize {
        let mut engine = self.engine.lock();
        let changed = self.changes.take();
        if let Some(metrics) = engine.host().metrics() {
            changed
                .iter()
                .for_each(|(id, since)| metrics.waited(id, since.elapsed()));
        }
        let span = match changed.len() {
            0 => tracing::Span::none(),
            count => own_span!("SubmitDependantsForEvaluation", originators_count = count),
        };
        let changes = span.in_scope(|| engine.exports_changed(changed.keys().map(AsRef::as_ref)));
        self.followed(&engine, changes);
        engine.failed()
    }

    /// Tries everything again that failed.
    fn retry_failed(self: &Arc<Self>) -> usize {
        let mut engine = self.engine.lock();
        let changes = engine.retry_failed();
        self.followed(&engine, changes);
        engine.failed()
    }

    /// Tries imports again that needed something from elsewhere.
    fn retry(self: &Arc<Self>) {
        let mut engine = self.engine.lock();
        let changes = engine.retry();
        self.followed(&engine, changes);
    }

    fn followed(
        self: &Arc<Self>,
        engine: &Engine<ComponentHost>,
        changes: river_eval::engine::Changes<Instance>,
    ) {
        for warning in &changes.warnings {
            let warning = river_syntax::render::concise(engine.sources(), warning);
            tracing::warn!("{warning}");
        }
        if changes.started.is_empty() && changes.stopped.is_empty() {
            Self::forget_modules(engine);
            return;
        }
        let stopping = self.put_in_place(engine, &changes.started, changes.stopped);
        if !stopping.is_empty() {
            let pages = self.options.services.pages.clone();
            tasks::spawn(stop::drain(stopping, self.options.shutdown_timeout, pages));
        }
    }

    /// Lets the numbers of modules go that are no more, or have never come to run.
    fn forget_modules(engine: &Engine<ComponentHost>) {
        if let Some(metrics) = engine.host().metrics() {
            metrics.keep(|| modules(engine).collect());
        }
    }

    /// Starts what is new, and hands over what has to be stopped.
    fn put_in_place(
        &self,
        engine: &Engine<ComponentHost>,
        started: &[Str],
        stopped: Vec<Stopped<Instance>>,
    ) -> Vec<stop::Stopping> {
        let stopping = self.stopping(stopped);
        for id in started {
            if let Some(node) = engine.find(id) {
                match node.instance {
                    Instance::Component(component) | Instance::Import(component) => self.start(component),
                    Instance::Module(component) => component.run.healthy(match node.node.kind {
                        NodeKind::Foreach => "started foreach",
                        _ => "started custom component",
                    }),
                    Instance::Config(block) => block.apply(Some(node.arguments)),
                }
            }
        }
        let passed = logging::passed(engine);
        self.log_settings.send_if_modified(|settings| {
            let changed = *settings.passed != passed;
            if changed {
                settings.passed = Arc::new(passed);
            }
            changed
        });
        self.live.store(Arc::new(
            engine
                .nodes()
                .filter_map(|node| node.instance.running().cloned())
                .collect(),
        ));
        Self::forget_modules(engine);
        stopping
    }

    fn start(&self, component: &Arc<RunningComponent>) {
        let pages = self.options.services.pages.clone();
        let running = component.clone();
        let serve = move || {
            if let Some(page) = running.component.page() {
                pages.insert(&running.global_id, page);
            }
        };
        let before = self.ending.lock().get(&component.global_id).cloned();
        let before = before.filter(|ended| !ended.is_cancelled());
        let task = match before {
            None => {
                serve();
                run::spawn(component.clone(), self.options.restarts)
            }
            Some(ended) => {
                let begin = async move {
                    ended.cancelled().await;
                    serve();
                };
                run::spawn_after(component.clone(), self.options.restarts, begin)
            }
        };
        self.tasks.lock().insert(component.global_id.clone(), task);
    }

    /// Takes everything out of the engine.
    fn end(&self) -> Vec<stop::Stopping> {
        let gone = self.engine.lock().clear();
        self.live.store(Arc::default());
        self.stopping(gone)
    }

    /// Joins instances with their tasks; config blocks go back to their defaults at once.
    fn stopping(&self, gone: Vec<Stopped<Instance>>) -> Vec<stop::Stopping> {
        let mut tasks = self.tasks.lock();
        let mut ending = self.ending.lock();
        ending.retain(|_, ended| !ended.is_cancelled());
        gone.into_iter()
            .filter_map(|gone| match gone.instance {
                Instance::Component(component) | Instance::Import(component) => {
                    let task = tasks.remove(&gone.id)?;
                    let ended = CancellationToken::new();
                    ending.insert(gone.id, ended.clone());
                    Some(stop::Stopping {
                        task,
                        component,
                        stage: gone.stage,
                        ended,
                    })
                }
                Instance::Module(_) => None,
                Instance::Config(block) => {
                    block.apply(None);
                    None
                }
            })
            .collect()
    }
}
