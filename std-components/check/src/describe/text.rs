//! Schemas as text for a terminal.

use super::{Around, default_text, kind, type_text};
use river_eval::schema::{AttributeSchema, BlockSchema, BodySchema, ComponentSchema, Type};
use std::fmt::Write;

/// Columns up to which a type pushes what follows it to the right.
const TYPE_COLUMNS: usize = 36;

/// Whether to write escape sequences of terminals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Plain text.
    Plain,
    /// Names bold, reference texts dim.
    Colours,
}

impl Paint {
    fn bold(self, text: &str) -> String {
        self.with("\u{1b}[1m", text)
    }

    fn dim(self, text: &str) -> String {
        self.with("\u{1b}[2m", text)
    }

    fn with(self, start: &str, text: &str) -> String {
        match self {
            Paint::Colours if !text.is_empty() => format!("{start}{text}\u{1b}[0m"),
            _ => text.to_owned(),
        }
    }
}

/// A line for each component: its name, how settled it is, what it exports, and a note of the caller's.
pub fn list<'c>(
    components: impl IntoIterator<Item = (&'c ComponentSchema, &'c str)>,
    paint: Paint,
) -> String {
    let components: Vec<_> = components.into_iter().collect();
    let column = components.iter().map(|(component, _)| component.name.len()).max();
    let column = column.unwrap_or_default();
    let mut out = String::new();
    for (component, note) in components {
        let exports: Vec<String> = component
            .exports
            .iter()
            .map(|export| format!("{}: {}", export.name, type_text(&export.ty)))
            .collect();
        let space = " ".repeat(column - component.name.len());
        let mut line = format!(
            "{}{space}  {:<19}",
            paint.bold(component.name),
            settled(component)
        );
        for more in [exports.join(", "), paint.dim(note)]
            .iter()
            .filter(|more| !more.is_empty())
        {
            line.push_str("  ");
            line.push_str(more);
        }
        put(&mut out, line.trim_end());
    }
    out
}

/// Everything about a component or config block. `title` names the catalog, `note` is one of the caller's.
pub fn component(component: &ComponentSchema, title: &str, note: &str, paint: Paint) -> String {
    let mut out = String::new();
    let label = if component.labelled { " \"LABEL\"" } else { "" };
    put(
        &mut out,
        &format!(
            "{}{label}  ({}, {title})",
            paint.bold(component.name),
            settled(component)
        ),
    );
    for line in component.doc.lines().chain(note.lines()) {
        put(&mut out, line);
    }
    out.push('\n');
    put(&mut out, "Arguments:");
    let mut text = Text {
        out,
        paint,
        around: Around::default(),
    };
    text.body(&component.arguments, component.name, 1);
    if component.arguments.attributes.is_empty() && component.arguments.blocks.is_empty() {
        put(&mut text.out, "  none");
    }
    text.out.push('\n');
    put(&mut text.out, "Exports:");
    text.attributes(&component.exports, 1, true);
    if component.exports.is_empty() {
        put(&mut text.out, "  none");
    }
    text.out
}

fn settled(component: &ComponentSchema) -> &'static str {
    match component.community {
        true => "community",
        false => component.stability.name(),
    }
}

struct Text<'s> {
    out: String,
    paint: Paint,
    around: Around<'s>,
}

impl<'s> Text<'s> {
    fn body(&mut self, body: &'s BodySchema, path: &str, depth: usize) {
        self.attributes(&body.attributes, depth, false);
        let again = self.around.same_alternatives(body).map(str::to_owned);
        self.around.enter(path, body);
        let mut told = Vec::new();
        for block in &body.blocks {
            match &again {
                Some(place) if block.alternative => {
                    if !told.contains(&kind(block)) {
                        told.push(kind(block));
                        let name = self.paint.bold(&format!("{}.*", kind(block)));
                        self.line(depth, &format!("{name} {{ }}  the blocks of {place} again"));
                    }
                }
                _ => self.block(block, path, depth),
            }
        }
        self.around.leave();
    }

    fn block(&mut self, block: &'s BlockSchema, path: &str, depth: usize) {
        let label = if block.label { " \"LABEL\"" } else { "" };
        let mut facts = vec!["block"];
        facts.extend(block.required.then_some("required"));
        facts.extend(block.repeated.then_some("any number of times"));
        let name = self.paint.bold(&block.name);
        self.line(depth, &format!("{name}{label} {{ }}  {}", facts.join(", ")));
        self.doc(block.doc, depth + 1);
        self.body(block.body.get(), &format!("{path} > {}", block.name), depth + 1);
    }

    fn attributes(&mut self, attributes: &[AttributeSchema], depth: usize, exports: bool) {
        let types: Vec<String> = attributes
            .iter()
            .map(|attribute| type_text(&attribute.ty))
            .collect();
        let names = attributes.iter().map(|attribute| attribute.name.len()).max();
        let fitting = types
            .iter()
            .map(|ty| ty.chars().count())
            .filter(|&columns| columns <= TYPE_COLUMNS);
        let (names, columns) = (names.unwrap_or_default(), fitting.max().unwrap_or_default());
        for (attribute, ty) in attributes.iter().zip(&types) {
            let space = " ".repeat(names - attribute.name.len());
            let fact = match default_text(attribute) {
                _ if exports => String::new(),
                _ if attribute.required => "required".to_owned(),
                Some(default) => format!("= {default}"),
                None => String::new(),
            };
            let name = self.paint.bold(attribute.name);
            let line = format!("{name}{space}  {ty:<columns$}  {fact}");
            self.line(depth, line.trim_end());
            if let Some(words) = words(&attribute.ty) {
                self.doc(&format!("One of {words}."), depth + 1);
            }
            self.doc(attribute.doc, depth + 1);
        }
    }

    fn doc(&mut self, doc: &str, depth: usize) {
        for line in doc.lines().filter(|line| !line.is_empty()) {
            let line = self.paint.dim(line);
            self.line(depth, &line);
        }
    }

    fn line(&mut self, depth: usize, line: &str) {
        self.out.push_str(&"  ".repeat(depth));
        put(&mut self.out, line);
    }
}

/// The accepted words of a closed set.
fn words(ty: &Type) -> Option<String> {
    match ty {
        Type::Text { words, .. } if !words.is_empty() => {
            let words: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
            Some(words.join(", "))
        }
        Type::List(of) | Type::Map(of) => words(of),
        _ => None,
    }
}

fn put(out: &mut String, line: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{line}");
}
