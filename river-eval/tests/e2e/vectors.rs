//! The 932 expressions of `shared/vectors/expr.jsonl` with what the reference makes of them. `ALLOY_RS_SHARED` names the folder
//! where it is not beside the project; without it the test is skipped.

use river_eval::value::{Object, OptionalSecret, Secret, Str, Value};
use river_eval::{EvalError, evaluate, lower, vectors_json};
use river_syntax::{FileId, SourceFile};
use serde_json::Value as Json;
use std::path::PathBuf;

fn vectors() -> Option<String> {
    let shared = std::env::var_os("ALLOY_RS_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")),
        PathBuf::from,
    );
    std::fs::read_to_string(shared.join("vectors/expr.jsonl")).ok()
}

fn scope(row: &Json) -> Object {
    let mut scope = Object::new();
    if let Some(variables) = row["scope"].as_object() {
        for (name, value) in variables {
            scope.insert(Str::from(name.as_str()), vectors_json::from_plain_json(value));
        }
    }
    if let Some(secrets) = row["scope_secrets"].as_object() {
        for (name, described) in secrets {
            let described = described.as_str().unwrap();
            let text = described.rsplit(' ').next().unwrap();
            let value = if described.starts_with("secret ") {
                Value::Secret(Secret::new(text))
            } else if described.contains(", plain: ") {
                Value::OptionalSecret(OptionalSecret::plain(text))
            } else {
                Value::OptionalSecret(OptionalSecret::secret(text))
            };
            scope.insert(Str::from(name.as_str()), value);
        }
    }
    scope
}

fn outcome(text: &str, scope: &Object) -> Result<Json, EvalError> {
    let expr = lower::expression(FileId(0), text)
        .map_err(|errors| EvalError::new(errors.into_iter().next().unwrap()))?;
    let value = evaluate(&expr, scope)?;
    Ok(vectors_json::to_json(&value, true))
}

/// What is wrong with a row's outcome, if anything is.
fn complaint(row: &Json, outcome: &Result<Json, EvalError>) -> Option<String> {
    let text = row["expr"].as_str().unwrap();
    match (row["better"].as_str(), outcome) {
        (Some(better), Err(error)) => {
            // The words of `better` that the message has to be about.
            let about = [
                ("integer-overflow", "AR0154 AR0155"),
                ("bad verb", "AR0164"),
                ("crashes", "AR0163"),
            ];
            let (_, codes) = about.into_iter().find(|(word, _)| better.contains(word)).unwrap();
            (!codes.contains(error.0.code.id)).then(|| format!("wanted {better}, got {}", error.0.message))
        }
        (Some(better), Ok(value)) => {
            let exact = better.contains("exact value").then(|| exact(text)).flatten();
            (exact.map(|exact| exact.to_string()).as_deref()
                != value["int"].as_str().or(value["uint"].as_str()))
            .then(|| format!("wanted {better}, got {value}"))
        }
        (None, Ok(value)) => {
            (*value != row["value"]).then(|| format!("wanted {}, got {value}", row["value"]))
        }
        (None, Err(error)) if row["ok"] == true => {
            Some(format!("wanted {}, got {}", row["value"], error.0.message))
        }
        (None, Err(error)) => {
            let wanted = &row["errors"][0];
            let source = SourceFile::new("", text);
            let at = source.line_column(error.0.primary.span.start);
            // The reference has no place for some errors and writes 0 or nothing.
            let placed = wanted["line"].as_u64().is_some_and(|line| line > 0);
            let same = wanted["line"] == at.line && wanted["col"] == at.column;
            (placed && !same).then(|| {
                format!(
                    "wanted {} at {}:{}, got {} at {}:{}",
                    wanted["message"], wanted["line"], wanted["col"], error.0.message, at.line, at.column
                )
            })
        }
    }
}

/// The exact value of `a op b` with whole numbers.
fn exact(text: &str) -> Option<i128> {
    let [a, op, b] = text.split(' ').collect::<Vec<_>>().try_into().ok()?;
    let (a, b): (i128, i128) = (a.parse().ok()?, b.parse().ok()?);
    match op {
        "+" => a.checked_add(b),
        "-" => a.checked_sub(b),
        "*" => a.checked_mul(b),
        "/" => a.checked_div(b),
        "%" => a.checked_rem(b),
        _ => a.checked_pow(u32::try_from(b).ok()?),
    }
}

#[test]
fn expressions_evaluate_as_in_the_reference() {
    let Some(rows) = vectors() else {
        eprintln!("skipped: shared/vectors/expr.jsonl is not there; ALLOY_RS_SHARED names the folder");
        return;
    };
    let mut complaints = Vec::new();
    let mut count = 0;
    for line in rows.lines() {
        let row: Json = serde_json::from_str(line).unwrap();
        let text = row["expr"].as_str().unwrap();
        count += 1;
        if let Some(complaint) = complaint(&row, &outcome(text, &scope(&row))) {
            complaints.push(format!("{} `{text}`: {complaint}", row["id"]));
        }
    }
    assert!(
        complaints.is_empty(),
        "{} of {count} rows:\n{}",
        complaints.len(),
        complaints.join("\n")
    );
}
