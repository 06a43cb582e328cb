//! Names the blocks of a room: what each is, and whether its label, its place and its stability are right.

use super::analysis::ScopeKind;
use super::analyzer::Analyzer;
use super::scope::{Node, What};
use crate::codes::check as codes;
use crate::codes::graph as graph_codes;
use crate::eval::Stability;
use crate::graph::heads;
use crate::ir::Block;
use crate::schema::ComponentSchema;
use crate::suggest::nearest;
use crate::value::Str;
use river_syntax::Diagnostic;

impl<'f> Analyzer<'f, '_> {
    /// Makes the nodes of a room.
    pub(super) fn name_blocks(&mut self, scope: usize) {
        let blocks = match self.rooms.scopes.get_mut(scope) {
            Some(scope) => std::mem::take(&mut scope.blocks),
            None => return,
        };
        for block in blocks {
            self.name_block(scope, block);
        }
    }

    fn name_block(&mut self, scope: usize, block: &'f Block) {
        let Some(kind) = self.rooms.scopes.get(scope).map(|scope| scope.kind) else {
            return;
        };
        let (what, mistake) = self.classify(scope, kind, block);
        let id: Str = match &block.label {
            Some((label, _)) => format!("{}.{label}", block.name).into(),
            None => block.name.clone(),
        };
        let sound = mistake.is_none();
        if let Some(mistake) = mistake {
            self.tell(mistake);
        }
        if let What::Custom(declare) = &what
            && let Some(declare) = self.rooms.declares.get_mut(*declare)
        {
            declare.used = true;
        }
        let opens = self.opens(scope, block, &what);
        let first = self
            .rooms
            .scopes
            .get(scope)
            .and_then(|found| Some(found.nodes.get(*found.by_id.get(&id)?)?.block));
        if let Some(first) = first {
            if sound {
                let config = matches!(what, What::Config(_)) && block.label.is_none();
                self.tell(if config {
                    heads::given_twice(block, &id, first)
                } else {
                    heads::declared_twice("component", block, &id, first)
                });
            }
            return;
        }
        let Some(found) = self.rooms.scopes.get_mut(scope) else {
            return;
        };
        found.by_id.insert(id.clone(), found.nodes.len());
        found.nodes.push(Node {
            id,
            block,
            what,
            opens,
            dependencies: Vec::new(),
            used: false,
            sound,
        });
    }

    /// The room that a block opens.
    fn opens(&self, scope: usize, block: &Block, what: &What) -> Option<usize> {
        match what {
            What::Declare | What::Foreach | What::Config(_) => self.rooms.scopes.iter().position(|room| {
                room.opener
                    .is_some_and(|opener| opener.name_span == block.name_span)
                    && (room.parent == Some(scope) || room.kind == ScopeKind::Import)
            }),
            _ => None,
        }
    }

    fn classify(&self, scope: usize, kind: ScopeKind, block: &'f Block) -> (What, Option<Diagnostic>) {
        let name = &*block.name;
        let labelled = |what: What| {
            let mistake = missing_label(block, "block");
            (what, mistake)
        };
        match name {
            "declare" => return labelled(What::Declare),
            "argument" | "export" if kind != ScopeKind::Declare => {
                return (
                    What::Unknown,
                    Some(misplaced(
                        block,
                        "stands inside of a declare block only",
                        "wrap the module's blocks in declare \"name\" { … }",
                    )),
                );
            }
            "argument" => return labelled(What::Argument),
            "export" => return labelled(What::Export),
            "template" => {
                return (
                    What::Unknown,
                    Some(misplaced(
                        block,
                        "stands inside of a foreach block only",
                        "move it into foreach \"name\" { … }",
                    )),
                );
            }
            _ => {}
        }
        if kind == ScopeKind::Import && !name.starts_with("import.") {
            return (
                What::Unknown,
                Some(misplaced(
                    block,
                    "cannot stand in a module that is imported",
                    "a module holds declare and import blocks; wrap the components in declare \"name\" { … }",
                )),
            );
        }
        if name == "foreach" {
            let stability = Stability::Experimental;
            let mistake = missing_label(block, "block")
                .or_else(|| heads::below_stability(block, "block", stability, self.options.min_stability));
            return (What::Foreach, mistake);
        }
        if let Some(schema) = self.options.catalog.config_block(name) {
            let mistake = if name.starts_with("import.") {
                missing_label(block, "block")
            } else if kind != ScopeKind::Root {
                Some(misplaced(
                    block,
                    "stands at the top level of a configuration only",
                    "move it out of the module",
                ))
            } else {
                block
                    .label
                    .as_ref()
                    .map(|(_, label)| heads::unexpected_label(block, *label, "block"))
            };
            let mistake = mistake.or_else(|| {
                heads::below_stability(block, "block", schema.stability, self.options.min_stability)
            });
            return (What::Config(schema), mistake);
        }
        if let Some(schema) = self.options.catalog.component(name) {
            let mistake = missing_label(block, "component").or_else(|| self.not_allowed(block, &schema));
            return (What::Component(schema), mistake);
        }
        match self.rooms.declare(scope, name) {
            Some(Some(declare)) => {
                let inside = self.is_inside(scope, declare);
                let mistake = missing_label(block, "component").or_else(|| {
                    inside.then(|| {
                        Diagnostic::error(
                            &codes::RECURSIVE_DECLARE,
                            block.name_span,
                            format!("{name:?} is used inside of its own declare"),
                        )
                        .with_help("a custom component cannot hold itself: take the use out")
                    })
                });
                let what = if inside {
                    What::Unknown
                } else {
                    What::Custom(declare)
                };
                (what, mistake)
            }
            Some(None) => (What::Unknown, missing_label(block, "component")),
            None => (What::Unknown, self.unknown_component(scope, block)),
        }
    }

    /// Whether a scope lies inside of a declare.
    fn is_inside(&self, scope: usize, declare: usize) -> bool {
        let Some(inner) = self.rooms.declares.get(declare).map(|declare| declare.inner) else {
            return false;
        };
        let mut at = Some(scope);
        while let Some(scope) = at {
            if scope == inner {
                return true;
            }
            at = self.rooms.scopes.get(scope).and_then(|scope| scope.parent);
        }
        false
    }

    fn not_allowed(&self, block: &Block, schema: &ComponentSchema) -> Option<Diagnostic> {
        if schema.community {
            return (!self.options.community).then(|| {
                Diagnostic::error(
                    &codes::COMMUNITY_COMPONENT,
                    block.name_span,
                    format!(
                        "component {:?} is a community component, and these are not enabled",
                        schema.name
                    ),
                )
                .with_help("--feature.community-components.enabled allows it")
            });
        }
        heads::below_stability(block, "component", schema.stability, self.options.min_stability)
    }

    fn unknown_component(&self, scope: usize, block: &Block) -> Option<Diagnostic> {
        let name = &*block.name;
        if let Some((space, rest)) = name.split_once('.')
            && let Some(found) = self.namespace(scope, space)
        {
            let names: Vec<&str> = self
                .rooms
                .scopes
                .get(found)
                .into_iter()
                .flat_map(|scope| scope.declares.keys().copied())
                .collect();
            // What could not be read may hold it.
            if self.partial || names.is_empty() {
                return None;
            }
            let mistake = Diagnostic::error(
                &graph_codes::UNKNOWN_COMPONENT,
                block.name_span,
                format!("import {space:?} declares no {rest:?}"),
            );
            return Some(mistake.with_help(match nearest(rest, names.iter().copied()) {
                Some(near) => format!("did you mean {space}.{near}?"),
                None => format!("it declares {}", names.join(", ")),
            }));
        }
        let declared = self.rooms.declared_names(scope);
        let names = self
            .options
            .catalog
            .component_names()
            .into_iter()
            .chain(self.options.catalog.config_block_names())
            .chain(super::language::LANGUAGE_BLOCKS.iter().copied())
            .chain(declared.iter().map(String::as_str));
        Some(match from_elsewhere(name) {
            Some(help) => heads::no_definition(block, None, help),
            None => heads::no_definition(
                block,
                nearest(name, names),
                format!(
                    "{} has no such component; `alloy-rs schema` lists all",
                    self.options.catalog.title()
                ),
            ),
        })
    }

    fn namespace(&self, scope: usize, name: &str) -> Option<usize> {
        let mut at = Some(scope);
        while let Some(scope) = at.and_then(|at| self.rooms.scopes.get(at)) {
            if let Some(super::scope::Namespace::Known(inner)) = scope.imports.get(name) {
                return Some(*inner);
            }
            at = scope.parent;
        }
        None
    }
}

/// What to write instead of blocks of other languages.
fn from_elsewhere(name: &str) -> Option<&'static str> {
    Some(match name {
        "locals" | "local" | "let" | "variable" | "variables" | "var" | "const" => {
            "this language has no local variables: write the value where it is used, read it with sys.env(\"NAME\"), \
             or make it an argument of a declare block"
        }
        "output" => "to export a value from a module, write export \"name\" { value = … } in a declare block",
        "module" | "module.file" | "module.string" | "module.git" | "module.http" => {
            "modules are imported with import.file, import.string, import.http or import.git, and used by their declared names"
        }
        "resource" | "data" | "provider" => {
            "this is Terraform's; a block here starts with the component's name: loki.write \"default\" { … }"
        }
        _ => return None,
    })
}

fn misplaced(block: &Block, what: &str, help: &str) -> Diagnostic {
    Diagnostic::error(
        &codes::MISPLACED_BLOCK,
        block.name_span,
        format!("block {:?} {what}", block.name),
    )
    .with_help(help)
}

fn missing_label(block: &Block, what: &str) -> Option<Diagnostic> {
    block.label.is_none().then(|| heads::missing_label(block, what))
}
