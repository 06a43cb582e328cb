//! In a value: references of a fitting type, functions, words of a closed set.

use super::{Items, Proposal, names};
use crate::lsp::context::Inside;
use crate::lsp::schema::{self, Known};
use crate::lsp::types::{self, Fit};
use lsp_types::CompletionItemKind;
use river_eval::eval::Stability;
use river_eval::schema::Type;
use river_eval::stdlib;
use river_syntax::ast::Expr;

impl Items<'_> {
    pub(super) fn values(&mut self, known: &Known, attribute: &str, inside: &[Inside]) {
        let schema = known.body().and_then(|body| body.attribute(attribute));
        let wanted = schema.and_then(|schema| schema::wanted(&schema.ty, inside));
        if let Some(Inside::Object(None)) = inside.last() {
            self.keys(schema.map(|schema| &schema.ty), inside);
            return;
        }
        self.literals(wanted);
        let view = self.asked.view;
        // In a list each reference is of use once.
        let in_list = matches!(inside.last(), Some(Inside::List));
        let there = if in_list { self.items_of_list() } else { Vec::new() };
        let mut all = names::all(self.asked.catalog, view, self.scope);
        all.retain(|named| !there.contains(&named.path) && !self.is_own(&named.path));
        for named in all {
            let fit = types::fit(wanted, named.ty.as_ref());
            let rank = match fit {
                Fit::Same => 0,
                Fit::Item => 1,
                Fit::Perhaps if wanted.is_none() => 2,
                Fit::Perhaps => 4,
                Fit::No => continue,
            };
            let detail = named.ty.as_ref().map_or("any".to_owned(), types::show);
            let mut proposal = Proposal::new(named.path.as_str(), detail);
            proposal.doc = named.doc.to_owned();
            proposal.rank = rank;
            if fit == Fit::Item {
                proposal.text = Some(format!("[{}]", named.path));
            }
            self.add(CompletionItemKind::REFERENCE, proposal);
        }
        // No function makes a receiver.
        if !wanted.is_some_and(types::holds_capsule) {
            self.functions();
        }
    }

    fn literals(&mut self, wanted: Option<&Type>) {
        match wanted {
            Some(Type::Bool) => {
                for word in ["true", "false"] {
                    let mut proposal = Proposal::new(word, "bool");
                    proposal.rank = 0;
                    self.add(CompletionItemKind::KEYWORD, proposal);
                }
            }
            Some(Type::Text { words, name }) => {
                for word in *words {
                    let mut proposal = Proposal::new(format!("{word:?}"), *name);
                    proposal.rank = 0;
                    self.add(CompletionItemKind::ENUM_MEMBER, proposal);
                }
            }
            _ => {}
        }
    }

    /// The keys of an object whose fields are known.
    fn keys(&mut self, ty: Option<&Type>, inside: &[Inside]) {
        let outer = inside.get(..inside.len().saturating_sub(1)).unwrap_or_default();
        let Some(Type::Object(body)) = ty.and_then(|ty| schema::wanted(ty, outer)) else {
            return;
        };
        for field in &body.attributes {
            let mut proposal = Proposal::new(field.name, types::attribute(field));
            proposal.doc = field.doc.to_owned();
            proposal.text = Some(format!("{} = ", field.name));
            self.add(CompletionItemKind::FIELD, proposal);
        }
    }

    fn functions(&mut self) {
        for info in stdlib::functions()
            .iter()
            .filter(|info| info.renamed_to.is_none())
        {
            let mut proposal = Proposal::new(info.name, info.signature);
            proposal.doc = info.doc.to_owned();
            proposal.snippet = Some(match info.signature.ends_with("()") {
                true => format!("{}()", info.name),
                false => format!("{}($1)", info.name),
            });
            proposal.rank = match info.stability {
                Stability::GenerallyAvailable => 6,
                _ => 7,
            };
            self.add(CompletionItemKind::FUNCTION, proposal);
        }
        for (name, _, doc) in stdlib::names().filter(|(name, ..)| name.starts_with("constants.")) {
            let mut proposal = Proposal::new(name, "string");
            proposal.doc = doc.to_owned();
            proposal.rank = 6;
            self.add(CompletionItemKind::CONSTANT, proposal);
        }
    }

    /// In a text: the words of a closed set.
    pub(super) fn texts(&mut self, known: &Known, attribute: &str, inside: &[Inside]) {
        let schema = known.body().and_then(|body| body.attribute(attribute));
        let wanted = schema.and_then(|schema| schema::wanted(&schema.ty, inside));
        if let Some(Type::Text { words, name }) = wanted {
            for word in *words {
                let mut proposal = Proposal::new(*word, *name);
                proposal.rank = 0;
                self.add(CompletionItemKind::ENUM_MEMBER, proposal);
            }
        }
    }

    /// The texts of the items of the list around the cursor.
    fn items_of_list(&self) -> Vec<String> {
        let nodes = crate::lsp::tree::nodes_at(self.asked.view.document.parse(), self.context.word.start);
        let list = nodes.into_iter().rev().find_map(|node| match Expr::cast(node) {
            Some(Expr::List(list)) => Some(list),
            _ => None,
        });
        let word = &self.context.word;
        let items = list.into_iter().flat_map(|list| list.items());
        items
            .filter(|item| item.span().end < word.start || item.span().start > word.end)
            .map(|item| item.node().text().to_owned())
            .collect()
    }

    /// Whether a path names the component that the cursor is in: none refers to itself.
    fn is_own(&self, path: &str) -> bool {
        self.context.blocks.iter().any(|head| {
            head.label.as_deref().is_some_and(|label| {
                let rest = path
                    .strip_prefix(head.name.as_str())
                    .and_then(|rest| rest.strip_prefix('.'));
                rest.and_then(|rest| rest.strip_prefix(label))
                    .is_some_and(|rest| rest.starts_with('.'))
            })
        })
    }
}
