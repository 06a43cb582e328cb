//! What can be written at a cursor.

mod names;
mod snippets;
mod statements;
mod values;

pub(crate) use names::path_type;

use crate::lsp::context::{self, Context, Place};
use crate::lsp::resolve::View;
use crate::lsp::schema;
use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionList, CompletionTextEdit, Documentation, InsertTextFormat,
    MarkupContent, MarkupKind, Position, Range, TextEdit,
};
use river_eval::check::Catalog;
use river_eval::eval::Stability;

/// Proposals of one answer; where there are more the editor asks again with the next letter.
const MAX_ITEMS: usize = 300;

/// What proposals are made for.
pub(crate) struct Asked<'a> {
    pub(crate) view: &'a View<'a>,
    pub(crate) catalog: &'a dyn Catalog,
    /// The least stability that is allowed.
    pub(crate) stability: Stability,
    /// Whether the editor takes texts with places to fill in.
    pub(crate) snippets: bool,
}

/// Collects proposals for one place.
struct Items<'a> {
    asked: &'a Asked<'a>,
    context: Context,
    scope: u32,
    /// What is replaced.
    range: Range,
    /// What is written already, in small letters.
    typed: String,
    /// Whether a `=` stands right before the word.
    after_sign: bool,
    found: Vec<CompletionItem>,
    left_out: bool,
}

/// A proposal as it is made.
#[derive(Debug, Default)]
struct Proposal {
    label: String,
    /// What stands beside the label.
    detail: String,
    doc: String,
    /// What is written, in place of the label.
    text: Option<String>,
    /// The same with places to fill in.
    snippet: Option<String>,
    deprecated: bool,
    /// Smaller ones come first.
    rank: u8,
}

impl Proposal {
    fn new(label: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            detail: detail.into(),
            rank: 5,
            ..Self::default()
        }
    }
}

/// The proposals at a place.
pub(crate) fn at(asked: &Asked<'_>, position: Position) -> CompletionList {
    let document = &asked.view.document;
    let offset = document.index.offset(position);
    let context = context::at(document.parse(), offset);
    let range = document.index.range(document.span(context.word.clone()));
    let typed = document
        .text()
        .get(context.word.start as usize..offset.max(context.word.start) as usize)
        .unwrap_or("")
        .to_lowercase();
    let before = document.text().get(..context.word.start as usize);
    let mut items = Items {
        asked,
        scope: document.names().scope_at(offset),
        range,
        typed,
        after_sign: before.is_some_and(|text| text.ends_with('=')),
        context,
        found: Vec::new(),
        left_out: false,
    };
    let known = schema::of_body(asked.catalog, asked.view, items.scope, &items.context.blocks);
    match items.context.place.clone() {
        Place::Nothing => {}
        Place::Statement => items.statements(&known, offset),
        Place::Value(attribute, inside) => items.values(&known, &attribute, &inside),
        Place::Text(attribute, inside) => items.texts(&known, &attribute, &inside),
    }
    CompletionList {
        is_incomplete: items.left_out,
        items: items.found,
    }
}

impl Items<'_> {
    /// Adds a proposal, unless what is typed already rules it out.
    fn add(&mut self, kind: CompletionItemKind, proposal: Proposal) {
        if !has_letters(&proposal.label.to_lowercase(), &self.typed) {
            return;
        }
        if self.found.len() >= MAX_ITEMS {
            self.left_out = true;
            return;
        }
        let plain = proposal.text.unwrap_or_else(|| proposal.label.clone());
        let (mut new_text, format) = match proposal
            .snippet
            .filter(|_| self.asked.snippets && !self.context.followed)
        {
            Some(snippet) => (snippet, InsertTextFormat::SNIPPET),
            None => (plain, InsertTextFormat::PLAIN_TEXT),
        };
        if self.after_sign {
            new_text.insert(0, ' ');
        }
        self.found.push(CompletionItem {
            sort_text: Some(format!("{}{}", proposal.rank, proposal.label)),
            filter_text: Some(proposal.label.clone()),
            kind: Some(kind),
            detail: (!proposal.detail.is_empty()).then_some(proposal.detail),
            documentation: (!proposal.doc.is_empty()).then(|| markdown(proposal.doc)),
            insert_text_format: Some(format),
            text_edit: Some(CompletionTextEdit::Edit(TextEdit {
                range: self.range,
                new_text,
            })),
            tags: proposal
                .deprecated
                .then(|| vec![lsp_types::CompletionItemTag::DEPRECATED]),
            label: proposal.label,
            ..CompletionItem::default()
        });
    }
}

/// Whether a name holds the letters of another text in their order: what editors filter by.
fn has_letters(name: &str, typed: &str) -> bool {
    let mut letters = name.chars();
    typed.chars().all(|wanted| letters.any(|letter| letter == wanted))
}

fn markdown(value: String) -> Documentation {
    Documentation::MarkupContent(MarkupContent {
        kind: MarkupKind::Markdown,
        value,
    })
}
