//! Real configurations: an error where the reference's validator has one, and none where it has none.

use super::{findings, shared};
use alloy_check::Settings;
use alloy_check::catalog::Target;
use river_eval::check::NoLoader;
use river_eval::eval::Stability;

/// Rows in which the checker differs from the reference, with the reason. The key is the first line of the row's text that tells it from others.
const EXCEPTIONS: &[(&str, &str)] = &[];

#[test]
fn the_checker_agrees_with_the_reference_on_which_configurations_have_errors() {
    let Some(folder) = shared("corpus") else { return };
    let text = std::fs::read_to_string(folder.join("fmt.jsonl")).unwrap();
    let settings = Settings {
        target: "grafana-alloy@1.11.3".parse::<Target>().unwrap(),
        min_stability: Stability::Experimental,
        community: true,
    };
    let mut differ = Vec::new();
    let mut seen = 0;
    for (number, line) in text.lines().enumerate() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let Some(reference) = row["reference_validate"]["1.11.3"].as_array() else {
            continue;
        };
        let input = row["input"].as_str().unwrap();
        if EXCEPTIONS.iter().any(|(key, _)| input.contains(key)) {
            continue;
        }
        seen += 1;
        let found = findings(
            &[("row.alloy".to_owned(), input.to_owned())],
            &settings,
            &NoLoader,
        );
        let errors: Vec<String> = found
            .iter()
            .filter(|found| found.finding.is_error())
            .map(super::Found::text)
            .collect();
        if errors.is_empty() != reference.is_empty() {
            let theirs: Vec<&str> = reference
                .iter()
                .filter_map(|error| error.as_str())
                .take(3)
                .collect();
            let ours = errors
                .iter()
                .take(4)
                .cloned()
                .collect::<Vec<_>>()
                .join("\n      ");
            differ.push(format!("row {number}: reference {theirs:?}\n      {ours}"));
        }
    }
    assert!(seen > 150, "only {seen} rows");
    assert!(
        differ.is_empty(),
        "{} differ:\n{}",
        differ.len(),
        differ.join("\n")
    );
}
