//! What the engine asks of the world behind the blocks.

use crate::body::BodyValue;
use crate::graph::{Blocks, Node};
use crate::value::Value;
use river_syntax::Diagnostic;

/// Why a body is not taken.
#[derive(Debug)]
pub enum Refused {
    /// The body is wrong wherever it is used.
    Configuration(Vec<Diagnostic>),
    /// The body is well formed, but nothing can be built with it here and now. An error at a load, a warning at a check.
    World(Box<Diagnostic>),
}

/// Builds, updates and watches what stands behind the blocks.
pub trait Host: Blocks {
    /// What is built for a node. Dropping one that was never handed out in a [`LoadReport`](super::LoadReport) has to undo building it.
    type Instance;

    /// Whether a body could be taken, without building anything. Warnings may be returned where it can.
    ///
    /// # Errors
    /// All mistakes.
    fn check(&mut self, node: &Node, body: &BodyValue) -> Result<Vec<Diagnostic>, Vec<Diagnostic>>;

    /// Builds an instance that does not run yet, with its first exports. A body that could be used with a warning adds to `warnings`.
    ///
    /// # Errors
    /// See [`Refused`].
    fn build(
        &mut self,
        node: &Node,
        body: &BodyValue,
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<Self::Instance, Refused>;

    /// What an instance exports now.
    fn exports(&self, instance: &Self::Instance) -> Value;

    /// Gives a running instance other arguments, in place.
    ///
    /// # Errors
    /// A finding that says why it goes on with the old ones.
    fn update(
        &mut self,
        node: &Node,
        instance: &Self::Instance,
        body: &BodyValue,
    ) -> Result<(), Box<Diagnostic>>;

    /// An evaluation of a running instance's body ended: well (its arguments may or may not have changed), or with a reason.
    fn evaluated(&mut self, node: &Node, instance: &Self::Instance, failure: Option<&str>);

    /// A body is about to be evaluated, and has been when what is returned is dropped: for measuring.
    fn timer(&self) -> Option<Box<dyn Send>> {
        None
    }
}
