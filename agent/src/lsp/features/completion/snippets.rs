//! Texts with places to fill in: what a block or an attribute needs.

use river_eval::schema::{AttributeSchema, BodySchema, Type};
use std::fmt::Write;

/// Blocks inside of blocks that a snippet writes out.
const MAX_LEVELS: usize = 4;

/// Writes snippets, counting the places to fill in.
#[derive(Debug, Default)]
pub(super) struct Snippet {
    text: String,
    stops: u32,
}

impl Snippet {
    /// `name "label" { … }` with what its body requires; the cursor ends in the body, or behind it where that is complete.
    pub(super) fn block(name: &str, labelled: bool, body: Option<&BodySchema>) -> String {
        let mut snippet = Self::default();
        snippet.head(name, labelled);
        match body.filter(|body| requires(body)) {
            Some(body) => {
                snippet.text.push('\n');
                snippet.required(body, 1);
                snippet.text.push('}');
            }
            None => snippet.text.push_str("\n\t$0\n}"),
        }
        snippet.text
    }

    /// The same of a custom component, whose arguments are only names.
    pub(super) fn custom(name: &str, arguments: &[(String, bool)]) -> String {
        let mut snippet = Self::default();
        snippet.head(name, true);
        let required: Vec<&String> = arguments
            .iter()
            .filter(|(_, required)| *required)
            .map(|(name, _)| name)
            .collect();
        if required.is_empty() {
            snippet.text.push_str("\n\t$0\n}");
            return snippet.text;
        }
        snippet.text.push('\n');
        for name in required {
            let stop = snippet.stop();
            let _ = writeln!(snippet.text, "\t{name} = ${stop}");
        }
        snippet.text.push('}');
        snippet.text
    }

    /// `name = value`.
    pub(super) fn attribute(attribute: &AttributeSchema) -> String {
        let mut snippet = Self::default();
        let _ = write!(snippet.text, "{} = ", attribute.name);
        snippet.value(&attribute.ty);
        snippet.text
    }

    fn stop(&mut self) -> u32 {
        self.stops += 1;
        self.stops
    }

    fn head(&mut self, name: &str, labelled: bool) {
        self.text.push_str(name);
        if labelled {
            let stop = self.stop();
            let _ = write!(self.text, " \"${{{stop}:default}}\"");
        }
        self.text.push_str(" {");
    }

    fn required(&mut self, body: &BodySchema, level: usize) {
        let indent = "\t".repeat(level);
        let attributes = || body.attributes.iter().filter(|attribute| attribute.required);
        let width = attributes()
            .map(|attribute| attribute.name.len())
            .max()
            .unwrap_or(0);
        for attribute in attributes() {
            let _ = write!(self.text, "{indent}{:width$} = ", attribute.name);
            self.value(&attribute.ty);
            self.text.push('\n');
        }
        if level >= MAX_LEVELS {
            return;
        }
        for block in body.blocks.iter().filter(|block| block.required) {
            let _ = write!(self.text, "{indent}");
            self.head(&block.name, block.label);
            let inner = block.body.get();
            if requires(inner) {
                self.text.push('\n');
                self.required(inner, level + 1);
                let _ = writeln!(self.text, "{indent}}}");
            } else {
                self.text.push_str(" }\n");
            }
        }
    }

    fn value(&mut self, ty: &Type) {
        let stop = self.stop();
        let _ = match ty {
            Type::Text { words, .. } if !words.is_empty() => {
                write!(self.text, "\"${{{stop}|{}|}}\"", words.join(","))
            }
            Type::Bool => write!(self.text, "${{{stop}|true,false|}}"),
            Type::String | Type::Duration | Type::Secret | Type::OptionalSecret | Type::Text { .. } => {
                write!(self.text, "\"${stop}\"")
            }
            // A list of targets is what another component exports.
            Type::List(item) if !matches!(**item, Type::Map(_) | Type::Capsule("discovery.Target")) => {
                write!(self.text, "[${stop}]")
            }
            Type::Map(_) | Type::Object(_) => write!(self.text, "{{${stop}}}"),
            _ => write!(self.text, "${stop}"),
        };
    }
}

fn requires(body: &BodySchema) -> bool {
    body.attributes.iter().any(|attribute| attribute.required)
        || body.blocks.iter().any(|block| block.required)
}
