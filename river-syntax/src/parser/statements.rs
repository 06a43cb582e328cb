//! Bodies, attributes and blocks.

use super::Parser;
use crate::codes;
use crate::diagnostic::{Diagnostic, Edit, Fix};
use crate::kind::SyntaxKind;
use crate::source::Span;

impl Parser<'_> {
    /// `Body = [ Statement { terminator Statement } ]`, up to a closing brace (`until`) or the end of the file.
    pub(super) fn body(&mut self, until: SyntaxKind, open: Option<u32>) {
        let mark = self.mark();
        // What stands in an empty block belongs to nobody: the body is empty and lies before it.
        let mut any = false;
        while !self.at(until) && !self.at(SyntaxKind::Eof) {
            if self.at(SyntaxKind::RCurly) && until == SyntaxKind::Eof {
                self.stray_brace();
                continue;
            }
            any = true;
            let before = self.at;
            self.statement();
            if self.at(until) || self.at(SyntaxKind::Eof) {
                break;
            }
            if !self.at(SyntaxKind::Terminator) {
                if !(self.at(SyntaxKind::RCurly) && until == SyntaxKind::Eof) {
                    self.expected("the end of the statement");
                    self.skip_statement();
                }
                if self.at(SyntaxKind::RCurly) {
                    continue;
                }
            }
            self.bump();
            debug_assert!(self.at > before, "a statement takes at least one token");
        }
        let _ = (any, open);
        self.finish(mark, SyntaxKind::Body);
    }

    /// A `}` that closes nothing.
    fn stray_brace(&mut self) {
        let mark = self.mark();
        let error = Diagnostic::error(
            &codes::UNEXPECTED_TOKEN,
            self.here(),
            "expected a statement, got `}`",
        )
        .with_help("no block is open here: take it away, or look above for a `}` too many");
        self.report(error);
        self.bump();
        self.finish(mark, SyntaxKind::Error);
        self.eat(SyntaxKind::Terminator);
    }

    /// `Statement = Attribute | Block`.
    fn statement(&mut self) {
        let mark = self.mark();
        if !self.at(SyntaxKind::Ident) {
            self.expected("an identifier");
            self.skip_statement();
            self.finish(mark, SyntaxKind::Error);
            return;
        }
        let dotted = self.block_name();
        let name_end = self.end_of_last;
        let label = self.label(mark.token);
        match self.kind() {
            SyntaxKind::Eq => {
                self.bump();
                if dotted || label.is_some() {
                    self.attribute_name(mark.token, name_end, dotted);
                }
                self.expression();
                self.finish(mark, SyntaxKind::Attribute);
            }
            SyntaxKind::LCurly => {
                let open = self.token();
                if !self.deeper() {
                    self.skip_statement();
                    self.finish(mark, SyntaxKind::Error);
                    return;
                }
                self.bump();
                self.body(SyntaxKind::RCurly, Some(open));
                if !self.eat(SyntaxKind::RCurly) {
                    self.unclosed(open, "block", "}");
                }
                self.depth -= 1;
                self.finish(mark, SyntaxKind::Block);
            }
            _ => {
                self.no_body(dotted, label.is_some());
                self.skip_statement();
                self.finish(mark, SyntaxKind::Error);
            }
        }
    }

    /// `BlockName = identifier { "." identifier }`; answers whether there is a dot.
    fn block_name(&mut self) -> bool {
        let mark = self.mark();
        self.bump();
        let mut dotted = false;
        while self.eat(SyntaxKind::Dot) {
            dotted = true;
            match self.kind() {
                SyntaxKind::Ident => self.bump(),
                SyntaxKind::Eof | SyntaxKind::Terminator | SyntaxKind::LCurly | SyntaxKind::Eq => {
                    self.expected("an identifier");
                }
                _ => {
                    self.expected("an identifier");
                    self.bump();
                }
            }
        }
        self.finish(mark, SyntaxKind::BlockName);
        dotted
    }

    /// `[ string ]` before `{` or `=`; its token.
    fn label(&mut self, first: u32) -> Option<u32> {
        let token = self.token();
        match self.kind() {
            SyntaxKind::Eq | SyntaxKind::LCurly => None,
            SyntaxKind::String | SyntaxKind::RawString | SyntaxKind::BadEscape | SyntaxKind::OpenString => {
                let mark = self.mark();
                self.check_label(token);
                self.bump();
                self.finish(mark, SyntaxKind::Label);
                Some(token)
            }
            _ => {
                self.no_label(first);
                None
            }
        }
    }

    fn check_label(&mut self, token: u32) {
        let text = &self.text[self.tokens.range(token)];
        let span = self.span(token);
        if text.starts_with('`') {
            let error = Diagnostic::error(
                &codes::BAD_LABEL,
                span,
                "a block's label must be a double quoted string, got a raw one",
            )
            .with_help("use double quotes");
            self.report(error);
            return;
        }
        let inner = text.trim_start_matches('"').trim_end_matches('"');
        if self.kind() == SyntaxKind::String && !inner.is_empty() && !is_identifier(inner) {
            let mended: String = inner
                .chars()
                .map(|c| if is_name_char(c) { c } else { '_' })
                .collect();
            let mended = if mended.starts_with(|c: char| c.is_numeric()) {
                format!("_{mended}")
            } else {
                mended
            };
            let fix = Fix {
                title: format!("change the label to \"{mended}\""),
                edits: vec![Edit {
                    span,
                    replacement: format!("\"{mended}\""),
                }],
                safe: false,
            };
            let error = Diagnostic::error(
                &codes::BAD_LABEL,
                span,
                format!(
                    "a block's label must be a valid identifier, got {:?}",
                    shortened(inner)
                ),
            )
            .with_help(format!(
                "letters, digits and `_` only, no digit first: \"{}\"",
                shortened(&mended)
            ))
            .with_fix(fix);
            self.report(error);
        }
    }

    /// Neither a label nor a brace nor `=` stands after a name.
    fn no_label(&mut self, first: u32) {
        let name = &self.text[self.tokens.range(first)];
        let help = match self.kind() {
            SyntaxKind::Illegal if self.text[self.tokens.range(self.token())].starts_with(':') => None,
            SyntaxKind::LParen => Some("a call is an expression: write `name = call(…)`".to_owned()),
            SyntaxKind::Terminator if self.ahead(1) == SyntaxKind::LCurly => {
                Some("put the `{` on the same line: a line's end ends the statement".to_owned())
            }
            SyntaxKind::Terminator if self.ahead(1) == SyntaxKind::Dot => {
                Some("write the dotted name on one line: a line's end ends the statement".to_owned())
            }
            SyntaxKind::Ident => Some(format!(
                "write `{name} = …` for an attribute, `{name} \"label\" {{ … }}` for a block"
            )),
            _ => Some(format!(
                "write `{name} = …` for an attribute, `{name} {{ … }}` for a block"
            )),
        };
        if let Some(error) = self.expected("`=`, a label or `{`")
            && error.help.is_none()
        {
            error.help = help;
        }
    }

    fn no_body(&mut self, dotted: bool, labelled: bool) {
        if dotted || labelled {
            self.expected("a block body (`{`)");
        } else {
            self.expected("`=` or a block body (`{`)");
        }
    }

    /// `a.b = …` or `a "l" = …`.
    fn attribute_name(&mut self, first: u32, end: u32, dotted: bool) {
        let span = Span::new(self.file, self.tokens.start(first), self.tokens.start(end));
        let error = if dotted {
            Diagnostic::error(
                &codes::ATTRIBUTE_NAME,
                span,
                "an attribute's name is a single identifier, without dots",
            )
            .with_help("write blocks for what lies deeper: `a { b = … }`")
        } else {
            Diagnostic::error(&codes::ATTRIBUTE_NAME, span, "an attribute takes no label")
                .with_help("take the quoted text before the `=` away")
        };
        self.report(error);
    }
}

/// As much of a text as a message shows.
fn shortened(text: &str) -> &str {
    text.char_indices().nth(60).map_or(text, |(end, _)| &text[..end])
}

fn is_name_char(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// Whether a text is an identifier.
pub fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c == '_' || c.is_alphabetic()) && chars.all(is_name_char)
}
