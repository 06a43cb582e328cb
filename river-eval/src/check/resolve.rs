//! What names mean: components of the scope, arguments of a module, variables, the standard library.

use super::analysis::ScopeKind;
use super::analyzer::Analyzer;
use super::scope::{Exports, What};
use super::types::{Inferred, Ty};
use crate::codes::check as codes;
use crate::codes::graph as graph_codes;
use crate::graph::references;
use crate::ir::{Block, Expr, Reference, Statement};
use crate::stdlib;
use crate::suggest::nearest;
use crate::value::{Str, Value};
use river_syntax::{Diagnostic, Edit, Fix, Span};
use std::rc::Rc;

/// Guesses at what was meant that are made for one configuration; each costs a comparison with every id.
const MAX_GUESSES: usize = 100;

/// What a name means.
pub(super) enum Found {
    /// A block, and how many names of the path are its id.
    Node { scope: usize, node: usize, used: usize },
    /// The block that the name stands in; told.
    Own,
    /// `argument.x.value`.
    Argument(usize, usize),
    /// The variable of a `foreach`.
    Variable(usize, usize, Ty),
    /// A text that only the running agent knows.
    Text,
    /// The standard library.
    Standard,
    /// Nothing; told, unless it is not a mistake.
    Unknown,
}

impl Analyzer<'_, '_> {
    pub(super) fn resolve(&mut self, scope: usize, reference: &Reference) -> Found {
        let Some((root, _)) = reference.path.first() else {
            return Found::Unknown;
        };
        let visible = self.rooms.visible(scope);
        for room in self.rooms.with_variables(scope) {
            let Some(found) = self.rooms.scopes.get(room) else {
                continue;
            };
            if let Some((name, ty)) = &found.variable
                && name == root
            {
                let opener = found.opener.map(|opener| opener.name_span);
                let (parent, node) = self.find_by_span(found.parent, opener);
                return Found::Variable(parent, node, ty.clone());
            }
        }
        if &**root == "argument" {
            return self.resolve_argument(scope, reference);
        }
        if &**root == "module_path" && reference.path.len() == 1 {
            return Found::Text;
        }
        let mut partial = String::new();
        for (at, (name, _)) in reference.path.iter().enumerate() {
            if at > 0 {
                partial.push('.');
            }
            partial.push_str(name);
            for &room in &visible {
                let Some(found) = self.rooms.scopes.get(room) else {
                    continue;
                };
                let Some(&node) = found.by_id.get(partial.as_str()) else {
                    continue;
                };
                let referable = found.nodes.get(node).is_some_and(|node| {
                    matches!(node.what, What::Component(_) | What::Custom(_))
                        || matches!(node.what, What::Unknown) && node.block.label.is_some()
                });
                if !referable {
                    continue;
                }
                if self.at == Some((room, node)) {
                    self.tell_self_reference(room, node, reference, at + 1);
                    return Found::Own;
                }
                return Found::Node {
                    scope: room,
                    node,
                    used: at + 1,
                };
            }
        }
        if stdlib::is_name(root) || stdlib::entry(root).is_some() {
            return Found::Standard;
        }
        self.tell_unknown(scope, reference);
        Found::Unknown
    }

    fn resolve_argument(&mut self, scope: usize, reference: &Reference) -> Found {
        // A template sees the arguments of the module around it, and a definition in the template does.
        let rooms = self.rooms.visible(scope);
        let kind = |room: usize| self.rooms.scopes.get(room).map(|scope| scope.kind);
        let nearest_of = |is: &dyn Fn(usize) -> bool| rooms.iter().copied().find(|&room| is(room));
        let asked = (reference.path.get(1)).map(|(name, _)| format!("argument.{name}"));
        let holds = |room: usize| {
            let scope = self.rooms.scopes.get(room);
            (asked.as_deref()).is_some_and(|id| scope.is_some_and(|scope| scope.by_id.contains_key(id)))
        };
        let room = nearest_of(&holds)
            .or_else(|| nearest_of(&|room| kind(room) == Some(ScopeKind::Declare)))
            .or(rooms.last().copied());
        let Some(room) = room else {
            return Found::Unknown;
        };
        let Some((name, span)) = reference.path.get(1) else {
            self.tell(
                Diagnostic::error(
                    &graph_codes::UNKNOWN_REFERENCE,
                    reference.span,
                    "an argument is named in full",
                )
                .with_help("write argument.NAME.value"),
            );
            return Found::Unknown;
        };
        let id = format!("argument.{name}");
        let scope = self.rooms.scopes.get(room);
        if let Some(&node) = scope.and_then(|scope| scope.by_id.get(id.as_str())) {
            match reference.path.get(2) {
                Some((field, span)) if &**field != "value" => {
                    self.tell(
                        Diagnostic::error(
                            &codes::UNKNOWN_EXPORT,
                            *span,
                            format!("an argument has no field {field:?}"),
                        )
                        .with_help(format!("write argument.{name}.value")),
                    );
                }
                Some(_) => {}
                None => self.tell(
                    Diagnostic::error(
                        &codes::UNKNOWN_EXPORT,
                        reference.span,
                        format!("argument {name:?} is used without .value"),
                    )
                    .with_help(format!("write argument.{name}.value"))
                    .with_fix(Fix {
                        title: "add .value".to_owned(),
                        edits: vec![Edit {
                            span: Span::new(reference.span.file, reference.span.end, reference.span.end),
                            replacement: ".value".to_owned(),
                        }],
                        safe: false,
                    }),
                ),
            }
            self.mark_used(room, node);
            return Found::Argument(room, node);
        }
        let known: Vec<String> = scope
            .into_iter()
            .flat_map(|scope| &scope.nodes)
            .filter_map(|node| node.id.strip_prefix("argument.").map(str::to_owned))
            .collect();
        let mistake = Diagnostic::error(
            &codes::UNKNOWN_ARGUMENT,
            *span,
            format!("the module has no argument {name:?}"),
        );
        let outside = self
            .rooms
            .scopes
            .get(room)
            .is_none_or(|scope| scope.kind != ScopeKind::Declare);
        self.tell(if outside {
            mistake.with_help("arguments exist inside of a declare block only")
        } else if let Some(near) = nearest(name, known.iter().map(String::as_str)) {
            mistake.with_help(format!("did you mean argument.{near}.value?"))
        } else {
            mistake.with_help(format!("declare it: argument \"{name}\" {{ }}"))
        });
        Found::Unknown
    }

    fn tell_self_reference(&mut self, room: usize, node: usize, reference: &Reference, used: usize) {
        let id = self.node_id(room, node);
        self.tell(references::self_reference(&id, reference, used));
    }

    fn tell_unknown(&mut self, scope: usize, reference: &Reference) {
        // A parse that failed leaves blocks out, so that names may be missing that were written.
        if self.partial {
            return;
        }
        let mistake = references::unknown_reference(reference);
        self.guesses += 1;
        if self.guesses > MAX_GUESSES {
            return self.tell(mistake);
        }
        if let Some(near) = self.near(scope, reference) {
            return self.tell(near.offer(mistake, reference));
        }
        let first = reference.path.first().map_or("", |(name, _)| name.as_ref());
        let help = if first == "exporters" {
            "configurations of this language have no exporters.…: write the component's name, its label and its export, \
             such as prometheus.remote_write.default.receiver"
                .to_owned()
        } else if matches!(first, "local" | "locals" | "var") && reference.path.len() > 1 && first != "local"
        {
            "there are no local variables: write the value out, or make it an argument of a declare"
                .to_owned()
        } else if reference.path.len() > 1 && self.in_declare(scope) && self.known_in_root(reference) {
            "a declare sees only what stands in its own body: hand it in as an argument".to_owned()
        } else {
            references::name_in_full(reference)
        };
        self.tell(mistake.with_help(help));
    }

    fn in_declare(&self, scope: usize) -> bool {
        let visible = self.rooms.visible(scope);
        let mut kinds = visible.iter().filter_map(|&room| self.rooms.scopes.get(room));
        kinds.any(|scope| scope.kind == ScopeKind::Declare)
    }

    fn known_in_root(&self, reference: &Reference) -> bool {
        let Some(root) = self.rooms.scopes.first() else {
            return false;
        };
        let mut partial = String::new();
        reference.path.iter().any(|(name, _)| {
            if !partial.is_empty() {
                partial.push('.');
            }
            partial.push_str(name);
            root.by_id.contains_key(partial.as_str())
        })
    }

    fn near(&self, scope: usize, reference: &Reference) -> Option<references::Near> {
        let visible = self.rooms.visible(scope);
        let nodes = visible
            .into_iter()
            .filter_map(|room| self.rooms.scopes.get(room))
            .flat_map(|scope| &scope.nodes)
            .filter(|node| match node.what {
                What::Component(_) | What::Custom(_) => true,
                // Of a component that does not exist the name may be the mistake, and the reference right.
                What::Unknown => node.block.label.is_some(),
                _ => false,
            });
        let ids = references::by_length(nodes.map(|node| node.id.clone()));
        references::Near::find(&ids, reference)
    }

    /// The node of a scope whose block's name stands at a place.
    fn find_by_span(&self, scope: Option<usize>, span: Option<Span>) -> (usize, usize) {
        let scope = scope.unwrap_or_default();
        let node = self
            .rooms
            .scopes
            .get(scope)
            .and_then(|scope| {
                scope
                    .nodes
                    .iter()
                    .position(|node| Some(node.block.name_span) == span)
            })
            .unwrap_or_default();
        (scope, node)
    }

    /// What a block exports, with types; `None` where that is not known.
    pub(super) fn exports(&mut self, scope: usize, node: usize) -> Option<Rc<Vec<(Str, Ty)>>> {
        let what = self.rooms.scopes.get(scope)?.nodes.get(node)?.what.clone();
        match what {
            What::Component(schema) => {
                if let Some(known) = self.export_types.get(schema.name) {
                    return Some(known.clone());
                }
                let exports: Rc<Vec<(Str, Ty)>> = Rc::new(
                    schema
                        .exports
                        .iter()
                        .map(|export| (Str::from(export.name), Ty::of_schema(&export.ty)))
                        .collect(),
                );
                self.export_types.insert(schema.name, exports.clone());
                Some(exports)
            }
            What::Custom(declare) => self.declared_exports(declare),
            _ => None,
        }
    }

    /// What a `declare` exports; `None` while that is being found out.
    pub(super) fn declared_exports(&mut self, number: usize) -> Option<Rc<Vec<(Str, Ty)>>> {
        let declare = self.rooms.declares.get_mut(number)?;
        match &declare.exports {
            Exports::Known(known) => return Some(known.clone()),
            Exports::Asked => return None,
            Exports::NotYet => declare.exports = Exports::Asked,
        }
        let (block, inner) = (declare.block, declare.inner);
        let mut exports = Vec::new();
        // What is wrong inside is told where the declare itself is checked.
        let quiet = std::mem::replace(&mut self.quiet, true);
        let at = self.at.take();
        for export in super::scope::inner_blocks(block) {
            if &*export.name != "export" {
                continue;
            }
            let Some((label, _)) = &export.label else { continue };
            let ty = match value_of(export, "value") {
                Some(value) => self.infer(inner, value).ty,
                None => Ty::Unknown,
            };
            exports.push((label.clone(), ty));
        }
        self.quiet = quiet;
        self.at = at;
        let exports = Rc::new(exports);
        if let Some(declare) = self.rooms.declares.get_mut(number) {
            declare.exports = Exports::Known(exports.clone());
        }
        Some(exports)
    }

    /// The type of the items of a `foreach`'s collection, quietly.
    pub(super) fn item_type(&mut self, scope: usize, collection: Option<&Expr>) -> Ty {
        let quiet = std::mem::replace(&mut self.quiet, true);
        let of = collection.map_or_else(Inferred::unknown, |collection| self.infer(scope, collection));
        self.quiet = quiet;
        match of.ty {
            Ty::List(item) => *item,
            _ => Ty::Unknown,
        }
    }
}

/// The value of an attribute of a block.
pub(super) fn value_of<'b>(block: &'b Block, name: &str) -> Option<&'b Expr> {
    block
        .body
        .statements
        .iter()
        .find_map(|statement| match statement {
            Statement::Attribute(attribute) if &*attribute.name == name => Some(&attribute.value),
            _ => None,
        })
}

/// The literal text of an attribute of a block.
pub(super) fn text_of(block: &Block, name: &str) -> Option<Str> {
    match &value_of(block, name)?.kind {
        crate::ir::ExprKind::Literal(Value::String(text)) => Some(text.clone()),
        _ => None,
    }
}
