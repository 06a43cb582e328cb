//! Findings as SARIF 2.1.0, which GitHub's code scanning and editors read.

use super::batch::Batch;
use super::github::character_place;
use super::json::pretty;
use super::paths::Paths;
use river_syntax::{Code, Diagnostic, Severity, SourceFile, Sources, Span};
use serde::Serialize;
use std::collections::BTreeMap;

/// Where the form is described.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Log<'s> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'s>; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'s> {
    tool: Tool,
    invocations: [Invocation<'s>; 1],
    /// Columns count characters; by default they would count UTF-16's units.
    column_kind: &'static str,
    results: Vec<Outcome<'s>>,
}

#[derive(Debug, Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    version: &'static str,
    information_uri: &'static str,
    rules: Vec<Rule>,
}

/// A code that was found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    short_description: Text<'static>,
    help: Page,
}

#[derive(Debug, Serialize)]
struct Text<'s> {
    text: &'s str,
}

#[derive(Debug, Serialize)]
struct Page {
    text: &'static str,
    markdown: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation<'s> {
    execution_successful: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_execution_notifications: Vec<Notification<'s>>,
}

#[derive(Debug, Serialize)]
struct Notification<'s> {
    level: &'static str,
    message: Text<'s>,
}

/// A finding.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'s> {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Owned,
    locations: Vec<Location<'s>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location<'s>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<Change<'s>>,
}

#[derive(Debug, Serialize)]
struct Owned {
    text: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'s> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: Physical,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text<'s>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Debug, Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

/// A change that mends a finding.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Change<'s> {
    description: Text<'s>,
    artifact_changes: Vec<ArtifactChange<'s>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactChange<'s> {
    artifact_location: Artifact,
    replacements: Vec<Replacement<'s>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement<'s> {
    deleted_region: Region,
    inserted_content: Text<'s>,
}

/// The whole document.
pub(crate) fn document(batch: &Batch) -> String {
    let paths = Paths::from_environment("GITHUB_WORKSPACE");
    let mut codes: BTreeMap<&str, &'static Code> = BTreeMap::new();
    for (_, diagnostic) in batch.findings() {
        codes.insert(diagnostic.code.id, diagnostic.code);
    }
    let index: BTreeMap<&str, usize> = codes.keys().enumerate().map(|(at, id)| (*id, at)).collect();
    let results = batch.findings().map(|(sources, diagnostic)| {
        let rule = index.get(diagnostic.code.id).copied().unwrap_or_default();
        outcome(&paths, rule, sources, diagnostic)
    });
    let failures = batch.failures.iter().map(|failure| Notification {
        level: "error",
        message: Text { text: failure },
    });
    pretty(&Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "alloy-rs",
                    version: env!("CARGO_PKG_VERSION"),
                    information_uri: env!("CARGO_PKG_REPOSITORY"),
                    rules: codes.into_values().map(rule).collect(),
                },
            },
            invocations: [Invocation {
                execution_successful: batch.failures.is_empty(),
                tool_execution_notifications: failures.collect(),
            }],
            column_kind: "unicodeCodePoints",
            results: results.collect(),
        }],
    })
}

fn rule(code: &'static Code) -> Rule {
    Rule {
        id: code.id,
        short_description: Text { text: code.title },
        help: Page {
            text: code.page,
            markdown: code.page,
        },
    }
}

fn outcome<'s>(
    paths: &Paths,
    rule_index: usize,
    sources: &'s Sources,
    diagnostic: &'s Diagnostic,
) -> Outcome<'s> {
    let mut text = diagnostic.message.clone();
    if let Some(help) = &diagnostic.help {
        text.push_str(&format!(" ({help})"));
    }
    let physical = |span: Span| {
        sources.get(span.file).map(|file| Physical {
            artifact_location: artifact(paths, file),
            region: region(file, span),
        })
    };
    let primary = physical(diagnostic.primary.span).map(|physical_location| Location {
        id: None,
        physical_location,
        message: (!diagnostic.primary.text.is_empty()).then_some(Text {
            text: &diagnostic.primary.text,
        }),
    });
    let related = diagnostic.secondary.iter().enumerate().filter_map(|(at, label)| {
        Some(Location {
            id: Some(at),
            physical_location: physical(label.span)?,
            message: Some(Text { text: &label.text }),
        })
    });
    Outcome {
        rule_id: diagnostic.code.id,
        rule_index,
        level: match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "note",
        },
        message: Owned { text },
        locations: primary.into_iter().collect(),
        related_locations: related.collect(),
        fixes: change(paths, sources, diagnostic).into_iter().collect(),
    }
}

fn change<'s>(paths: &Paths, sources: &'s Sources, diagnostic: &'s Diagnostic) -> Option<Change<'s>> {
    let fix = diagnostic.fix.as_ref()?;
    let mut changes: BTreeMap<u32, ArtifactChange<'s>> = BTreeMap::new();
    for edit in &fix.edits {
        let file = sources.get(edit.span.file)?;
        let change = changes.entry(edit.span.file.0).or_insert_with(|| ArtifactChange {
            artifact_location: artifact(paths, file),
            replacements: Vec::new(),
        });
        change.replacements.push(Replacement {
            deleted_region: region(file, edit.span),
            inserted_content: Text {
                text: &edit.replacement,
            },
        });
    }
    // A change has to change something.
    (!changes.is_empty()).then(|| Change {
        description: Text { text: &fix.title },
        artifact_changes: changes.into_values().collect(),
    })
}

fn artifact(paths: &Paths, file: &SourceFile) -> Artifact {
    let path = paths.of(file.name());
    let uri = encoded(&path);
    Artifact {
        uri: match path.starts_with('/') {
            true => format!("file://{uri}"),
            false => uri,
        },
    }
}

fn region(file: &SourceFile, span: Span) -> Region {
    let ((start_line, start_column), (end_line, end_column)) =
        (character_place(file, span.start), character_place(file, span.end));
    Region {
        start_line,
        start_column,
        end_line,
        end_column,
    }
}

/// A path as it may stand in a URI.
fn encoded(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(byte.into());
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use crate::report::testing;
    use serde_json::Value;

    #[test]
    fn the_document_has_the_form_that_readers_expect() {
        let mut log: Value = serde_json::from_str(&super::document(&testing::batch())).unwrap();
        let driver = &mut log["runs"][0]["tool"]["driver"];
        driver["version"] = "VERSION".into();
        for rule in driver["rules"].as_array_mut().unwrap() {
            rule["help"]["text"] = "PAGE".into();
            rule["help"]["markdown"] = "PAGE".into();
        }
        insta::assert_snapshot!(serde_json::to_string_pretty(&log).unwrap(), @r#"
        {
          "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
          "version": "2.1.0",
          "runs": [
            {
              "tool": {
                "driver": {
                  "name": "alloy-rs",
                  "version": "VERSION",
                  "informationUri": "https://github.com/alloy-rs/alloy-rs",
                  "rules": [
                    {
                      "id": "AR0005",
                      "shortDescription": {
                        "text": "an illegal character"
                      },
                      "help": {
                        "text": "PAGE",
                        "markdown": "PAGE"
                      }
                    },
                    {
                      "id": "AR0100",
                      "shortDescription": {
                        "text": "unknown attribute"
                      },
                      "help": {
                        "text": "PAGE",
                        "markdown": "PAGE"
                      }
                    },
                    {
                      "id": "AR0202",
                      "shortDescription": {
                        "text": "two components of one name and label"
                      },
                      "help": {
                        "text": "PAGE",
                        "markdown": "PAGE"
                      }
                    }
                  ]
                }
              },
              "invocations": [
                {
                  "executionSuccessful": false,
                  "toolExecutionNotifications": [
                    {
                      "level": "error",
                      "message": {
                        "text": "cannot read gone.alloy: No such file or directory (os error 2)"
                      }
                    }
                  ]
                }
              ],
              "columnKind": "unicodeCodePoints",
              "results": [
                {
                  "ruleId": "AR0005",
                  "ruleIndex": 0,
                  "level": "warning",
                  "message": {
                    "text": "an odd word: 50% of it, <b> & more"
                  },
                  "locations": [
                    {
                      "physicalLocation": {
                        "artifactLocation": {
                          "uri": "conf/a%20b.alloy"
                        },
                        "region": {
                          "startLine": 1,
                          "startColumn": 4,
                          "endLine": 1,
                          "endColumn": 9
                        }
                      }
                    }
                  ]
                },
                {
                  "ruleId": "AR0100",
                  "ruleIndex": 1,
                  "level": "error",
                  "message": {
                    "text": "unrecognized attribute name \"ur\" (did you mean `url`?)"
                  },
                  "locations": [
                    {
                      "physicalLocation": {
                        "artifactLocation": {
                          "uri": "conf/a%20b.alloy"
                        },
                        "region": {
                          "startLine": 4,
                          "startColumn": 3,
                          "endLine": 4,
                          "endColumn": 5
                        }
                      }
                    }
                  ],
                  "fixes": [
                    {
                      "description": {
                        "text": "write url"
                      },
                      "artifactChanges": [
                        {
                          "artifactLocation": {
                            "uri": "conf/a%20b.alloy"
                          },
                          "replacements": [
                            {
                              "deletedRegion": {
                                "startLine": 4,
                                "startColumn": 3,
                                "endLine": 4,
                                "endColumn": 5
                              },
                              "insertedContent": {
                                "text": "url"
                              }
                            }
                          ]
                        }
                      ]
                    }
                  ]
                },
                {
                  "ruleId": "AR0202",
                  "ruleIndex": 2,
                  "level": "error",
                  "message": {
                    "text": "component \"loki.write.out\" is already declared (give one of them another label)"
                  },
                  "locations": [
                    {
                      "physicalLocation": {
                        "artifactLocation": {
                          "uri": "conf/b.alloy"
                        },
                        "region": {
                          "startLine": 1,
                          "startColumn": 1,
                          "endLine": 1,
                          "endColumn": 17
                        }
                      },
                      "message": {
                        "text": "here again"
                      }
                    }
                  ],
                  "relatedLocations": [
                    {
                      "id": 0,
                      "physicalLocation": {
                        "artifactLocation": {
                          "uri": "conf/a%20b.alloy"
                        },
                        "region": {
                          "startLine": 2,
                          "startColumn": 1,
                          "endLine": 2,
                          "endColumn": 17
                        }
                      },
                      "message": {
                        "text": "declared here first"
                      }
                    }
                  ]
                }
              ]
            }
          ]
        }
        "#);
    }

    /// What the schema asks of the parts that are written here: names of fields, and numbers that may not be below 1.
    #[test]
    fn every_result_names_its_rule_and_a_place() {
        let log: Value = serde_json::from_str(&super::document(&testing::batch())).unwrap();
        let run = &log["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), testing::batch().findings().count());
        for result in results {
            let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
            assert_eq!(rule["id"], result["ruleId"]);
            assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
            let place = &result["locations"][0]["physicalLocation"];
            assert!(!place["artifactLocation"]["uri"].as_str().unwrap().contains(' '));
            for number in ["startLine", "startColumn", "endLine", "endColumn"] {
                assert!(place["region"][number].as_u64().unwrap() >= 1);
            }
        }
    }
}
