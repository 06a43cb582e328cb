//! The names of one text: what it defines, and what it refers to, with places.
//!
//! Made from the tree alone, so they are there while a text is broken, too, and speak of the text at hand.

use river_eval::stdlib;
use river_syntax::ast::{Attribute, Block, Body, Expr, Statement};
use river_syntax::{Node, Parse, Span, SyntaxKind};
use std::collections::HashMap;

/// The scope of a file's own statements.
pub(crate) const FILE: u32 = 0;

/// What a definition defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A component, of this agent or a custom one.
    Component,
    /// A block without a label, such as `logging`.
    Config,
    /// `declare "x"`.
    Declare,
    /// `argument "x"`.
    Argument,
    /// `export "x"`.
    Export,
    /// `import.file "x"` and the like.
    Import,
    /// `foreach "x"`.
    Foreach,
    /// What `var = "x"` of a `foreach` names.
    Variable,
}

impl Kind {
    fn of(name: &str, label: Option<&str>) -> Self {
        match name {
            "declare" => Self::Declare,
            "argument" => Self::Argument,
            "export" => Self::Export,
            "foreach" => Self::Foreach,
            _ if name.starts_with("import.") => Self::Import,
            _ if label.is_none() => Self::Config,
            _ => Self::Component,
        }
    }

    /// What a definition is found by: the path of references to it, or a word before its label where none can refer to it so.
    pub(crate) fn key(self, name: &str, label: &str) -> String {
        match self {
            Self::Component | Self::Config => format!("{name}.{label}"),
            Self::Declare => declare_key(label),
            Self::Argument => format!("argument.{label}"),
            Self::Export => export_key(label),
            Self::Import => import_key(label),
            Self::Foreach => format!("foreach {label}"),
            Self::Variable => label.to_owned(),
        }
    }
}

/// What the `declare` of a custom component is found by.
pub(crate) fn declare_key(name: &str) -> String {
    format!("declare {name}")
}

/// What an `import` is found by.
pub(crate) fn import_key(name: &str) -> String {
    format!("import {name}")
}

/// What an `export` is found by.
pub(crate) fn export_key(name: &str) -> String {
    format!("export {name}")
}

/// Where statements see each other.
#[derive(Debug)]
pub(crate) struct Scope {
    /// The scope around it.
    pub(crate) parent: Option<u32>,
    /// Whether expressions see the components of the scope around it: in a `foreach` they do, in a `declare` they do not, but what that one sees around
    /// itself.
    pub(crate) open: bool,
    /// What stands between its braces.
    pub(crate) span: Span,
}

/// A block that gives something a name.
#[derive(Debug)]
pub(crate) struct Definition {
    /// What it defines.
    pub(crate) kind: Kind,
    /// The scope in which it stands.
    pub(crate) scope: u32,
    /// The parts of the block's name: `loki`, `write`.
    pub(crate) name: Vec<Span>,
    /// The label, without quotes.
    pub(crate) label: Option<Span>,
    /// The whole block.
    pub(crate) span: Span,
    /// The scope of its own statements, where it has one.
    pub(crate) inner: Option<u32>,
    /// The names of its attributes.
    pub(crate) attributes: Vec<Span>,
}

/// A dotted name in an expression.
#[derive(Debug)]
pub(crate) struct Reference {
    /// The scope in which it stands.
    pub(crate) scope: u32,
    /// Its parts.
    pub(crate) path: Vec<Span>,
}

/// The names of a text.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// The file's own scope first.
    pub(crate) scopes: Vec<Scope>,
    /// In the order in which they stand, outer ones first.
    pub(crate) definitions: Vec<Definition>,
    /// In the order in which they stand.
    pub(crate) references: Vec<Reference>,
    /// From keys to the scopes that have them, and the definitions there.
    keys: HashMap<String, Vec<(u32, u32)>>,
    /// What the text refers to and does not define: paths of references, and `declare x` or `import x` of custom components.
    pub(crate) missing: Vec<Vec<String>>,
}

impl Names {
    pub(crate) fn of(parse: &Parse) -> Self {
        let mut collector = Collector {
            text: parse.tree.text(),
            names: Names::default(),
        };
        let Some(root) = parse.root() else {
            return collector.names;
        };
        collector.names.scopes.push(Scope {
            parent: None,
            open: false,
            span: Span::new(parse.tree.file(), 0, parse.tree.text().len() as u32),
        });
        if let Some(body) = parse.body() {
            collector.body(body, FILE);
        }
        // What fits nowhere lies beside the body.
        collector.expressions(
            root.children()
                .into_iter()
                .filter(|node| Body::cast(*node).is_none()),
            FILE,
        );
        let mut names = collector.names;
        names
            .references
            .sort_by_key(|reference| reference.path.first().map(|part| part.start));
        names.missing = names.find_missing(parse.tree.text());
        names
    }

    /// The definition of a key in a scope itself.
    pub(crate) fn get(&self, scope: u32, key: &str) -> Option<u32> {
        self.keys
            .get(key)?
            .iter()
            .find(|(of, _)| *of == scope)
            .map(|&(_, index)| index)
    }

    /// The definition of a number.
    pub(crate) fn definition(&self, index: u32) -> Option<&Definition> {
        self.definitions.get(index as usize)
    }

    /// The scopes that an expression in a scope sees, innermost first.
    pub(crate) fn seen_from(&self, scope: u32) -> impl Iterator<Item = u32> + '_ {
        std::iter::successors(Some(scope), |&scope| {
            let mut at = self.scopes.get(scope as usize)?;
            // A `declare` sees what the scope that it stands in sees around itself.
            while !at.open {
                at = self.scopes.get(at.parent? as usize)?;
            }
            at.parent
        })
    }

    /// A scope and all around it, innermost first: where custom components are looked for.
    pub(crate) fn around(&self, scope: u32) -> impl Iterator<Item = u32> + '_ {
        std::iter::successors(Some(scope), |&scope| self.scopes.get(scope as usize)?.parent)
    }

    /// The innermost scope at a place.
    pub(crate) fn scope_at(&self, offset: u32) -> u32 {
        let holds = |span: Span| span.start <= offset && offset <= span.end;
        // Inner scopes come behind those around them.
        let at = self.scopes.iter().rposition(|scope| holds(scope.span));
        at.unwrap_or_default() as u32
    }

    /// The definition that a path means in this text, and how many of its parts name it.
    pub(crate) fn resolve(&self, scope: u32, path: &[&str]) -> Option<(u32, usize)> {
        self.seen_from(scope)
            .find_map(|scope| self.resolve_in(scope, path))
    }

    /// The same among the definitions of one scope.
    pub(crate) fn resolve_in(&self, scope: u32, path: &[&str]) -> Option<(u32, usize)> {
        (1..=path.len())
            .rev()
            .find_map(|length| Some((self.get(scope, &path.get(..length)?.join("."))?, length)))
    }

    fn find_missing(&self, text: &str) -> Vec<Vec<String>> {
        let part = |span: &Span| text.get(span.range()).unwrap_or("");
        let mut missing = Vec::new();
        for reference in &self.references {
            let path: Vec<&str> = reference.path.iter().map(part).collect();
            if path.len() > 1
                && self.resolve(reference.scope, &path).is_none()
                && !path.first().is_some_and(|root| stdlib::is_name(root))
                // Of a module's own arguments none can stand in another file.
                && path.first() != Some(&"argument")
            {
                missing.push(path.into_iter().map(str::to_owned).collect());
            }
        }
        for definition in &self.definitions {
            let key = match (definition.kind, &*definition.name) {
                (Kind::Component, [name]) => declare_key(part(name)),
                (Kind::Component, [space, _]) => import_key(part(space)),
                _ => continue,
            };
            if self
                .around(definition.scope)
                .all(|scope| self.get(scope, &key).is_none())
            {
                missing.push(vec![key]);
            }
        }
        missing.sort();
        missing.dedup();
        missing
    }
}

struct Collector<'t> {
    text: &'t str,
    names: Names,
}

impl<'t> Collector<'t> {
    fn body(&mut self, body: Body<'t>, scope: u32) {
        let mut rest = Vec::new();
        for child in body.node().children() {
            match Statement::cast(child) {
                Some(Statement::Block(block)) => self.definition(block, scope),
                _ => rest.push(child),
            }
        }
        self.expressions(rest, scope);
    }

    fn definition(&mut self, block: Block<'t>, scope: u32) {
        let name = block.name();
        // The text of the label, without quotes.
        let label = block.label().map(|(text, span)| {
            let start = span.start + 1;
            (text, Span::new(span.file, start, start + text.len() as u32))
        });
        let kind = Kind::of(&name, label.map(|(text, _)| text));
        let index = self.names.definitions.len() as u32;
        self.names.definitions.push(Definition {
            kind,
            scope,
            name: name_parts(block),
            label: label.map(|(_, span)| span),
            span: block.span(),
            inner: None,
            attributes: Vec::new(),
        });
        if let Some((label, _)) = label {
            self.name(scope, kind.key(&name, label), index);
        }
        let Some(body) = block.body() else {
            return;
        };
        if kind == Kind::Declare {
            let inner = self.scope(scope, false, inside(block));
            self.inner(index, inner);
            self.body(body, inner);
            return;
        }
        // It may stand behind the template that uses it.
        let variable = (kind == Kind::Foreach).then(|| variable_of(body)).flatten();
        for statement in body.statements() {
            match statement {
                Statement::Attribute(attribute) => {
                    if let Some(definition) = self.names.definitions.get_mut(index as usize) {
                        definition.attributes.push(attribute.name_span());
                    }
                    self.expressions([attribute.node()], scope);
                }
                Statement::Block(block) if kind == Kind::Foreach && block.name() == "template" => {
                    let Some(template) = block.body() else { continue };
                    // The variable stands around the template: a `declare` in it sees the one and not the other.
                    let around = self.scope(scope, true, inside(block));
                    if let Some(span) = variable {
                        self.variable(around, span);
                    }
                    let inner = self.scope(around, true, inside(block));
                    self.inner(index, inner);
                    self.body(template, inner);
                }
                Statement::Block(inner) => self.expressions([inner.node()], scope),
            }
        }
        // What is no statement: the rest of a broken one.
        let broken = body.node().children().into_iter();
        self.expressions(broken.filter(|node| Statement::cast(*node).is_none()), scope);
    }

    fn scope(&mut self, parent: u32, open: bool, span: Span) -> u32 {
        let parent = Some(parent);
        self.names.scopes.push(Scope { parent, open, span });
        self.names.scopes.len() as u32 - 1
    }

    fn inner(&mut self, index: u32, scope: u32) {
        if let Some(definition) = self.names.definitions.get_mut(index as usize) {
            definition.inner = Some(scope);
        }
    }

    /// The first of two with the same name counts; the checker tells of the second.
    fn name(&mut self, scope: u32, key: String, index: u32) {
        let found = self.names.keys.entry(key).or_default();
        if found.iter().all(|&(of, _)| of != scope) {
            found.push((scope, index));
        }
    }

    fn variable(&mut self, scope: u32, span: Span) {
        let name = self.text.get(span.range()).unwrap_or("").to_owned();
        let index = self.names.definitions.len() as u32;
        self.names.definitions.push(Definition {
            kind: Kind::Variable,
            scope,
            name: Vec::new(),
            label: Some(span),
            span,
            inner: None,
            attributes: Vec::new(),
        });
        self.name(scope, name, index);
    }

    /// The dotted names in nodes and all below them.
    fn expressions(&mut self, nodes: impl IntoIterator<Item = Node<'t>>, scope: u32) {
        let mut waiting: Vec<Node<'t>> = nodes.into_iter().collect();
        while let Some(node) = waiting.pop() {
            if matches!(node.kind(), SyntaxKind::AccessExpr | SyntaxKind::IdentExpr)
                && let Some(path) = path_of(node)
            {
                self.names.references.push(Reference { scope, path });
            } else {
                waiting.extend(node.children_from_last());
            }
        }
    }
}

/// The parts of a name with fields; `None` where the fields are those of something else, such as a call.
fn path_of(node: Node<'_>) -> Option<Vec<Span>> {
    let mut path = Vec::new();
    let mut at = Expr::cast(node)?;
    loop {
        match at {
            Expr::Access(access) => {
                // `loki.write.` at the cursor: the field is not there yet.
                if let Some((_, span)) = access.name() {
                    path.push(span);
                }
                at = access.base()?;
            }
            Expr::Ident(ident) => {
                path.push(ident.span());
                path.reverse();
                return Some(path);
            }
            _ => return None,
        }
    }
}

/// What stands between the braces of a block, layout included.
fn inside(block: Block<'_>) -> Span {
    let (tree, span) = (block.node().tree(), block.span());
    let start = block
        .open_brace()
        .map_or(span.start, |open| tree.tokens().end(open));
    let end = block
        .close_brace()
        .map_or(span.end, |close| tree.tokens().start(close));
    Span::new(span.file, start, end.max(start))
}

fn name_parts(block: Block<'_>) -> Vec<Span> {
    let tree = block.node().tree();
    let mut children = block.node().children_from_last();
    let Some(name) = children.find(|child| child.kind() == SyntaxKind::BlockName) else {
        return Vec::new();
    };
    (name.first_token()..name.end_token())
        .filter(|&token| tree.tokens().kind(token) == SyntaxKind::Ident)
        .map(|token| tree.token_span(token))
        .collect()
}

/// What `var = "x"` of a `foreach` names.
fn variable_of(body: Body<'_>) -> Option<Span> {
    body.statements().find_map(|statement| match statement {
        Statement::Attribute(attribute) if attribute.name() == "var" => string_of(attribute),
        _ => None,
    })
}

/// What stands between the quotes of an attribute that is set to a text.
fn string_of(attribute: Attribute<'_>) -> Option<Span> {
    let Expr::Literal(literal) = attribute.value()? else {
        return None;
    };
    let span = literal.span();
    (literal.kind() == SyntaxKind::String && span.end >= span.start + 2)
        .then(|| Span::new(span.file, span.start + 1, span.end - 1))
}
