//! Expressions, by precedence.

use super::{MAX_ERRORS, MAX_HEIGHT, Mark, Parser};
use crate::codes;
use crate::diagnostic::{Diagnostic, Edit, Fix};
use crate::kind::SyntaxKind;
use crate::source::Span;

/// How tightly an operator binds; `^` is apart, as it groups from the right.
fn precedence(kind: SyntaxKind) -> Option<u8> {
    Some(match kind {
        SyntaxKind::OrOr => 1,
        SyntaxKind::AndAnd => 2,
        SyntaxKind::EqEq
        | SyntaxKind::BangEq
        | SyntaxKind::Lt
        | SyntaxKind::Le
        | SyntaxKind::Gt
        | SyntaxKind::Ge => 3,
        SyntaxKind::Plus | SyntaxKind::Minus => 4,
        SyntaxKind::Star | SyntaxKind::Slash | SyntaxKind::Percent => 5,
        _ => return None,
    })
}

/// What separates the items of a bracket and ends it.
struct Bracket {
    open: u32,
    close: SyntaxKind,
    what: &'static str,
    text: &'static str,
    list: &'static str,
}

fn is_space(kind: &&SyntaxKind) -> bool {
    **kind == SyntaxKind::Whitespace
}

impl Parser<'_> {
    /// `Expression`.
    pub(super) fn expression(&mut self) {
        if !self.deeper() {
            let mark = self.mark();
            self.skip_statement();
            self.finish(mark, SyntaxKind::Error);
            return;
        }
        self.binary(1);
        self.depth -= 1;
    }

    fn binary(&mut self, least: u8) {
        let mark = self.mark();
        self.power();
        while let Some(level) = self.operator().filter(|level| *level >= least) {
            let left = self.height;
            if self.too_high() {
                return;
            }
            self.bump();
            self.binary(level + 1);
            self.height = self.height.max(left) + 1;
            self.finish(mark, SyntaxKind::BinaryExpr);
        }
    }

    /// Whether the last expression's tree cannot take a level more; reports it and leaves the statement.
    fn too_high(&mut self) -> bool {
        if self.height < MAX_HEIGHT {
            return false;
        }
        self.too_deep();
        self.skip_statement();
        true
    }

    /// The level of the operator at hand. One `|` or `&` counts as the operator that was meant.
    fn operator(&self) -> Option<u8> {
        match self.kind() {
            SyntaxKind::HalfOperator => {
                Some(if self.text[self.tokens.range(self.token())].starts_with('|') {
                    1
                } else {
                    2
                })
            }
            kind => precedence(kind),
        }
    }

    fn power(&mut self) {
        let mark = self.mark();
        self.unary();
        if self.at(SyntaxKind::Caret) {
            if !self.deeper() {
                self.skip_statement();
                return;
            }
            let left = self.height;
            self.bump();
            self.power();
            self.depth -= 1;
            self.height = self.height.max(left) + 1;
            self.finish(mark, SyntaxKind::BinaryExpr);
        }
    }

    fn unary(&mut self) {
        if !matches!(self.kind(), SyntaxKind::Bang | SyntaxKind::Minus) {
            self.postfix();
            return;
        }
        let mark = self.mark();
        if !self.deeper() {
            self.skip_statement();
            self.finish(mark, SyntaxKind::Error);
            return;
        }
        self.bump();
        self.unary();
        self.depth -= 1;
        self.height += 1;
        self.finish(mark, SyntaxKind::UnaryExpr);
    }

    /// A primary expression with accesses, indices and calls after it.
    fn postfix(&mut self) {
        let mark = self.mark();
        self.primary();
        loop {
            let base = self.height;
            let goes_on = matches!(
                self.kind(),
                SyntaxKind::Dot | SyntaxKind::LBrack | SyntaxKind::LParen
            );
            if goes_on && self.too_high() {
                return;
            }
            match self.kind() {
                SyntaxKind::Dot => {
                    self.bump();
                    if !self.eat(SyntaxKind::Ident) {
                        self.expected("an identifier");
                        // A keyword here is taken as the name that was meant.
                        if matches!(self.kind(), SyntaxKind::Null | SyntaxKind::Bool) {
                            self.bump();
                        }
                    }
                    self.height = base + 1;
                    self.finish(mark, SyntaxKind::AccessExpr);
                }
                SyntaxKind::LBrack => {
                    let open = self.token();
                    self.bump();
                    self.expression();
                    if !self.eat(SyntaxKind::RBrack) {
                        self.unclosed(open, "index", "]");
                    }
                    self.height = self.height.max(base) + 1;
                    self.finish(mark, SyntaxKind::IndexExpr);
                }
                SyntaxKind::LParen => {
                    let open = self.token();
                    self.bump();
                    let bracket = Bracket {
                        open,
                        close: SyntaxKind::RParen,
                        what: "call",
                        text: ")",
                        list: "expression list",
                    };
                    self.items(&bracket, Self::expression);
                    self.height = self.height.max(base + 1);
                    self.finish(mark, SyntaxKind::CallExpr);
                }
                SyntaxKind::String | SyntaxKind::LCurly => {
                    self.block_as_expression(mark);
                    return;
                }
                _ => return,
            }
        }
    }

    /// `x = some.block "label" { … }`: a block where a value belongs.
    fn block_as_expression(&mut self, mark: Mark) {
        let start = self.tokens.start(mark.token);
        let is_block = self.at(SyntaxKind::LCurly) || self.ahead(1) == SyntaxKind::LCurly;
        if !is_block {
            // Two values side by side: what follows is the caller's to complain of.
            return;
        }
        self.eat(SyntaxKind::String);
        let open = self.token();
        if !self.deeper() {
            self.skip_statement();
            return;
        }
        self.bump();
        self.body(SyntaxKind::RCurly, Some(open));
        let closed = self.eat(SyntaxKind::RCurly);
        self.depth -= 1;
        let span = Span::new(self.file, start, self.tokens.start(self.end_of_last));
        let error = Diagnostic::error(
            &codes::BLOCK_AS_VALUE,
            span,
            "cannot use a block as an expression",
        )
        .with_help("blocks stand by themselves: take the `name =` away, and refer to the block's exports");
        // The inner errors are on later lines; this one is the cause and stands first.
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(error);
        }
        if !closed {
            self.unclosed(open, "block", "}");
        }
        self.finish(mark, SyntaxKind::Error);
    }

    fn primary(&mut self) {
        let mark = self.mark();
        self.height = 1;
        match self.kind() {
            SyntaxKind::Ident => {
                self.bump();
                self.finish(mark, SyntaxKind::IdentExpr);
            }
            SyntaxKind::Number | SyntaxKind::Float
                if self.ahead(1) == SyntaxKind::Ident
                    && self.input.token(self.at + 1) == self.token() + 1 =>
            {
                // `10s`: the number alone is not the value that was meant.
                self.bump();
                self.expected("the end of the number");
                self.bump();
                self.finish(mark, SyntaxKind::Error);
            }
            SyntaxKind::String
            | SyntaxKind::RawString
            | SyntaxKind::BadEscape
            | SyntaxKind::OpenString
            | SyntaxKind::OpenRawString
            | SyntaxKind::SingleQuoted
            | SyntaxKind::Number
            | SyntaxKind::Float
            | SyntaxKind::BadNumber
            | SyntaxKind::Null
            | SyntaxKind::Bool => {
                self.bump();
                self.finish(mark, SyntaxKind::LiteralExpr);
            }
            SyntaxKind::LParen => {
                let open = self.token();
                self.bump();
                self.expression();
                if !self.eat(SyntaxKind::RParen) {
                    self.unclosed(open, "parenthesis", ")");
                }
                self.height += 1;
                self.finish(mark, SyntaxKind::ParenExpr);
            }
            SyntaxKind::LBrack => {
                let open = self.token();
                self.bump();
                let bracket = Bracket {
                    open,
                    close: SyntaxKind::RBrack,
                    what: "list",
                    text: "]",
                    list: "expression list",
                };
                self.items(&bracket, Self::expression);
                self.finish(mark, SyntaxKind::ListExpr);
            }
            SyntaxKind::LCurly => {
                let open = self.token();
                self.bump();
                let bracket = Bracket {
                    open,
                    close: SyntaxKind::RCurly,
                    what: "object",
                    text: "}",
                    list: "field list",
                };
                self.items(&bracket, Self::field);
                self.finish(mark, SyntaxKind::ObjectExpr);
            }
            _ => {
                self.expected("an expression");
                // The rest of the item, so that the next one can be read; `${x}` with its braces.
                let mut open = 0_u32;
                loop {
                    match self.kind() {
                        SyntaxKind::Terminator | SyntaxKind::Eof => break,
                        SyntaxKind::LCurly => open += 1,
                        SyntaxKind::RCurly if open > 0 => open -= 1,
                        SyntaxKind::RParen | SyntaxKind::RCurly | SyntaxKind::RBrack | SyntaxKind::Comma => {
                            break;
                        }
                        _ => {}
                    }
                    self.bump();
                }
                self.finish(mark, SyntaxKind::Error);
            }
        }
    }

    /// `[ Item { "," Item } [ "," ] ]` and the closing bracket.
    fn items(&mut self, bracket: &Bracket, item: fn(&mut Self)) {
        let highest = self.items_height(bracket, item);
        self.height = highest + 1;
    }

    /// As [`Self::items`]; gives the height of the highest item.
    fn items_height(&mut self, bracket: &Bracket, item: fn(&mut Self)) -> u32 {
        let mut highest = 0;
        while !self.at(bracket.close) && !self.at(SyntaxKind::Eof) {
            let before = self.at;
            item(self);
            highest = highest.max(self.height);
            if self.at(bracket.close) {
                break;
            }
            if self.eat(SyntaxKind::Comma) {
                continue;
            }
            if self.at(SyntaxKind::Eof) {
                break;
            }
            if bracket.close != SyntaxKind::RCurly && self.at_attribute_sign() {
                self.unclosed(bracket.open, bracket.what, bracket.text);
                return highest;
            }
            self.missing_comma(bracket);
            // A statement seems to begin: the bracket was never closed.
            if self.at(SyntaxKind::Terminator) && self.looks_like_statement(bracket) {
                return highest;
            }
            self.eat(SyntaxKind::Terminator);
            self.eat(SyntaxKind::Comma);
            if self.at == before {
                // Something that is no item and no separator: leave it to the statement.
                return highest;
            }
        }
        if !self.eat(bracket.close) {
            self.unclosed(bracket.open, bracket.what, bracket.text);
        }
        highest
    }

    /// Whether the token at hand is the `=` of what stands alone as `name =` at the start of its line.
    fn at_attribute_sign(&self) -> bool {
        if !self.at(SyntaxKind::Eq) {
            return false;
        }
        let before = self.tokens.kinds().get(..self.token() as usize);
        let mut before = before.unwrap_or_default().iter().rev().skip_while(is_space);
        before.next() == Some(&SyntaxKind::Ident)
            && before.find(|kind| !is_space(kind)) == Some(&SyntaxKind::Newline)
    }

    fn missing_comma(&mut self, bracket: &Bracket) {
        let at_line_end = self.at(SyntaxKind::Terminator);
        let last = Span::new(
            self.file,
            self.tokens.start(self.end_of_last),
            self.tokens.start(self.end_of_last),
        );
        if at_line_end && self.looks_like_statement(bracket) {
            self.unclosed(bracket.open, bracket.what, bracket.text);
            return;
        }
        let closing = self.ahead(1) == bracket.close;
        let what = if at_line_end { " before the line's end" } else { "" };
        let mut error = Diagnostic::error(
            &codes::MISSING_COMMA,
            self.here(),
            format!("missing ',' in {}{what}", bracket.list),
        )
        .with_secondary(self.span(bracket.open), format!("in this {}", bracket.what));
        error.help = Some(match (at_line_end, closing) {
            (true, true) => {
                "add a comma after the last item, or close the bracket on the same line".to_owned()
            }
            _ => "add a comma after the item".to_owned(),
        });
        error.fix = Some(Fix {
            title: "add a comma".to_owned(),
            edits: vec![Edit {
                span: last,
                replacement: ",".to_owned(),
            }],
            safe: true,
        });
        if matches!(
            self.kind(),
            SyntaxKind::Illegal | SyntaxKind::SingleQuoted | SyntaxKind::HalfOperator
        ) {
            let before = self.errors.len();
            let span = self.here();
            let is_semicolon = self.text.get(span.range()) == Some(";");
            self.wrong_token();
            if is_semicolon
                && self.errors.len() > before
                && let Some(error) = self.errors.last_mut()
            {
                error.help = Some("items are separated by commas".to_owned());
                error.fix = Some(Fix {
                    title: "write a comma".to_owned(),
                    edits: vec![Edit {
                        span,
                        replacement: ",".to_owned(),
                    }],
                    safe: true,
                });
            }
            self.bump();
            return;
        }
        self.report(error);
    }

    /// Whether what follows the line's end begins a statement rather than an item of the bracket.
    fn looks_like_statement(&self, bracket: &Bracket) -> bool {
        if self.ahead(1) == SyntaxKind::Eof {
            return true;
        }
        if self.ahead(1) == SyntaxKind::RCurly && bracket.close != SyntaxKind::RCurly {
            return true;
        }
        if self.ahead(1) != SyntaxKind::Ident {
            return false;
        }
        let mut by = 2;
        while self.ahead(by) == SyntaxKind::Dot && self.ahead(by + 1) == SyntaxKind::Ident {
            by += 2;
        }
        match self.ahead(by) {
            // `name = value` is a field, too.
            SyntaxKind::Eq => bracket.close != SyntaxKind::RCurly,
            SyntaxKind::LCurly => true,
            SyntaxKind::String => self.ahead(by + 1) == SyntaxKind::LCurly,
            _ => false,
        }
    }

    /// `Field = ( string | identifier ) "=" Expression`.
    fn field(&mut self) {
        let mark = self.mark();
        match self.kind() {
            SyntaxKind::Ident | SyntaxKind::String | SyntaxKind::BadEscape | SyntaxKind::RawString => {
                self.bump();
            }
            _ => {
                self.height = 0;
                self.expected("a field's name (a string or an identifier)");
                while !matches!(
                    self.kind(),
                    SyntaxKind::Eq
                        | SyntaxKind::Comma
                        | SyntaxKind::RCurly
                        | SyntaxKind::Terminator
                        | SyntaxKind::Eof
                ) {
                    self.bump();
                }
                if !self.at(SyntaxKind::Eq) {
                    self.finish(mark, SyntaxKind::Error);
                    return;
                }
            }
        }
        if !self.eat(SyntaxKind::Eq) {
            let colon = self.text[self.tokens.range(self.token())].starts_with(':');
            if let Some(error) = self.expected("`=`") {
                error.help = error
                    .help
                    .take()
                    .or(Some("a field is written `name = value`".to_owned()));
            }
            if colon {
                self.bump();
            } else {
                self.finish(mark, SyntaxKind::Error);
                return;
            }
        }
        self.expression();
        self.finish(mark, SyntaxKind::Field);
    }
}
