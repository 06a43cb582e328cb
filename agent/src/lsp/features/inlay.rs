//! Hints between the words: the types of references, and what an empty block stands for.

use super::completion::path_type;
use crate::lsp::context::Head;
use crate::lsp::resolve::View;
use crate::lsp::schema;
use crate::lsp::settings::Hints;
use crate::lsp::types;
use lsp_types::{InlayHint, InlayHintKind, InlayHintLabel, Range};
use river_eval::check::Catalog;
use river_syntax::ast::{Block, Body, Expr, Statement};

/// Hints of one answer.
const MAX_HINTS: usize = 1000;

/// Characters of a hint; the rest of a long type is left to the hover.
const MAX_CHARS: usize = 60;

/// Defaults that an empty block shows.
const MAX_DEFAULTS: usize = 3;

/// The hints of a range.
pub(crate) fn of(catalog: &dyn Catalog, view: &View<'_>, range: Range, hints: Hints) -> Vec<InlayHint> {
    let bytes = view.document.index.bytes(range);
    let mut collector = Collector {
        catalog,
        view,
        bytes,
        hints,
        found: Vec::new(),
    };
    if let Some(body) = view.document.parse().body() {
        collector.body(body, &mut Vec::new());
    }
    collector.found
}

struct Collector<'a> {
    catalog: &'a dyn Catalog,
    view: &'a View<'a>,
    bytes: std::ops::Range<u32>,
    hints: Hints,
    found: Vec<InlayHint>,
}

impl Collector<'_> {
    fn body(&mut self, body: Body<'_>, around: &mut Vec<Head>) {
        for statement in body.statements() {
            let span = statement.span();
            if span.end < self.bytes.start || span.start > self.bytes.end || self.found.len() >= MAX_HINTS {
                continue;
            }
            match statement {
                Statement::Attribute(attribute) => {
                    if let Some(value) = attribute.value().filter(|_| self.hints.types) {
                        self.value(value);
                    }
                }
                Statement::Block(block) => {
                    let Some(inner) = block.body() else { continue };
                    around.push(Head {
                        name: block.name().into_owned(),
                        label: None,
                    });
                    if inner.statements().next().is_none() {
                        if self.hints.defaults {
                            self.defaults(block, around);
                        }
                    } else {
                        self.body(inner, around);
                    }
                    around.pop();
                }
            }
        }
    }

    /// The type behind a reference that is the whole value, `targets = discovery.file.x.targets`.
    fn value(&mut self, value: Expr<'_>) {
        if !matches!(value, Expr::Access(_)) {
            return;
        }
        let names = self.view.document.names();
        let start = value.span().start;
        let at = names.references.binary_search_by_key(&Some(start), |reference| {
            reference.path.first().map(|part| part.start)
        });
        let Some(reference) = at.ok().and_then(|at| names.references.get(at)) else {
            return;
        };
        let path: Vec<&str> = reference
            .path
            .iter()
            .map(|&part| self.view.document.slice(part))
            .collect();
        if let Some(ty) = path_type(self.catalog, self.view, reference.scope, &path) {
            self.push(
                value.span().end,
                format!(": {}", types::show(&ty)),
                InlayHintKind::TYPE,
            );
        }
    }

    /// What an empty block stands for, `{ max_partial_lines = 100 }`.
    fn defaults(&mut self, block: Block<'_>, around: &[Head]) {
        let Some(open) = block.open_brace() else { return };
        let scope = self.view.document.names().scope_at(block.span().start);
        let known = schema::of_body(self.catalog, self.view, scope, around);
        let Some(body) = known.body() else { return };
        let defaults: Vec<String> = body
            .attributes
            .iter()
            .filter_map(|attribute| {
                let default = attribute.default.as_ref()?;
                let shown = river_eval::show::text(default);
                // Zero and nothing say little.
                let says = !matches!(
                    shown.as_str(),
                    "0" | "\"\"" | "\"0s\"" | "false" | "null" | "[]" | "{}"
                );
                says.then(|| format!("{} = {shown}", attribute.name))
            })
            .collect();
        if defaults.is_empty() {
            return;
        }
        let more = if defaults.len() > MAX_DEFAULTS {
            ", …"
        } else {
            ""
        };
        let shown = defaults
            .iter()
            .take(MAX_DEFAULTS)
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ");
        let end = self.view.document.parse().tree.tokens().end(open);
        self.push(end, format!(" {shown}{more}"), InlayHintKind::PARAMETER);
    }

    fn push(&mut self, offset: u32, text: String, kind: InlayHintKind) {
        let text = match text.char_indices().nth(MAX_CHARS) {
            Some((at, _)) => format!("{}…", text.get(..at).unwrap_or("")),
            None => text,
        };
        self.found.push(InlayHint {
            position: self.view.document.index.position(offset),
            label: InlayHintLabel::String(text),
            kind: Some(kind),
            text_edits: None,
            tooltip: None,
            padding_left: None,
            padding_right: None,
            data: None,
        });
    }
}
