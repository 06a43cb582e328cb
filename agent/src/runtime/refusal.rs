//! Why a configuration was refused, in full: a load stops at the first kind of mistake, and whoever mends the file wants to see all of them.

use crate::sources::Source;
use alloy_check::catalog::Target;
use alloy_check::{FileLoader, Settings};
use river_eval::graph::ParsedFile;
use river_syntax::{Diagnostic, Sources};
use std::sync::Arc;
use std_components::component::Stability;
use std_components::controller::LoadError;

/// The refusal with everything that the checker finds in the same texts. The checker never refuses by itself: what a load takes is taken.
pub(super) fn in_full(texts: &[Source], min_stability: Stability, refused: LoadError) -> LoadError {
    let mut sources = Sources::new();
    let mut files = Vec::with_capacity(texts.len());
    for text in texts {
        let file = sources.add(text.name.as_str(), text.text.as_str());
        if let Some(source) = sources.get(file) {
            files.push(Arc::new(ParsedFile::parse(file, source.text())));
        }
    }
    let own = files.len();
    let settings = Settings {
        target: Target::AlloyRs,
        min_stability,
        community: true,
    };
    let mut diagnostics = alloy_check::check(&mut sources, &files, &settings, &FileLoader).diagnostics;
    // Imported files have other numbers in the two tables, so that only places in the configuration's own files can be told by the other one.
    let is_own = |finding: &Diagnostic| {
        std::iter::once(&finding.primary)
            .chain(&finding.secondary)
            .all(|label| (label.span.file.0 as usize) < own)
    };
    if !diagnostics.iter().any(Diagnostic::is_error) || !refused.diagnostics.iter().all(is_own) {
        return refused;
    }
    for finding in refused.diagnostics {
        if !diagnostics
            .iter()
            .any(|known| known.primary.span == finding.primary.span)
        {
            diagnostics.push(finding);
        }
    }
    diagnostics.sort_by_key(|finding| (finding.primary.span.file, finding.primary.span.start));
    LoadError { sources, diagnostics }
}
