//! Semantic tokens: what each word of a document is.

use crate::lsp::documents::Document;
use crate::lsp::positions::LineIndex;
use lsp_types::{
    Range, SemanticToken, SemanticTokenModifier, SemanticTokenType, SemanticTokens, SemanticTokensLegend,
};
use river_eval::stdlib;
use river_syntax::ast::{AccessExpr, Block, CallExpr, Expr, Field, IdentExpr};
use river_syntax::{Node, Parse, SyntaxKind};

/// What a token is, as an index into the legend's types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Class {
    /// Not told: layout and brackets.
    None,
    Comment,
    String,
    Number,
    Keyword,
    Operator,
    /// The name of a component or config block.
    Type,
    /// The name of a block inside of another.
    Struct,
    /// The name of an attribute, a field's key, or a field that is asked for.
    Property,
    /// A name in an expression.
    Variable,
    /// A namespace of the standard library.
    Namespace,
    /// A function of the standard library.
    Function,
    /// The label of a block.
    Label,
}

/// Types of tokens, in the order of [`Class`] behind its `None`.
const TYPES: [SemanticTokenType; 12] = [
    SemanticTokenType::COMMENT,
    SemanticTokenType::STRING,
    SemanticTokenType::NUMBER,
    SemanticTokenType::KEYWORD,
    SemanticTokenType::OPERATOR,
    SemanticTokenType::TYPE,
    SemanticTokenType::STRUCT,
    SemanticTokenType::PROPERTY,
    SemanticTokenType::VARIABLE,
    SemanticTokenType::NAMESPACE,
    SemanticTokenType::FUNCTION,
    // A label is what other blocks call this one by.
    SemanticTokenType::VARIABLE,
];

/// Tokens of one answer: some forty thousand lines. Of longer texts the rest is told when the editor asks for what it shows.
const MAX_TOKENS: usize = 200_000;

const DECLARATION: u32 = 1;
const DEFAULT_LIBRARY: u32 = 2;

/// What the numbers of an answer mean.
pub(crate) fn legend() -> SemanticTokensLegend {
    SemanticTokensLegend {
        token_types: TYPES.to_vec(),
        token_modifiers: vec![
            SemanticTokenModifier::DECLARATION,
            SemanticTokenModifier::DEFAULT_LIBRARY,
        ],
    }
}

/// The tokens of a document, or of the lines that a range touches.
pub(crate) fn of(document: &Document, range: Option<Range>) -> SemanticTokens {
    let parse = document.parse();
    let tokens = parse.tree.tokens();
    let (first, last, from) = match range {
        None => (0, tokens.len() as u32, 0),
        Some(range) => {
            let bytes = document.index.bytes(range);
            let first = tokens.at_offset(bytes.start);
            let line = document
                .index
                .line_start(document.index.line_of(tokens.start(first)));
            (first, tokens.at_offset(bytes.end) + 1, line)
        }
    };
    let classes = classes(parse, first..last);
    let mut writer = Writer::new(&document.index, from);
    for (token, class) in (first..last).zip(classes) {
        if writer.data.len() >= MAX_TOKENS {
            break;
        }
        if class != Class::None {
            writer.token(tokens.range(token), class);
        }
    }
    SemanticTokens {
        result_id: None,
        data: writer.data,
    }
}

/// What the tokens of a range are: by their kinds, then by the nodes that they are part of.
fn classes(parse: &Parse, range: std::ops::Range<u32>) -> Vec<Class> {
    let tokens = parse.tree.tokens();
    let mut classes: Vec<Class> = range.clone().map(|token| by_kind(tokens.kind(token))).collect();
    let mut set = |token: u32, class: Class| {
        if let Some(place) = token
            .checked_sub(range.start)
            .and_then(|at| classes.get_mut(at as usize))
        {
            *place = class;
        }
    };
    let mut waiting: Vec<(Node<'_>, bool)> = parse.root().map(|root| (root, true)).into_iter().collect();
    while let Some((node, outermost)) = waiting.pop() {
        if node.end_token() <= range.start || node.first_token() >= range.end {
            continue;
        }
        let mut below = outermost;
        match node.kind() {
            SyntaxKind::Attribute => set(node.first_token(), Class::Property),
            SyntaxKind::Block => {
                let class = if outermost { Class::Type } else { Class::Struct };
                name_of_block(node, class, &mut set);
                // What a module declares are blocks of the top level, too.
                below = outermost && Block::cast(node).is_some_and(|block| holds_statements(&block.name()));
            }
            _ => name_in_expression(node, &mut set),
        }
        waiting.extend(node.children_from_last().map(|child| (child, below)));
    }
    classes
}

/// Whether the body of a block holds what a file holds.
fn holds_statements(name: &str) -> bool {
    matches!(name, "declare" | "foreach" | "template")
}

fn name_of_block(node: Node<'_>, class: Class, set: &mut impl FnMut(u32, Class)) {
    for child in node.children_from_last() {
        match child.kind() {
            SyntaxKind::BlockName => {
                let idents = child.first_token()..child.end_token();
                for token in idents.filter(|&token| child.tree().tokens().kind(token) == SyntaxKind::Ident) {
                    set(token, class);
                }
            }
            SyntaxKind::Label => set(child.first_token(), Class::Label),
            _ => {}
        }
    }
}

fn name_in_expression(node: Node<'_>, set: &mut impl FnMut(u32, Class)) {
    if let Some(field) = Field::cast(node) {
        set(field.node().first_token(), Class::Property);
    } else if let Some(ident) = IdentExpr::cast(node) {
        let class = match ident.name() {
            name if stdlib::function(name).is_some() => Class::Function,
            name if stdlib::is_name(name) => Class::Namespace,
            _ => Class::Variable,
        };
        set(node.first_token(), class);
    } else if let Some(access) = AccessExpr::cast(node) {
        let Some(token) = access.name_token() else {
            return;
        };
        let function = access.base().is_some_and(|base| match base {
            Expr::Ident(base) => stdlib::is_name(base.name()) && stdlib::function(node.text()).is_some(),
            _ => false,
        });
        set(
            token,
            if function {
                Class::Function
            } else {
                Class::Property
            },
        );
    } else if let Some(call) = CallExpr::cast(node)
        && let Some(Expr::Ident(callee)) = call.callee()
    {
        set(callee.node().first_token(), Class::Function);
    }
}

fn by_kind(kind: SyntaxKind) -> Class {
    match kind {
        SyntaxKind::LineComment | SyntaxKind::BlockComment | SyntaxKind::OpenBlockComment => Class::Comment,
        SyntaxKind::String
        | SyntaxKind::RawString
        | SyntaxKind::BadEscape
        | SyntaxKind::OpenString
        | SyntaxKind::OpenRawString
        | SyntaxKind::SingleQuoted => Class::String,
        SyntaxKind::Number | SyntaxKind::Float | SyntaxKind::BadNumber => Class::Number,
        SyntaxKind::Null | SyntaxKind::Bool => Class::Keyword,
        SyntaxKind::OrOr
        | SyntaxKind::AndAnd
        | SyntaxKind::Bang
        | SyntaxKind::Eq
        | SyntaxKind::EqEq
        | SyntaxKind::BangEq
        | SyntaxKind::Lt
        | SyntaxKind::Le
        | SyntaxKind::Gt
        | SyntaxKind::Ge
        | SyntaxKind::Plus
        | SyntaxKind::Minus
        | SyntaxKind::Star
        | SyntaxKind::Slash
        | SyntaxKind::Percent
        | SyntaxKind::Caret => Class::Operator,
        _ => Class::None,
    }
}

/// Writes tokens as differences of places, going through the text once.
struct Writer<'d> {
    index: &'d LineIndex,
    /// The byte up to which the place is known, and the place.
    at: usize,
    line: u32,
    column: u32,
    last: (u32, u32),
    data: Vec<SemanticToken>,
}

impl<'d> Writer<'d> {
    /// From the first byte of a line.
    fn new(index: &'d LineIndex, from: u32) -> Self {
        Self {
            index,
            at: from as usize,
            line: index.line_of(from),
            column: 0,
            last: (0, 0),
            data: Vec::new(),
        }
    }

    /// Goes on to a byte.
    fn go_to(&mut self, at: usize) {
        let between = self.index.text().get(self.at..at).unwrap_or("");
        match memchr::memrchr(b'\n', between.as_bytes()) {
            None => self.column += self.index.encoding().len(between),
            Some(last) => {
                self.line += memchr::memchr_iter(b'\n', between.as_bytes()).count() as u32;
                self.column = self.index.encoding().len(between.get(last + 1..).unwrap_or(""));
            }
        }
        self.at = at;
    }

    /// A token; of one over several lines a part for each, as many clients take no others.
    fn token(&mut self, range: std::ops::Range<usize>, class: Class) {
        self.go_to(range.start);
        let text = self.index.text().get(range.clone()).unwrap_or("");
        let mut start = range.start;
        for line in text.split_inclusive('\n') {
            self.go_to(start);
            start += line.len();
            let length = self.index.encoding().len(line.trim_end_matches(['\n', '\r']));
            if length == 0 {
                continue;
            }
            let (last_line, last_column) = self.last;
            self.data.push(SemanticToken {
                delta_line: self.line - last_line,
                delta_start: if self.line == last_line {
                    self.column - last_column
                } else {
                    self.column
                },
                length,
                token_type: (class as u32).saturating_sub(1),
                token_modifiers_bitset: match class {
                    Class::Label => DECLARATION,
                    Class::Function | Class::Namespace => DEFAULT_LIBRARY,
                    _ => 0,
                },
            });
            self.last = (self.line, self.column);
        }
    }
}
