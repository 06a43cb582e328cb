use super::*;

fn found(json: &str, path: &str) -> String {
    let root = json::parse_with(json, json::Numbers::Kinds).unwrap();
    match parse::path(path).and_then(|path| find(&path, &root, &Budget(Cell::new(MAX_STEPS)))) {
        Ok(values) => serde_json::to_string(&Value::List(values.into())).unwrap(),
        Err(why) => format!("error: {why}"),
    }
}

const STORE: &str = r#"{"store": {"books": [
    {"title": "A", "price": 8, "tags": ["x", "y"]},
    {"title": "B", "price": 12.5, "isbn": "1"},
    {"title": "C", "price": 9, "isbn": null}
], "name": "shop"}}"#;

#[test]
fn paths_find_what_they_name() {
    for (path, expected) in [
        ("$.store.name", r#"["shop"]"#),
        ("store.name", r#"["shop"]"#),
        (".store['name']", r#"["shop"]"#),
        ("$..title", r#"["A","B","C"]"#),
        ("$.store.books[-1].title", r#"["C"]"#),
        ("$.store.books[0,2].title", r#"["A","C"]"#),
        ("$.store.books[1:].title", r#"["B","C"]"#),
        ("$.store.books[:-1].title", r#"["A","B"]"#),
        ("$.store.books[::2].title", r#"["A","C"]"#),
        ("$.store.books[2:0:-1].title", r#"["C","B"]"#),
        ("$.store.books[*]['title','price']", r#"["A",8,"B",12.5,"C",9]"#),
        ("$.store.books[7]", "[]"),
        ("$.store.books.title", "[]"),
        ("$..tags[*]", r#"["x","y"]"#),
    ] {
        assert_eq!(found(STORE, path), expected, "{path}");
    }
}

#[test]
fn filters_choose() {
    for (filter, expected) in [
        ("@.price > 8.5", r#"["B","C"]"#),
        ("@.price > 8.5 && @.price < 10", r#"["C"]"#),
        ("(@.price == 8 || @.price == 9)", r#"["A","C"]"#),
        ("@.isbn", r#"["B","C"]"#),
        ("!@.isbn", r#"["A"]"#),
        ("@.isbn has false", r#"["A"]"#),
        ("@.isbn == null", r#"["C"]"#),
        ("@.isbn == Nothing", r#"["A"]"#),
        ("@.title in ['A', 'C']", r#"["A","C"]"#),
        ("@.title =~ /^[AB]$/", r#"["A","B"]"#),
        ("@.tags[*] == 'y'", r#"["A"]"#),
        ("@.price * 2 == 25", r#"["B"]"#),
        ("@.price - 1 == 7", r#"["A"]"#),
        ("length(@.tags) == 2", r#"["A"]"#),
        ("count(@.tags[*]) == 2", r#"["A"]"#),
        ("@.title =~ '^[AB]$'", r#"["A","B"]"#),
        ("search(@.title, @.title)", r#"["A","B","C"]"#),
        ("match(@.title, 'B')", r#"["B"]"#),
        ("$.store.name == 'shop'", r#"["A","B","C"]"#),
    ] {
        let path = format!("$.store.books[?({filter})].title");
        assert_eq!(found(STORE, &path), expected, "{path}");
    }
}

#[test]
fn broken_paths_are_errors() {
    for path in [
        "$.",
        "$[",
        "$['a",
        "$[a]",
        "$.a-b",
        "$[?(@.a]",
        "$[?(@.a ==)]",
        "$[(@.length-1)]",
        "$[1",
        "$[1:2:3:4]",
        "$[?(/(/)]",
    ] {
        assert!(
            found(STORE, path).starts_with("error"),
            "{path}: {}",
            found(STORE, path)
        );
    }
    assert!(found("1", &"$[?(".repeat(10_000)).starts_with("error"));
    assert!(found("1", &format!("$[?({}1)]", "(".repeat(10_000))).starts_with("error"));
    assert!(found("1", &"..".repeat(10_000)).starts_with("error"));
}

#[test]
fn paths_that_multiply_end() {
    let json = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    assert!(found(&json, "$..*..*..*..*..*..*").starts_with("error"));
}

#[test]
fn patterns_from_the_data_are_bounded() {
    let json = serde_json::to_string(&vec!["a+"; 5_000]).unwrap();
    assert!(found(&json, "$[?(@ =~ @)]").starts_with("error"));
}
