//! What the engine asks of the world behind the blocks.

use crate::body::BodyValue;
use crate::graph::{Blocks, Node};
use crate::value::{Str, Value};
use river_syntax::Diagnostic;
use std::any::Any;
use std::sync::Arc;

/// Why a body is not taken.
#[derive(Debug)]
pub enum Refused {
    /// The body is wrong wherever it is used.
    Configuration(Vec<Diagnostic>),
    /// The body is well formed, but nothing can be built with it here and now. An error at a load, a warning at a check.
    World(Box<Diagnostic>),
}

/// A node of a module, as the host is asked about it.
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    /// The node.
    pub node: &'a Node,
    /// The id of the module that it stands in; empty for the root.
    pub module: &'a Str,
    /// Whether its metrics are wanted: those inside of a `foreach` are only where it says so.
    pub metrics: bool,
}

impl At<'_> {
    /// The global id: `loki.write.out` in the root, `node.one/loki.write.out` in a module.
    pub fn id(&self) -> Str {
        join(self.module, &self.node.id)
    }
}

/// The global id of something in a module.
pub(super) fn join(module: &Str, local: &Str) -> Str {
    if module.is_empty() {
        local.clone()
    } else {
        format!("{module}/{local}").into()
    }
}

/// What an import has read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// What tells its source from others, the same for all that import it: an import that meets the key of one that it is imported by
    /// is refused. `None` for a source that cannot lead back to itself.
    pub key: Option<Str>,
    /// `module_path` for the text; `None` where it is that of the importing module.
    pub module_path: Option<Str>,
    /// The texts with names for messages. Together they are one module.
    pub files: Arc<[(Str, Str)]>,
    /// Whether the texts must not be shown: then messages do not quote them.
    pub is_secret: bool,
}

/// Builds, updates and watches what stands behind the blocks.
pub trait Host: Blocks {
    /// What is built for a node. Dropping one that was never handed out as started has to undo building it.
    type Instance;

    /// Whether a body could be taken, without building anything. Warnings may be returned where it can.
    ///
    /// # Errors
    /// All mistakes.
    fn check(&mut self, at: At<'_>, body: &BodyValue) -> Result<Vec<Diagnostic>, Vec<Diagnostic>>;

    /// Builds an instance that does not run yet, with its first exports; for an import, with its first content. Instances of custom
    /// components and of `foreach` are built too: the engine holds their modules, the instance tells how they fare. A body that could be used
    /// with a warning adds to `warnings`.
    ///
    /// # Errors
    /// See [`Refused`].
    fn build(
        &mut self,
        at: At<'_>,
        body: &BodyValue,
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<Self::Instance, Refused>;

    /// What an instance exports now.
    fn exports(&self, instance: &Self::Instance) -> Value;

    /// What an import has read last; `None` where the instance is no import.
    fn content(&self, instance: &Self::Instance) -> Option<Content>;

    /// Gives a running instance other arguments, in place. Not called for imports, which are built anew, nor for what holds modules.
    ///
    /// # Errors
    /// A finding that says why it goes on with the old ones.
    fn update(
        &mut self,
        at: At<'_>,
        instance: &Self::Instance,
        body: &BodyValue,
    ) -> Result<(), Box<Diagnostic>>;

    /// An evaluation of a running instance's body, or of what it holds, ended: well (its arguments may or may not have changed), or with
    /// a reason.
    fn evaluated(&mut self, at: At<'_>, instance: &Self::Instance, failure: Option<&str>);

    /// A node's body is about to be evaluated, and has been when what is returned is dropped: for measuring.
    fn timer(&self, _at: At<'_>) -> Option<Box<dyn Any>> {
        None
    }
}
