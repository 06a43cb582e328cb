//! The reference page of the standard library, from the table.

use super::{FunctionInfo, functions, table};
use crate::eval::Stability;
use std::fmt::Write;

/// `docs/stdlib.md`.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Standard library\n\n<!-- Made from the table in river-eval/src/stdlib/table.rs; \
         `UPDATE_DOCS=1 cargo test -p river-eval stdlib` writes it anew. -->\n",
    );
    let current = |info: &&FunctionInfo| info.renamed_to.is_none();
    let mut space = None;
    for info in functions().iter().filter(current) {
        let of = info
            .name
            .split_once('.')
            .map_or("without a namespace", |(space, _)| space);
        if space != Some(of) {
            space = Some(of);
            let _ = write!(page, "\n## {of}\n");
        }
        let _ = write!(
            page,
            "\n### {}\n\n```alloy\n{}\n```\n\n{}\n",
            info.name, info.signature, info.doc
        );
        if info.stability != Stability::GenerallyAvailable {
            let _ = write!(
                page,
                "\nStability: {}. Start with `--stability.level={}` to use it.\n",
                info.stability, info.stability
            );
        }
        let (expression, value) = info.example;
        if !expression.is_empty() {
            let _ = write!(page, "\n```alloy\n> {expression}\n{value}\n```\n");
        }
    }
    page.push_str("\n## constants\n\n| name | value |\n|---|---|\n");
    for (name, doc) in table::CONSTANTS {
        let _ = writeln!(page, "| `{name}` | {doc} |");
    }
    page.push_str(
        "\n## Deprecated names\n\nThese still work, with a warning (AR0165).\n\n| old name | new name |\n|---|---|\n",
    );
    for info in functions() {
        if let Some(new_name) = info.renamed_to {
            let _ = writeln!(page, "| `{}` | `{new_name}` |", info.name);
        }
    }
    page
}
