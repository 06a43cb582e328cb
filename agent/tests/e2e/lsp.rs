//! Conversations of an editor with `alloy-rs lsp`.

use crate::harness::Home;
use crate::lsp_client::{Client, of, uri};
use lsp_types::{DocumentSymbolResponse, NumberOrString, SemanticTokensResult, request as ask};
use serde_json::{Value, json};

#[test]
fn an_editor_opens_types_formats_and_leaves() {
    let home = Home::new();
    let here = uri(&home.path("config.alloy"));
    let mut client = Client::usual();
    assert_eq!(client.capabilities["positionEncoding"], "utf-16");
    client.open(&here, "/* é𐀀 */ loki.echo \"a\" { }\nx = [1,\n");
    let found = client.diagnostics(&here, Some(1));
    let code = NumberOrString::String("AR0002".to_owned());
    assert_eq!(
        (found.len(), found[0].code.as_ref()),
        (1, Some(&code)),
        "{found:?}"
    );

    // Typing what is missing, in UTF-16 units, mends it.
    client.tell_raw(
        "textDocument/didChange",
        json!({
            "textDocument": {"uri": here, "version": 2},
            "contentChanges": [
                {"range": {"start": {"line": 1, "character": 7}, "end": {"line": 2, "character": 0}}, "text": "2]\n"},
                {"range": {"start": {"line": 0, "character": 21}, "end": {"line": 0, "character": 22}}, "text": "bc"},
            ],
        }),
    );
    assert_eq!(client.diagnostics(&here, Some(2)), []);
    let symbols = client.ask::<ask::DocumentSymbolRequest>(of(&here));
    let Some(DocumentSymbolResponse::Nested(symbols)) = symbols else {
        panic!("{symbols:?}");
    };
    let names: Vec<&str> = symbols.iter().map(|symbol| symbol.name.as_str()).collect();
    assert_eq!(names, ["loki.echo \"bc\"", "x"]);

    let mut params = of(&here);
    params["options"] = json!({"tabSize": 4, "insertSpaces": false});
    let edits = client.ask::<ask::Formatting>(params).unwrap();
    assert_eq!(edits[0].new_text, "x = [1, 2]", "{edits:?}");
    let Some(SemanticTokensResult::Tokens(tokens)) = client.ask::<ask::SemanticTokensFullRequest>(of(&here))
    else {
        panic!("no tokens");
    };
    // The comment: eight characters, one of them of two units.
    assert_eq!(tokens.data[0].length, 9);

    client.tell_raw("textDocument/didClose", of(&here));
    assert_eq!(client.diagnostics(&here, None), []);
    assert!(
        client
            .ask_raw("textDocument/hover", json!({}))
            .response_result
            .is_err()
    );
    assert!(client.stop().success());
}

#[test]
fn bytes_are_counted_where_the_editor_can() {
    let home = Home::new();
    let here = uri(&home.path("config.alloy"));
    let mut client = Client::start(json!({
        "capabilities": {"general": {"positionEncodings": ["utf-8", "utf-16"]}},
    }));
    assert_eq!(client.capabilities["positionEncoding"], "utf-8");
    client.open(&here, "/* é𐀀 */ x = 'a'\n");
    let found = client.diagnostics(&here, Some(1));
    assert_eq!(
        (found[0].range.start.character, found[0].range.end.character),
        (17, 20)
    );
    assert!(client.stop().success());
}

#[test]
fn what_makes_no_sense_is_refused_and_the_server_goes_on() {
    let mut client = Client::usual();
    let code = |client: &mut Client, method: &str, params: Value| {
        client.ask_raw(method, params).response_result.unwrap_err().code
    };
    assert_eq!(code(&mut client, "textDocument/nonsense", json!({})), -32601);
    assert_eq!(
        code(
            &mut client,
            "textDocument/foldingRange",
            json!({"textDocument": 1})
        ),
        -32602
    );
    let nowhere = json!({"textDocument": {"uri": "file:///nowhere.alloy"}});
    assert_eq!(code(&mut client, "textDocument/foldingRange", nowhere), -32803);
    assert!(client.stop().success());
}

#[test]
fn an_editor_that_dies_takes_its_server_with_it() {
    let mut client = Client::usual();
    client.tell_raw("exit", Value::Null);
    let status = client.wait_for_end();
    assert_eq!(status.code(), Some(1), "exit without shutdown");
}
