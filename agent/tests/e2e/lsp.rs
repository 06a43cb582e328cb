//! Conversations of an editor with `alloy-rs lsp`.

use crate::harness::Home;
use crate::lsp_client::{Client, at, of, uri};
use lsp_types::{
    CompletionResponse, DocumentSymbolResponse, NumberOrString, SemanticTokensResult, request as ask,
};
use serde_json::{Value, json};

#[test]
fn an_editor_opens_types_formats_and_leaves() {
    let home = Home::new();
    let here = uri(&home.path("config.alloy"));
    let mut client = Client::usual();
    assert_eq!(client.capabilities["positionEncoding"], "utf-16");
    client.open(&here, "/* é𐀀 */ loki.echo \"a\" { }\nx = [1,\n");
    let found = client.diagnostics(&here, Some(1));
    let code = Some(NumberOrString::String("AR0002".to_owned()));
    assert!(found.iter().any(|found| found.code == code), "{found:?}");

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
    let found = client.diagnostics(&here, Some(2));
    assert!(found.iter().all(|found| found.code != code), "{found:?}");
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

/// Two files of one configuration, the second of them open.
fn pipeline(home: &Home) -> (lsp_types::Uri, String) {
    home.write(
        "sources.alloy",
        "loki.source.file \"logs\" {\n\ttargets    = [{__path__ = \"/var/log/*.log\"}]\n\tforward_to = [loki.write.out.receiver]\n}\n",
    );
    let text =
        "loki.write \"out\" {\n\tendpoint {\n\t\turl = \"http://loki:3100/loki/api/v1/push\"\n\t}\n}\n";
    let path = home.write("sinks.alloy", text);
    (uri(&path), text.to_owned())
}

/// An editor that shows a folder.
fn editor(home: &Home, options: Value) -> Client {
    let mut parameters = Client::abilities();
    parameters["workspaceFolders"] = json!([{"uri": uri(&home.path("")), "name": "home"}]);
    parameters["initializationOptions"] = options;
    Client::start(parameters)
}

#[test]
fn mistakes_are_told_while_typing_and_mended() {
    let home = Home::new();
    let (here, text) = pipeline(&home);
    let mut client = editor(&home, json!({"target": "alloy-rs"}));
    client.open(&here, &text);
    assert_eq!(
        client.diagnostics(&here, Some(1)),
        [],
        "the file beside it belongs to it"
    );

    client.replace(&here, 2, &text.replace("endpoint", "endpiont"));
    let found = client.diagnostics(&here, Some(2));
    let first = found.first().expect("a finding");
    assert!(first.message.contains("endpiont"), "{found:?}");

    // A name of the library that is deprecated has a safe fix.
    client.replace(
        &here,
        3,
        &text.replace("\"http://loki:3100/loki/api/v1/push\"", "env(\"URL\")"),
    );
    let found = client.diagnostics(&here, Some(3));
    let deprecated = found
        .iter()
        .find(|found| found.message.contains("deprecated"))
        .expect("a warning");
    let mut params = of(&here);
    params["range"] = json!(deprecated.range);
    params["context"] = json!({"diagnostics": [deprecated]});
    let actions = client.ask::<ask::CodeActionRequest>(params.clone()).unwrap();
    let actions: Vec<Value> = actions.iter().map(|action| json!(action)).collect();
    let kinds: Vec<&str> = actions
        .iter()
        .filter_map(|action| action["kind"].as_str())
        .collect();
    assert_eq!(kinds, ["quickfix", "source.fixAll.alloy-rs"]);
    assert_eq!(
        actions[0]["edit"]["changes"][here.as_str()][0]["newText"],
        "sys.env"
    );
    assert_eq!(actions[0]["diagnostics"][0]["code"], json!(deprecated.code));
    assert_eq!(
        actions[1]["edit"]["changes"][here.as_str()][0]["newText"],
        "\t\turl = sys.env(\"URL\")"
    );
    params["context"]["only"] = json!(["source.fixAll"]);
    assert_eq!(client.ask::<ask::CodeActionRequest>(params).unwrap().len(), 1);
    assert!(client.stop().success());
}

#[test]
fn a_configuration_is_completed_looked_up_and_renamed() {
    let home = Home::new();
    let (here, text) = pipeline(&home);
    let sources = uri(&home.path("sources.alloy"));
    let mut client = editor(&home, Value::Null);
    client.open(&here, &text);
    client.diagnostics(&here, Some(1));

    let (params, _) = at(&here, &text.replacen("\t}", "\t\t$0\n\t}", 1));
    client.replace(&here, 2, &text.replacen("\t}", "\t\t\n\t}", 1));
    let Some(CompletionResponse::List(list)) = client.ask::<ask::Completion>(params) else {
        panic!("no list");
    };
    let labels: Vec<&str> = list.items.iter().map(|item| item.label.as_str()).collect();
    assert!(
        labels.contains(&"tenant_id") && !labels.contains(&"url"),
        "{labels:?}"
    );
    client.replace(&here, 3, &text);

    let (params, _) = at(&here, &text.replacen("url", "u$0rl", 1));
    let hover = client.ask::<ask::HoverRequest>(params).unwrap();
    assert!(
        json!(hover)["contents"]["value"]
            .as_str()
            .unwrap()
            .contains("url: string, required")
    );

    let (mut params, _) = at(&here, &text.replacen("\"out\"", "\"o$0ut\"", 1));
    params["context"] = json!({"includeDeclaration": false});
    let places = client.ask::<ask::References>(params.clone()).unwrap();
    assert_eq!(places.len(), 1);
    assert_eq!(places[0].uri, sources);
    params["newName"] = json!("sink");
    #[expect(
        clippy::mutable_key_type,
        reason = "the protocol's type; nothing changes in a URI"
    )]
    let changes = client.ask::<ask::Rename>(params).unwrap().changes.unwrap();
    assert_eq!(changes[&here][0].new_text, "sink");
    assert_eq!(changes[&sources][0].range.start.line, 2);

    let found = client
        .ask::<ask::WorkspaceSymbolRequest>(json!({"query": "logs"}))
        .unwrap();
    assert_eq!(json!(found)[0]["name"], "loki.source.file \"logs\"");
    assert!(client.stop().success());
}

#[test]
fn settings_change_what_is_found() {
    let home = Home::new();
    let (here, text) = pipeline(&home);
    let mut client = editor(&home, json!({"mode": "file", "target": "alloy-rs"}));
    let text = text.replace("loki.write", "loki.nonsense");
    client.open(&here, &text);
    let alone = client.diagnostics(&here, Some(1));
    assert_eq!(alone.len(), 1, "{alone:?}");
    client.tell_raw(
        "workspace/didChangeConfiguration",
        json!({"settings": {"alloy-rs": {"mode": "folder", "target": "alloy-rs"}}}),
    );
    // The file beside it refers to what is not there; here the one finding stays.
    assert_eq!(client.diagnostics(&here, Some(1)), alone);
    client.tell_raw(
        "workspace/didChangeConfiguration",
        json!({"settings": {"alloy-rs": {"mode": "all"}}}),
    );
    let message = client.wait("message", |message| match message {
        lsp_server::Message::Notification(told) if told.method == "window/showMessage" => {
            Some(told.params["message"].as_str().unwrap_or_default().to_owned())
        }
        _ => None,
    });
    assert!(message.contains("settings are not used"), "{message}");
    assert!(client.stop().success());
}

#[test]
fn a_request_that_is_cancelled_while_it_waits_is_not_worked_on() {
    let home = Home::new();
    let here = uri(&home.path("config.alloy"));
    let mut client = Client::usual();
    client.open(
        &here,
        &"loki.write \"x\" { endpoint { url = \"http://x\" } }\n".repeat(20_000),
    );
    // All stand in the pipe before the first is answered.
    let ids: Vec<i32> = (0..20)
        .map(|_| client.request("textDocument/semanticTokens/full", of(&here)))
        .collect();
    for id in &ids {
        client.tell_raw("$/cancelRequest", json!({"id": id}));
    }
    let answers: Vec<_> = ids
        .iter()
        .map(|&id| client.response(id).response_result)
        .collect();
    let cancelled = answers
        .iter()
        .filter(|answer| answer.as_ref().is_err_and(|error| error.code == -32800));
    assert!(cancelled.count() > 0, "none was cancelled");
    assert!(client.stop().success());
}

#[test]
fn a_large_document_and_nonsense_are_answered() {
    let home = Home::new();
    let here = uri(&home.path("config.alloy"));
    let mut client = Client::usual();
    // One line of ten megabytes, never closed, with characters of every width.
    client.open(&here, &format!("x = [\"é𐀀\", {}", "{a=[1,".repeat(1_700_000)));
    client.diagnostics(&here, Some(1));
    let position = json!({"line": 0, "character": 10_000_000});
    for method in [
        "foldingRange",
        "documentSymbol",
        "semanticTokens/full",
        "formatting",
        "documentLink",
    ] {
        let mut params = of(&here);
        params["options"] = json!({"tabSize": 4, "insertSpaces": false});
        let answer = client.ask_raw(&format!("textDocument/{method}"), params);
        assert!(answer.response_result.is_ok(), "{method}");
    }
    for method in [
        "completion",
        "hover",
        "definition",
        "signatureHelp",
        "documentHighlight",
    ] {
        let mut params = of(&here);
        params["position"] = position.clone();
        let answer = client.ask_raw(&format!("textDocument/{method}"), params);
        assert!(answer.response_result.is_ok(), "{method}");
    }
    assert!(client.stop().success());
}
