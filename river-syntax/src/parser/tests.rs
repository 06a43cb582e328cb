//! Trees and errors as their users see them.

use super::*;
use crate::source::SourceFile;

/// The errors of a text, a line each, with their places.
fn errors(text: &str) -> String {
    let file = SourceFile::new("t", text);
    let parse = parse_file(FileId(0), text);
    let line = |error: &Diagnostic| {
        let at = file.line_column(error.primary.span.start);
        let opened = error.secondary.iter().map(|label| {
            let at = file.line_column(label.span.start);
            format!(" [{}:{} {}]", at.line, at.column, label.text)
        });
        let help = error.help.as_deref().unwrap_or("-");
        format!(
            "{}:{} {}{} ({help})",
            at.line,
            at.column,
            error.message,
            opened.collect::<String>()
        )
    };
    parse.errors.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn outline(node: Node<'_>, depth: usize, out: &mut String) {
    out.push_str(&format!(
        "{}{:?} {:?}\n",
        "  ".repeat(depth),
        node.kind(),
        node.text()
    ));
    for child in node.children() {
        outline(child, depth + 1, out);
    }
}

/// Nodes lie inside of the node above and behind the one before.
fn nested(node: Node<'_>) {
    let mut end = node.first_token();
    for child in node.children() {
        assert!(
            child.first_token() >= end && child.end_token() <= node.end_token(),
            "{child:?} in {node:?}"
        );
        end = child.end_token();
        nested(child);
    }
}

#[test]
fn what_took_nothing_lies_inside() {
    for text in ["a > // c\n }\0b }\n", "a = 1 + // c\n }\n", "a { }", "// c\n"] {
        nested(parse_file(FileId(0), text).root().unwrap());
    }
}

#[test]
fn the_tree_of_a_block() {
    let parse = parse_file(FileId(0), "a.b \"c\" {\n\td = -e.f[1](2) + 3 ^ 2 // g\n}\n");
    assert!(parse.errors.is_empty());
    let mut out = String::new();
    outline(parse.root().unwrap(), 0, &mut out);
    insta::assert_snapshot!(out, @r#"
    File "a.b \"c\" {\n\td = -e.f[1](2) + 3 ^ 2 // g\n}\n"
      Body "a.b \"c\" {\n\td = -e.f[1](2) + 3 ^ 2 // g\n}"
        Block "a.b \"c\" {\n\td = -e.f[1](2) + 3 ^ 2 // g\n}"
          BlockName "a.b"
          Label "\"c\""
          Body "d = -e.f[1](2) + 3 ^ 2"
            Attribute "d = -e.f[1](2) + 3 ^ 2"
              BlockName "d"
              BinaryExpr "-e.f[1](2) + 3 ^ 2"
                UnaryExpr "-e.f[1](2)"
                  CallExpr "e.f[1](2)"
                    IndexExpr "e.f[1]"
                      AccessExpr "e.f"
                        IdentExpr "e"
                      LiteralExpr "1"
                    LiteralExpr "2"
                BinaryExpr "3 ^ 2"
                  LiteralExpr "3"
                  LiteralExpr "2"
    "#);
}

#[test]
fn views_find_their_parts() {
    let parse = parse_file(FileId(0), "x . y \"l\" { k = {a = 1, \"b\" = [2]} }");
    let Some(ast::Statement::Block(block)) = parse.body().unwrap().statements().next() else {
        panic!("no block")
    };
    assert_eq!((block.name().as_ref(), block.label().unwrap().0), ("x.y", "l"));
    let Some(ast::Statement::Attribute(k)) = block.body().unwrap().statements().next() else {
        panic!("no attribute")
    };
    let Some(ast::Expr::Object(object)) = k.value() else {
        panic!("no object")
    };
    assert_eq!(
        object.fields().map(|field| field.key().0).collect::<Vec<_>>(),
        ["a", "\"b\""]
    );
}

#[test]
fn ten_mistakes_give_ten_errors() {
    let text = "\
a = 'one'
b: 2
c = [1 2]
d = {x = 1 y = 2}
e = 1 + )
f \"bad-label\" { }
g = \"\\q\"
# h
i = | 3
j = \"open
k = 1
";
    insta::assert_snapshot!(errors(text), @r#"
    1:5 single-quoted strings are not part of the language (use double quotes, or backticks for a text without escapes)
    2:2 illegal character U+003A ':' (an attribute is written `name = value`)
    3:8 missing ',' in expression list [3:5 in this list] (add a comma after the item)
    4:12 missing ',' in field list [4:5 in this object] (add a comma after the item)
    5:9 expected an expression, got `)` (-)
    6:3 a block's label must be a valid identifier, got "bad-label" (letters, digits and `_` only, no digit first: "bad_label")
    7:7 unknown escape sequence (double the backslash (`\\`), or write the text between backticks, where no escape is known)
    8:1 illegal character U+0023 '#' (comments begin with `//`)
    9:6 missing second | in || (the operator is `||`)
    10:5 string literal not terminated (close it with `"` on the same line; a text over several lines goes between backticks)
    "#);
}

#[test]
fn what_is_never_closed_is_shown_where_it_opened() {
    insta::assert_snapshot!(errors("a {\n\tb = 1\n"), @"3:1 expected }, got the end of the file [1:3 this block is never closed] (add the missing `}`)");
    insta::assert_snapshot!(errors("a {\n\tb = [1,\n\t\t2\n\tc = 3\n}\nd = (1\ne = f(1\ng { }\n"), @"
    3:4 expected ], got the end of the line [2:6 this list is never closed] (add the missing `]`)
    6:7 expected ), got the end of the line [6:5 this parenthesis is never closed] (add the missing `)`)
    7:8 expected ), got the end of the line [7:6 this call is never closed] (add the missing `)`)
    ");
}

#[test]
fn a_stray_brace_does_not_end_the_file() {
    insta::assert_snapshot!(errors("a { }\n}\nb = 1\nc { d = }\n"), @"
    2:1 expected a statement, got `}` (no block is open here: take it away, or look above for a `}` too many)
    4:9 expected an expression, got `}` (-)
    ");
}

#[test]
fn deep_nesting_is_an_error_and_no_crash() {
    for text in [
        format!("a = {}1{}", "(".repeat(10_000), ")".repeat(10_000)),
        format!("a = {}", "[".repeat(10_000)),
        format!("a = {}1", "-".repeat(10_000)),
        format!("a = 1{}", " ^ 1".repeat(10_000)),
        format!("a = 1{}", " + 1".repeat(10_000)),
        format!("a = b{}", ".c".repeat(10_000)),
        "a {\n".repeat(10_000),
        format!("a = {}", "{b = ".repeat(10_000)),
    ] {
        let parse = parse_file(FileId(0), text.as_str());
        assert!(
            parse.errors.iter().any(|error| error.code.id == "AR0012"),
            "{}",
            &text[..12]
        );
        assert!(
            parse.errors.len() <= 3,
            "{}: {} errors",
            &text[..12],
            parse.errors.len()
        );
    }
}

/// The highest trees that the parser makes can be walked on the stack of a small thread, in a build without optimization.
#[test]
fn the_deepest_tree_fits_a_small_stack() {
    let deep = MAX_DEPTH as usize - 2;
    let long = MAX_HEIGHT as usize - 1;
    let texts = vec![
        format!("a = 1{}", " + 1".repeat(long)),
        format!("a = b{}", ".c".repeat(long)),
        format!("a = b{}", "()".repeat(long)),
        format!("a = {}1{}", "(".repeat(deep), ")".repeat(deep)),
        format!("a = {}1{}", "[".repeat(deep), "]".repeat(deep)),
        format!("a = {}1{}", "{b = ".repeat(deep), "}".repeat(deep)),
        format!("a = {}1{}", "f(".repeat(deep), ")".repeat(deep)),
        format!("a = 1{}", " ^ 1".repeat(deep)),
        format!("a = {}1", "-".repeat(deep)),
        format!("{}a = 1\n{}", "a {\n".repeat(deep), "}\n".repeat(deep)),
    ];
    let walk = move || {
        for text in texts {
            let parse = parse_file(FileId(0), text.as_str());
            assert!(parse.errors.is_empty(), "{}: {:?}", &text[..12], parse.errors);
            let once = crate::format_parsed(&parse).unwrap();
            assert_eq!(crate::format(&once).ok().as_ref(), Some(&once), "{}", &text[..12]);
        }
        // Long chains in deep brackets: neither bound is met alone, the tree would be as high as both together.
        let chains = format!(
            "a = {}1{}",
            "(".repeat(deep),
            format!("{})", " + 1".repeat(100)).repeat(deep)
        );
        let parse = parse_file(FileId(0), chains.as_str());
        assert_eq!(
            parse.errors.iter().map(|error| error.code.id).collect::<Vec<_>>(),
            ["AR0012"]
        );
    };
    let thread = std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(walk)
        .unwrap();
    thread.join().unwrap();
}

/// Time and memory stay in proportion to the text: with a search from the start for each mistake this would take minutes.
#[test]
fn a_long_line_of_mistakes_is_read_once() {
    for piece in [
        ".,",
        "...",
        "#",
        "'",
        "\\",
        "a b ",
        "[}",
        "x = y {}\n",
        "a = [\n",
        "}\n",
        "\"\\q\" ",
        "a = 1 (",
    ] {
        let text = piece.repeat(400_000 / piece.len());
        let parse = parse_file(FileId(0), format!("a = [{text}"));
        assert!(
            !parse.errors.is_empty() && parse.errors.len() <= MAX_ERRORS,
            "{piece:?}"
        );
    }
}

proptest::proptest! {
    #[test]
    fn any_text_parses(text in "([a-c]( |\\.)?|[0-9]|\"x\"|[ \n={}\\[\\](),.+^!-]|//c\n|/\\*c\\*/|'|#){0,40}") {
        let parse = parse_file(FileId(0), text.as_str());
        let tokens = parse.tree.tokens();
        let joined: String = (0..tokens.len() as u32).map(|at| parse.tree.token_text(at)).collect();
        proptest::prop_assert_eq!(&joined, &text);
        let mut out = String::new();
        outline(parse.root().unwrap(), 0, &mut out);
        nested(parse.root().unwrap());
        let _ = parse_expression(FileId(0), text.as_str());
    }
}
