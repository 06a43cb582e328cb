//! What a rule says of a configuration, for tests: one line for each finding.

use crate::catalog::release;
use river_eval::check::{Catalog, Checked, CheckedAttribute, Findings, Inferred, Rule};
use river_eval::eval::Context;
use river_eval::ir;
use river_eval::schema::BodySchema;
use river_eval::{Object, evaluate, lower};
use river_syntax::{Sources, render};

/// What the rule says, without the file's name.
pub(crate) fn said(rule: &dyn Rule, text: &str) -> String {
    let mut sources = Sources::new();
    let file = sources.add("f", text);
    let parse = river_syntax::parse_file(file, text);
    assert!(parse.errors.is_empty(), "{:?}", parse.errors);
    let (body, errors) = lower::file(&parse);
    assert!(errors.is_empty(), "{errors:?}");
    let catalog = release("1.15.0").unwrap();
    let mut findings = Findings::new(&sources);
    let schemas: Vec<_> = body
        .statements
        .iter()
        .map(|statement| match statement {
            ir::Statement::Block(block) => {
                let schema = catalog
                    .component(&block.name)
                    .or_else(|| catalog.config_block(&block.name));
                (block, schema.unwrap_or_else(|| panic!("no {}", block.name)))
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let checked: Vec<Checked<'_>> = schemas
        .iter()
        .map(|(block, schema)| checked(vec![&block.name], block, &schema.arguments))
        .collect();
    for block in &checked {
        rule.check(block, &mut findings);
    }
    let facts = findings.take_facts();
    rule.conclude(&facts, &mut findings);
    let mut found = findings.into_diagnostics();
    found.sort_by_key(|finding| finding.primary.span.start);
    let line = |finding| {
        render::concise(&sources, finding)
            .trim_start_matches("f:")
            .to_owned()
    };
    found.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn checked<'a>(path: Vec<&'a str>, block: &'a ir::Block, schema: &'a BodySchema) -> Checked<'a> {
    let mut attributes = Vec::new();
    let mut blocks = Vec::new();
    let names = Object::new();
    let context = Context::new();
    let scope = river_eval::eval::WithContext {
        scope: &names,
        context: &context,
    };
    for statement in &block.body.statements {
        match statement {
            ir::Statement::Attribute(attribute) => {
                let inferred = match evaluate(&attribute.value, &scope) {
                    Ok(value) if attribute.value.references().is_empty() => Inferred::known(value),
                    _ => Inferred::unknown(),
                };
                attributes.push(CheckedAttribute {
                    attribute,
                    schema: schema
                        .attribute(&attribute.name)
                        .unwrap_or_else(|| panic!("no {}", attribute.name)),
                    inferred,
                });
            }
            ir::Statement::Block(inner) => {
                let mut path = path.clone();
                path.push(&inner.name);
                let schema = schema
                    .block(&inner.name)
                    .unwrap_or_else(|| panic!("no {}", inner.name));
                blocks.push(checked(path, inner, schema.body.get()));
            }
        }
    }
    Checked {
        path,
        label: block.label.as_ref(),
        head: block.name_span,
        body: &block.body,
        schema,
        attributes,
        blocks,
    }
}
