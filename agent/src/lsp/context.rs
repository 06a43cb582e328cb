//! What stands around a cursor, read from the tokens before it: the text there is mostly unfinished, and its tree says little.

use river_syntax::{Parse, SyntaxKind, Tokens, Tree};
use std::ops::Range;

/// A block around the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// Its dotted name.
    pub(crate) name: String,
    /// Its label.
    pub(crate) label: Option<String>,
}

/// A bracket around the cursor, inside of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Inside {
    /// `[ … ]`.
    List,
    /// `{ … }`: behind the `=` of this key, or where a key stands.
    Object(Option<String>),
    /// `f( … )`: the function's name, and which argument.
    Call(String, usize),
    /// `( … )`.
    Paren,
    /// `x[ … ]`.
    Index,
}

/// Where the cursor is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Where a statement begins.
    Statement,
    /// In the value of an attribute; brackets from the outermost inwards.
    Value(String, Vec<Inside>),
    /// The same, inside of quotes.
    Text(String, Vec<Inside>),
    /// Somewhere where nothing can be proposed: in a comment, a label.
    Nothing,
}

/// What stands around a cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Context {
    /// The blocks around it, outermost first.
    pub(crate) blocks: Vec<Head>,
    /// Where it is.
    pub(crate) place: Place,
    /// The dotted name, or the text inside of quotes, that it is in or behind.
    pub(crate) word: Range<u32>,
    /// Whether the line goes on behind the word with what a name is followed by: a label, a brace, `=` or `(`.
    pub(crate) followed: bool,
}

/// What stands around a place.
pub(crate) fn at(parse: &Parse, offset: u32) -> Context {
    let tree = &parse.tree;
    let tokens = tree.tokens();
    let mut context = Context {
        blocks: Vec::new(),
        place: Place::Nothing,
        word: offset..offset,
        followed: false,
    };
    // The tokens up to here stand wholly before the cursor, but for a word.
    let mut end = match offset.checked_sub(1) {
        Some(before) if !tokens.is_empty() => tokens.at_offset(before) + 1,
        _ => 0,
    };
    let mut in_text = false;
    if let Some(last) = end.checked_sub(1) {
        let kind = tokens.kind(last);
        let inside = offset < tokens.end(last);
        match kind {
            SyntaxKind::LineComment | SyntaxKind::OpenBlockComment => return context,
            SyntaxKind::BlockComment if inside => return context,
            SyntaxKind::String | SyntaxKind::RawString | SyntaxKind::BadEscape if inside => {
                in_text = true;
                context.word = tokens.start(last) + 1..tokens.end(last).saturating_sub(1).max(offset);
                end = last;
            }
            SyntaxKind::OpenString => {
                in_text = true;
                context.word = tokens.start(last) + 1..offset.max(tokens.start(last) + 1);
                end = last;
            }
            SyntaxKind::OpenRawString | SyntaxKind::SingleQuoted => return context,
            _ => {}
        }
    }
    if !in_text {
        let start = word_start(tokens, end);
        if start < end {
            // Of a word that goes on behind the cursor all is replaced, of a dot nothing follows.
            context.word = tokens.start(start)..tokens.end(end - 1).max(offset);
            end = start;
        }
        context.followed = is_followed(tokens, context.word.end);
    }
    let brackets = open_brackets(tree, end);
    if brackets.len() > MAX_BRACKETS {
        return context;
    }
    let body = brackets
        .iter()
        .position(|bracket| matches!(bracket.kind, Bracket::Block(_)));
    let inside: Vec<&Open> = brackets
        .iter()
        .take(body.unwrap_or(brackets.len()))
        .rev()
        .collect();
    context.blocks = brackets
        .iter()
        .rev()
        .filter_map(|bracket| match &bracket.kind {
            Bracket::Block(head) => Some(head.clone()),
            _ => None,
        })
        .collect();
    let statement_end = inside.first().map_or(end, |outermost| outermost.token);
    let words = statement(tokens, statement_end);
    let attribute = match *words {
        [name, eq, ..] if tokens.kind(eq) == SyntaxKind::Eq => Some(tree.token_text(name).to_owned()),
        _ => None,
    };
    let path = || {
        inside
            .iter()
            .enumerate()
            .map(|(at, open)| open.inside(tree, inside.get(at + 1), end))
    };
    context.place = match attribute {
        Some(name) if in_text => Place::Text(name, path().collect()),
        Some(name) => Place::Value(name, path().collect()),
        None if words.is_empty() && inside.is_empty() && !in_text => Place::Statement,
        None => Place::Nothing,
    };
    context
}

/// The first token of the dotted name that ends before a token.
fn word_start(tokens: &Tokens, end: u32) -> u32 {
    let mut start = end;
    let mut wants_dot = false;
    while let Some(before) = start.checked_sub(1) {
        match tokens.kind(before) {
            SyntaxKind::Ident | SyntaxKind::Null | SyntaxKind::Bool if !wants_dot => wants_dot = true,
            SyntaxKind::Dot => wants_dot = false,
            _ => break,
        }
        start = before;
    }
    start
}

fn is_followed(tokens: &Tokens, offset: u32) -> bool {
    let next = (tokens.at_offset(offset)..tokens.len() as u32)
        .filter(|&token| tokens.start(token) >= offset)
        .map(|token| tokens.kind(token))
        .find(|&kind| kind != SyntaxKind::Whitespace);
    matches!(
        next,
        Some(
            SyntaxKind::String
                | SyntaxKind::OpenString
                | SyntaxKind::LCurly
                | SyntaxKind::Eq
                | SyntaxKind::LParen
                | SyntaxKind::Dot
        )
    )
}

/// A bracket that is not closed before the cursor.
#[derive(Debug)]
struct Open {
    token: u32,
    kind: Bracket,
}

#[derive(Debug)]
enum Bracket {
    Block(Head),
    Object,
    List,
    Index,
    Call(String),
    Paren,
}

impl Open {
    /// What it is for what stands inside; up to the next bracket, or the cursor.
    fn inside(&self, tree: &Tree, next: Option<&&Open>, end: u32) -> Inside {
        let end = next.map_or(end, |next| next.token);
        match &self.kind {
            Bracket::Object | Bracket::Block(_) => Inside::Object(key(tree, self.token + 1, end)),
            Bracket::List => Inside::List,
            Bracket::Index => Inside::Index,
            Bracket::Paren => Inside::Paren,
            Bracket::Call(name) => Inside::Call(name.clone(), commas(tree.tokens(), self.token + 1, end)),
        }
    }
}

/// Open brackets around a cursor that are looked at; in deeper nests nothing can be written.
const MAX_BRACKETS: usize = 1000;

/// The open brackets before a token, innermost first.
fn open_brackets(tree: &Tree, end: u32) -> Vec<Open> {
    let tokens = tree.tokens();
    let mut in_block = false;
    let mut closers: Vec<SyntaxKind> = Vec::new();
    let mut found: Vec<Open> = Vec::new();
    for token in (0..end).rev() {
        let kind = tokens.kind(token);
        match kind {
            SyntaxKind::RCurly | SyntaxKind::RBrack | SyntaxKind::RParen => closers.push(kind),
            SyntaxKind::LCurly | SyntaxKind::LBrack | SyntaxKind::LParen => {
                let pair = match kind {
                    SyntaxKind::LCurly => SyntaxKind::RCurly,
                    SyntaxKind::LBrack => SyntaxKind::RBrack,
                    _ => SyntaxKind::RParen,
                };
                if let Some(at) = closers.iter().rposition(|&closer| closer == pair) {
                    // Brackets in between were closed and never opened.
                    closers.truncate(at);
                } else if closers.is_empty() {
                    let kind = classify(tree, token, kind);
                    let is_block = matches!(kind, Bracket::Block(_));
                    // A list does not hold blocks: it was never closed, further up.
                    if !in_block || is_block {
                        found.push(Open { token, kind });
                    }
                    in_block |= is_block;
                    if found.len() > MAX_BRACKETS {
                        break;
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// The significant token before one.
fn before(tokens: &Tokens, token: u32) -> Option<u32> {
    (0..token).rev().find(|&token| !tokens.kind(token).is_trivia())
}

fn classify(tree: &Tree, token: u32, kind: SyntaxKind) -> Bracket {
    let tokens = tree.tokens();
    let previous = before(tokens, token);
    let previous_kind = previous.map_or(SyntaxKind::Eof, |token| tokens.kind(token));
    match kind {
        SyntaxKind::LCurly => match previous {
            Some(label) if matches!(previous_kind, SyntaxKind::String | SyntaxKind::RawString) => {
                let text = tree.token_text(label).trim_matches(['"', '`']).to_owned();
                match before(tokens, label) {
                    Some(name) if tokens.kind(name) == SyntaxKind::Ident => Bracket::Block(Head {
                        name: name_before(tree, name + 1),
                        label: Some(text),
                    }),
                    _ => Bracket::Object,
                }
            }
            Some(name) if previous_kind == SyntaxKind::Ident => Bracket::Block(Head {
                name: name_before(tree, name + 1),
                label: None,
            }),
            _ => Bracket::Object,
        },
        SyntaxKind::LBrack => match previous_kind {
            SyntaxKind::Ident | SyntaxKind::RBrack | SyntaxKind::RParen => Bracket::Index,
            _ => Bracket::List,
        },
        _ => match previous {
            Some(name) if previous_kind == SyntaxKind::Ident => Bracket::Call(name_before(tree, name + 1)),
            _ => Bracket::Paren,
        },
    }
}

/// The dotted name that ends before a token.
fn name_before(tree: &Tree, end: u32) -> String {
    (word_start(tree.tokens(), end)..end)
        .map(|token| tree.token_text(token))
        .collect()
}

/// The significant tokens of the statement that goes on at a token, brackets in it left out.
fn statement(tokens: &Tokens, end: u32) -> Vec<u32> {
    let mut found = Vec::new();
    let mut depth = 0u32;
    for token in (0..end).rev() {
        let kind = tokens.kind(token);
        match kind {
            SyntaxKind::RCurly | SyntaxKind::RBrack | SyntaxKind::RParen => {
                depth += 1;
                found.push(token);
            }
            SyntaxKind::LCurly | SyntaxKind::LBrack | SyntaxKind::LParen => {
                let Some(less) = depth.checked_sub(1) else { break };
                depth = less;
            }
            SyntaxKind::Newline if depth == 0 => {
                // A line that ends with an operator or a comma goes on.
                let ends = before(tokens, token).is_none_or(|last| {
                    matches!(
                        tokens.kind(last),
                        SyntaxKind::Ident
                            | SyntaxKind::Number
                            | SyntaxKind::Float
                            | SyntaxKind::String
                            | SyntaxKind::RawString
                            | SyntaxKind::BadEscape
                            | SyntaxKind::OpenString
                            | SyntaxKind::SingleQuoted
                            | SyntaxKind::BadNumber
                            | SyntaxKind::Null
                            | SyntaxKind::Bool
                            | SyntaxKind::RCurly
                            | SyntaxKind::RBrack
                            | SyntaxKind::RParen
                            | SyntaxKind::LCurly
                            // `name =` and nothing more: the next line is another statement.
                            | SyntaxKind::Eq
                    )
                });
                if ends {
                    break;
                }
            }
            _ if depth == 0 && !kind.is_trivia() => found.push(token),
            _ => {}
        }
    }
    found.reverse();
    found
}

/// The key behind whose `=` the end of a range of tokens stands; `None` where a key stands there.
fn key(tree: &Tree, start: u32, end: u32) -> Option<String> {
    let tokens = tree.tokens();
    let mut depth = 0u32;
    for token in (start..end).rev() {
        match tokens.kind(token) {
            SyntaxKind::RCurly | SyntaxKind::RBrack | SyntaxKind::RParen => depth += 1,
            SyntaxKind::LCurly | SyntaxKind::LBrack | SyntaxKind::LParen => depth = depth.saturating_sub(1),
            SyntaxKind::Comma if depth == 0 => return None,
            SyntaxKind::Eq if depth == 0 => {
                let key = before(tokens, token).filter(|&key| key >= start)?;
                return Some(tree.token_text(key).trim_matches(['"', '`']).to_owned());
            }
            _ => {}
        }
    }
    None
}

/// Commas of a call's own arguments in a range of tokens.
fn commas(tokens: &Tokens, start: u32, end: u32) -> usize {
    let mut depth = 0u32;
    let mut found = 0;
    for token in start..end {
        match tokens.kind(token) {
            SyntaxKind::LCurly | SyntaxKind::LBrack | SyntaxKind::LParen => depth += 1,
            SyntaxKind::RCurly | SyntaxKind::RBrack | SyntaxKind::RParen => depth = depth.saturating_sub(1),
            SyntaxKind::Comma if depth == 0 => found += 1,
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use river_syntax::{FileId, parse_file};

    /// The context at `$0`: blocks, place, word.
    fn told(marked: &str) -> String {
        let offset = marked.find("$0").unwrap() as u32;
        let text = marked.replacen("$0", "", 1);
        let context = at(&parse_file(FileId(0), text.as_str()), offset);
        let blocks: Vec<String> = context
            .blocks
            .iter()
            .map(|head| format!("{}:{}", head.name, head.label.as_deref().unwrap_or("")))
            .collect();
        let word = &text[context.word.start as usize..context.word.end as usize];
        let followed = if context.followed { " followed" } else { "" };
        format!("[{}] {:?} <{word}>{followed}", blocks.join(" "), context.place)
    }

    #[test]
    fn statements_begin_at_the_top_and_in_bodies() {
        insta::assert_snapshot!(told("loki.wr$0"), @"[] Statement <loki.wr>");
        insta::assert_snapshot!(told("a \"l\" {\n\tb {\n\t\tx = 1\n\t\t$0\n\t}\n}"), @"[a:l b:] Statement <>");
        insta::assert_snapshot!(told("a \"l\" { }\nlo$0ki.write \"x\" { }"), @"[] Statement <loki> followed");
        insta::assert_snapshot!(told("declare \"d\" {\n\tloki.source.$0\n}"), @"[declare:d] Statement <loki.source.>");
    }

    #[test]
    fn values_know_their_attribute_and_brackets() {
        insta::assert_snapshot!(told("a \"l\" {\n\tx = lo.w$0\n}"), @r#"[a:l] Value("x", []) <lo.w>"#);
        insta::assert_snapshot!(told("a \"l\" {\n\tx = [\n\t\tb.c,\n\t\td.$0\n\t]\n}"), @r#"[a:l] Value("x", [List]) <d.>"#);
        insta::assert_snapshot!(told("a \"l\" {\n\tx = [{ k = f(1, [2, 3], $0"), @r#"[a:l] Value("x", [List, Object(Some("k")), Call("f", 2)]) <>"#);
        insta::assert_snapshot!(told("a \"l\" {\n\tx = { k = 1, $0 }\n}"), @r#"[a:l] Value("x", [Object(None)]) <>"#);
        insta::assert_snapshot!(told("a \"l\" {\n\tx = 1 +\n\t\ty$0\n}"), @r#"[a:l] Value("x", []) <y>"#);
        insta::assert_snapshot!(told("a \"l\" {\n\tx = \"de$0bug\"\n}"), @r#"[a:l] Text("x", []) <debug>"#);
        insta::assert_snapshot!(told("a \"l\" {\n\tx = \"de$0\n}"), @r#"[a:l] Text("x", []) <de>"#);
    }

    #[test]
    fn what_is_broken_further_up_is_not_around() {
        insta::assert_snapshot!(told("a \"l\" {\n\tx = [\n}\nb \"m\" {\n\t$0\n}"), @"[b:m] Statement <>");
        insta::assert_snapshot!(told("a \"l\" {\n\tx =\n\ty$0\n}"), @"[a:l] Statement <y>");
        insta::assert_snapshot!(told("x = ]\na \"l\" {\n\t$0"), @"[a:l] Statement <>");
    }

    #[test]
    fn labels_and_comments_get_nothing() {
        insta::assert_snapshot!(told("a \"l$0\" { }"), @"[] Nothing <l>");
        insta::assert_snapshot!(told("a \"l\" { // $0\n}"), @"[] Nothing <>");
        insta::assert_snapshot!(told("a \"l\" $0"), @"[] Nothing <>");
    }
}
