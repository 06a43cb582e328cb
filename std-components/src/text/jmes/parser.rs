//! From words to a tree, by precedence. Beyond the grammar it refuses what could never work: unknown functions, wrong numbers of arguments,
//! variables that nothing binds, a slice with a step of 0.

use super::super::Mistake;
use super::functions::{self, EXPRESSION, Function};
use super::lexer::{self, Token};
use super::tree::{Argument, Comparison, Node, Operation, Slice};
use std::ops::Range;

/// How deep expressions go at the most, operators one after another counted.
const MAX_DEPTH: usize = 150;

/// How tightly what follows a projection is bound to it.
const PROJECTION: u8 = 20;

pub(super) fn parse(expression: &str) -> Result<Node, Mistake> {
    let mut parser = Parser {
        text: expression,
        tokens: lexer::tokens(expression)?,
        at: 0,
        depth: 0,
        variables: Vec::new(),
    };
    let node = parser.expression(0)?;
    match parser.peek() {
        Token::End => Ok(node),
        _ => Err(parser.unexpected()),
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<(Token, Range<usize>)>,
    at: usize,
    depth: usize,
    /// Those that are bound here.
    variables: Vec<String>,
}

impl Parser<'_> {
    fn ahead(&self, by: usize) -> &Token {
        self.tokens
            .get(self.at + by)
            .map_or(&Token::End, |(token, _)| token)
    }

    fn peek(&self) -> &Token {
        self.ahead(0)
    }

    /// The place of the next word.
    fn place(&self) -> Range<usize> {
        let end = self.text.len()..self.text.len();
        self.tokens.get(self.at).map_or(end, |(_, place)| place.clone())
    }

    fn next(&mut self) -> Token {
        match self.tokens.get_mut(self.at) {
            // Each word is taken once.
            Some((token, _)) if *token != Token::End => {
                self.at += 1;
                std::mem::replace(token, Token::Current)
            }
            _ => Token::End,
        }
    }

    fn takes(&mut self, token: &Token) -> bool {
        let is_next = self.peek() == token;
        if is_next {
            self.at += 1;
        }
        is_next
    }

    fn expect(&mut self, token: &Token, written: &str) -> Result<(), Mistake> {
        if self.takes(token) {
            return Ok(());
        }
        Err(self.missing(&format!("`{written}`")))
    }

    fn missing(&self, what: &str) -> Mistake {
        let place = self.place();
        match self.text.get(place.clone()) {
            Some("") | None => Mistake::new(place, format!("{what} is missing at the end")),
            Some(found) => Mistake::new(place, format!("{what} expected, not `{found}`")),
        }
    }

    fn unexpected(&self) -> Mistake {
        let place = self.place();
        let mistake = |message: String| Mistake::new(place.clone(), message);
        match (self.peek(), self.text.get(place.clone())) {
            (Token::End, _) => mistake("the expression ends too early".to_owned()),
            (Token::Number(number), _) => mistake(format!("unexpected number {number}"))
                .with_help(format!("numbers stand between backticks: `{number}`")),
            (_, found) => mistake(format!("unexpected `{}`", found.unwrap_or_default())),
        }
    }

    fn expression(&mut self, power: u8) -> Result<Node, Mistake> {
        let depth = self.depth;
        self.deeper()?;
        let mut left = self.first()?;
        while power < self::power(self.peek()) {
            self.deeper()?;
            left = self.then(left)?;
        }
        self.depth = depth;
        Ok(left)
    }

    fn deeper(&mut self) -> Result<(), Mistake> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Mistake::new(
                self.place(),
                "the expression is too long or too deep",
            ));
        }
        Ok(())
    }

    /// What can begin an expression.
    fn first(&mut self) -> Result<Node, Mistake> {
        let place = self.place();
        match self.peek() {
            Token::Name(name) if name == "let" && matches!(self.ahead(1), Token::Variable(_)) => {
                self.next();
                return self.bindings();
            }
            Token::Name(_) | Token::Quoted(_) | Token::Variable(_) | Token::Literal(_) => {}
            Token::Current
            | Token::Root
            | Token::Plus
            | Token::Minus
            | Token::Star
            | Token::Filter
            | Token::Flatten
            | Token::OpenBrace
            | Token::OpenBracket
            | Token::Not
            | Token::OpenParen => {}
            Token::Reference => {
                return Err(
                    Mistake::new(place, "`&` stands only before an argument of a function")
                        .with_help("such as `sort_by(list, &name)`; and is `&&`"),
                );
            }
            _ => return Err(self.unexpected()),
        }
        match self.next() {
            Token::Name(name) => {
                if self.takes(&Token::OpenParen) {
                    return self.call(&name, place);
                }
                Ok(Node::Field(name))
            }
            Token::Quoted(name) => {
                if *self.peek() == Token::OpenParen {
                    return Err(Mistake::new(
                        place,
                        "the name of a function stands without quotes",
                    ));
                }
                Ok(Node::Field(name))
            }
            Token::Variable(name) => {
                if !self.variables.contains(&name) {
                    return Err(
                        Mistake::new(place, format!("there is no variable ${name}")).with_help(format!(
                            "bind it: `let ${name} = a.b in …`; a name below the root is `$.{name}`"
                        )),
                    );
                }
                Ok(Node::Variable(name))
            }
            Token::Literal(value) => Ok(Node::Literal(value)),
            Token::Root => Ok(Node::Root),
            Token::Plus => Ok(Node::Sign(false, Box::new(self.expression(power(&Token::Plus))?))),
            Token::Minus => Ok(Node::Sign(true, Box::new(self.expression(power(&Token::Minus))?))),
            Token::Not => Ok(Node::Not(Box::new(self.expression(45)?))),
            Token::Star => {
                let each = self.of_each(PROJECTION)?;
                Ok(Node::Values(Box::new(Node::Current), Box::new(each)))
            }
            Token::Filter => self.filter(Node::Current),
            Token::Flatten => self.flat(Node::Current),
            Token::OpenBrace => self.hash(),
            Token::OpenBracket => match (self.peek(), self.ahead(1)) {
                (Token::Number(_) | Token::Colon, _) => self.index(Node::Current),
                (Token::Star, Token::CloseBracket) => self.items(Node::Current),
                _ => self.list(),
            },
            Token::OpenParen => {
                let node = self.expression(0)?;
                self.expect(&Token::CloseParen, ")")?;
                Ok(node)
            }
            _ => Ok(Node::Current),
        }
    }

    /// What can follow an expression.
    fn then(&mut self, left: Node) -> Result<Node, Mistake> {
        let place = self.at;
        let token = self.next();
        let power = power(&token);
        let left_of = Box::new;
        if let Some(comparison) = comparison(&token) {
            let right = self.expression(power)?;
            return Ok(Node::Compare(comparison, left_of(left), Box::new(right)));
        }
        if let Some(operation) = operation(&token) {
            let right = self.expression(power)?;
            return Ok(Node::Arithmetic(operation, left_of(left), Box::new(right)));
        }
        match token {
            Token::Dot => {
                if self.takes(&Token::Star) {
                    let each = self.of_each(power)?;
                    return Ok(Node::Values(left_of(left), Box::new(each)));
                }
                let right = self.after_dot(power)?;
                Ok(Node::Then(left_of(left), Box::new(right)))
            }
            Token::Pipe => Ok(Node::Pipe(left_of(left), Box::new(self.expression(power)?))),
            Token::Or => Ok(Node::Or(left_of(left), Box::new(self.expression(power)?))),
            Token::And => Ok(Node::And(left_of(left), Box::new(self.expression(power)?))),
            Token::Filter => self.filter(left),
            Token::Flatten => self.flat(left),
            Token::OpenBracket => match self.peek() {
                Token::Number(_) | Token::Colon => self.index(left),
                Token::Star => self.items(left),
                _ => Err(self
                    .missing("a number, `*` or `:`")
                    .with_help("several names of a value are `a.[b, c]`; a name is `a.\"b\"`")),
            },
            _ => {
                self.at = place;
                Err(self.unexpected())
            }
        }
    }

    fn after_dot(&mut self, power: u8) -> Result<Node, Mistake> {
        match self.peek() {
            Token::Name(_) | Token::Quoted(_) | Token::Star => self.expression(power),
            Token::OpenBracket => {
                self.next();
                self.list()
            }
            Token::OpenBrace => {
                self.next();
                self.hash()
            }
            _ => Err(self.missing("a name, `*`, `[` or `{`")),
        }
    }

    /// What is taken of each item of a projection.
    fn of_each(&mut self, power: u8) -> Result<Node, Mistake> {
        match self.peek() {
            token if self::power(token) < 10 => Ok(Node::Current),
            Token::OpenBracket | Token::Filter => self.expression(power),
            Token::Dot => {
                self.next();
                self.after_dot(power)
            }
            _ => Err(self.unexpected()),
        }
    }

    /// Behind `[`.
    fn items(&mut self, left: Node) -> Result<Node, Mistake> {
        self.next();
        self.expect(&Token::CloseBracket, "]")?;
        let each = self.of_each(PROJECTION)?;
        Ok(Node::Items(Box::new(left), Box::new(each)))
    }

    fn flat(&mut self, left: Node) -> Result<Node, Mistake> {
        let each = self.of_each(power(&Token::Flatten))?;
        Ok(Node::Flat(Box::new(left), Box::new(each)))
    }

    fn filter(&mut self, left: Node) -> Result<Node, Mistake> {
        let condition = self.expression(0)?;
        self.expect(&Token::CloseBracket, "]")?;
        let each = self.of_each(power(&Token::Filter))?;
        Ok(Node::Filter(Box::new(left), Box::new(condition), Box::new(each)))
    }

    /// Behind `[`, before a number or a colon.
    fn index(&mut self, left: Node) -> Result<Node, Mistake> {
        let mut slice = [None; 3];
        let mut colons = 0;
        loop {
            let place = self.place();
            match self.next() {
                Token::Colon if colons < 2 => colons += 1,
                Token::Number(number) if slice.get(colons) == Some(&None) => {
                    if colons == 2 && number == 0 {
                        return Err(Mistake::new(place, "the step of a slice cannot be 0"));
                    }
                    if let Some(part) = slice.get_mut(colons) {
                        *part = Some(number);
                    }
                }
                Token::CloseBracket => break,
                _ => {
                    self.at = self.at.saturating_sub(usize::from(!place.is_empty()));
                    return Err(self.missing("a number, `:` or `]`"));
                }
            }
        }
        let [start, stop, step] = slice;
        if colons == 0 {
            let index = Node::Index(start.unwrap_or(0));
            return Ok(Node::Then(Box::new(left), Box::new(index)));
        }
        let each = self.of_each(PROJECTION)?;
        let slice = Slice { start, stop, step };
        Ok(Node::Slice(Box::new(left), slice, Box::new(each)))
    }

    /// Behind `[`.
    fn list(&mut self) -> Result<Node, Mistake> {
        let mut nodes = Vec::new();
        loop {
            nodes.push(self.expression(0)?);
            if self.takes(&Token::CloseBracket) {
                return Ok(Node::List(nodes));
            }
            if !self.takes(&Token::Comma) {
                return Err(self.missing("`,` or `]`"));
            }
        }
    }

    /// Behind `{`.
    fn hash(&mut self) -> Result<Node, Mistake> {
        let mut pairs = Vec::new();
        loop {
            let (Token::Name(_) | Token::Quoted(_)) = self.peek() else {
                return Err(self.missing("a name"));
            };
            if let Token::Name(name) | Token::Quoted(name) = self.next() {
                self.expect(&Token::Colon, ":")?;
                pairs.push((name, self.expression(0)?));
            }
            if self.takes(&Token::CloseBrace) {
                return Ok(Node::Hash(pairs));
            }
            if !self.takes(&Token::Comma) {
                return Err(self.missing("`,` or `}`"));
            }
        }
    }

    /// Behind `let`. What is bound is seen behind `in` only.
    fn bindings(&mut self) -> Result<Node, Mistake> {
        let mut bound = Vec::new();
        loop {
            if !matches!(self.peek(), Token::Variable(_)) {
                return Err(self.missing("a variable"));
            }
            if let Token::Variable(name) = self.next() {
                self.expect(&Token::Assign, "=")?;
                bound.push((name, self.expression(0)?));
            }
            if matches!(self.peek(), Token::Name(name) if name == "in") {
                self.next();
                break;
            }
            if !self.takes(&Token::Comma) {
                return Err(self.missing("`,` or `in`"));
            }
        }
        let before = self.variables.len();
        self.variables.extend(bound.iter().map(|(name, _)| name.clone()));
        let node = self.expression(0)?;
        self.variables.truncate(before);
        Ok(Node::Let(bound, Box::new(node)))
    }

    /// Behind `(`.
    fn call(&mut self, name: &str, place: Range<usize>) -> Result<Node, Mistake> {
        let Some(function) = functions::find(name) else {
            let mistake = Mistake::new(place, format!("there is no function {name}"));
            return Err(match functions::nearest(name) {
                Some(near) => mistake.with_help(format!("did you mean {near}?")),
                None => mistake.with_help(format!("the functions are {}", functions::names())),
            });
        };
        let mut arguments = Vec::new();
        if !self.takes(&Token::CloseParen) {
            loop {
                let argument = self.argument(function, arguments.len())?;
                arguments.push(argument);
                if self.takes(&Token::CloseParen) {
                    break;
                }
                if !self.takes(&Token::Comma) {
                    return Err(self.missing("`,` or `)`"));
                }
            }
        }
        let (least, most) = (function.least(), function.most());
        if !(least..=most).contains(&arguments.len()) {
            let count = match (least, most) {
                (1, 1) => "1 argument".to_owned(),
                (least, most) if least == most => format!("{least} arguments"),
                (least, usize::MAX) => format!("at least {least}"),
                (least, most) => format!("{least} to {most} arguments"),
            };
            let given = arguments.len();
            return Err(
                Mistake::new(place, format!("{name} takes {count}, not {given}")).with_help(function.usage())
            );
        }
        Ok(Node::Call(function, arguments))
    }

    fn argument(&mut self, function: &Function, at: usize) -> Result<Argument, Mistake> {
        let place = self.place();
        let wants_expression = function.kind(at) == Some(EXPRESSION);
        match (self.takes(&Token::Reference), wants_expression) {
            (true, true) => self.expression(0).map(Argument::Expression),
            (false, false) => self.expression(0).map(Argument::Value),
            (true, false) => Err(Mistake::new(
                place,
                format!("{} takes a value here, not an expression", function.name),
            )
            .with_help("take the `&` away")),
            (false, true) => Err(Mistake::new(
                place,
                format!("{} takes an expression here, not a value", function.name),
            )
            .with_help("an expression for each item begins with `&`: `sort_by(list, &name)`")),
        }
    }
}

/// How tightly a word binds what stands left of it; 0 for what ends an expression.
fn power(token: &Token) -> u8 {
    match token {
        Token::Pipe => 1,
        Token::Or => 2,
        Token::And => 3,
        Token::Plus | Token::Minus => 6,
        token if operation(token).is_some() => 7,
        token if comparison(token).is_some() => 5,
        Token::Flatten => 9,
        Token::Filter => 21,
        Token::Dot => 40,
        Token::OpenBrace => 50,
        Token::OpenBracket => 55,
        Token::OpenParen => 60,
        _ => 0,
    }
}

fn comparison(token: &Token) -> Option<Comparison> {
    Some(match token {
        Token::Equal => Comparison::Equal,
        Token::Unequal => Comparison::Unequal,
        Token::Less => Comparison::Less,
        Token::LessOrEqual => Comparison::LessOrEqual,
        Token::Greater => Comparison::Greater,
        Token::GreaterOrEqual => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

fn operation(token: &Token) -> Option<Operation> {
    Some(match token {
        Token::Plus => Operation::Plus,
        Token::Minus => Operation::Minus,
        Token::Star | Token::Times => Operation::Times,
        Token::Divide => Operation::Divide,
        Token::DivideWhole => Operation::DivideWhole,
        Token::Modulo => Operation::Modulo,
        _ => return None,
    })
}
