//! From the lines of a body to its schema.

use super::index::split;
use super::literal;
use super::release::Source;
use river_eval::Arguments;
use river_eval::schema::{
    AttributeSchema, BlockSchema, BodySchema, ComponentSchema, Experimental, LazyBody, Type,
};
use std::sync::{Arc, OnceLock};
use std_components::http_client::HttpClientArguments;

/// Groups and objects inside of one another, at the most. The releases' texts have one; another text may hold itself.
const MAX_NESTING: usize = 8;

/// Text types of which a release's text has the words of one attribute for all: the reference has two types of that name, each with words of its
/// own. An attribute that this agent knows takes the words that it takes here.
const SHARED_NAMES: [&str; 1] = ["label source type"];

/// The same body as this agent's own component has it: its reference texts serve here too.
#[derive(Clone)]
pub(super) enum Docs {
    /// It has not. The settings of an HTTP client are the same wherever they stand.
    None,
    Component(Arc<ComponentSchema>),
    Block(LazyBody),
}

impl Docs {
    fn body(&self) -> &BodySchema {
        match self {
            Docs::None => http_client(),
            Docs::Component(component) => &component.arguments,
            Docs::Block(body) => body.get(),
        }
    }

    fn attribute(&self, name: &str, ty: &Type) -> &'static str {
        let body = self.body();
        let known = body
            .attribute(name)
            .filter(|known| known.ty == *ty || !matches!(self, Docs::None));
        known.map_or("", |attribute| attribute.doc)
    }

    /// A type of a release as it is meant where it stands.
    fn meant(&self, name: &str, ty: Type) -> Type {
        match &ty {
            Type::Text { name: shared, .. } if SHARED_NAMES.contains(shared) => {
                match self.body().attribute(name).map(|own| &own.ty) {
                    Some(Type::Text { words, .. }) => Type::Text { name: shared, words },
                    _ => ty,
                }
            }
            _ => ty,
        }
    }

    /// Which values need the level experimental; known of this agent's own components only.
    fn experimental(&self, name: &str) -> Experimental {
        let known = match self {
            Docs::None => None,
            _ => self.body().attribute(name),
        };
        known.map_or(Experimental::No, |attribute| attribute.experimental.clone())
    }

    fn export(&self, name: &str) -> &'static str {
        let Docs::Component(component) = self else {
            return "";
        };
        let export = component.exports.iter().find(|export| export.name == name);
        export.map_or("", |export| export.doc)
    }

    /// What is known of a block and of what it holds.
    fn block(&self, name: &str) -> (&'static str, bool, Docs) {
        let body = self.body();
        match body.block(name) {
            Some(block) => (block.doc, block.experimental, Docs::Block(block.body.clone())),
            None => ("", false, Docs::None),
        }
    }
}

/// What every component with an HTTP client takes.
fn http_client() -> &'static BodySchema {
    static SCHEMA: OnceLock<BodySchema> = OnceLock::new();
    SCHEMA.get_or_init(HttpClientArguments::<true>::schema)
}

/// Reads bodies of a release.
#[derive(Clone)]
pub(super) struct Reader {
    source: &'static Source,
    docs: Docs,
    /// How many groups and objects are around.
    nesting: usize,
}

impl Reader {
    pub(super) fn new(source: &'static Source, docs: Docs) -> Self {
        Self {
            source,
            docs,
            nesting: 0,
        }
    }

    /// The reader of what a group or object holds; `None` where they hold one another for ever.
    fn inside(&self, docs: Docs) -> Option<Self> {
        let nesting = self.nesting + 1;
        (nesting <= MAX_NESTING).then_some(Self {
            source: self.source,
            docs,
            nesting,
        })
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
                let group = self.source.index().groups.get(name);
                if let Some((group, reader)) = group.zip(self.inside(self.docs.clone())) {
                    reader.add(group.lines, 1, body);
                }
            } else if !line.starts_with("< ") {
                let doc = |name: &str, ty: &Type| self.docs.attribute(name, ty);
                body.attributes.extend(self.attribute(line, doc));
            }
        }
    }

    /// The exports among the lines of a component.
    pub(super) fn exports(&self, lines: &'static str) -> Vec<AttributeSchema> {
        lines
            .split('\n')
            .filter_map(|line| line.strip_prefix("\t< "))
            .filter_map(|line| self.attribute(line, |name, _| self.docs.export(name)))
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
        let (doc, experimental, docs) = self.docs.block(name);
        let reader = Reader::new(self.source, docs);
        BlockSchema {
            name: name.to_owned(),
            required,
            repeated,
            label,
            alternative,
            experimental,
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
    fn attribute(
        &self,
        line: &'static str,
        doc: impl Fn(&str, &Type) -> &'static str,
    ) -> Option<AttributeSchema> {
        let (name, rest) = split(line, b' ');
        let (name, required) = marked(name, '!');
        let (ty, default) = split(rest, b' ');
        let ty = self.docs.meant(name, self.ty(ty)?);
        let default = default.strip_prefix("= ");
        Some(AttributeSchema {
            name,
            required,
            default: default.and_then(|default| literal::value(default, &ty)),
            experimental: self.docs.experimental(name),
            doc: doc(name, &ty),
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
                    let body = self.inside(Docs::None)?.body(section.lines, 1);
                    Some(Type::Object(Box::new(body)))
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
