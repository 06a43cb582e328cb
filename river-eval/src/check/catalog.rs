//! What components and config blocks there are.

use crate::schema::ComponentSchema;
use std::sync::Arc;

/// The components and config blocks of a release of an agent.
///
/// Implementations make a schema when it is first asked for: a configuration uses few of them.
pub trait Catalog: Send + Sync {
    /// What it describes, for people: `Grafana Alloy v1.15.0`.
    fn title(&self) -> &str;
    /// A component by its name.
    fn component(&self, name: &str) -> Option<Arc<ComponentSchema>>;
    /// A config block by its name (`logging`, `import.file`); `declare`, `argument`, `export`, `foreach` and `template` belong to the
    /// language and are in no catalog.
    fn config_block(&self, name: &str) -> Option<Arc<ComponentSchema>>;
    /// The names of all components, sorted.
    fn component_names(&self) -> Vec<&'static str>;
    /// The names of all config blocks, sorted.
    fn config_block_names(&self) -> Vec<&'static str>;
    /// What a capsule is in words, with its article: `a receiver of log entries`.
    fn capsule(&self, name: &str) -> Option<&'static str>;
}
