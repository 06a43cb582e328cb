//! JMESPath, the community's edition (<https://jmespath.site/main/>): what the reference's library takes, which is more than the crates of it know:
//! arithmetic, `let`, the root `$`, slices of texts, `group_by` and the functions of texts and pairs.
//!
//! An expression is parsed once, with all that can be told from it alone: functions that are not there, wrong numbers of arguments, variables that
//! nothing binds. It runs on parsed JSON, and copies of it only what its result needs.

mod functions;
mod lexer;
mod numbers;
mod parser;
mod run;
#[cfg(test)]
mod tests;
mod tree;

use super::Mistake;
use lexer::Token;
use serde_json::Value;
use std::borrow::Cow;
use std::ops::Range;

/// An expression that runs.
#[derive(Clone, Debug)]
pub struct Expression(tree::Node);

impl Expression {
    /// Parses an expression.
    ///
    /// # Errors
    /// The first mistake.
    pub fn new(expression: &str) -> Result<Self, Mistake> {
        parser::parse(expression)
            .map(Self)
            .map_err(|mistake| match (unquoted(expression), &mistake.help) {
                (Some(help), _) => mistake.with_help(help),
                (None, None) => mistake.with_help(
                    "a path is names with dots between, `a.b`; items of a list are `a[0]`; strings stand in single quotes, numbers between backticks",
                ),
                (None, Some(_)) => mistake,
            })
    }

    /// What it finds in a document; null where there is nothing.
    ///
    /// # Errors
    /// What is wrong, in a sentence: a function that got what it does not take, or a result that is no number.
    pub fn search<'a>(&'a self, document: &'a Value) -> Result<Cow<'a, Value>, &'static str> {
        run::Run::new(document).run(&self.0)
    }
}

/// The way out of a path with a name that has to be quoted.
fn unquoted(path: &str) -> Option<String> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '@' | '/');
    let help = || quoting(path);
    let is_path = path.chars().all(plain) && path.split('.').all(|name| !name.is_empty());
    (is_path && !path.split('.').all(is_word)).then(help)
}

fn is_word(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// How a path is written whose names have other characters than letters.
fn quoting(path: &str) -> String {
    let quoted: Vec<String> = path
        .split('.')
        .map(|name| {
            if is_word(name) {
                name.to_owned()
            } else {
                format!("\"{name}\"")
            }
        })
        .collect();
    format!(
        "names with other characters than letters, digits and _ stand in double quotes: `{}` between backticks",
        quoted.join(".")
    )
}

/// Where names are joined by `-` or `/` without a space: what parses, as arithmetic, but was probably meant as one name. With the way out.
pub fn joined_names(expression: &str) -> Option<Mistake> {
    let tokens = lexer::tokens(expression).ok()?;
    let joined = |three: &[(Token, Range<usize>)]| match three {
        [
            (Token::Name(_), left),
            (Token::Minus | Token::Divide, middle),
            (Token::Name(_), right),
        ] if left.end == middle.start && middle.end == right.start => Some(left.start..right.end),
        _ => None,
    };
    let range = tokens.windows(3).find_map(joined)?;
    let text = expression.get(range.clone())?;
    let sign = if text.contains('/') {
        "divides"
    } else {
        "subtracts"
    };
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    let path = if expression.chars().all(plain) {
        expression
    } else {
        text
    };
    Some(Mistake::new(range, format!("{text:?} {sign} the values of two names")).with_help(quoting(path)))
}
