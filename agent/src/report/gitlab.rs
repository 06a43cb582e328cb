//! Findings as GitLab's code quality report, which its merge requests compare with the one before.

use super::batch::Batch;
use super::json::pretty;
use super::paths::Paths;
use river_syntax::{Diagnostic, Severity, Sources};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

#[derive(Debug, serde::Serialize)]
struct Issue {
    description: String,
    check_name: &'static str,
    /// The same for the same finding after lines above it came or went, and no other finding's.
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Debug, serde::Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Debug, serde::Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

/// The whole report.
pub(crate) fn document(batch: &Batch) -> String {
    let paths = Paths::from_environment("CI_PROJECT_DIR");
    let mut seen = HashMap::new();
    let findings = batch.findings();
    let issues: Vec<Issue> = findings
        .map(|(sources, diagnostic)| issue(&paths, &mut seen, sources, diagnostic))
        .collect();
    pretty(&issues)
}

fn issue(
    paths: &Paths,
    seen: &mut HashMap<String, usize>,
    sources: &Sources,
    diagnostic: &Diagnostic,
) -> Issue {
    let span = diagnostic.primary.span;
    let file = sources.get(span.file);
    let path = file.map_or(String::new(), |file| paths.of(file.name()));
    let line = |offset| file.map_or(1, |file| file.line_column(offset).line);
    let (begin, end) = (line(span.start), line(span.end));
    let text = file.map_or("", |file| file.line(begin).trim());
    let what = format!("{path}\0{}\0{}\0{text}", diagnostic.code.id, diagnostic.message);
    // Equal findings on equal lines are told apart by their order.
    let nth = seen.entry(what.clone()).or_default();
    *nth += 1;
    let hash = Sha256::digest(format!("{what}\0{nth}"));
    let mut description = diagnostic.message.clone();
    if let Some(help) = &diagnostic.help {
        description.push_str(&format!(" ({help})"));
    }
    Issue {
        description,
        check_name: diagnostic.code.id,
        fingerprint: format!("{hash:x}"),
        severity: match diagnostic.severity {
            Severity::Error => "critical",
            Severity::Warning => "minor",
            Severity::Info => "info",
        },
        location: Location {
            path,
            lines: Lines { begin, end },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing;
    use river_syntax::Span;

    #[test]
    fn each_finding_is_an_issue() {
        insta::assert_snapshot!(document(&testing::batch()), @r#"
        [
          {
            "description": "an odd word: 50% of it, <b> & more",
            "check_name": "AR0005",
            "fingerprint": "de91c8f19b39cacdce23dd7ec8c91460aa07810ad47bbf4c8d1c38a557d47825",
            "severity": "minor",
            "location": {
              "path": "conf/a b.alloy",
              "lines": {
                "begin": 1,
                "end": 1
              }
            }
          },
          {
            "description": "unrecognized attribute name \"ur\" (did you mean `url`?)",
            "check_name": "AR0100",
            "fingerprint": "d7caec63d621b88fb48f5a9a2dc27b3c3fa08a19df5245e83173c35afbd48cb7",
            "severity": "critical",
            "location": {
              "path": "conf/a b.alloy",
              "lines": {
                "begin": 4,
                "end": 4
              }
            }
          },
          {
            "description": "component \"loki.write.out\" is already declared (give one of them another label)",
            "check_name": "AR0202",
            "fingerprint": "e394a0733ecfd1d61a520e28e97592134929c115bbc1e83ca8bda95856eebbd2",
            "severity": "critical",
            "location": {
              "path": "conf/b.alloy",
              "lines": {
                "begin": 1,
                "end": 1
              }
            }
          }
        ]
        "#);
    }

    fn fingerprints(text: &str) -> Vec<String> {
        let mut sources = Sources::new();
        let file = sources.add("a.alloy", text);
        let found = text.match_indices("x = 1").map(|(at, _)| {
            let span = Span::new(file, at as u32, at as u32 + 1);
            Diagnostic::error(&river_syntax::codes::UNCLOSED, span, "wrong")
        });
        let mut batch = Batch::default();
        batch.add(String::new(), sources, found.collect());
        let report: serde_json::Value = serde_json::from_str(&document(&batch)).unwrap();
        let issues = report.as_array().unwrap().iter();
        issues
            .map(|issue| issue["fingerprint"].as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn fingerprints_outlive_lines_above_and_are_each_their_own() {
        let before = fingerprints("x = 1\nx = 1\n");
        assert_ne!(before[0], before[1]);
        assert_eq!(fingerprints("// new\n\n  x = 1\ny = 2\nx = 1\n"), before);
    }
}
