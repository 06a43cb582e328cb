//! The codes of all diagnostics of the product in one list, and their pages.

use river_syntax::Code;

/// All codes in order of their numbers.
pub(crate) fn all() -> Vec<&'static Code> {
    let lists = [
        river_syntax::codes::CODES,
        river_eval::codes::decode::CODES,
        river_eval::codes::eval::CODES,
        river_eval::codes::graph::CODES,
        crate::lint_config::codes::CODES,
        river_eval::codes::check::CODES,
        alloy_check::codes::CODES,
        std_components::controller::codes::CODES,
        alloy_check::codes::values::CODES,
        alloy_check::codes::lints::CODES,
    ];
    let mut codes: Vec<&'static Code> = lists.into_iter().flatten().copied().collect();
    codes.sort_by_key(|code| code.id);
    codes
}

/// A code by its id, in letters of either case.
pub(crate) fn find(id: &str) -> Option<&'static Code> {
    all().into_iter().find(|code| code.id.eq_ignore_ascii_case(id))
}

/// The page of a code in Markdown, as it stands in `docs/errors`.
pub(crate) fn page(code: &Code) -> String {
    format!("# {}: {}\n\n{}", code.id, code.title, code.page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    #[test]
    fn every_code_has_its_page_in_docs() {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/errors");
        let update = std::env::var_os("UPDATE_DOCS").is_some();
        let mut wrong = Vec::new();
        let mut wanted = BTreeSet::new();
        for code in all() {
            let path = folder.join(format!("{}.md", code.id));
            if update {
                std::fs::write(&path, page(code)).unwrap();
            }
            if std::fs::read_to_string(&path).unwrap_or_default() != page(code) {
                wrong.push(format!("{} is missing or stale", path.display()));
            }
            wanted.insert(format!("{}.md", code.id));
        }
        for entry in std::fs::read_dir(&folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.starts_with("AR") && !wanted.contains(&name) {
                wrong.push(format!("{name} is the page of no code"));
            }
        }
        assert!(
            wrong.is_empty(),
            "UPDATE_DOCS=1 cargo test -p alloy-rs --bin alloy-rs codes\n{}",
            wrong.join("\n")
        );
    }

    #[test]
    fn no_code_is_used_twice() {
        let ids: Vec<&str> = all().iter().map(|code| code.id).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
        for code in all() {
            let digits = code.id.strip_prefix("AR").unwrap_or_default();
            assert!(
                digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit()),
                "{}",
                code.id
            );
            assert!(!code.title.is_empty() && code.page.ends_with('\n'), "{}", code.id);
        }
    }

    #[test]
    fn a_code_is_found_in_either_case() {
        assert_eq!(find("ar0001").map(|code| code.id), Some("AR0001"));
        assert!(find("AR9999").is_none());
    }
}
