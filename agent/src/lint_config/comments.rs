//! Comments that let findings pass: `// alloy-rs: allow(AR0123) reason`.
//!
//! At a line's end one counts for findings that begin on that line. On a line of its own it counts for the next line that is no comment, and where a
//! block or an attribute begins there for all of it.

use river_syntax::{FileId, Parse, SourceFile, Span, SyntaxKind, ast};
use std::ops::RangeInclusive;

/// What such comments begin with.
const ADDRESS: &str = "alloy-rs:";

/// A code in a comment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AllowedCode {
    /// As it is written.
    pub(crate) written: String,
    /// Where.
    pub(crate) span: Span,
}

/// A comment that is addressed to this program.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Comment {
    /// The whole comment.
    pub(crate) span: Span,
    /// The lines on which it counts, from 1.
    pub(crate) lines: RangeInclusive<u32>,
    /// What it lets pass; `None` where it is not understood.
    pub(crate) codes: Option<Vec<AllowedCode>>,
    /// Whether it says why.
    pub(crate) reasoned: bool,
    /// What to cut to take the comment away, its line included where nothing else stands there.
    pub(crate) cut: Span,
}

/// The comments of a text that are addressed to this program, in order. Costs next to nothing where there are none.
pub(crate) fn find(id: FileId, file: &SourceFile) -> Vec<Comment> {
    let text = file.text();
    if memchr::memmem::find(text.as_bytes(), ADDRESS.as_bytes()).is_none() {
        return Vec::new();
    }
    let parse = river_syntax::parse_file(id, text.clone());
    let tokens = parse.tree.tokens();
    let mut found = Vec::new();
    for token in 0..tokens.len() as u32 {
        if !tokens.kind(token).is_comment() {
            continue;
        }
        let span = parse.tree.token_span(token);
        if let Some(content) = addressed(parse.tree.token_text(token)) {
            found.push(read(&parse, file, token, span, content));
        }
    }
    found
}

/// What a comment says to this program, as a range of the comment.
fn addressed(comment: &str) -> Option<std::ops::Range<usize>> {
    let inner = comment
        .strip_prefix("//")
        .or_else(|| comment.strip_prefix("/*"))?;
    let after = inner.trim_start().strip_prefix(ADDRESS)?;
    let start = comment.len() - after.len();
    let end = if comment.starts_with("/*") && comment.ends_with("*/") {
        comment.len() - 2
    } else {
        comment.len()
    };
    (start <= end).then_some(start..end)
}

fn read(
    parse: &Parse,
    file: &SourceFile,
    token: u32,
    span: Span,
    content: std::ops::Range<usize>,
) -> Comment {
    let start = span.start as usize + content.start;
    let text = file.text();
    let said = text
        .get(start..span.start as usize + content.end)
        .unwrap_or_default();
    let (codes, reasoned) = match allowed(span.file, start, said) {
        Some((codes, reason)) => (Some(codes), reason.chars().any(char::is_alphanumeric)),
        None => (None, true),
    };
    let alone = alone_on_its_line(text, span);
    let lines = match alone {
        true => below(parse, file, token, span),
        false => {
            let line = file.line_column(span.start).line;
            line..=line
        }
    };
    Comment {
        span,
        lines,
        codes,
        reasoned,
        cut: cut(text, span, alone),
    }
}

/// The codes and the reason of `allow(CODE, …) reason`.
fn allowed(file: FileId, start: usize, said: &str) -> Option<(Vec<AllowedCode>, &str)> {
    let after = said.trim_start().strip_prefix("allow")?.trim_start();
    let list = after.strip_prefix('(')?;
    let (list, reason) = list.split_once(')')?;
    let mut at = start + (said.len() - after.len()) + 1;
    let mut codes = Vec::new();
    for part in list.split(',') {
        let written = part.trim();
        let begin = at + (part.len() - part.trim_start().len());
        if !written.is_empty() {
            codes.push(AllowedCode {
                written: written.to_owned(),
                span: Span::new(file, begin as u32, (begin + written.len()) as u32),
            });
        }
        at += part.len() + 1;
    }
    (!codes.is_empty()).then_some((codes, reason))
}

/// Whether nothing but layout stands before a comment on its line.
fn alone_on_its_line(text: &str, span: Span) -> bool {
    let before = text.get(..span.start as usize).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    line.trim_start_matches('\u{feff}').trim().is_empty()
}

/// The next line below a comment that is no comment, and all of what begins there.
fn below(parse: &Parse, file: &SourceFile, comment: u32, span: Span) -> RangeInclusive<u32> {
    let tokens = parse.tree.tokens();
    let layout = |kind: SyntaxKind| kind.is_trivia() || kind == SyntaxKind::Terminator;
    let next = (comment + 1..tokens.len() as u32).find(|&token| !layout(tokens.kind(token)));
    let Some(next) = next.filter(|&token| tokens.kind(token) != SyntaxKind::Eof) else {
        let line = file.line_column(span.start).line;
        return line..=line;
    };
    let first = file.line_column(tokens.start(next)).line;
    let statement = parse.body().and_then(|body| statement_at(body, next));
    let last = statement.map_or(first, |span| {
        file.line_column(span.end.saturating_sub(1).max(span.start)).line
    });
    first..=last.max(first)
}

/// The statement that begins with a token.
fn statement_at(body: ast::Body<'_>, token: u32) -> Option<Span> {
    for statement in body.statements() {
        let node = statement.node();
        if node.first_token() == token {
            return Some(statement.span());
        }
        if (node.first_token()..node.end_token()).contains(&token) {
            return match statement {
                ast::Statement::Block(block) => statement_at(block.body()?, token),
                ast::Statement::Attribute(_) => None,
            };
        }
    }
    None
}

/// What to take out to be rid of a comment: its line, or the space before it.
fn cut(text: &str, span: Span, alone: bool) -> Span {
    let before = text.get(..span.start as usize).unwrap_or_default();
    let kept = before.trim_end_matches([' ', '\t']).len() as u32;
    let rest = text.get(span.end as usize..).unwrap_or_default();
    let end_of_line = rest.find('\n').map_or(rest.len(), |at| at + 1);
    let nothing_after = rest.get(..end_of_line).is_none_or(|rest| rest.trim().is_empty());
    match (alone, nothing_after) {
        (true, true) => Span::new(span.file, kept, span.end + end_of_line as u32),
        (false, true) => Span::new(span.file, kept, span.end),
        _ => span,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let file = SourceFile::new("a.alloy", text);
        let mut out = String::new();
        for comment in find(FileId(0), &file) {
            let codes = comment.codes.map(|codes| {
                let texts = codes.iter().map(|code| {
                    assert_eq!(&text[code.span.range()], code.written);
                    code.written.clone()
                });
                texts.collect::<Vec<_>>().join("+")
            });
            let rest = format!(
                "{}{}",
                &text[..comment.cut.start as usize],
                &text[comment.cut.end as usize..]
            );
            out.push_str(&format!(
                "{:?} {} reason={} without={rest:?}\n",
                comment.lines,
                codes.unwrap_or("?".to_owned()),
                comment.reasoned
            ));
        }
        out
    }

    #[test]
    fn comments_count_for_their_line_the_next_or_a_statement() {
        insta::assert_snapshot!(told("a = 1 // alloy-rs: allow(AR0201) it is so\n"), @r#"1..=1 AR0201 reason=true without="a = 1\n""#);
        insta::assert_snapshot!(told("b { // alloy-rs: allow(AR0201)\n}\n"), @r#"1..=1 AR0201 reason=false without="b {\n}\n""#);
        insta::assert_snapshot!(
            told("b {\n\t// alloy-rs: allow(AR0201, AR0202 ) why\n\t// more\n\n\tc {\n\t\ta = 1\n\t}\n}\n"),
            @r#"5..=7 AR0201+AR0202 reason=true without="b {\n\t// more\n\n\tc {\n\t\ta = 1\n\t}\n}\n""#
        );
        insta::assert_snapshot!(told("a = [\n\t// alloy-rs: allow(AR0201) why\n\t1,\n\t2,\n]\n"), @r#"3..=3 AR0201 reason=true without="a = [\n\t1,\n\t2,\n]\n""#);
        insta::assert_snapshot!(told("/* alloy-rs: allow(AR0201) why */ a = [\n\t1,\n]\n"), @r#"1..=3 AR0201 reason=true without=" a = [\n\t1,\n]\n""#);
        insta::assert_snapshot!(told("// alloy-rs: ignore\n// alloy-rs: allow()\n//alloy-rs:allow(AR0201)-\n"), @r#"
        1..=1 ? reason=true without="// alloy-rs: allow()\n//alloy-rs:allow(AR0201)-\n"
        2..=2 ? reason=true without="// alloy-rs: ignore\n//alloy-rs:allow(AR0201)-\n"
        3..=3 AR0201 reason=false without="// alloy-rs: ignore\n// alloy-rs: allow()\n"
        "#);
        assert_eq!(
            told("// alloy-rs is a program\na = \"// alloy-rs: allow(AR0201) x\"\n"),
            ""
        );
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text in "(// ?|/\\* ?|alloy-rs: ?|allow|\\(|\\)|AR0201|,| why|\n|é|a \\{|\\}|\\*/|\"){0,24}") {
            let file = SourceFile::new("a.alloy", text.as_str());
            for comment in find(FileId(0), &file) {
                proptest::prop_assert!(text.get(comment.cut.range()).is_some());
                proptest::prop_assert!(text.get(comment.span.range()).is_some());
                for code in comment.codes.iter().flatten() {
                    proptest::prop_assert_eq!(text.get(code.span.range()), Some(code.written.as_str()));
                }
            }
        }
    }
}
