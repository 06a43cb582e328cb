//! What a controller is started with.

use super::config_blocks::ConfigBlock;
use crate::component::{Registration, Services};
use river_eval::eval::{Constants, Context, Stability};
use std::sync::Arc;
use std::time::Duration;

/// How components whose task failed are started again: after `first`, then after twice as long each time, up to `longest`. A task that
/// ran for `longest` begins with `first` again.
#[derive(Clone, Copy, Debug)]
pub struct Restarts {
    /// Before the first restart.
    pub first: Duration,
    /// At the most.
    pub longest: Duration,
}

impl Default for Restarts {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(60),
        }
    }
}

/// What a controller is started with.
#[derive(Clone)]
pub struct Options {
    /// What all components share: the storage folder, metrics, pages.
    pub services: Services,
    /// `--stability.level`.
    pub min_stability: Stability,
    /// How long components may take to drain, over all, before they are aborted.
    pub shutdown_timeout: Duration,
    /// How failed components are started again.
    pub restarts: Restarts,
    /// What `module_path` is at the top level: the folder of the configuration.
    pub module_path: String,
    /// What `constants` holds in expressions.
    pub constants: Constants,
    /// The components that exist.
    pub components: Vec<&'static Registration>,
    /// Config blocks that the program acts on, besides `logging`.
    pub config_blocks: Vec<Arc<dyn ConfigBlock>>,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("services", &self.services)
            .field("min_stability", &self.min_stability)
            .field("shutdown_timeout", &self.shutdown_timeout)
            .finish_non_exhaustive()
    }
}

impl Default for Options {
    /// All bundled components, stable ones only, 30 s to drain.
    fn default() -> Self {
        Self {
            services: Services::default(),
            min_stability: Stability::GenerallyAvailable,
            shutdown_timeout: Duration::from_secs(30),
            restarts: Restarts::default(),
            module_path: String::new(),
            constants: Constants::default(),
            components: crate::components().collect(),
            config_blocks: Vec::new(),
        }
    }
}

impl Options {
    pub(super) fn evaluation_context(&self) -> Arc<Context> {
        let context = Context::new()
            .with_constants(&self.constants)
            .with_stability(self.min_stability);
        Arc::new(context)
    }
}
