//! What stands between `{{` and `}}`.

use super::super::Mistake;
use super::functions::{BUILT_IN, nearest};
use super::lexer::{Kind, Token};
use std::ops::Range;

pub(super) struct Parser<'a> {
    text: &'a str,
    tokens: &'a [Token],
    /// Where the action ends: the place of what is missing.
    end: usize,
    at: usize,
    knows: &'a dyn Fn(&str) -> bool,
    /// Those in scope, `$` not counted.
    variables: &'a mut Vec<String>,
    /// Parentheses that are open.
    depth: u32,
}

/// Parentheses that may be open at once: a bound on the stack.
const MAX_DEPTH: u32 = 100;

/// What an action does to the blocks around it.
pub(super) enum Step {
    Open(&'static str),
    /// Whether another condition follows.
    Else(bool),
    End,
    /// `break` or `continue`.
    Jump,
    Plain,
}

impl<'a> Parser<'a> {
    pub(super) fn new(
        text: &'a str,
        tokens: &'a [Token],
        end: usize,
        knows: &'a dyn Fn(&str) -> bool,
        variables: &'a mut Vec<String>,
    ) -> Self {
        Self {
            text,
            tokens,
            end,
            at: 0,
            knows,
            variables,
            depth: 0,
        }
    }

    /// A whole action.
    pub(super) fn action(&mut self) -> Result<Step, Mistake> {
        let Some(first) = self.peek() else {
            return Err(Mistake::new(self.end..self.end, "the action is empty").with_help("take `{{}}` away"));
        };
        let word = self.word(first);
        let open = ["if", "with", "range"].into_iter().find(|known| *known == word);
        if let Some(keyword) = open {
            self.condition(keyword)?;
            return Ok(Step::Open(keyword));
        }
        match word {
            "define" | "block" | "template" => {
                self.skip();
                self.name()?;
            }
            "else" | "end" | "break" | "continue" => self.skip(),
            _ => {}
        }
        match word {
            "define" => self.end().map(|()| Step::Open("define")),
            "block" => self.pipeline().map(|()| Step::Open("block")),
            "template" if self.peek().is_none() => Ok(Step::Plain),
            "template" => self.pipeline().map(|()| Step::Plain),
            "else" => match self.peek().map(|next| self.word(next)) {
                Some("if") => self.condition("if").map(|()| Step::Else(true)),
                Some("with") => self.condition("with").map(|()| Step::Else(true)),
                _ => self.end().map(|()| Step::Else(false)),
            },
            "end" => self.end().map(|()| Step::End),
            "break" | "continue" => self.end().map(|()| Step::Jump),
            _ => self.pipeline().map(|()| Step::Plain),
        }
    }

    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    fn word(&self, token: &Token) -> &'a str {
        &self.text[token.range.clone()]
    }

    fn skip(&mut self) {
        self.at += 1;
    }

    fn missing(&self) -> Range<usize> {
        let at = self.tokens.last().map_or(self.end, |token| token.range.end);
        at..at
    }

    /// Nothing more may stand in the action.
    fn end(&self) -> Result<(), Mistake> {
        match self.peek() {
            None => Ok(()),
            Some(token) => Err(self.unexpected(token)),
        }
    }

    fn unexpected(&self, token: &Token) -> Mistake {
        let word = self.word(token);
        let mistake = match token.kind {
            Kind::Close => Mistake::new(token.range.clone(), "`)` closes nothing"),
            _ => Mistake::new(token.range.clone(), format!("unexpected `{word}`")),
        };
        match token.kind {
            Kind::Assign => mistake.with_help("compare with eq: `{{ if eq .Value \"x\" }}`"),
            _ => mistake,
        }
    }

    fn name(&mut self) -> Result<(), Mistake> {
        match self.peek() {
            Some(token) if token.kind == Kind::Constant && self.word(token).starts_with(['"', '`']) => {
                self.skip();
                Ok(())
            }
            Some(token) => Err(Mistake::new(token.range.clone(), "a template's name is a string")),
            None => Err(Mistake::new(self.missing(), "a template's name is missing")),
        }
    }

    /// A keyword and its pipeline.
    fn condition(&mut self, keyword: &str) -> Result<(), Mistake> {
        self.skip();
        if self.peek().is_none() {
            return Err(Mistake::new(self.missing(), format!("`{keyword}` needs a value")));
        }
        self.pipeline()
    }

    /// A whole pipeline, with what it declares.
    fn pipeline(&mut self) -> Result<(), Mistake> {
        let declared = self.declarations()?;
        self.commands()?;
        self.variables.extend(declared);
        self.end()
    }

    /// `$x :=`, `$i, $x :=` or `$x =`.
    fn declarations(&mut self) -> Result<Vec<String>, Mistake> {
        let mut names = Vec::new();
        let mut at = self.at;
        while let Some(token) = self.tokens.get(at).filter(|token| token.kind == Kind::Variable) {
            names.push(self.word(token).to_owned());
            match self.tokens.get(at + 1).map(|token| token.kind) {
                Some(Kind::Declare) => {
                    self.at = at + 2;
                    return Ok(names);
                }
                Some(Kind::Assign) => {
                    for name in &names {
                        self.variable(name, token)?;
                    }
                    self.at = at + 2;
                    return Ok(Vec::new());
                }
                Some(Kind::Comma) => at += 2,
                _ => break,
            }
        }
        Ok(Vec::new())
    }

    fn variable(&self, name: &str, token: &Token) -> Result<(), Mistake> {
        if name == "$" || self.variables.iter().any(|known| known == name) {
            return Ok(());
        }
        Err(
            Mistake::new(token.range.clone(), format!("there is no variable {name}"))
                .with_help("declare it before: `{{ $name := .Value }}`"),
        )
    }

    fn commands(&mut self) -> Result<(), Mistake> {
        let mut is_first = true;
        loop {
            let start = self.at;
            let mut operands = 0;
            while let Some(token) = self.peek() {
                match token.kind {
                    Kind::Pipe | Kind::Close => break,
                    _ => {}
                }
                self.operand(token, operands == 0)?;
                operands += 1;
            }
            if operands == 0 {
                return Err(match (is_first, self.peek()) {
                    (true, Some(token)) => self.unexpected(token),
                    (true, None) => Mistake::new(self.missing(), "a value is missing"),
                    (false, _) => Mistake::new(self.missing(), "a function is missing after `|`")
                        .with_help("take the `|` away, or name the function that takes the value"),
                });
            }
            if !is_first
                && let Some(first) = self.tokens.get(start)
                && (first.kind == Kind::Constant
                    || first.kind == Kind::Dot
                    || matches!(self.word(first), "true" | "false" | "nil"))
            {
                return Err(
                    Mistake::new(first.range.clone(), "a constant cannot take what is piped to it")
                        .with_help("name a function after `|`"),
                );
            }
            is_first = false;
            match self.peek() {
                Some(token) if token.kind == Kind::Pipe => self.skip(),
                _ => return Ok(()),
            }
        }
    }

    fn operand(&mut self, token: &'a Token, is_first: bool) -> Result<(), Mistake> {
        let word = self.word(token);
        if !token.spaced && !is_first && !matches!(token.kind, Kind::Close) {
            return Err(self.unexpected(token));
        }
        match token.kind {
            Kind::Word => {
                if !matches!(word, "true" | "false" | "nil")
                    && !BUILT_IN.contains(&word)
                    && !(self.knows)(word)
                {
                    let mistake = Mistake::new(token.range.clone(), format!("there is no function {word}"));
                    return Err(match nearest(word) {
                        Some(near) => mistake.with_help(format!("did you mean {near}?")),
                        None => mistake.with_help(format!("a value is read with a dot: `{{{{ .{word} }}}}`")),
                    });
                }
                self.skip();
            }
            Kind::Variable => {
                self.variable(word, token)?;
                self.skip();
            }
            Kind::Dot | Kind::Field | Kind::Constant => self.skip(),
            Kind::Open => {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(Mistake::new(token.range.clone(), "nested too deep"));
                }
                self.skip();
                self.commands()?;
                match self.peek() {
                    Some(close) if close.kind == Kind::Close => self.skip(),
                    _ => {
                        return Err(
                            Mistake::new(token.range.clone(), "the parenthesis is never closed")
                                .with_help("add `)`"),
                        );
                    }
                }
                self.depth -= 1;
            }
            _ => return Err(self.unexpected(token)),
        }
        // Fields of what was just read: `.a.b`, `$x.y`, `(f).z`, `now.UTC`.
        while let Some(next) = self
            .peek()
            .filter(|next| next.kind == Kind::Field && !next.spaced)
        {
            if token.kind == Kind::Constant || matches!(word, "true" | "false" | "nil") {
                return Err(self.unexpected(next));
            }
            self.skip();
        }
        Ok(())
    }
}
