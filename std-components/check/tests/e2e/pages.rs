//! The pages of the codes of values and lints: their examples give the code.

use super::findings;
use alloy_check::Settings;
use alloy_check::codes::{lints, values};
use river_eval::check::NoLoader;
use river_eval::eval::Stability;

#[test]
fn the_example_of_a_page_gives_its_code() {
    let settings = Settings {
        min_stability: Stability::Experimental,
        community: true,
        ..Settings::default()
    };
    let mut wrong = Vec::new();
    for code in values::CODES.iter().chain(lints::CODES) {
        let example = code
            .page
            .split_once("```alloy\n")
            .and_then(|(_, rest)| rest.split_once("```"))
            .map(|(example, _)| example.to_owned());
        let Some(example) = example else {
            wrong.push(format!("{} has no example", code.id));
            continue;
        };
        let found = findings(&[("page.alloy".to_owned(), example)], &settings, &NoLoader);
        if !found.iter().any(|found| found.finding.code.id == code.id) {
            let texts: Vec<String> = found.iter().map(super::Found::text).collect();
            wrong.push(format!("{}: {}", code.id, texts.join("\n    ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
