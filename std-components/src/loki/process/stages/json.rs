//! `stage.json`: extracts values by JMESPath.

use super::super::arguments;
use super::super::pipeline::{Flow, Outlet, Stage};
use super::super::record::{Extracted, Record};
use crate::text::jmes::Expression;
use river_eval::Str;
use serde_json::Value;

pub(super) struct Json {
    expressions: Vec<(Str, Path)>,
    source: Option<String>,
    drop_malformed: bool,
}

/// How a value is found.
enum Path {
    /// Names one below the other: what nearly every configuration has, without an interpreter.
    Names(Vec<String>),
    Query(Box<Expression>),
}

impl Json {
    pub(super) fn new(arguments: &arguments::Json) -> Result<Self, String> {
        let path = |(name, expression): (&String, &String)| {
            let expression = if expression.is_empty() { name } else { expression };
            let plain = expression.split('.').all(arguments::is_label_name);
            let path = if plain {
                Path::Names(expression.split('.').map(str::to_owned).collect())
            } else {
                let parsed = Expression::new(expression).map_err(|mistake| mistake.message)?;
                Path::Query(Box::new(parsed))
            };
            Ok((Str::from(name.as_str()), path))
        };
        Ok(Self {
            expressions: arguments
                .expressions
                .iter()
                .map(path)
                .collect::<Result<_, String>>()?,
            source: arguments.source.clone(),
            drop_malformed: arguments.drop_malformed,
        })
    }
}

/// Values as stages know them: what is no scalar is JSON again.
fn extracted(value: &Value) -> Extracted {
    match value {
        Value::Null => Extracted::Null,
        Value::Bool(value) => Extracted::Bool(*value),
        Value::Number(number) => Extracted::Number(number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => Extracted::Text(text.as_str().into()),
        other => Extracted::Text(other.to_string().into()),
    }
}

impl Stage for Json {
    fn process(&mut self, record: &mut Record, _: &mut Outlet<'_>) -> Flow {
        let Some(input) = record.input(self.source.as_deref()) else {
            return Flow::Next;
        };
        let object = serde_json::from_str::<Value>(&input)
            .ok()
            .filter(Value::is_object);
        let Some(object) = object else {
            return if self.drop_malformed {
                Flow::Drop("malformed_json")
            } else {
                Flow::Next
            };
        };
        for (name, path) in &self.expressions {
            match path {
                Path::Names(names) => {
                    let found = names.iter().try_fold(&object, |value, name| value.get(name));
                    record.extract(name, extracted(found.unwrap_or(&Value::Null)));
                }
                Path::Query(query) => {
                    // A query that fails at run time (a function on a wrong type) extracts nothing, as in the reference.
                    if let Ok(found) = query.search(&object) {
                        record.extract(name, extracted(&found));
                    }
                }
            }
        }
        Flow::Next
    }
}
