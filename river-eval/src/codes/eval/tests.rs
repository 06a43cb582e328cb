use super::*;
use crate::eval::{Context, Stability, WithContext, evaluate};
use crate::ir::{Body, Statement};
use crate::lower;
use crate::value::{Object, Secret, Value};
use river_syntax::{Diagnostic, FileId, parse_file};

/// Pages whose example shows a pattern and not a thing that could be printed.
const SCHEMATIC: &[&str] = &["AR0167", "AR0168"];

fn found(body: &Body, scope: &WithContext<'_>, errors: &mut Vec<Diagnostic>) {
    for statement in &body.statements {
        match statement {
            Statement::Attribute(attribute) => {
                errors.extend(evaluate(&attribute.value, scope).err().map(Diagnostic::from));
            }
            Statement::Block(block) => found(&block.body, scope, errors),
        }
    }
}

/// The code of every example in a page.
fn examples(page: &str) -> impl Iterator<Item = &str> {
    page.split("```alloy\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
}

#[test]
fn the_first_example_of_every_page_shows_its_code() {
    let content = Value::object([("content", Value::Secret(Secret::new("hush")))]);
    let mut variables = Object::new();
    variables.insert(
        "local".into(),
        Value::object([("file", Value::object([("password", content)]))]),
    );
    for code in CODES {
        let example = examples(code.page)
            .next()
            .unwrap_or_else(|| panic!("{} has no example", code.id));
        if SCHEMATIC.contains(&code.id) {
            continue;
        }
        let parse = parse_file(FileId(0), example);
        assert!(parse.errors.is_empty(), "{}: {:?}", code.id, parse.errors);
        let (body, mut errors) = lower::file(&parse);
        let context = Context::new().with_stability(Stability::GenerallyAvailable);
        let scope = WithContext {
            scope: &variables,
            context: &context,
        };
        found(&body, &scope, &mut errors);
        errors.extend(context.take_warnings());
        assert!(
            errors.iter().any(|error| error.code.id == code.id),
            "{}: {errors:?}",
            code.id
        );
        assert!(!format!("{errors:?}").contains("hush"));
    }
}

#[test]
fn codes_are_in_order_and_in_their_range() {
    let ids: Vec<&str> = CODES.iter().map(|code| code.id).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    assert!(ids.iter().all(|id| ("AR0150".."AR0200").contains(id)), "{ids:?}");
}
