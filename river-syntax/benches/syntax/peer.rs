//! The same grammar with chumsky over the same tokens, to measure against.
//!
//! It builds an owned tree without layout, less than the crate's own parser does.

use chumsky::error::EmptyErr;
use chumsky::pratt::{infix, left, postfix, prefix, right};
use chumsky::prelude::*;
use river_syntax::{SyntaxKind, Tokens, lex};

/// An expression; numbers are positions in the input.
#[expect(dead_code, reason = "what a parser has to build, though nobody reads it here")]
#[derive(Debug)]
pub(crate) enum Expr {
    Literal(usize),
    Name(usize),
    Access(Box<Expr>, usize),
    Index(Box<Expr>, Box<Expr>),
    Call(Box<Expr>, Vec<Expr>),
    Unary(SyntaxKind, Box<Expr>),
    Binary(Box<Expr>, SyntaxKind, Box<Expr>),
    Paren(Box<Expr>),
    List(Vec<Expr>),
    Object(Vec<(usize, Expr)>),
    Wrong,
}

/// A statement.
#[expect(dead_code, reason = "as above")]
#[derive(Debug)]
pub(crate) enum Statement {
    Attribute(usize, Expr),
    Block(Vec<usize>, Option<usize>, Vec<Statement>),
    Wrong,
}

/// Tokens without layout, with the terminators that line ends make; and the token of each.
fn input(text: &str, tokens: &Tokens) -> (Vec<SyntaxKind>, Vec<u32>) {
    let mut kinds = Vec::with_capacity(tokens.len() / 2);
    let mut places = Vec::with_capacity(tokens.len() / 2);
    let mut ends = false;
    for (at, &kind) in tokens.kinds().iter().enumerate() {
        let line_ends = kind == SyntaxKind::Newline
            || kind == SyntaxKind::BlockComment && text[tokens.range(at as u32)].contains('\n');
        if line_ends && ends {
            kinds.push(SyntaxKind::Terminator);
            places.push(at as u32);
            ends = false;
        }
        if !kind.is_trivia() {
            kinds.push(kind);
            places.push(at as u32);
            ends = matches!(
                kind,
                SyntaxKind::Ident
                    | SyntaxKind::Number
                    | SyntaxKind::Float
                    | SyntaxKind::String
                    | SyntaxKind::RawString
                    | SyntaxKind::Null
                    | SyntaxKind::Bool
                    | SyntaxKind::RCurly
                    | SyntaxKind::RParen
                    | SyntaxKind::RBrack
            );
        }
    }
    (kinds, places)
}

type Kinds<'k> = &'k [SyntaxKind];

/// The grammar; `recovery` adds the ways to go on after a mistake.
fn grammar<'k, E>(recovery: bool) -> impl Parser<'k, Kinds<'k>, Vec<Statement>, E>
where
    E: extra::ParserExtra<'k, Kinds<'k>, State = (), Context = ()> + 'k,
{
    use SyntaxKind as K;
    let expr = recursive(|expr| {
        let literal = one_of([K::Number, K::Float, K::String, K::RawString, K::Null, K::Bool])
            .map_with(|_, extra| Expr::Literal(start(extra.span())));
        let name = just(K::Ident).map_with(|_, extra| Expr::Name(start(extra.span())));
        let items = expr
            .clone()
            .separated_by(just(K::Comma))
            .allow_trailing()
            .collect::<Vec<_>>();
        let field = one_of([K::Ident, K::String])
            .map_with(|_, extra| start(extra.span()))
            .then_ignore(just(K::Eq))
            .then(expr.clone());
        let list = items
            .clone()
            .delimited_by(just(K::LBrack), just(K::RBrack))
            .map(Expr::List);
        let object = field
            .separated_by(just(K::Comma))
            .allow_trailing()
            .collect()
            .delimited_by(just(K::LCurly), just(K::RCurly))
            .map(Expr::Object);
        let paren = expr
            .clone()
            .delimited_by(just(K::LParen), just(K::RParen))
            .map(|inner| Expr::Paren(Box::new(inner)));
        let atom = choice((literal, name, list, object, paren));
        let atom = if recovery {
            atom.recover_with(via_parser(nested_delimiters(
                K::LBrack,
                K::RBrack,
                [(K::LParen, K::RParen), (K::LCurly, K::RCurly)],
                |_| Expr::Wrong,
            )))
            .boxed()
        } else {
            atom.boxed()
        };
        let binary =
            |left: Expr, operator: K, right: Expr| Expr::Binary(Box::new(left), operator, Box::new(right));
        atom.pratt((
            postfix(
                8,
                just(K::Dot).ignore_then(just(K::Ident).map_with(|_, extra| start(extra.span()))),
                |base, name, _| Expr::Access(Box::new(base), name),
            ),
            postfix(
                8,
                expr.clone().delimited_by(just(K::LBrack), just(K::RBrack)),
                |base, index, _| Expr::Index(Box::new(base), Box::new(index)),
            ),
            postfix(
                8,
                items.delimited_by(just(K::LParen), just(K::RParen)),
                |base, arguments, _| Expr::Call(Box::new(base), arguments),
            ),
            prefix(7, one_of([K::Bang, K::Minus]), |operator, operand, _| {
                Expr::Unary(operator, Box::new(operand))
            }),
            infix(right(6), just(K::Caret), move |l, o, r, _| binary(l, o, r)),
            infix(
                left(5),
                one_of([K::Star, K::Slash, K::Percent]),
                move |l, o, r, _| binary(l, o, r),
            ),
            infix(left(4), one_of([K::Plus, K::Minus]), move |l, o, r, _| {
                binary(l, o, r)
            }),
            infix(
                left(3),
                one_of([K::EqEq, K::BangEq, K::Lt, K::Le, K::Gt, K::Ge]),
                move |l, o, r, _| binary(l, o, r),
            ),
            infix(left(2), just(K::AndAnd), move |l, o, r, _| binary(l, o, r)),
            infix(left(1), just(K::OrOr), move |l, o, r, _| binary(l, o, r)),
        ))
    });
    recursive(move |statements| {
        let name = just(K::Ident)
            .map_with(|_, extra| start(extra.span()))
            .separated_by(just(K::Dot))
            .at_least(1)
            .collect::<Vec<_>>();
        let label = just(K::String).map_with(|_, extra| start(extra.span())).or_not();
        let attribute = just(K::Ident)
            .map_with(|_, extra| start(extra.span()))
            .then_ignore(just(K::Eq))
            .then(expr)
            .map(|(name, value)| Statement::Attribute(name, value));
        let block = name
            .then(label)
            .then(statements.delimited_by(just(K::LCurly), just(K::RCurly)))
            .map(|((name, label), body)| Statement::Block(name, label, body));
        let statement = attribute.or(block);
        let statement = if recovery {
            let rest_of_line = none_of([K::Terminator, K::RCurly]).repeated().at_least(1);
            statement
                .recover_with(via_parser(rest_of_line.map(|()| Statement::Wrong)))
                .boxed()
        } else {
            statement.boxed()
        };
        statement
            .separated_by(just(K::Terminator))
            .allow_trailing()
            .collect()
    })
    .then_ignore(end())
}

fn start(span: SimpleSpan) -> usize {
    span.start
}

/// With errors that say what was expected, and recovery; gives the first byte and the text of each.
pub(crate) fn recovering(text: &str) -> (Option<Vec<Statement>>, Vec<(u32, String)>) {
    let tokens = lex(text);
    let (kinds, places) = input(text, &tokens);
    let parser = grammar::<extra::Err<Rich<'_, SyntaxKind>>>(true);
    let (statements, errors) = parser.parse(kinds.as_slice()).into_output_errors();
    let errors = errors.iter().map(|error| {
        let place = places
            .get(error.span().start)
            .copied()
            .unwrap_or(tokens.len() as u32);
        (tokens.start(place), format!("{error:?}"))
    });
    (statements, errors.collect())
}

/// The fastest way to use chumsky: it answers only whether the text is right.
pub(crate) fn bare(text: &str) -> Option<Vec<Statement>> {
    let tokens = lex(text);
    let (kinds, _) = input(text, &tokens);
    grammar::<extra::Err<EmptyErr>>(false)
        .parse(kinds.as_slice())
        .into_output()
}
