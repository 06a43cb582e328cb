//! A template as it runs. What is built here has passed the checks, so that odd forms need no good message.

use super::super::Mistake;
use super::call::{self, Function};
use super::lexer::{self, Kind, Piece, Token};
use super::value::Value;
use std::collections::BTreeMap;
use std::ops::Range;

/// What a template does, in order.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Text(Box<str>),
    /// Prints, or only sets variables.
    Pipe(Pipe),
    If(Pipe, Vec<Node>, Vec<Node>),
    With(Pipe, Vec<Node>, Vec<Node>),
    Range(Pipe, Vec<Node>, Vec<Node>),
    Template(Box<str>, Option<Pipe>),
    Break,
    Continue,
}

#[derive(Clone, Debug)]
pub(super) struct Pipe {
    /// Variables that it sets, and whether they are new.
    pub(super) variables: Vec<Box<str>>,
    pub(super) declares: bool,
    pub(super) commands: Vec<Vec<Term>>,
}

#[derive(Clone, Debug)]
pub(super) struct Term {
    pub(super) base: Base,
    pub(super) fields: Vec<Box<str>>,
}

#[derive(Clone, Debug)]
pub(super) enum Base {
    Dot,
    Variable(Box<str>),
    Constant(Value),
    Function(Function),
    Pipe(Pipe),
}

/// The nodes of a template, and those of the templates that it defines.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
    pub(super) defined: BTreeMap<Box<str>, Vec<Node>>,
}

/// A block that is open while the tree is built.
struct Open {
    kind: Block,
    pipe: Option<Pipe>,
    name: Box<str>,
    then: Vec<Node>,
    /// The nodes after `else`.
    otherwise: Option<Vec<Node>>,
    /// Whether the end of this block ends the one around it, too (`else if`).
    chained: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Block {
    If,
    With,
    Range,
    Define,
    DefineAndRun,
}

/// Builds the tree of a template that [`check`](super::check) passes.
pub(super) fn build(text: &str) -> Result<Tree, Mistake> {
    let mut builder = Builder {
        text,
        tree: Tree::default(),
        open: Vec::new(),
    };
    let mut trim_next = false;
    let mut pending: Option<Range<usize>> = None;
    for piece in lexer::pieces(text) {
        let (outer, inner) = match piece? {
            Piece::Text(range) => {
                pending = Some(range);
                continue;
            }
            Piece::Comment(range) => (range, None),
            Piece::Action(inner) => {
                let before = &text[..inner.start];
                let start = before.len() - if before.ends_with("{{-") { 3 } else { 2 };
                let after = &text[inner.end..];
                let end = inner.end + if after.starts_with('-') { 3 } else { 2 };
                (start..end, Some(inner))
            }
        };
        let trims_before = text[outer.clone()].starts_with("{{-")
            && text[outer.start + 3..].starts_with(|c: char| c.is_ascii_whitespace());
        builder.text(pending.take(), trim_next, trims_before);
        trim_next = text[outer.clone()].ends_with("-}}");
        if let Some(inner) = inner {
            builder.action(inner)?;
        }
    }
    builder.text(pending.take(), trim_next, false);
    Ok(builder.tree)
}

struct Builder<'a> {
    text: &'a str,
    tree: Tree,
    open: Vec<Open>,
}

impl Builder<'_> {
    fn push(&mut self, node: Node) {
        let nodes = match self.open.last_mut() {
            Some(open) => open.otherwise.as_mut().unwrap_or(&mut open.then),
            None => &mut self.tree.nodes,
        };
        nodes.push(node);
    }

    fn text(&mut self, range: Option<Range<usize>>, trim_start: bool, trim_end: bool) {
        let Some(mut text) = range.map(|range| &self.text[range]) else {
            return;
        };
        if trim_start {
            text = text.trim_ascii_start();
        }
        if trim_end {
            text = text.trim_ascii_end();
        }
        if !text.is_empty() {
            self.push(Node::Text(text.into()));
        }
    }

    fn action(&mut self, range: Range<usize>) -> Result<(), Mistake> {
        let tokens = lexer::tokens(self.text, range)?;
        let mut parser = Parser {
            text: self.text,
            tokens: &tokens,
            at: 0,
        };
        let word = parser.peek().map_or("", |token| &self.text[token.range.clone()]);
        match word {
            "if" | "with" | "range" => {
                let kind = parser.block();
                let pipe = parser.pipe()?;
                self.begin(kind, Some(pipe), "".into(), false);
            }
            "define" | "block" => {
                let kind = parser.block();
                let name = parser.name();
                let pipe = if kind == Block::DefineAndRun {
                    Some(parser.pipe()?)
                } else {
                    None
                };
                self.begin(kind, pipe, name, false);
            }
            "template" => {
                parser.at += 1;
                let name = parser.name();
                let pipe = match parser.peek() {
                    Some(_) => Some(parser.pipe()?),
                    None => None,
                };
                self.push(Node::Template(name, pipe));
            }
            "else" => {
                parser.at += 1;
                if let Some(open) = self.open.last_mut() {
                    open.otherwise = Some(Vec::new());
                }
                if parser.peek().is_some() {
                    let kind = parser.block();
                    let pipe = parser.pipe()?;
                    self.begin(kind, Some(pipe), "".into(), true);
                }
            }
            "end" => self.end(),
            "break" => self.push(Node::Break),
            "continue" => self.push(Node::Continue),
            _ => {
                let pipe = parser.pipe()?;
                self.push(Node::Pipe(pipe));
            }
        }
        Ok(())
    }

    fn begin(&mut self, kind: Block, pipe: Option<Pipe>, name: Box<str>, chained: bool) {
        self.open.push(Open {
            kind,
            pipe,
            name,
            then: Vec::new(),
            otherwise: None,
            chained,
        });
    }

    fn end(&mut self) {
        while let Some(open) = self.open.pop() {
            let otherwise = open.otherwise.unwrap_or_default();
            match (open.kind, open.pipe) {
                (Block::If, Some(pipe)) => self.push(Node::If(pipe, open.then, otherwise)),
                (Block::With, Some(pipe)) => self.push(Node::With(pipe, open.then, otherwise)),
                (Block::Range, Some(pipe)) => self.push(Node::Range(pipe, open.then, otherwise)),
                (_, pipe) => {
                    self.tree.defined.insert(open.name.clone(), open.then);
                    if open.kind == Block::DefineAndRun {
                        self.push(Node::Template(open.name, pipe));
                    }
                }
            }
            if !open.chained {
                break;
            }
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: &'a [Token],
    at: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    fn word(&self, token: &Token) -> &'a str {
        &self.text[token.range.clone()]
    }

    fn block(&mut self) -> Block {
        let word = self.peek().map_or("", |token| self.word(token));
        self.at += 1;
        match word {
            "if" => Block::If,
            "with" => Block::With,
            "range" => Block::Range,
            "block" => Block::DefineAndRun,
            _ => Block::Define,
        }
    }

    fn name(&mut self) -> Box<str> {
        let name = self.peek().and_then(|token| constant(self.word(token)));
        self.at += 1;
        match name {
            Some(Value::Text(name)) => (&*name).into(),
            _ => "".into(),
        }
    }

    fn pipe(&mut self) -> Result<Pipe, Mistake> {
        let mut variables: Vec<Box<str>> = Vec::new();
        let mut declares = false;
        let mut at = self.at;
        while let Some(token) = self.tokens.get(at).filter(|token| token.kind == Kind::Variable) {
            variables.push(self.word(token).into());
            match self.tokens.get(at + 1).map(|token| token.kind) {
                Some(kind @ (Kind::Declare | Kind::Assign)) => {
                    declares = kind == Kind::Declare;
                    self.at = at + 2;
                    break;
                }
                Some(Kind::Comma) => at += 2,
                _ => {
                    variables.clear();
                    break;
                }
            }
        }
        let mut commands = Vec::new();
        loop {
            let mut terms = Vec::new();
            while let Some(token) = self.peek() {
                if matches!(token.kind, Kind::Pipe | Kind::Close) {
                    break;
                }
                terms.push(self.term(token)?);
            }
            commands.push(terms);
            match self.peek() {
                Some(token) if token.kind == Kind::Pipe => self.at += 1,
                _ => break,
            }
        }
        Ok(Pipe {
            variables,
            declares,
            commands,
        })
    }

    fn term(&mut self, token: &Token) -> Result<Term, Mistake> {
        let word = self.word(token);
        self.at += 1;
        let mut fields: Vec<Box<str>> = Vec::new();
        let base = match token.kind {
            Kind::Dot => Base::Dot,
            Kind::Field => {
                fields.push(word[1..].into());
                Base::Dot
            }
            Kind::Variable => Base::Variable(word.into()),
            Kind::Open => {
                let pipe = self.pipe()?;
                // The checks have seen the closing one.
                self.at += 1;
                Base::Pipe(pipe)
            }
            Kind::Word => match word {
                "true" => Base::Constant(Value::Bool(true)),
                "false" => Base::Constant(Value::Bool(false)),
                "nil" => Base::Constant(Value::Nil),
                name => match call::find(name) {
                    Some(function) => Base::Function(function),
                    None => {
                        return Err(Mistake::new(
                            token.range.clone(),
                            format!("the function {name} is not supported by this agent"),
                        )
                        .with_help(call::instead_of(name)));
                    }
                },
            },
            _ => match constant(word) {
                Some(value) => Base::Constant(value),
                None => {
                    return Err(Mistake::new(
                        token.range.clone(),
                        format!("`{word}` is no valid constant"),
                    ));
                }
            },
        };
        while let Some(next) = self
            .peek()
            .filter(|next| next.kind == Kind::Field && !next.spaced)
        {
            fields.push(self.word(next)[1..].into());
            self.at += 1;
        }
        Ok(Term { base, fields })
    }
}

/// The value of a string, a character or a number as Go writes it.
fn constant(word: &str) -> Option<Value> {
    match word.as_bytes().first()? {
        b'`' => Some(Value::text(word.strip_prefix('`')?.strip_suffix('`')?)),
        b'"' => Some(Value::text(&unescape(
            word.strip_prefix('"')?.strip_suffix('"')?,
        )?)),
        b'\'' => {
            let text = unescape(word.strip_prefix('\'')?.strip_suffix('\'')?)?;
            Some(Value::Int(i64::from(u32::from(text.chars().next()?))))
        }
        _ => number(word),
    }
}

fn number(word: &str) -> Option<Value> {
    let word = word.replace('_', "");
    let (sign, digits) = match word.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", word.strip_prefix('+').unwrap_or(&word)),
    };
    let lower = digits.to_ascii_lowercase();
    let radix = |prefix: &str, radix| {
        let digits = lower.strip_prefix(prefix)?;
        i64::from_str_radix(&format!("{sign}{digits}"), radix).ok()
    };
    let whole = radix("0x", 16)
        .or_else(|| radix("0o", 8))
        .or_else(|| radix("0b", 2))
        .or_else(|| radix("0", 8))
        .or_else(|| format!("{sign}{lower}").parse().ok());
    match whole {
        Some(whole) => Some(Value::Int(whole)),
        None => format!("{sign}{lower}").parse().ok().map(Value::Float),
    }
}

/// What stands between the quotes of a Go string; `None` where an escape is not valid.
fn unescape(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    let code = |chars: &mut std::str::Chars<'_>, digits: usize, radix: u32| {
        let mut code = 0;
        for _ in 0..digits {
            code = code * radix + chars.next()?.to_digit(radix)?;
        }
        char::from_u32(code)
    };
    while let Some(char) = chars.next() {
        if char != '\\' {
            out.push(char);
            continue;
        }
        let mut ahead = chars.clone();
        out.push(match chars.next()? {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'v' => '\u{b}',
            'x' => code(&mut chars, 2, 16)?,
            'u' => code(&mut chars, 4, 16)?,
            'U' => code(&mut chars, 8, 16)?,
            '0'..='7' => {
                let char = code(&mut ahead, 3, 8)?;
                chars = ahead;
                char
            }
            char @ ('\\' | '"' | '\'') => char,
            _ => return None,
        });
    }
    Some(out)
}
