//! Any text that parses: its format is stable and has the same tokens and comments.
#![no_main]

use libfuzzer_sys::fuzz_target;
use river_syntax::{SyntaxKind, format, lex, unquote};

/// Tokens without layout and without commas before closing brackets, and all comments in order.
fn meaning(text: &str) -> (Vec<String>, Vec<String>) {
    let tokens = lex(text);
    let (mut code, mut comments): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for at in 0..tokens.len() as u32 {
        let (kind, piece) = (tokens.kind(at), &text[tokens.range(at)]);
        if kind.is_comment() {
            comments.push(piece.replace('\r', ""));
            continue;
        }
        if kind.is_trivia() {
            continue;
        }
        let closes = matches!(kind, SyntaxKind::RBrack | SyntaxKind::RParen | SyntaxKind::RCurly);
        if closes && code.last().is_some_and(|last| last == ",") {
            code.pop();
        }
        // Keys between backticks turn into quoted ones.
        code.push(match kind {
            SyntaxKind::String | SyntaxKind::RawString => format!("{:?}", unquote(piece)),
            _ => piece.to_owned(),
        });
    }
    (code, comments)
}

fuzz_target!(|text: &str| {
    let Ok(once) = format(text) else { return };
    assert_eq!(meaning(&once), meaning(text));
    assert_eq!(format(&once).expect("a formatted text parses"), once);
});
