//! The text of a catalog says all that the JSON it was made from says, and nothing else.

#[path = "../../examples/convert_catalog/from_json.rs"]
mod from_json;
#[path = "../../examples/convert_catalog/runs.rs"]
mod runs;
#[path = "../../examples/convert_catalog/to_json.rs"]
mod to_json;

use std::path::Path;

#[test]
fn every_release_is_the_json_that_it_was_made_from() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for version in ["1.11.3", "1.15.0"] {
        let text = std::fs::read_to_string(root.join(format!("data/{version}.catalog"))).unwrap();
        let back = to_json::convert(&text).unwrap();
        assert_eq!(
            from_json::convert(&back).unwrap(),
            text,
            "{version}: text to JSON to text"
        );

        let path = root.join(format!("../../../shared/catalog/alloy-{version}.json"));
        let Ok(json) = std::fs::read_to_string(&path) else {
            eprintln!(
                "skipped: {} is missing; only text to JSON to text was tried",
                path.display()
            );
            continue;
        };
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert!(
            back == json,
            "{version}: the text does not say what the JSON says"
        );
        assert_eq!(
            from_json::convert(&json).unwrap(),
            text,
            "{version} is to be made anew"
        );
    }
}
