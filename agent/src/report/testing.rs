//! Findings that the tests of all formats tell.

use super::batch::Batch;
use river_syntax::{Diagnostic, Edit, Fix, Sources, Span};

/// Two configurations of three files, with findings of all severities, and one that cannot be read.
pub(crate) fn batch() -> Batch {
    let mut batch = Batch {
        failures: vec!["cannot read gone.alloy: No such file or directory (os error 2)".to_owned()],
        ..Batch::default()
    };
    let mut sources = Sources::new();
    let first = "// größe\nloki.write \"out\" {\n\tendpoint {\n\t\tur = \"http://x\"\n\t}\n}\n";
    let second = "loki.write \"out\" { }\n";
    let a = sources.add("conf/a b.alloy", first);
    let b = sources.add("conf/b.alloy", second);
    let place = |file, text: &str, wanted: &str| {
        let start = text.find(wanted).unwrap() as u32;
        Span::new(file, start, start + wanted.len() as u32)
    };
    let ur = place(a, first, "ur");
    let findings = vec![
        Diagnostic::warning(
            &river_syntax::codes::ILLEGAL_CHARACTER,
            place(a, first, "größe"),
            "an odd word: 50% of it, <b> & more",
        ),
        Diagnostic::error(
            &river_eval::codes::decode::UNKNOWN_ATTRIBUTE,
            ur,
            "unrecognized attribute name \"ur\"",
        )
        .with_help("did you mean `url`?")
        .with_fix(Fix {
            title: "write url".to_owned(),
            edits: vec![Edit {
                span: ur,
                replacement: "url".to_owned(),
            }],
            safe: true,
        }),
        Diagnostic::error(
            &river_eval::codes::graph::DUPLICATE_BLOCK,
            place(b, second, "loki.write \"out\""),
            "component \"loki.write.out\" is already declared",
        )
        .with_label("here again")
        .with_help("give one of them another label")
        .with_secondary(place(a, first, "loki.write \"out\""), "declared here first"),
    ];
    batch.add("conf".to_owned(), sources, findings);
    let mut sources = Sources::new();
    sources.add("good.alloy", "logging { }\n");
    batch.add("good.alloy".to_owned(), sources, Vec::new());
    batch
}
