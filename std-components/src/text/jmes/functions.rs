//! The functions, with what each takes.

mod lists;
mod pairs;
mod scalars;
mod texts;

use super::run::{Failed, Found, Run};
use super::tree::Node;
use serde_json::Value;
use std::borrow::Cow;

/// Kinds of arguments; several may be allowed.
pub(super) type Kinds = u16;
const NUMBER: Kinds = 1;
const TEXT: Kinds = 2;
const LIST: Kinds = 4;
const OBJECT: Kinds = 8;
const NUMBERS: Kinds = 16;
const TEXTS: Kinds = 32;
const ANY: Kinds = 64;
/// `&a`: an expression that the function applies itself.
pub(super) const EXPRESSION: Kinds = 128;

/// What a function is called with.
pub(super) enum Given<'a> {
    Value(Found<'a>),
    Expression(&'a Node),
}

type Call = for<'a> fn(&mut Run<'a>, All<'a>) -> Result<Found<'a>, Failed>;

/// A function.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: &'static str,
    /// What it takes.
    takes: &'static [Kinds],
    /// How many of them may be left out, from the last one on.
    optional: usize,
    /// Whether the last one may come again.
    repeats: bool,
    call: Call,
}

const fn function(name: &'static str, takes: &'static [Kinds], call: Call) -> Function {
    Function {
        name,
        takes,
        optional: 0,
        repeats: false,
        call,
    }
}

impl Function {
    const fn optional(mut self, optional: usize) -> Self {
        self.optional = optional;
        self
    }

    const fn repeats(mut self) -> Self {
        self.repeats = true;
        self
    }

    pub(super) fn least(&self) -> usize {
        self.takes.len() - self.optional
    }

    pub(super) fn most(&self) -> usize {
        if self.repeats {
            usize::MAX
        } else {
            self.takes.len()
        }
    }

    /// What an argument may be.
    pub(super) fn kind(&self, at: usize) -> Option<Kinds> {
        let last = self.takes.last().filter(|_| self.repeats);
        self.takes.get(at).or(last).copied()
    }

    /// How it is written.
    pub(super) fn usage(&self) -> String {
        let mut out = format!("write {}(", self.name);
        for (at, kinds) in self.takes.iter().enumerate() {
            let word = match *kinds {
                NUMBER => "number",
                TEXT => "string",
                LIST => "list",
                OBJECT => "object",
                NUMBERS => "numbers",
                TEXTS => "strings",
                EXPRESSION => "&expression",
                _ => "value",
            };
            let comma = if at > 0 { ", " } else { "" };
            if at >= self.least() {
                out += &format!("[{comma}{word}]");
            } else {
                out += &format!("{comma}{word}");
            }
        }
        out + if self.repeats { ", …)" } else { ")" }
    }

    /// Whether a value is what it takes.
    pub(super) fn check(&self, at: usize, value: &Value) -> Result<(), Failed> {
        let kinds = self.kind(at).unwrap_or(ANY);
        let has = |kind: Kinds| kinds & kind != 0;
        let all = |of: fn(&Value) -> bool| value.as_array().is_some_and(|items| items.iter().all(of));
        let fits = has(ANY)
            || match value {
                Value::Number(_) => has(NUMBER),
                Value::String(_) => has(TEXT),
                Value::Object(_) => has(OBJECT),
                Value::Array(_) => {
                    has(LIST)
                        || (has(NUMBERS) && all(Value::is_number))
                        || (has(TEXTS) && all(Value::is_string))
                }
                Value::Null | Value::Bool(_) => false,
            };
        if fits {
            Ok(())
        } else {
            Err("a function got a value of another type than it takes")
        }
    }

    pub(super) fn call<'a>(&self, run: &mut Run<'a>, given: Vec<Given<'a>>) -> Result<Found<'a>, Failed> {
        (self.call)(run, All(given))
    }
}

/// The arguments of a call, whose types have been looked at.
struct All<'a>(Vec<Given<'a>>);

impl<'a> All<'a> {
    fn value(&self, at: usize) -> &Value {
        match self.0.get(at) {
            Some(Given::Value(value)) => value,
            _ => &Value::Null,
        }
    }

    fn take(&mut self, at: usize) -> Found<'a> {
        match self.0.get_mut(at) {
            Some(Given::Value(value)) => std::mem::replace(value, Cow::Owned(Value::Null)),
            _ => Cow::Owned(Value::Null),
        }
    }

    fn is_given(&self, at: usize) -> bool {
        self.0.len() > at
    }

    fn count(&self) -> usize {
        self.0.len()
    }

    fn number(&self, at: usize) -> f64 {
        self.value(at).as_f64().unwrap_or(f64::NAN)
    }

    fn text(&self, at: usize) -> &str {
        self.value(at).as_str().unwrap_or_default()
    }

    fn list(&self, at: usize) -> &[Value] {
        self.value(at).as_array().map_or(&[], Vec::as_slice)
    }

    fn take_list(&mut self, at: usize) -> Vec<Found<'a>> {
        super::run::items(self.take(at)).unwrap_or_default()
    }

    fn expression(&self, at: usize) -> Result<&'a Node, Failed> {
        match self.0.get(at) {
            Some(Given::Expression(node)) => Ok(node),
            _ => Err("an expression is expected"),
        }
    }

    fn whole(&self, at: usize) -> Result<i64, Failed> {
        let number = self.number(at);
        if number.fract() == 0.0 {
            Ok(number as i64)
        } else {
            Err("a whole number is expected")
        }
    }

    /// A whole number from 0 on.
    fn size(&self, at: usize) -> Result<usize, Failed> {
        usize::try_from(self.whole(at)?).map_err(|_| "a number from 0 on is expected")
    }
}

/// A result that was made.
fn made<'a>(value: impl Into<Value>) -> Result<Found<'a>, Failed> {
    Ok(Cow::Owned(value.into()))
}

const ALL: [&[Function]; 4] = [scalars::ALL, texts::ALL, lists::ALL, pairs::ALL];

pub(super) fn find(name: &str) -> Option<&'static Function> {
    ALL.into_iter().flatten().find(|function| function.name == name)
}

/// The function that was probably meant.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let names = ALL.into_iter().flatten().map(|function| function.name);
    river_eval::suggest::nearest(name, names)
}

/// The names of all, sorted.
pub(super) fn names() -> String {
    let mut names: Vec<&str> = ALL.into_iter().flatten().map(|function| function.name).collect();
    names.sort_unstable();
    names.join(", ")
}
