//! The work that users deploy this kind of agent for: no errors.

use super::{checked_files, shared};
use alloy_check::Settings;
use river_eval::eval::Stability;
use std::path::{Path, PathBuf};

/// The `*.alloy` files of a folder, and its folders.
fn listed(folder: &Path) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    entries.retain(|path| path.is_dir() || path.extension().is_some_and(|extension| extension == "alloy"));
    entries.into_iter().partition(|path| path.is_file())
}

/// The files at the top are a configuration each; the files of a folder are one.
fn configurations(folder: &Path) -> Vec<Vec<PathBuf>> {
    let (files, mut folders) = listed(folder);
    let mut found: Vec<Vec<PathBuf>> = files.into_iter().map(|file| vec![file]).collect();
    while let Some(folder) = folders.pop() {
        let (files, inner) = listed(&folder);
        folders.extend(inner);
        if !files.is_empty() {
            found.push(files);
        }
    }
    found
}

#[test]
fn pipelines_that_run_have_no_errors() {
    let Some(folder) = shared("pipelines") else { return };
    let all = configurations(&folder);
    assert!(!all.is_empty());
    let settings = Settings {
        min_stability: Stability::Experimental,
        ..Settings::default()
    };
    let mut wrong = Vec::new();
    for files in all {
        let found = checked_files(&files, &settings);
        let errors = found.iter().filter(|found| found.finding.is_error());
        wrong.extend(errors.map(|found| format!("{}:{}", files[0].display(), found.text())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
