//! From tokens to a lossless tree and a list of errors. Never fails.
//!
//! Recursive descent over the tokens of [`Input`], writing nodes in post-order. Why not a combinator library: `docs/parser-choice.md`.
//! The grammar is told in `docs/language.md`.

mod errors;
mod expressions;
mod habits;
mod input;
mod statements;

use crate::ast;
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::kind::SyntaxKind;
use crate::lexer::{MAX_TEXT_BYTES, Tokens, lex};
use crate::source::{FileId, Span};
use crate::tree::{Node, NodeData, Tree};
use input::Input;
pub use statements::is_identifier;
use std::sync::Arc;

/// How deep brackets and blocks may nest, operators before an operand count too. Far above what people write, far below what a thread's
/// stack holds.
pub const MAX_DEPTH: u32 = 400;

/// How deep an expression's tree may be. `a + b + c …` and `a.b.c …` are as deep as they are long, so this bounds the stack that a walk over
/// a tree needs.
pub const MAX_HEIGHT: u32 = 1000;

/// Errors that are kept of one text; beyond, a text is no configuration.
const MAX_ERRORS: usize = 1000;

/// A tree with what is wrong with its text.
#[derive(Clone, Debug)]
pub struct Parse {
    /// The tree; every byte of the text can be printed back from it.
    pub tree: Tree,
    /// What is wrong, in order of places.
    pub errors: Vec<Diagnostic>,
}

impl Parse {
    /// The statements of a file.
    pub fn body(&self) -> Option<ast::Body<'_>> {
        self.tree.root()?.children_from_last().find_map(ast::Body::cast)
    }

    /// The expression of a text parsed as one.
    pub fn expression(&self) -> Option<ast::Expr<'_>> {
        self.tree.root()?.children().into_iter().find_map(ast::Expr::cast)
    }

    /// The node that holds all others.
    pub fn root(&self) -> Option<Node<'_>> {
        self.tree.root()
    }
}

/// Parses a whole file.
pub fn parse_file(file: FileId, text: impl Into<Arc<str>>) -> Parse {
    parse(file, text.into(), |parser| {
        parser.body(SyntaxKind::Eof, None);
    })
}

/// Parses one expression; what follows its end of line is not read, as in the reference.
pub fn parse_expression(file: FileId, text: impl Into<Arc<str>>) -> Parse {
    parse(file, text.into(), |parser| {
        parser.expression();
        if !parser.at(SyntaxKind::Terminator) && !parser.at(SyntaxKind::Eof) {
            parser.expected("the end of the expression");
        }
    })
}

fn parse(file: FileId, text: Arc<str>, grammar: impl FnOnce(&mut Parser<'_>)) -> Parse {
    let tokens = lex(&text);
    let input = Input::new(&text, &tokens);
    let mut parser = Parser {
        file,
        text: &text,
        tokens: &tokens,
        input,
        at: 0,
        end_of_last: 0,
        // Measured on configurations: 2.6 tokens a node.
        nodes: Vec::with_capacity(tokens.len() / 5 * 2 + 4),
        errors: Vec::new(),
        last_error_line_end: 0,
        depth: 0,
        height: 0,
    };
    grammar(&mut parser);
    parser.check_last_comment();
    parser.check_nul_bytes();
    if text.len() > MAX_TEXT_BYTES {
        let end = tokens.start(tokens.len() as u32);
        let error = Diagnostic::error(
            &codes::TOO_LONG,
            Span::new(file, end, end),
            "the file is longer than 4 GiB, and was not read beyond",
        );
        parser.errors.push(error.with_help("split it into several files"));
    }
    let (mut nodes, mut errors) = (parser.nodes, parser.errors);
    nodes.push(NodeData {
        kind: SyntaxKind::File,
        first_below: 0,
        first: 0,
        end: tokens.len() as u32,
    });
    errors.sort_by_key(|error| (error.primary.span.start, error.primary.span.end));
    Parse {
        tree: Tree::new(file, text.clone(), tokens, nodes),
        errors,
    }
}

/// Where a node began: how many nodes there were, and its first token.
#[derive(Clone, Copy)]
struct Mark {
    nodes: u32,
    token: u32,
}

struct Parser<'t> {
    file: FileId,
    text: &'t str,
    tokens: &'t Tokens,
    input: Input,
    /// Position in the input.
    at: usize,
    /// The token after the last one taken.
    end_of_last: u32,
    nodes: Vec<NodeData>,
    errors: Vec<Diagnostic>,
    /// Of the line where the last error was: one error a line, as what follows it there is mostly its echo.
    last_error_line_end: u32,
    /// Brackets and blocks that are open.
    depth: u32,
    /// How deep the tree of the last expression is.
    height: u32,
}

impl Parser<'_> {
    #[inline]
    fn kind(&self) -> SyntaxKind {
        self.input.kind(self.at)
    }

    #[inline]
    fn ahead(&self, by: usize) -> SyntaxKind {
        self.input.kind(self.at + by)
    }

    #[inline]
    fn at(&self, kind: SyntaxKind) -> bool {
        self.kind() == kind
    }

    #[inline]
    fn token(&self) -> u32 {
        self.input.token(self.at)
    }

    /// Takes the token, reporting it if it is wrong in itself.
    #[inline]
    fn bump(&mut self) {
        let kind = self.kind();
        if kind == SyntaxKind::Eof {
            return;
        }
        if matches!(
            kind,
            SyntaxKind::BadEscape
                | SyntaxKind::OpenString
                | SyntaxKind::OpenRawString
                | SyntaxKind::SingleQuoted
                | SyntaxKind::BadNumber
                | SyntaxKind::HalfOperator
                | SyntaxKind::Illegal
        ) {
            self.wrong_token();
        }
        if kind != SyntaxKind::Terminator {
            self.end_of_last = self.token() + 1;
        }
        self.at += 1;
    }

    /// Takes the token if it is of a kind.
    #[inline]
    fn eat(&mut self, kind: SyntaxKind) -> bool {
        let found = self.at(kind);
        if found {
            self.bump();
        }
        found
    }

    fn mark(&self) -> Mark {
        Mark {
            nodes: self.nodes.len() as u32,
            token: self.token(),
        }
    }

    /// Ends a node that began at a mark.
    fn finish(&mut self, mark: Mark, kind: SyntaxKind) {
        // A node that took nothing lies right behind what was taken last, so that it is inside of the nodes around it.
        let end = self.end_of_last;
        self.nodes.push(NodeData {
            kind,
            first_below: mark.nodes,
            first: mark.token.min(end),
            end,
        });
    }

    fn span(&self, token: u32) -> Span {
        Span::new(self.file, self.tokens.start(token), self.tokens.end(token))
    }

    /// Where the token at hand stands; of a terminator or the end of the text, a place without width.
    fn here(&self) -> Span {
        match self.kind() {
            SyntaxKind::Terminator | SyntaxKind::Eof => {
                let start = self.tokens.start(self.token());
                Span::new(self.file, start, start)
            }
            _ => self.span(self.token()),
        }
    }

    /// Goes one level deeper; where that is too deep, reports it and answers false.
    fn deeper(&mut self) -> bool {
        if self.depth < MAX_DEPTH {
            self.depth += 1;
            return true;
        }
        self.too_deep();
        false
    }
}

#[cfg(test)]
mod tests;
