//! Any text as an expression: it evaluates or fails with a place in the text, in bounded time and memory, and no error
//! gives away a secret.
#![no_main]

use libfuzzer_sys::fuzz_target;
use river_eval::eval::{Context, WithContext};
use river_eval::value::{Object, OptionalSecret, Secret, Value};
use river_eval::{evaluate, lower, vectors_json};
use river_syntax::FileId;

const HIDDEN: &str = "hush-hush";

fuzz_target!(|text: &str| {
    let Ok(expr) = lower::expression(FileId(0), text) else {
        return;
    };
    let _ = expr.references();
    let context = Context::new().with_environment(|name: &str| (name == "A").then(|| "a".to_owned()));
    let mut scope = Object::new();
    scope.insert("sec".into(), Value::Secret(Secret::new(HIDDEN)));
    scope.insert("opt".into(), Value::OptionalSecret(OptionalSecret::plain("open")));
    scope.insert("hid".into(), Value::OptionalSecret(OptionalSecret::secret(HIDDEN)));
    scope.insert("list".into(), Value::list([Value::Int(1), Value::Null, Value::Float(0.5)]));
    scope.insert("obj".into(), Value::object([("a", Value::Uint(u64::MAX)), ("b", Value::string("x"))]));
    let scope = WithContext { scope: &scope, context: &context };
    match evaluate(&expr, &scope) {
        Ok(value) => {
            let _ = vectors_json::to_json(&value, false);
        }
        Err(error) => {
            assert!(error.0.primary.span.end as usize <= text.len());
            // What opens a secret on purpose may put its text into a later error.
            let opened = ["nonsensitive", "format", "to_json"].iter().any(|word| text.contains(word));
            assert!(opened || !format!("{error:?}").contains(HIDDEN), "{error:?}");
        }
    }
});
