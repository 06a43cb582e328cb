use super::*;
use crate::ir::Reference;

fn lowered(text: &str) -> String {
    match expression(FileId(0), text) {
        Ok(expr) => show(&expr),
        Err(errors) => format!("errors: {}", errors.len()),
    }
}

/// With parentheses around everything that is evaluated by itself.
fn show(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Literal(value) => format!("{value:?}"),
        ExprKind::Ident(name) => name.to_string(),
        ExprKind::Access(base, name, _) => format!("{}.{name}", show(base)),
        ExprKind::Index(base, index) => format!("{}[{}]", show(base), show(index)),
        ExprKind::Call(callee, arguments) => {
            format!(
                "{}({})",
                show(callee),
                arguments.iter().map(show).collect::<Vec<_>>().join(", ")
            )
        }
        ExprKind::Unary(op, inner) => {
            format!("{}{}", if *op == UnaryOp::Neg { "-" } else { "!" }, show(inner))
        }
        ExprKind::Binary(first, rest) => {
            let rest: String = rest
                .iter()
                .map(|operand| format!(" {} {}", operand.op.text(), show(&operand.value)))
                .collect();
            format!("({}{rest})", show(first))
        }
        ExprKind::Paren(inner) => show(inner),
        ExprKind::List(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(", ")),
        ExprKind::Object(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .map(|field| format!("{:?}: {}", field.key, show(&field.value)))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
    }
}

#[test]
fn operators_of_one_level_become_one_chain() {
    assert_eq!(lowered("a + b - c"), "(a + b - c)");
    assert_eq!(lowered("a + b * c + d"), "(a + (b * c) + d)");
    assert_eq!(lowered("a ^ b ^ c"), "(a ^ (b ^ c))");
    assert_eq!(lowered("-a.b[0](1)"), "-a.b[Int(0)](Int(1))");
}

#[test]
fn literals_become_values() {
    assert_eq!(
        lowered(r#"["a\n", `a\n`, null, true, 1.5]"#),
        r#"[String("a\n"), String("a\\n"), Null, Bool(true), Float(1.5)]"#
    );
    assert_eq!(
        lowered(r#"{a = 1, "b c" = 2, "" = 3}"#),
        r#"{"a": Int(1), "b c": Int(2), "\"\"": Int(3)}"#
    );
}

#[test]
fn a_number_out_of_range_is_told_at_its_place() {
    let errors = expression(FileId(0), "1 + 1e400").unwrap_err();
    assert_eq!(errors[0].code.id, "AR0169");
    assert_eq!(errors[0].primary.span.range(), 4..9);
}

#[test]
fn long_chains_are_flat_and_deep_nesting_is_told() {
    let terms = river_syntax::MAX_HEIGHT as usize - 1;
    assert!(expression(FileId(0), vec!["1"; terms].join(" + ")).is_ok());
    for deep in [
        format!("{}1{}", "(".repeat(10_000), ")".repeat(10_000)),
        format!("{}1", "-".repeat(10_000)),
        format!("a{}", ".a".repeat(3_000)),
        format!("a{}", "()".repeat(3_000)),
        format!("{}1{}", "[".repeat(300), "]".repeat(300)),
    ] {
        // No crash, whichever of parser and lowering tells first.
        let _ = expression(FileId(0), deep);
    }
}

#[test]
fn references_are_the_longest_static_paths() {
    let expr = expression(FileId(0), "a.b.c[d.e].f + string.join([g, h()], i[0].j)").unwrap();
    let dotted: Vec<String> = expr.references().iter().map(Reference::dotted).collect();
    assert_eq!(dotted, ["a.b.c", "d.e", "string.join", "g", "h", "i"]);
    let first = &expr.references()[0];
    assert_eq!(first.span.range(), 0..5);
    assert_eq!(first.path[2].1.range(), 4..5);
}

#[test]
fn a_file_keeps_its_order_and_leaves_out_what_is_broken() {
    let parse = river_syntax::parse_file(
        FileId(0),
        "a.b \"c\" {\n  x = 1\n  inner {\n    z = 1e400\n  }\n  y = ]\n}\nlogging { }\n",
    );
    let (body, errors) = file(&parse);
    assert!(!parse.errors.is_empty());
    assert_eq!(errors.len(), 1);
    let names: Vec<&str> = body
        .statements
        .iter()
        .map(|statement| match statement {
            Statement::Attribute(attribute) => &*attribute.name,
            Statement::Block(block) => &*block.name,
        })
        .collect();
    assert_eq!(names, ["a.b", "logging"]);
}
