//! The checker on whole configurations: common mistakes, pipelines that must run, and what the reference's own validator says; the catalogs
//! against what they were made from.
//!
//! They read the data beside the project; where it is missing they say so and check nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests fail by panicking"
)]

mod corpus;
mod differences;
mod mistakes;
mod pages;
mod pipelines;
mod round_trip;

use alloy_check::{FileLoader, Settings, check};
use river_eval::check::Loader;
use river_eval::graph::ParsedFile;
use river_syntax::{Diagnostic, LineColumn, Sources};
use std::path::PathBuf;
use std::sync::Arc;

/// A folder beside the project, if it is there.
fn shared(folder: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared")
        .join(folder);
    if !path.exists() {
        eprintln!("skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}

/// A finding with its place.
struct Found {
    at: LineColumn,
    finding: Diagnostic,
}

impl Found {
    fn text(&self) -> String {
        let Diagnostic {
            message, help, code, ..
        } = &self.finding;
        let help = help.as_deref().unwrap_or_default();
        format!(
            "{}:{} [{}] {message} ({help})",
            self.at.line, self.at.column, code.id
        )
    }
}

fn findings(files: &[(String, String)], settings: &Settings, loader: &dyn Loader) -> Vec<Found> {
    let mut sources = Sources::new();
    let mut parsed = Vec::new();
    for (name, text) in files {
        let file = sources.add(name.as_str(), text.as_str());
        parsed.push(Arc::new(ParsedFile::parse(file, &Arc::from(text.as_str()))));
    }
    let analysis = check(&mut sources, &parsed, settings, loader);
    let placed = analysis.diagnostics.into_iter().map(|finding| {
        let span = finding.primary.span;
        let at = sources.get(span.file).unwrap().line_column(span.start);
        Found { at, finding }
    });
    placed.collect()
}

fn checked_files(paths: &[PathBuf], settings: &Settings) -> Vec<Found> {
    let read = |path: &PathBuf| {
        let bytes = std::fs::read(path).unwrap();
        (
            path.display().to_string(),
            String::from_utf8_lossy(&bytes).into_owned(),
        )
    };
    let files: Vec<(String, String)> = paths.iter().map(read).collect();
    findings(&files, settings, &FileLoader)
}
