//! Pages that exporter components serve under `/api/v0/component/ID/metrics`, over HTTP and inside the process.
//!
//! An exporter's targets have the address [`INTERNAL_ADDRESS`]; `prometheus.scrape` reads those pages directly, without a socket, as the reference does.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// The address that exporters give to their targets; it never leaves the process.
pub const INTERNAL_ADDRESS: &str = "alloy.internal:12345";

/// A page of metrics in the Prometheus text format.
pub trait Page: Send + Sync {
    /// Appends the page. May block for as long as a read of `/proc` takes; callers run it off the reactor.
    ///
    /// # Errors
    /// Why there is no page now; answered as 500.
    fn render(&self, query: &str, out: &mut String) -> Result<(), String>;
}

/// The pages of all running components by global component id.
#[derive(Clone, Default)]
pub struct Pages {
    pages: Arc<parking_lot::RwLock<HashMap<String, Arc<dyn Page>>>>,
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.pages.read().keys()).finish()
    }
}

impl Pages {
    /// Serves a page for a component.
    pub fn insert(&self, component_id: &str, page: Arc<dyn Page>) {
        self.pages.write().insert(component_id.into(), page);
    }

    /// Ends a component's page.
    pub fn remove(&self, component_id: &str) {
        self.pages.write().remove(component_id);
    }

    /// The page of a component.
    pub fn get(&self, component_id: &str) -> Option<Arc<dyn Page>> {
        self.pages.read().get(component_id).cloned()
    }

    /// The page that a path such as `/api/v0/component/ID/metrics` names; ids of components in modules hold slashes.
    pub fn at_path(&self, path: &str) -> Option<Arc<dyn Page>> {
        let id = path
            .strip_prefix("/api/v0/component/")?
            .strip_suffix("/metrics")?;
        self.get(id)
    }
}
