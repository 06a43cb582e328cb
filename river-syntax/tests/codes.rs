//! Every code has a page in `docs/errors`, written from the code's own text, whose example gives that code.

use river_syntax::codes::CODES;
use river_syntax::{FileId, parse_file};
use std::path::PathBuf;

#[test]
fn every_code_has_its_page() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/errors");
    for code in CODES {
        let path = folder.join(format!("{}.md", code.id));
        let page = format!("# {}: {}\n\n{}", code.id, code.title, code.page);
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::create_dir_all(&folder).expect("a folder for the pages");
            std::fs::write(&path, &page).expect("a page is written");
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(
            found,
            page,
            "{} is not what the code says: UPDATE_DOCS=1 cargo test -p river-syntax --test codes",
            path.display()
        );
    }
}

#[test]
fn the_examples_of_the_pages_give_their_codes() {
    for code in CODES {
        let Some((_, rest)) = code.page.split_once("```alloy\n") else {
            // A file that is no UTF-8, or of 4 GiB, cannot be shown on a page.
            assert!(["AR0014", "AR0015"].contains(&code.id));
            continue;
        };
        let (example, _) = rest.split_once("```").expect("an example ends");
        let example = example.replace(
            "((((((((((1))))))))))",
            &format!("{}1{}", "(".repeat(400), ")".repeat(400)),
        );
        let errors = parse_file(FileId(0), example.as_str()).errors;
        assert!(
            errors.iter().any(|error| error.code.id == code.id),
            "the example of {} gives {errors:?}",
            code.id
        );
    }
}

#[test]
fn codes_are_of_this_crate_and_not_used_twice() {
    let mut ids: Vec<&str> = CODES.iter().map(|code| code.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), CODES.len());
    assert!(ids.iter().all(|id| ("AR0001".."AR0100").contains(id)));
}
