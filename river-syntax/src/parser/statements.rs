//! Bodies, attributes and blocks.

use super::{Mark, Parser};
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
                if let Some(habit) = self.trailing_comma() {
                    if let Some(error) = self.expected("the end of the statement") {
                        habit.to(error);
                    }
                    // No line's end is seen behind a comma: the next statement follows at once.
                    self.bump();
                    self.eat(SyntaxKind::Terminator);
                    continue;
                }
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
            let habit = self.habit_of_statement();
            if let (Some(error), Some(habit)) = (self.expected("an identifier"), habit) {
                habit.to(error);
            }
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
            SyntaxKind::LCurly => self.block_body(mark),
            _ => {
                self.no_body(mark.token, dotted, label.is_some());
                if self.at(SyntaxKind::Terminator) && self.ahead(1) == SyntaxKind::LCurly {
                    // Told already; what is in the block is read as if the brace stood on the line before.
                    self.bump();
                    self.block_body(mark);
                    return;
                }
                self.skip_statement();
                self.finish(mark, SyntaxKind::Error);
            }
        }
    }

    /// From the brace on.
    fn block_body(&mut self, mark: Mark) {
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
        let habit = self.habit_of_name(first);
        if let Some(error) = self.expected("`=`, a label or `{`")
            && error.help.is_none()
            && let Some(habit) = habit
        {
            habit.to(error);
        }
    }

    fn no_body(&mut self, first: u32, dotted: bool, labelled: bool) {
        let habit = if labelled {
            self.habit_of_label(first)
        } else {
            None
        };
        let what = if dotted || labelled {
            "a block body (`{`)"
        } else {
            "`=` or a block body (`{`)"
        };
        if let Some(error) = self.expected(what)
            && error.help.is_none()
            && let Some(habit) = habit
        {
            habit.to(error);
        }
    }

    /// `a.b = …` or `a "l" = …`; the `=` is taken.
    fn attribute_name(&mut self, first: u32, end: u32, dotted: bool) {
        let span = Span::new(self.file, self.tokens.start(first), self.tokens.start(end));
        let mut error = if dotted {
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
        if self.at(SyntaxKind::LCurly)
            && let Some(sign) = self.end_of_last.checked_sub(1)
        {
            error.help = Some("a block has no `=` before its `{`".to_owned());
            let sign = self.span(sign);
            error.fix = Some(Fix {
                title: "take the `=` away".to_owned(),
                edits: vec![Edit {
                    span: Span::new(self.file, sign.start, self.here().start),
                    replacement: String::new(),
                }],
                safe: false,
            });
        }
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
