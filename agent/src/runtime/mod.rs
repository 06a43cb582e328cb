//! The running agent: a controller with the files that its configuration comes from.

mod loads;
mod process;
mod refusal;
mod tidy;

pub(crate) use loads::{Loads, Refused, Taken};
pub(crate) use process::{Ended, run};

use crate::config_metrics::{self, ConfigMetrics};
use crate::http::{Access, HttpBlock};
use crate::live_metrics::DroppedItems;
use crate::logging::LogControl;
use crate::sources::{self, ReadError, Source};
use river_eval::eval::Constants;
use river_syntax::{Diagnostic, Severity, Sources};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use std_components::component::{MetricsHub, Page, Services, Stability};
use std_components::controller::{self, ComponentInfo, Controller, HealthInfo, Plan, PlanError, Which};
use std_components::signals::Flows;

/// What `run` was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// The configuration: a file or a folder.
    pub(crate) path: PathBuf,
    /// Where components keep data.
    pub(crate) storage: PathBuf,
    /// Where to serve HTTP.
    pub(crate) listen: Option<SocketAddr>,
    /// Before the UI's paths.
    pub(crate) ui_prefix: String,
    /// How long a stop may take.
    pub(crate) shutdown_timeout: Duration,
    /// The least stability of components.
    pub(crate) stability: Stability,
    /// Whether profiles are served.
    pub(crate) pprof: bool,
    /// Whether support bundles are handed out.
    pub(crate) support_bundle: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            path: PathBuf::new(),
            storage: std::env::temp_dir(),
            listen: None,
            ui_prefix: "/".to_owned(),
            shutdown_timeout: Duration::from_secs(10),
            stability: Stability::GenerallyAvailable,
            pprof: true,
            support_bundle: true,
        }
    }
}

impl Options {
    fn for_controller(&self, access: &Access) -> controller::Options {
        controller::Options {
            services: Services {
                storage: self.storage.clone(),
                ..Services::default()
            },
            module_path: folder(&self.path),
            min_stability: self.stability,
            shutdown_timeout: self.shutdown_timeout,
            constants: Constants {
                hostname: hostname(),
                ..Constants::default()
            },
            config_blocks: vec![Arc::new(HttpBlock(access.clone()))],
            ..controller::Options::default()
        }
    }
}

/// The folder of a configuration, as the reference puts it into `module_path`: the path itself where it is a folder.
fn folder(path: &Path) -> String {
    if path.is_dir() {
        return path.display().to_string();
    }
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => ".".to_owned(),
        Some(parent) => parent.display().to_string(),
        None => path.display().to_string(),
    }
}

/// The machine's name; empty where it cannot be read.
pub(crate) fn hostname() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// What a load would say of a configuration, without running it.
pub(crate) fn check(options: &Options, texts: &[Source]) -> (Sources, Vec<Diagnostic>) {
    let sources = sources::table(texts);
    let not_texts = sources::not_texts(texts);
    if !not_texts.is_empty() {
        // What stands around such bytes cannot be trusted to be what was meant.
        return (sources, not_texts);
    }
    // Components may make channels and timers when they are built.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let guard = runtime.as_ref().ok().map(tokio::runtime::Runtime::enter);
    let answer = match controller::check(&options.for_controller(&Access::default()), sources.clone()) {
        Ok(warnings) => (sources, warnings),
        Err(rejected) => (rejected.sources, rejected.diagnostics),
    };
    drop(guard);
    answer
}

/// What a reload from one configuration to another would do, without running either.
///
/// # Errors
/// Everything that is wrong with either.
pub(crate) fn plan(old: (&Options, &[Source]), new: (&Options, &[Source])) -> Result<Plan, PlanError> {
    for (which, (_, texts)) in [(Which::Old, old), (Which::New, new)] {
        let diagnostics = sources::not_texts(texts);
        if !diagnostics.is_empty() {
            let sources = sources::table(texts);
            let error = controller::LoadError { sources, diagnostics };
            return Err(PlanError { which, error });
        }
    }
    // Components may make channels and timers when they are built.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let guard = runtime.as_ref().ok().map(tokio::runtime::Runtime::enter);
    let access = Access::default();
    let plan = controller::plan(
        (&old.0.for_controller(&access), sources::table(old.1)),
        (&new.0.for_controller(&access), sources::table(new.1)),
    );
    drop(guard);
    plan
}

/// Why a configuration was not taken.
#[derive(Debug)]
pub(crate) enum ReloadError {
    /// It cannot be read.
    Read(ReadError),
    /// It is wrong.
    Rejected {
        /// Its texts.
        sources: Sources,
        /// Everything that is wrong with it.
        diagnostics: Vec<Diagnostic>,
    },
}

/// What the HTTP server and the signals act on.
#[derive(Debug)]
pub(crate) struct Agent {
    options: Options,
    controller: Controller,
    /// Who may use the HTTP server, and how.
    access: Access,
    config: ConfigMetrics,
    ready: AtomicBool,
    hostname: String,
    /// Where HTTP is served, once it is; of port 0, the one that the system chose.
    address: OnceLock<SocketAddr>,
    loads: Mutex<Loads>,
    /// The log of the process, where it has one.
    log: OnceLock<LogControl>,
    started: Instant,
}

impl Agent {
    /// An agent that runs nothing yet. Has to be called inside a tokio runtime.
    ///
    /// # Errors
    /// Where metrics are registered twice.
    fn new(options: Options) -> Result<Self, prometheus::Error> {
        let access = Access::default();
        let controller = Controller::new(options.for_controller(&access))?;
        let registry = controller.metrics().registry();
        let config = ConfigMetrics::new(registry)?;
        registry.register(Box::new(crate::resources::Resources::new()?))?;
        registry.register(Box::new(DroppedItems::new(controller.services().flows.clone())?))?;
        Ok(Self {
            options,
            controller,
            access,
            config,
            ready: AtomicBool::new(false),
            hostname: hostname(),
            address: OnceLock::new(),
            loads: Mutex::default(),
            log: OnceLock::new(),
            started: Instant::now(),
        })
    }

    /// HTTP is served here.
    fn listens_on(&self, address: SocketAddr) {
        // Called once, at the start; what came first is kept.
        let _ = self.address.set(address);
    }

    /// Reads the configuration and takes it as a whole, or goes on with the old one.
    ///
    /// # Errors
    /// Why it was not taken; the log and the metrics say so, too.
    pub(crate) async fn reload(&self) -> Result<(), ReloadError> {
        let path = self.options.path.clone();
        let texts = match sources::read(&path) {
            Ok(texts) => texts,
            Err(error) => {
                self.config.loaded("unreadable", false);
                tracing::error!(%error, "cannot read the configuration; {}", self.meanwhile());
                self.refused(Refused {
                    at: SystemTime::now(),
                    hash: String::new(),
                    unreadable: Some(error.to_string()),
                    sources: Sources::new(),
                    diagnostics: Vec::new(),
                });
                return Err(ReloadError::Read(error));
            }
        };
        let hash = config_metrics::hash(
            texts
                .iter()
                .map(|source| (source.name.as_str(), source.text.as_str())),
        );
        let began = Instant::now();
        let not_texts = sources::not_texts(&texts);
        let loaded = if not_texts.is_empty() {
            let loaded = self.controller.load(sources::table(&texts)).await;
            loaded.map_err(|refused| refusal::in_full(&texts, self.options.stability, refused))
        } else {
            Err(controller::LoadError {
                sources: sources::table(&texts),
                diagnostics: not_texts,
            })
        };
        match loaded {
            Ok(report) => {
                self.config.loaded(&hash, true);
                self.ready.store(true, Ordering::Release);
                for warning in &report.warnings {
                    let warning = river_syntax::render::concise(&report.sources, warning);
                    tracing::warn!(%warning, "the configuration is used in spite of a warning");
                }
                tracing::info!(
                    started = report.started.len(),
                    updated = report.updated.len(),
                    stopped = report.stopped.len(),
                    unchanged = report.unchanged,
                    duration = ?began.elapsed(),
                    "finished complete graph evaluation"
                );
                let mut loads = self.loads.lock().unwrap_or_else(PoisonError::into_inner);
                loads.count += 1;
                loads.refused = None;
                loads.taken = Some(Taken {
                    hash,
                    at: SystemTime::now(),
                    sources: report.sources,
                    warnings: report.warnings,
                });
                Ok(())
            }
            Err(rejected) => {
                self.config.loaded(&hash, false);
                let errors = rejected
                    .diagnostics
                    .iter()
                    .filter(|found| found.severity == Severity::Error);
                let first = errors
                    .clone()
                    .next()
                    .map(|first| river_syntax::render::concise(&rejected.sources, first));
                tracing::error!(
                    errors = errors.count(),
                    first = first.unwrap_or_default(),
                    "the configuration was rejected as a whole; {}",
                    self.meanwhile()
                );
                self.refused(Refused {
                    at: SystemTime::now(),
                    hash,
                    unreadable: None,
                    sources: rejected.sources.clone(),
                    diagnostics: rejected.diagnostics.clone(),
                });
                Err(ReloadError::Rejected {
                    sources: rejected.sources,
                    diagnostics: rejected.diagnostics,
                })
            }
        }
    }

    fn refused(&self, refused: Refused) {
        let mut loads = self.loads.lock().unwrap_or_else(PoisonError::into_inner);
        loads.count += 1;
        loads.refused = Some(refused);
    }

    /// The process logs here.
    fn logs_to(&self, log: LogControl) {
        // Called once, at the start; what came first is kept.
        let _ = self.log.set(log);
    }

    /// The last lines of the log.
    pub(crate) fn log_lines(&self) -> String {
        self.log.get().map(LogControl::recent).unwrap_or_default()
    }

    /// What became of the last loads.
    pub(crate) fn loads(&self) -> Loads {
        self.loads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many loads there were up to now.
    fn load_count(&self) -> u64 {
        self.loads.lock().unwrap_or_else(PoisonError::into_inner).count
    }

    /// Since when the agent runs.
    pub(crate) fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// What `run` was asked for.
    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    /// What flows between components.
    pub(crate) fn flows(&self) -> &Flows {
        &self.controller.services().flows
    }

    /// The components of a module, of the root where the id is empty; `None` where there is no such module.
    pub(crate) fn components_of(&self, module: &str) -> Option<Vec<ComponentInfo>> {
        self.controller.components_of(module)
    }

    /// Ids of all modules.
    pub(crate) fn modules(&self) -> Vec<river_eval::Str> {
        self.controller.modules()
    }

    /// How a component fared, the newest first.
    pub(crate) fn health_history(&self, id: &str) -> Vec<HealthInfo> {
        let history = self.controller.health_history(id);
        history.into_iter().map(HealthInfo::from).collect()
    }

    /// What goes on when a configuration is not taken.
    fn meanwhile(&self) -> &'static str {
        if self.is_ready() {
            "the running one goes on"
        } else {
            "nothing runs yet"
        }
    }

    /// Whether a configuration has been loaded.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    /// Components that are not well, and why.
    pub(crate) fn unhealthy(&self) -> Vec<(String, String)> {
        let unhealthy = self.controller.unhealthy().into_iter();
        unhealthy
            .map(|(id, health)| (id.to_string(), health.message))
            .collect()
    }

    /// All components, without details.
    pub(crate) fn components(&self) -> Vec<ComponentInfo> {
        self.controller.components()
    }

    /// A component with details.
    pub(crate) fn component(&self, id: &str) -> Option<ComponentInfo> {
        self.controller.component(id)
    }

    /// An exporter's page.
    pub(crate) fn page(&self, id: &str) -> Option<Arc<dyn Page>> {
        self.controller.page(id)
    }

    /// All metrics of the process.
    pub(crate) fn metrics(&self) -> &MetricsHub {
        self.controller.metrics()
    }

    /// Who may use the HTTP server, and how.
    pub(crate) fn access(&self) -> &Access {
        &self.access
    }

    /// The machine's name.
    pub(crate) fn hostname(&self) -> &str {
        &self.hostname
    }

    /// Where HTTP is served.
    pub(crate) fn address(&self) -> String {
        self.address.get().map(SocketAddr::to_string).unwrap_or_default()
    }
}
