//! Any bytes: the tokens cover the text, one after the other, and end at characters.
#![no_main]

use libfuzzer_sys::fuzz_target;
use river_syntax::{FileId, decode, lex, unquote};

fuzz_target!(|bytes: &[u8]| {
    let (text, error) = decode(FileId(0), bytes);
    if let Some(error) = error {
        assert!(text.get(error.primary.span.range()).is_some());
    }
    let tokens = lex(&text);
    let mut at = 0;
    for token in 0..tokens.len() as u32 {
        let range = tokens.range(token);
        assert!(range.start == at && range.end > at);
        at = range.end;
        let _ = unquote(&text[range]);
    }
    assert_eq!(at, text.len());
});
