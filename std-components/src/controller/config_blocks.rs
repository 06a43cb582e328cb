//! Config blocks: blocks that set something of the process. The program hands in those that it acts on.

use river_eval::BodyValue;
use river_eval::codes::graph as codes;
use river_eval::graph::Node;
use river_eval::schema::BodySchema;
use river_syntax::Diagnostic;
use std::sync::Arc;

/// A config block that somebody acts on.
pub trait ConfigBlock: Send + Sync {
    /// Its name, `logging`.
    fn name(&self) -> &'static str;

    /// Whether a body can be used; warnings where it can.
    ///
    /// # Errors
    /// All mistakes.
    fn check(&self, node: &Node, body: &BodyValue) -> Result<Vec<Diagnostic>, Vec<Diagnostic>>;

    /// Whether a body that [`check`](Self::check) took can be acted on here and now: files may be read, nothing is changed.
    ///
    /// # Errors
    /// Why not. An error at a load, a warning where a configuration is only checked.
    fn prepare(&self, _: &Node, _: &BodyValue) -> Result<(), Box<Diagnostic>> {
        Ok(())
    }

    /// Acts on a body that [`check`](Self::check) took; `None` when the configuration has the block no more.
    fn apply(&self, body: Option<&BodyValue>);
}

/// A config block's name and what may stand in it.
pub type NamedSchema = (&'static str, fn() -> BodySchema);

/// What the config blocks of this crate take, by their names: the schemas of their derived structs.
pub fn config_block_schemas() -> [NamedSchema; 4] {
    [
        ("livedebugging", super::live_debugging::schema),
        ("logging", super::logging::schema),
        ("remotecfg", super::remotecfg::schema),
        ("tracing", super::tracing_block::schema),
    ]
}

/// A block of the reference that nobody acts on.
struct Idle(&'static str);

impl ConfigBlock for Idle {
    fn name(&self) -> &'static str {
        self.0
    }

    fn check(&self, node: &Node, _: &BodyValue) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        let warning = Diagnostic::warning(
            &codes::NOT_ACTED_ON,
            node.block.name_span,
            format!("block {:?} is accepted, not acted on yet", self.0),
        );
        Ok(vec![
            warning.with_help("nothing that it asks for happens in this version"),
        ])
    }

    fn apply(&self, _: Option<&BodyValue>) {}
}

/// The program's blocks, and idle ones for the rest of the reference's.
pub(super) fn all(acting: Vec<Arc<dyn ConfigBlock>>) -> Vec<Arc<dyn ConfigBlock>> {
    let mut blocks = acting;
    blocks.push(Arc::new(super::remotecfg::RemoteCfg));
    for name in ["http", "livedebugging"] {
        if blocks.iter().all(|block| block.name() != name) {
            blocks.push(Arc::new(Idle(name)));
        }
    }
    blocks
}
