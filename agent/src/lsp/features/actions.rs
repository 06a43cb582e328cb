//! Quick fixes of findings, and all safe ones at once.

use super::formatting;
use crate::cli::check::edits;
use crate::lsp::check::Outcome;
use crate::lsp::documents::Document;
use crate::lsp::workspace::Workspace;
use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, Diagnostic, TextEdit, Uri,
    WorkspaceEdit,
};
use river_syntax::{FileId, Fix, Span};
use std::collections::HashMap;

/// The kind of the action that applies all safe fixes.
pub(crate) const FIX_ALL: CodeActionKind = CodeActionKind::new("source.fixAll.alloy-rs");

/// What can be done at a range of a text that was checked as it is.
pub(crate) fn of(
    workspace: &Workspace,
    document: &Document,
    outcome: &Outcome,
    params: &CodeActionParams,
) -> Vec<CodeActionOrCommand> {
    let Some(file) = outcome.number(&document.path, document.index.text()) else {
        return Vec::new();
    };
    let wanted = |kind: &CodeActionKind| {
        let only = params.context.only.as_ref();
        // `source.fixAll` asks for `source.fixAll.alloy-rs`, too.
        only.is_none_or(|only| {
            only.iter().any(|asked| {
                let (asked, kind) = (asked.as_str(), kind.as_str());
                kind.strip_prefix(asked)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
        })
    };
    let mut actions = Vec::new();
    if wanted(&CodeActionKind::QUICKFIX) {
        let bytes = document.index.bytes(params.range);
        let touches = |span: Span| span.file == file && span.start <= bytes.end && bytes.start <= span.end;
        for found in &outcome.analysis.diagnostics {
            let Some(fix) = found.fix.as_ref().filter(|_| touches(found.primary.span)) else {
                continue;
            };
            if let Some(edit) = edit(workspace, outcome, fix) {
                let range = document.index.range(found.primary.span);
                let shown = params.context.diagnostics.iter();
                let diagnostics: Vec<Diagnostic> = shown
                    .filter(|shown| shown.range.start == range.start && code_is(shown, found.code.id))
                    .cloned()
                    .collect();
                actions.push(action(
                    &fix.title,
                    CodeActionKind::QUICKFIX,
                    edit,
                    diagnostics,
                    fix.safe,
                ));
            }
        }
    }
    if wanted(&FIX_ALL)
        && let Some(edit) = all_safe(document, outcome, file)
    {
        actions.push(action("fix all that is safe", FIX_ALL, edit, Vec::new(), false));
    }
    actions
}

fn code_is(diagnostic: &Diagnostic, code: &str) -> bool {
    matches!(&diagnostic.code, Some(lsp_types::NumberOrString::String(shown)) if shown == code)
}

fn action(
    title: &str,
    kind: CodeActionKind,
    edit: WorkspaceEdit,
    diagnostics: Vec<Diagnostic>,
    preferred: bool,
) -> CodeActionOrCommand {
    CodeActionOrCommand::CodeAction(CodeAction {
        title: title.to_owned(),
        kind: Some(kind),
        diagnostics: (!diagnostics.is_empty()).then_some(diagnostics),
        edit: Some(edit),
        is_preferred: preferred.then_some(true),
        ..CodeAction::default()
    })
}

/// The edit of a fix; `None` where one of its texts has changed since the check.
fn edit(workspace: &Workspace, outcome: &Outcome, fix: &Fix) -> Option<WorkspaceEdit> {
    #[expect(
        clippy::mutable_key_type,
        reason = "the protocol's type; nothing changes in a URI"
    )]
    let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
    for edit in &fix.edits {
        let document = workspace.at(outcome.path(edit.span.file)?)?;
        outcome.number(&document.path, document.index.text())?;
        changes.entry(document.uri.clone()).or_default().push(TextEdit {
            range: document.index.range(edit.span),
            new_text: edit.replacement.clone(),
        });
    }
    Some(WorkspaceEdit::new(changes))
}

/// All safe fixes of a text.
fn all_safe(document: &Document, outcome: &Outcome, file: FileId) -> Option<WorkspaceEdit> {
    let fixes: Vec<&Fix> = outcome
        .analysis
        .diagnostics
        .iter()
        .filter_map(|found| found.fix.as_ref())
        .filter(|fix| fix.safe && fix.edits.iter().all(|edit| edit.span.file == file))
        .collect();
    let texts: Vec<&str> = outcome
        .sources
        .iter()
        .map(|(_, source)| &**source.text())
        .collect();
    let edited = edits::apply(&texts, &fixes)?;
    let new = edited.texts.get(file.0 as usize)?;
    let changes = formatting::difference(document, 0..document.text().len() as u32, new);
    Some(WorkspaceEdit::new([(document.uri.clone(), changes)].into()))
}
