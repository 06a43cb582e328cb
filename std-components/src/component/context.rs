//! What a component is handed: its id, where to keep data, how to export, its health and metrics, the services of the process.

use super::{ComponentMetrics, HealthCell, MetricsHub, Pages};
use crate::imports::Fetches;
use crate::signals::{Flow, Flows};
use parking_lot::Mutex;
use river_eval::{Exports, Value};
use std::fmt;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A component's id: the module that it stands in and its local name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ComponentId {
    /// The module's id, `node.one`; empty for the root.
    pub module: Arc<str>,
    /// `loki.write.out`.
    pub local: Arc<str>,
}

impl ComponentId {
    /// A component of the root.
    pub fn root(local: impl Into<Arc<str>>) -> Self {
        Self {
            module: "".into(),
            local: local.into(),
        }
    }

    /// `/` for the root, `/node.one` in a module: the label `component_path`.
    pub fn path(&self) -> String {
        format!("/{}", self.module)
    }
}

impl fmt::Display for ComponentId {
    /// The global id: `node.one/prometheus.scrape.here`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.module.is_empty() {
            f.write_str(&self.local)
        } else {
            write!(f, "{}/{}", self.module, self.local)
        }
    }
}

/// What is shared by all components of a process.
#[derive(Clone, Debug, Default)]
pub struct Services {
    /// `--storage.path`.
    pub storage: PathBuf,
    /// All metrics.
    pub metrics: MetricsHub,
    /// Exporters' pages.
    pub pages: Pages,
    /// The sockets that components listen on.
    pub listeners: crate::listeners::Listeners,
    /// What flows between the components.
    pub flows: Flows,
    /// What imports fetch before they can be built.
    pub fetches: Fetches,
}

type Notify = Arc<dyn Fn() + Send + Sync>;

/// Where a component's exports go.
pub struct ExportSink {
    current: Mutex<Value>,
    notify: Mutex<Option<Notify>>,
}

impl fmt::Debug for ExportSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExportSink")
    }
}

impl Default for ExportSink {
    fn default() -> Self {
        Self {
            current: Mutex::new(Value::Null),
            notify: Mutex::new(None),
        }
    }
}

impl ExportSink {
    /// What is exported now; null before the first export.
    pub fn get(&self) -> Value {
        self.current.lock().clone()
    }

    /// Tells the controller of changes from now on.
    pub fn on_change(&self, notify: Notify) {
        *self.notify.lock() = Some(notify);
    }

    /// Exports a value; an equal one changes nothing and wakes nobody.
    pub fn set(&self, value: Value) {
        {
            let mut current = self.current.lock();
            if *current == value {
                return;
            }
            *current = value;
        }
        let notify = self.notify.lock().clone();
        if let Some(notify) = notify {
            notify();
        }
    }
}

/// What a component is handed when it is built. Clones share everything.
pub struct Context<E> {
    /// Its id.
    pub id: ComponentId,
    /// Where it says how it fares.
    pub health: HealthCell,
    /// Where it registers metrics of its own.
    pub metrics: ComponentMetrics,
    /// What flows through it: to tell by itself what it does with each item.
    pub flow: Arc<Flow>,
    /// What all components share.
    pub services: Services,
    exports: Arc<ExportSink>,
    kind: PhantomData<fn(E)>,
}

impl<E> Clone for Context<E> {
    fn clone(&self) -> Self {
        Self {
            id: self.id.clone(),
            health: self.health.clone(),
            metrics: self.metrics.clone(),
            flow: self.flow.clone(),
            services: self.services.clone(),
            exports: self.exports.clone(),
            kind: PhantomData,
        }
    }
}

impl<E> fmt::Debug for Context<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Context({})", self.id)
    }
}

impl<E: Exports> Context<E> {
    /// A context for a component with this id.
    pub fn new(id: ComponentId, services: Services, health: HealthCell, exports: Arc<ExportSink>) -> Self {
        let metrics = ComponentMetrics::new(&services.metrics, &id.local, &id.path());
        Self {
            flow: services.flows.of(&id.to_string()),
            id,
            health,
            metrics,
            services,
            exports,
            kind: PhantomData,
        }
    }

    /// A context for a test, with nothing behind it.
    pub fn for_test(local_id: &str, storage: &Path) -> (Self, Arc<ExportSink>) {
        let exports = Arc::new(ExportSink::default());
        let services = Services {
            storage: storage.into(),
            ..Services::default()
        };
        (
            Self::new(
                ComponentId::root(local_id),
                services,
                HealthCell::default(),
                exports.clone(),
            ),
            exports,
        )
    }

    /// Exports; equal exports change nothing.
    pub fn export(&self, exports: &E) {
        self.exports.set(exports.to_value());
    }

    /// The component's own folder below `--storage.path`; not made yet.
    pub fn data_dir(&self) -> PathBuf {
        self.services.storage.join(self.id.to_string())
    }
}
