//! The walk over the tree: which tokens, and which layout between them.

use super::Placing;
use super::lines::Lines;
use super::writer::{Layout, Writer};
use crate::ast::{Attribute, Block, Body, CallExpr, Expr, Field, ListExpr, ObjectExpr, Statement};
use crate::kind::SyntaxKind;
use crate::tree::{Node, Tree};

pub(super) struct Walker<'t> {
    tree: &'t Tree,
    lines: &'t Lines,
    placing: Placing,
    out: Writer<'t>,
    /// Children that are still to be written of the nodes at work, the next one last.
    waiting: Vec<Node<'t>>,
}

impl<'t> Walker<'t> {
    pub(super) fn new(tree: &'t Tree, lines: &'t Lines, placing: Placing) -> Self {
        Self {
            tree,
            lines,
            placing,
            out: Writer::new(tree, lines, placing),
            waiting: Vec::new(),
        }
    }

    pub(super) fn file(&mut self) {
        let body = self
            .tree
            .root()
            .and_then(|root| root.children_from_last().find_map(Body::cast));
        if let Some(body) = body {
            let base = self.wait_for(body.node());
            self.statements(base);
        }
    }

    pub(super) fn finish(self) -> String {
        let mut text = self.out.finish();
        text.push('\n');
        text
    }

    fn first_line(&self, node: Node<'t>) -> u32 {
        self.lines.start(node.first_token())
    }

    fn last_line(&self, node: Node<'t>) -> u32 {
        self.lines.end(node.end_token().saturating_sub(1))
    }

    /// Puts a node's children down to be written; gives how many were waiting before.
    fn wait_for(&mut self, node: Node<'t>) -> usize {
        let base = self.waiting.len();
        // They come last first, as they are to lie.
        self.waiting.extend(node.children_from_last());
        base
    }

    /// The next of the children that wait above a base.
    fn next_above(&mut self, base: usize) -> Option<Node<'t>> {
        if self.waiting.len() > base {
            self.waiting.pop()
        } else {
            None
        }
    }

    /// Writes the statements that wait above a base.
    fn statements(&mut self, base: usize) {
        let mut before: Option<Node<'t>> = None;
        while let Some(node) = self.next_above(base) {
            let Some(statement) = Statement::cast(node) else {
                continue;
            };
            if let Some(before) = before {
                // Blocks are parted by an empty line; an empty line between other statements is kept.
                let parted = self.first_line(node).saturating_sub(self.last_line(before)) > 1;
                if matches!(statement, Statement::Block(_)) || parted {
                    self.out.want(Layout::Section);
                }
            }
            match statement {
                Statement::Attribute(attribute) => self.attribute(attribute),
                Statement::Block(block) => self.block(block),
            }
            // What goes over several lines is in no column with what follows.
            let one_line = self.first_line(node) == self.last_line(node);
            self.out.want(if one_line {
                Layout::Newline
            } else {
                Layout::Section
            });
            before = Some(node);
        }
    }

    fn attribute(&mut self, attribute: Attribute<'t>) {
        self.out.place_at(attribute.node().first_token());
        self.out.text(attribute.name());
        self.out.want(Layout::Column);
        let sign = self.token_in(attribute.node(), attribute.node().first_token(), SyntaxKind::Eq);
        self.out.punctuation(sign, "=");
        self.out.want(Layout::Blank);
        if let Some(value) = attribute.value() {
            self.expression(value);
        }
    }

    fn block(&mut self, block: Block<'t>) {
        self.out.place_at(block.node().first_token());
        match self.placing {
            Placing::Reference => self.out.text(&block.name()),
            Placing::Exact => {
                for token in block.name_tokens() {
                    self.out.punctuation(Some(token), self.tree.token_text(token));
                }
            }
        }
        if let Some((label, span)) = block.label() {
            let written = self.tree.text().get(span.range()).unwrap_or("");
            let node = block
                .node()
                .children_from_last()
                .find(|child| child.kind() == SyntaxKind::Label);
            self.out.want(Layout::Blank);
            if let Some(node) = node {
                self.out.place_at(node.first_token());
            }
            if written.starts_with('"') && written.len() == label.len() + 2 {
                self.out.text(written);
            } else {
                self.out.text(&format!("\"{label}\""));
            }
        }
        self.out.want(Layout::Blank);
        if let Some(open) = block.open_brace() {
            self.out.place_at(open);
        }
        self.out.text("{");
        self.out.want(Layout::Indent);
        let base = self.waiting.len();
        if let Some(body) = block.body() {
            self.wait_for(body.node());
        }
        if self.waiting.len() == base {
            self.out.want(Layout::Blank);
        } else {
            self.out.want(Layout::Section);
            self.statements(base);
        }
        self.out.want(Layout::Unindent);
        if let Some(close) = block.close_brace() {
            self.out.place_at(close);
        }
        self.out.text("}");
    }

    fn expression(&mut self, expression: Expr<'t>) {
        match expression {
            Expr::Literal(literal) => {
                self.out.place_at(literal.node().first_token());
                self.literal(literal.text(), literal.kind());
            }
            Expr::Ident(ident) => {
                self.out.place_at(ident.node().first_token());
                self.out.text(ident.name());
            }
            Expr::Access(access) => {
                self.maybe(access.base());
                let after = access.base().map_or(0, |base| base.node().end_token());
                let dot = self.token_in(access.node(), after, SyntaxKind::Dot);
                self.out.punctuation(dot, ".");
                if let Some((name, _)) = access.name() {
                    self.out.punctuation(access.name_token(), name);
                }
            }
            Expr::Index(index) => {
                self.maybe(index.base());
                let after = index.base().map_or(0, |base| base.node().end_token());
                let end = index.node().end_token();
                let open = self.token_in(index.node(), after, SyntaxKind::LBrack);
                if let Some(open) = open {
                    self.out.place_at(open);
                }
                self.out.text("[");
                self.maybe(index.index());
                self.out.place_at(end.saturating_sub(1));
                self.out.text("]");
            }
            Expr::Call(call) => self.call(call),
            Expr::Unary(unary) => {
                self.out.place_at(unary.node().first_token());
                self.out.text(if unary.operator() == SyntaxKind::Bang {
                    "!"
                } else {
                    "-"
                });
                self.maybe(unary.operand());
            }
            Expr::Binary(binary) => {
                self.maybe(binary.left());
                self.out.want(Layout::Blank);
                if let Some(token) = binary.operator_token() {
                    self.out.place_at(token);
                    self.out.text(self.tree.token_text(token));
                }
                self.out.want(Layout::Blank);
                self.maybe(binary.right());
            }
            Expr::Paren(paren) => {
                let node = paren.node();
                self.out.punctuation(Some(node.first_token()), "(");
                self.maybe(paren.inner());
                self.out.punctuation(node.end_token().checked_sub(1), ")");
            }
            Expr::List(list) => self.list(list),
            Expr::Object(object) => self.object(object),
        }
    }

    /// The first token of a kind in a node, from one of its tokens on.
    fn token_in(&self, node: Node<'t>, from: u32, wanted: SyntaxKind) -> Option<u32> {
        node.find_token(from..node.end_token(), |kind| kind == wanted)
    }

    /// The comma after an item of a bracket; one that is not in the source has no place.
    fn comma(&mut self, bracket: Node<'t>, item: Node<'t>) {
        let next = bracket.find_token(item.end_token()..bracket.end_token(), |kind| !kind.is_trivia());
        let comma = next.filter(|&token| self.tree.tokens().kind(token) == SyntaxKind::Comma);
        self.out.punctuation(comma, ",");
    }

    fn maybe(&mut self, expression: Option<Expr<'t>>) {
        if let Some(expression) = expression {
            self.expression(expression);
        }
    }

    /// A literal's text. Line ends of a raw string end columns; a tab in one is part of the string.
    fn literal(&mut self, text: &str, kind: SyntaxKind) {
        if kind == SyntaxKind::RawString && text.contains(['\t', '\n']) {
            self.out.literal(text);
        } else {
            self.out.text(text);
        }
    }

    fn list(&mut self, list: ListExpr<'t>) {
        let node = list.node();
        let close = node.end_token().saturating_sub(1);
        self.out.place_at(node.first_token());
        self.out.text("[");
        let base = self.wait_for(node);
        let mut line = self.lines.start(node.first_token());
        let mut last = None;
        while let Some(item) = self.next_above(base) {
            let own_line = self.first_line(item) != line;
            if own_line {
                // Before the line's end, so that comments in front of the item are indented, too.
                self.out.want(Layout::Indent);
                self.out.want(Layout::Section);
            } else if last.is_some() {
                self.out.want(Layout::Blank);
            }
            line = self.last_line(item);
            self.maybe(Expr::cast(item));
            if self.waiting.len() > base {
                self.comma(node, item);
            }
            if own_line {
                self.out.want(Layout::Unindent);
            }
            last = Some(item);
        }
        if let Some(last) = last.filter(|_| line != self.lines.start(close)) {
            self.comma(node, last);
            self.out.want(Layout::Indent);
            self.out.want(Layout::Section);
            self.out.want(Layout::Unindent);
        }
        self.out.place_at(close);
        self.out.text("]");
    }

    fn object(&mut self, object: ObjectExpr<'t>) {
        let node = object.node();
        let close = node.end_token().saturating_sub(1);
        self.out.place_at(node.first_token());
        self.out.text("{");
        self.out.want(Layout::Indent);
        let base = self.wait_for(node);
        let mut line = self.lines.start(node.first_token());
        let mut before: Option<Field<'t>> = None;
        while let Some(child) = self.next_above(base) {
            let Some(field) = Field::cast(child) else {
                continue;
            };
            let key = field.node().first_token();
            if self.lines.start(key) != line {
                // Signs are aligned with those of a field of one line above.
                let one_line = before
                    .and_then(|field| field.value())
                    .is_some_and(|value| self.first_line(value.node()) == self.last_line(value.node()));
                self.out.want(if one_line {
                    Layout::Newline
                } else {
                    Layout::Section
                });
            } else if before.is_some() {
                self.out.want(Layout::Blank);
            }
            line = self.lines.end(key);
            self.out.place_at(key);
            self.key(field.key().0);
            self.out.want(Layout::Column);
            let sign = self.token_in(field.node(), key, SyntaxKind::Eq);
            self.out.punctuation(sign, "=");
            self.out.want(Layout::Blank);
            self.maybe(field.value());
            if self.waiting.len() > base {
                self.comma(node, field.node());
            }
            before = Some(field);
        }
        if let Some(last) = before.filter(|_| line != self.lines.start(close)) {
            self.comma(node, last.node());
            self.out.want(Layout::Section);
        }
        self.out.want(Layout::Unindent);
        self.out.place_at(close);
        self.out.text("}");
    }

    /// A key as it is written; between backticks it may be, and is then quoted as the reference does.
    fn key(&mut self, key: &str) {
        match key.strip_prefix('`').and_then(|key| key.strip_suffix('`')) {
            Some(raw) if !raw.is_empty() => {
                let mut quoted = String::with_capacity(raw.len() + 2);
                quoted.push('"');
                for c in raw.chars() {
                    match c {
                        '"' | '\\' => quoted.extend(['\\', c]),
                        '\n' => quoted.push_str("\\n"),
                        '\t' => quoted.push_str("\\t"),
                        c => quoted.push(c),
                    }
                }
                quoted.push('"');
                self.out.text(&quoted);
            }
            _ => self.out.text(key),
        }
    }

    fn call(&mut self, call: CallExpr<'t>) {
        let node = call.node();
        let close = node.end_token().saturating_sub(1);
        let base = self.wait_for(node);
        let callee = self.next_above(base);
        self.maybe(callee.and_then(Expr::cast));
        let after = callee.map_or(0, |callee| callee.end_token());
        let open = self.token_in(node, after, SyntaxKind::LParen).unwrap_or(close);
        self.out.punctuation(Some(open), "(");
        let mut line = self.lines.start(open);
        let mut last = None;
        while let Some(argument) = self.next_above(base) {
            let own_line = self.first_line(argument) != line;
            if own_line {
                self.out.want(Layout::Section);
                self.out.want(Layout::Indent);
            }
            self.maybe(Expr::cast(argument));
            line = self.last_line(argument);
            if self.waiting.len() > base {
                self.comma(node, argument);
                self.out.want(Layout::Blank);
            }
            if own_line {
                self.out.want(Layout::Unindent);
            }
            last = Some(argument);
        }
        if let Some(last) = last.filter(|_| line != self.lines.start(close)) {
            self.comma(node, last);
            self.out.want(Layout::Section);
        }
        self.out.punctuation(Some(close), ")");
    }
}
