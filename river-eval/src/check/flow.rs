//! How the blocks of a room stand together: circles, components that nobody uses, receivers that nothing writes to.

use super::analysis::ScopeKind;
use super::analyzer::Analyzer;
use super::scope::What;
use crate::circles::{groups, told, way_round};
use crate::codes::check as codes;
use crate::schema::{BodySchema, ComponentSchema, Type};
use river_syntax::{Diagnostic, Span};

/// What receivers are called among the exports of components, in every family.
const RECEIVERS: &[&str] = &["receiver", "input"];

impl Analyzer<'_, '_> {
    pub(super) fn check_flow(&mut self) {
        for scope in 0..self.rooms.scopes.len() {
            self.check_circles(scope);
            if !self.partial {
                self.check_unused(scope);
            }
        }
    }

    fn check_circles(&mut self, scope: usize) {
        let Some(room) = self.rooms.scopes.get(scope) else {
            return;
        };
        let edges: Vec<Vec<u32>> = room
            .nodes
            .iter()
            .map(|node| node.dependencies.iter().map(|(to, _)| *to as u32).collect())
            .collect();
        let node = |at: u32| room.nodes.get(at as usize);
        let mut ways: Vec<Vec<u32>> = groups(edges.iter())
            .iter()
            .filter(|members| members.len() > 1)
            .filter_map(|members| {
                way_round(members, |at| edges.get(at as usize).cloned().unwrap_or_default())
            })
            .collect();
        ways.sort_unstable();
        let findings: Vec<Diagnostic> = ways
            .iter()
            .filter_map(|way| {
                told(
                    way,
                    |at| Some(node(at)?.id.as_ref()),
                    |from, to| {
                        let (from, target) = (node(from)?, node(to)?);
                        let (_, span) = from
                            .dependencies
                            .iter()
                            .find(|(found, _)| *found == to as usize)?;
                        Some((*span, format!("{} refers to {}", from.id, target.id)))
                    },
                )
            })
            .collect();
        for finding in findings {
            self.tell(finding);
        }
    }

    fn check_unused(&mut self, scope: usize) {
        let Some(room) = self.rooms.scopes.get(scope) else {
            return;
        };
        // What is wrong in a module of others is theirs to mend; that not all of it is used is not wrong.
        if room.file.is_some() {
            return;
        }
        let mut findings = Vec::new();
        for node in &room.nodes {
            if node.used || !node.sound {
                continue;
            }
            match &node.what {
                What::Component(schema) => findings.extend(unused(&node.id, node.block.name_span, schema)),
                What::Argument => findings.push(
                    Diagnostic::warning(
                        &codes::UNUSED_COMPONENT,
                        node.block.name_span,
                        format!("argument {:?} is unused", node.id.trim_start_matches("argument.")),
                    )
                    .with_help(format!("refer to it as {}.value, or take it away", node.id)),
                ),
                _ => {}
            }
        }
        for declare in &self.rooms.declares {
            if declare.outer != scope || declare.used || room.kind == ScopeKind::Import {
                continue;
            }
            let label = declare.block.label.as_ref().map_or("", |(label, _)| label);
            // A file with nothing but declares is a module for others.
            if room
                .nodes
                .iter()
                .all(|node| matches!(node.what, What::Declare | What::Config(_)))
            {
                continue;
            }
            findings.push(
                Diagnostic::warning(
                    &codes::UNUSED_COMPONENT,
                    declare.block.name_span,
                    format!("declare {label:?} is unused"),
                )
                .with_help(format!("use it: {label} \"default\" {{ … }}, or take it away")),
            );
        }
        for finding in findings {
            self.tell(finding);
        }
    }
}

/// What is to be said of a component that nothing refers to.
fn unused(id: &str, span: Span, schema: &ComponentSchema) -> Option<Diagnostic> {
    if let Some(receiver) = schema
        .exports
        .iter()
        .find(|export| RECEIVERS.contains(&export.name))
    {
        return Some(
            Diagnostic::warning(
                &codes::NOTHING_WRITES,
                span,
                format!("{id} is unused: nothing writes to its {}", receiver.name),
            )
            .with_help(format!(
                "hand {id}.{} to a component that forwards, or take it away",
                receiver.name
            )),
        );
    }
    // What exports nothing works by itself, and so does what hands on by itself.
    if schema.exports.is_empty() || forwards(&schema.arguments, 0) {
        return None;
    }
    let exports: Vec<String> = schema
        .exports
        .iter()
        .map(|export| format!("{id}.{}", export.name))
        .collect();
    Some(
        Diagnostic::warning(
            &codes::UNUSED_COMPONENT,
            span,
            format!("{id} is unused: nothing refers to what it exports"),
        )
        .with_help(format!("refer to {}, or take it away", exports.join(" or "))),
    )
}

/// Blocks inside of blocks that are searched: bodies may recur.
const SEARCH_DEPTH: usize = 2;

/// Whether a body takes lists of capsules that are not targets: receivers to forward to.
fn forwards(body: &BodySchema, depth: usize) -> bool {
    let receivers = |ty: &Type| match ty {
        Type::List(item) => matches!(&**item, Type::Capsule(name) if *name != super::fits::TARGET),
        _ => false,
    };
    body.attributes.iter().any(|attribute| receivers(&attribute.ty))
        || depth < SEARCH_DEPTH
            && body
                .blocks
                .iter()
                .any(|block| forwards(block.body.get(), depth + 1))
}
