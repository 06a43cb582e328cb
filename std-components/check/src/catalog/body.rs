//! From the lines of a body to its schema.

use super::index::split;
use super::literal;
use super::release::Source;
use river_eval::schema::{AttributeSchema, BlockSchema, BodySchema, ComponentSchema, LazyBody, Type};
use std::sync::Arc;

/// The same body as this agent's own component has it: its reference texts serve here too.
#[derive(Clone)]
pub(super) enum Docs {
    None,
    Component(Arc<ComponentSchema>),
    Block(LazyBody),
}

impl Docs {
    fn body(&self) -> Option<&BodySchema> {
        match self {
            Docs::None => None,
            Docs::Component(component) => Some(&component.arguments),
            Docs::Block(body) => Some(body.get()),
        }
    }

    fn attribute(&self, name: &str) -> &'static str {
        let attribute = self.body().and_then(|body| body.attribute(name));
        attribute.map_or("", |attribute| attribute.doc)
    }

    fn export(&self, name: &str) -> &'static str {
        let Docs::Component(component) = self else {
            return "";
        };
        let export = component.exports.iter().find(|export| export.name == name);
        export.map_or("", |export| export.doc)
    }

    /// What is known of a block and of what it holds.
    fn block(&self, name: &str) -> (&'static str, Docs) {
        match self.body().and_then(|body| body.block(name)) {
            Some(block) => (block.doc, Docs::Block(block.body.clone())),
            None => ("", Docs::None),
        }
    }
}

/// Reads bodies of a release.
#[derive(Clone)]
pub(super) struct Reader {
    source: &'static Source,
    docs: Docs,
}

impl Reader {
    pub(super) fn new(source: &'static Source, docs: Docs) -> Self {
        Self { source, docs }
    }

    /// The body that the lines at this depth say. Lines that say nothing known are left out: the tests read every line.
    pub(super) fn body(&self, lines: &'static str, depth: usize) -> BodySchema {
        let mut body = BodySchema::default();
        self.add(lines, depth, &mut body);
        body
    }

    fn add(&self, lines: &'static str, depth: usize, body: &mut BodySchema) {
        let mut rest = lines;
        while !rest.is_empty() {
            let (line, after) = split(rest, b'\n');
            rest = after;
            let line = line.get(depth..).unwrap_or_default();
            if let Some(head) = line.strip_prefix("> ") {
                let below;
                (below, rest) = deeper(rest, depth);
                body.blocks.push(self.block(head, below, depth + 1));
            } else if let Some(name) = line.strip_prefix("& ") {
                // A group may hold blocks that hold the group: those bodies are read when they are asked for.
                if let Some(group) = self.source.index().groups.get(name) {
                    self.add(group.lines, 1, body);
                }
            } else if !line.starts_with("< ") {
                let doc = |name: &str| self.docs.attribute(name);
                body.attributes.extend(self.attribute(line, doc));
            }
        }
    }

    /// The exports among the lines of a component.
    pub(super) fn exports(&self, lines: &'static str) -> Vec<AttributeSchema> {
        lines
            .split('\n')
            .filter_map(|line| line.strip_prefix("\t< "))
            .filter_map(|line| self.attribute(line, |name| self.docs.export(name)))
            .collect()
    }

    /// `NAME!* label enum=KIND -> BODY`.
    fn block(&self, head: &'static str, below: &'static str, depth: usize) -> BlockSchema {
        let (name, rest) = split(head, b' ');
        let (name, repeated) = marked(name, '*');
        let (name, required) = marked(name, '!');
        let (mut label, mut alternative, mut shared) = (false, false, None);
        let mut words = rest.split(' ');
        while let Some(word) = words.next() {
            match word {
                "label" => label = true,
                "->" => shared = words.next(),
                _ => alternative |= word.starts_with("enum="),
            }
        }
        let (doc, docs) = self.docs.block(name);
        let reader = Reader::new(self.source, docs);
        BlockSchema {
            name: name.to_owned(),
            required,
            repeated,
            label,
            alternative,
            body: match shared {
                Some(shared) => reader.shared(shared),
                None => LazyBody::new(move || reader.body(below, depth)),
            },
            doc,
        }
    }

    /// A body that several blocks have: made once, except where reference texts go with it.
    fn shared(self, name: &'static str) -> LazyBody {
        match self.source.index().bodies.get(name) {
            Some(section) => match self.docs {
                Docs::None => {
                    let lines = section.lines;
                    let make = || LazyBody::new(move || self.body(lines, 1));
                    section.made.get_or_init(make).clone()
                }
                _ => LazyBody::new(move || self.body(section.lines, 1)),
            },
            None => LazyBody::new(BodySchema::default),
        }
    }

    /// `NAME! TYPE = DEFAULT`.
    fn attribute(&self, line: &'static str, doc: impl Fn(&str) -> &'static str) -> Option<AttributeSchema> {
        let (name, rest) = split(line, b' ');
        let (name, required) = marked(name, '!');
        let (ty, default) = split(rest, b' ');
        let ty = self.ty(ty)?;
        let default = default.strip_prefix("= ");
        Some(AttributeSchema {
            name,
            required,
            default: default.and_then(|default| literal::value(default, &ty)),
            doc: doc(name),
            ty,
        })
    }

    fn ty(&self, text: &'static str) -> Option<Type> {
        if let Some((kind, of)) = text.split_once(':') {
            return match kind {
                "list" => Some(Type::List(Box::new(self.ty(of)?))),
                "map" => Some(Type::Map(Box::new(self.ty(of)?))),
                "capsule" => Some(Type::Capsule(of)),
                "text" => self.source.text_type(of),
                "object" => {
                    let section = self.source.index().bodies.get(of)?;
                    let reader = Reader::new(self.source, Docs::None);
                    Some(Type::Object(Box::new(reader.body(section.lines, 1))))
                }
                _ => None,
            };
        }
        Some(match text {
            "string" => Type::String,
            "bool" => Type::Bool,
            "duration" => Type::Duration,
            "secret" => Type::Secret,
            "optional_secret" => Type::OptionalSecret,
            "any" => Type::Any,
            "function" => Type::Function,
            _ if ["int", "uint", "float"].iter().any(|kind| text.starts_with(kind)) => Type::Number(text),
            _ => return None,
        })
    }
}

/// A name without its mark.
fn marked(name: &'static str, mark: char) -> (&'static str, bool) {
    match name.strip_suffix(mark) {
        Some(name) => (name, true),
        None => (name, false),
    }
}

/// The first lines that stand deeper than `depth`, and what follows them.
fn deeper(lines: &'static str, depth: usize) -> (&'static str, &'static str) {
    let mut end = 0;
    let mut rest = lines;
    while !rest.is_empty() {
        let tabs = rest.bytes().take_while(|&byte| byte == b'\t').count();
        if tabs <= depth {
            break;
        }
        rest = split(rest, b'\n').1;
        end = lines.len() - rest.len();
    }
    lines.split_at_checked(end).unwrap_or((lines, ""))
}
