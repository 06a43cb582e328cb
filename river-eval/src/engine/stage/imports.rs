//! What an import would become: what it has read, as a module of definitions and further imports.

use super::node::Old;
use super::values::Evaluated;
use super::{Frame, Known, Plan, Purpose, Staged, Stager};
use crate::codes::graph as codes;
use crate::engine::Host;
use crate::engine::env::{Env, Imported};
use crate::engine::host::Content;
use crate::engine::module::{Inputs, Module};
use crate::graph::heads::head;
use crate::graph::{Graph, MODULE_PATH, Node, ParsedFile};
use crate::value::{Str, Value};
use river_syntax::{Diagnostic, FileId, Span};
use std::collections::HashMap;
use std::sync::Arc;

impl<H: Host> Stager<'_, H> {
    pub(super) fn import(
        &mut self,
        frame: &Frame<'_, H::Instance>,
        number: u32,
        node: &Node,
        old: Old<'_, H::Instance>,
    ) -> Staged<H::Instance> {
        let (body, evaluated) = match old {
            Some((_, entry)) if self.is_unchanged(frame, node, old) => (entry.arguments.clone(), false),
            _ => match self.evaluate(frame, node, None) {
                Evaluated::Whole(body) => (Arc::new(body), true),
                Evaluated::Part(_) | Evaluated::Wrong => return Staged::Unknown,
            },
        };
        let goes_on = old.filter(|(_, entry)| *entry.arguments == *body);
        let (instance, content) = match goes_on {
            Some((_, entry)) => {
                let newest = match self.purpose {
                    Purpose::Refresh => {
                        !entry.failed || frame.pending.is_some_and(|pending| pending.concerns(number))
                    }
                    Purpose::Load { newest } => newest && entry.failed,
                    Purpose::Check => false,
                };
                let read = match &entry.instance {
                    Some(instance) if newest => self.host.content(instance).map(Arc::new),
                    _ => None,
                };
                (None, read.or_else(|| entry.content.clone()))
            }
            None => {
                let Some(instance) = self.build(frame, node, &body) else {
                    return Staged::Unknown;
                };
                let content = self.host.content(&instance).map(Arc::new);
                (Some(instance), content)
            }
        };
        let Some(content) = content else {
            return Staged::Unknown;
        };
        let is_same = goes_on.is_some_and(|(_, entry)| entry.content.as_ref() == Some(&content));
        let from = self.diagnostics.len();
        let staged = self.library(frame, (number, node), &content, goes_on.filter(|_| is_same), old);
        let text = format!("imported here as {}", node.label());
        if content.is_secret {
            self.hide(from, node);
        }
        self.used_at(from, head(&node.block), &text);
        let Some(library) = staged else {
            return Staged::Unknown;
        };
        let nested = |staged: &Staged<H::Instance>| match staged {
            Staged::Keep(_) => false,
            Staged::Known(known) => known.changed,
            Staged::Unknown => true,
        };
        let changed = !is_same || instance.is_some() || library.nodes.iter().any(nested);
        Staged::Known(Box::new(Known {
            old: old.map(|(number, _)| number),
            evaluated,
            instance,
            arguments: evaluated.then_some(body),
            exports: Value::Null,
            changed,
            content: Some(content),
            modules: vec![library],
        }))
    }

    fn library(
        &mut self,
        frame: &Frame<'_, H::Instance>,
        (number, node): (u32, &Node),
        content: &Arc<Content>,
        same: Old<'_, H::Instance>,
        old: Old<'_, H::Instance>,
    ) -> Option<super::StagedModule<H::Instance>> {
        if let Some(finding) = circle(frame.env, node, content) {
            self.tell([finding]);
            return None;
        }
        if !self.has_room(node, frame.depth + 1) {
            return None;
        }
        let running: Option<&Module<H::Instance>> = old.and_then(|(_, entry)| entry.modules.first());
        let graph = match running.filter(|_| same.is_some() && self.table.is_carried_over()) {
            Some(running) => running.graph().clone(),
            None => self.parse(content, &frame.global(node))?,
        };
        if *node.block.name == *"import.http"
            && let Some(inner) = graph
                .nodes()
                .iter()
                .find(|inner| *inner.block.name == *"import.file")
        {
            self.tell([Diagnostic::error(
                &codes::NOT_SUPPORTED,
                inner.block.name_span,
                "importing a module via import.http that contains an import.file block is not supported",
            )
            .with_help(
                "what a server sends may not read files of this machine; import it with import.http, too",
            )]);
            return None;
        }
        let module_path = content
            .module_path
            .clone()
            .unwrap_or_else(|| frame.env.module_path.clone());
        let outer = [(MODULE_PATH.into(), Value::String(module_path.clone()))];
        Some(
            self.module(Plan {
                env: Env {
                    graph,
                    libraries: HashMap::new(),
                    parent: None,
                    module_path,
                    imported: Some(Arc::new(Imported {
                        key: content.key.clone(),
                        place: head(&node.block),
                        outer: frame.env.imported.clone(),
                    })),
                    outer: outer.into_iter().collect(),
                },
                inputs: Inputs::default(),
                id: frame.global(node),
                metrics: frame.metrics,
                depth: frame.depth + 1,
                old: running.map(|module| (0, module)),
                // Numbers of another text mean nothing here.
                pending: (frame.pending.filter(|_| same.is_some()))
                    .and_then(|pending| pending.nested.get(&(number, 0))),
            }),
        )
    }

    /// The texts of an import as a graph. `None` where one cannot be parsed.
    fn parse(&mut self, content: &Arc<Content>, id: &Str) -> Option<Arc<Graph>> {
        let mut files = Vec::with_capacity(content.files.len());
        for (name, text) in content.files.iter() {
            let file = self.table.add(id, name, text);
            files.push(Arc::new(ParsedFile::parse(file, text)));
        }
        let is_wrong = files.iter().any(|file| file.has_errors());
        self.tell(files.iter().flat_map(|file| file.diagnostics.iter().cloned()));
        if is_wrong {
            return None;
        }
        let (graph, mistakes) = Graph::library(&files, &*self.host);
        self.tell(mistakes);
        Some(Arc::new(graph))
    }

    /// Takes texts that must not be shown out of the findings since `from`.
    fn hide(&mut self, from: usize, node: &Node) {
        let place = head(&node.block);
        let sources = self.table.sources();
        for finding in self.diagnostics.iter_mut().skip(from) {
            let at = finding.primary.span;
            let Some(file) = sources.get(at.file).filter(|_| at.file != place.file) else {
                continue;
            };
            let position = file.line_column(at.start);
            *finding = Diagnostic {
                severity: finding.severity,
                ..Diagnostic::error(
                    finding.code,
                    place,
                    format!(
                        "the secret content is wrong at line {}, column {}: {}",
                        position.line, position.column, finding.code.title
                    ),
                )
            };
        }
    }
}

/// The finding for an import of a text that is being imported already.
fn circle(env: &Env, node: &Node, content: &Content) -> Option<Diagnostic> {
    let key = content.key.as_ref()?;
    let mut hops: Vec<(Span, FileId)> = Vec::new();
    let mut at = env.imported.as_ref();
    while let Some(imported) = at {
        hops.push((imported.place, imported.place.file));
        if imported.key.as_ref() == Some(key) {
            let mut diagnostic = Diagnostic::error(
                &codes::IMPORT_CYCLE,
                head(&node.block),
                format!("{:?} is imported by what it imports: {key}", node.label()),
            )
            .with_label("imported here again")
            .with_help("move what both modules need into a third one");
            for (place, _) in hops.iter().rev() {
                diagnostic = diagnostic.with_secondary(*place, "imported here");
            }
            return Some(diagnostic);
        }
        at = imported.outer.as_ref();
    }
    None
}
