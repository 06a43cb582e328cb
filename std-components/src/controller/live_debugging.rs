//! The `livedebugging` block: whether what flows through components may be watched.

use super::config_blocks::ConfigBlock;
use crate::signals::Flows;
use river_eval::graph::Node;
use river_eval::schema::BodySchema;
use river_eval::{Arguments as _, BodyValue};
use river_syntax::Diagnostic;

/// The arguments of `livedebugging`.
#[derive(Debug, river_eval::Arguments)]
struct Arguments {
    /// Whether what flows through components may be watched: it is shown as it is, with all that stands in it.
    #[river(default = false)]
    enabled: bool,
}

/// The `livedebugging` block.
pub(super) struct LiveDebugging(pub(super) Flows);

impl ConfigBlock for LiveDebugging {
    fn name(&self) -> &'static str {
        "livedebugging"
    }

    fn check(&self, _: &Node, body: &BodyValue) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        Arguments::decode(body).map(|_| Vec::new())
    }

    fn apply(&self, body: Option<&BodyValue>) {
        let enabled = matches!(body.map(Arguments::decode), Some(Ok(Arguments { enabled: true })));
        self.0.enable(enabled);
    }
}

/// What the block takes.
pub(super) fn schema() -> BodySchema {
    Arguments::schema()
}
