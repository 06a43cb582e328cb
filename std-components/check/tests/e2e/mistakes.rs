//! Configurations with one common mistake each: found on its line, in words that help.

use super::{checked_files, shared};
use alloy_check::Settings;
use river_syntax::Severity;

#[test]
fn every_common_mistake_is_found_on_its_line_in_words_that_help() {
    let Some(folder) = shared("checks") else { return };
    let manifest = std::fs::read_to_string(folder.join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let mut missed = Vec::new();
    for entry in manifest.as_array().unwrap() {
        let file = entry["file"].as_str().unwrap();
        let line = entry["line"].as_u64().unwrap();
        let words: Vec<&str> = entry["must_mention"]
            .as_array()
            .unwrap()
            .iter()
            .map(|word| word.as_str().unwrap())
            .collect();
        let found = checked_files(&[folder.join(file)], &Settings::default());
        let hit = found.iter().any(|found| {
            found.finding.severity >= Severity::Warning
                && u64::from(found.at.line) == line
                && words.iter().all(|word| found.text().contains(word))
        });
        if !hit {
            let texts: Vec<String> = found.iter().map(super::Found::text).collect();
            missed.push(format!("{file}:{line} {words:?}\n    {}", texts.join("\n    ")));
        }
    }
    assert!(
        missed.is_empty(),
        "{} missed:\n{}",
        missed.len(),
        missed.join("\n")
    );
}
