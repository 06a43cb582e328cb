//! `import.string`: a module's text as a value, often the export of a component.

use super::Read;
use crate::component::{BuildError, CancellationToken, Component, Context, RunError};
use river_eval::OptionalSecret;
use river_eval::engine::Content;
use std::sync::Arc;

/// The arguments of `import.string`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(super) struct Arguments {
    /// The text of the module to import.
    content: OptionalSecret,
}

/// `import.string`.
pub(super) struct ImportString;

impl Component for ImportString {
    const NAME: &'static str = "import.string";
    type Arguments = Arguments;
    type Exports = Read;

    fn new(context: Context<Read>, arguments: Arguments) -> Result<Self, BuildError> {
        let text = arguments.content.reveal().clone();
        context.export(&Read(Content {
            key: None,
            module_path: None,
            files: [("".into(), text)].into(),
            is_secret: arguments.content.is_secret(),
        }));
        context.health.healthy("content read");
        Ok(Self)
    }

    fn update(&self, _: Arguments) -> Result<(), BuildError> {
        // Other arguments make another import.
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        stop.cancelled().await;
        Ok(())
    }
}
