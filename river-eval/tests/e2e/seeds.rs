//! The fuzz target's seeds, for a compiler that cannot fuzz: each evaluates or fails with a place in its text, and no error tells a secret.

use river_eval::eval::{Context, WithContext};
use river_eval::value::{Object, OptionalSecret, Secret, Value};
use river_eval::{evaluate, lower};
use river_syntax::FileId;
use std::path::PathBuf;

const HIDDEN: &str = "hush-hush";

#[test]
fn seeds_evaluate_or_fail_inside_of_their_text() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/evaluate");
    let (mut values, mut errors) = (0, 0);
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = String::from_utf8_lossy(&std::fs::read(entry.unwrap().path()).unwrap()).into_owned();
        let Ok(expr) = lower::expression(FileId(0), text.as_str()) else {
            continue;
        };
        let context = Context::new();
        let scope: Object = [
            ("sec".into(), Value::Secret(Secret::new(HIDDEN))),
            ("opt".into(), Value::OptionalSecret(OptionalSecret::plain("open"))),
            (
                "hid".into(),
                Value::OptionalSecret(OptionalSecret::secret(HIDDEN)),
            ),
            ("list".into(), Value::list([Value::Int(1), Value::Null])),
            ("obj".into(), Value::object([("a", Value::Uint(u64::MAX))])),
        ]
        .into_iter()
        .collect();
        match evaluate(
            &expr,
            &WithContext {
                scope: &scope,
                context: &context,
            },
        ) {
            Ok(_) => values += 1,
            Err(error) => {
                errors += 1;
                assert!(
                    error.0.primary.span.end as usize <= text.len(),
                    "{text:?}: {error:?}"
                );
                let opened = ["nonsensitive", "format", "to_json"]
                    .iter()
                    .any(|word| text.contains(word));
                assert!(opened || !format!("{error:?}").contains(HIDDEN), "{error:?}");
            }
        }
    }
    assert!(
        values > 0 && values + errors >= 5,
        "{values} values and {errors} errors"
    );
}
