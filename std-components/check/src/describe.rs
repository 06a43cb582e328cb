//! Schemas as people and programs read them: as text, as JSON of our own, as JSON Schema.

mod json;
mod json_schema;
mod text;
mod types;

#[cfg(test)]
mod tests;

pub use json::{component as json, list as json_list};
pub use json_schema::component as json_schema;
pub use text::{Paint, component as text, list as text_list};
pub use types::{default_text, type_text};

use river_eval::schema::{BlockSchema, BodySchema};

/// The bodies around the one that is being told, outermost first, each with its path. Stages hold stages: where the alternatives of a body are those
/// of one around it, that one is named instead of going on for ever.
#[derive(Default)]
struct Around<'s>(Vec<(String, &'s BodySchema)>);

impl<'s> Around<'s> {
    fn enter(&mut self, path: &str, body: &'s BodySchema) {
        self.0.push((path.to_owned(), body));
    }

    fn leave(&mut self) {
        self.0.pop();
    }

    /// The path of the body around whose alternatives these are.
    fn same_alternatives(&self, body: &BodySchema) -> Option<&str> {
        let ours = alternatives(body);
        if ours.is_empty() {
            return None;
        }
        let found = self.0.iter().find(|(_, other)| alternatives(other) == ours)?;
        Some(&found.0)
    }
}

fn alternatives(body: &BodySchema) -> Vec<&BlockSchema> {
    body.blocks.iter().filter(|block| block.alternative).collect()
}

/// `stage` of `stage.json`.
fn kind(block: &BlockSchema) -> &str {
    block.name.split('.').next().unwrap_or_default()
}
