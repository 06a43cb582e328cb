//! Runs templates.

use super::call::{self, Function};
use super::map::Map;
use super::methods;
use super::tree::{Base, Node, Pipe, Term, Tree};
use super::value::Value;
use std::collections::BTreeMap;

/// What a template reads: a name's value, or all of them.
pub trait Data {
    /// The value of a name; `None` where it has none.
    fn get(&self, name: &str) -> Option<Value>;

    /// All values.
    fn all(&self) -> BTreeMap<String, Value>;
}

/// Bytes that a template may write.
pub const MAX_OUTPUT_BYTES: usize = 4 << 20;

/// Actions and turns of loops in one run.
const MAX_STEPS: u32 = 100_000;

/// Templates that call one another.
const MAX_DEPTH: u32 = 50;

/// What a jump does to the loops around it.
#[derive(Clone, Copy, PartialEq)]
enum Jump {
    None,
    Break,
    Continue,
}

pub(super) struct Run<'a> {
    tree: &'a Tree,
    data: &'a dyn Data,
    out: &'a mut String,
    variables: Vec<(&'a str, Value)>,
    /// All data as a map, from when a function was first given it: what it sets there is read from then on.
    whole: Option<Map>,
    steps: u32,
    depth: u32,
}

impl<'a> Run<'a> {
    /// Appends what the template makes of the data.
    pub(super) fn run(tree: &'a Tree, data: &'a dyn Data, out: &'a mut String) -> Result<(), String> {
        let mut run = Self {
            tree,
            data,
            out,
            variables: Vec::new(),
            whole: None,
            steps: 0,
            depth: 0,
        };
        run.variables.push(("$", Value::Data));
        run.nodes(&tree.nodes, &Value::Data).map(|_| ())
    }

    fn nodes(&mut self, nodes: &'a [Node], dot: &Value) -> Result<Jump, String> {
        for node in nodes {
            let jump = self.node(node, dot)?;
            if jump != Jump::None {
                return Ok(jump);
            }
        }
        Ok(Jump::None)
    }

    fn node(&mut self, node: &'a Node, dot: &Value) -> Result<Jump, String> {
        self.steps += 1;
        if self.steps > MAX_STEPS || self.out.len() > MAX_OUTPUT_BYTES {
            return Err("the template makes too much".to_owned());
        }
        let scope = self.variables.len();
        let jump = match node {
            Node::Text(text) => {
                self.out.push_str(text);
                return Ok(Jump::None);
            }
            Node::Pipe(pipe) => {
                let value = self.pipe(pipe, dot)?;
                if pipe.variables.is_empty() {
                    self.print(&value);
                }
                // What it declares lives on in the block around.
                return Ok(Jump::None);
            }
            Node::Break => return Ok(Jump::Break),
            Node::Continue => return Ok(Jump::Continue),
            Node::If(pipe, then, otherwise) => {
                let is_true = self.pipe(pipe, dot)?.is_true();
                self.nodes(if is_true { then } else { otherwise }, dot)?
            }
            Node::With(pipe, then, otherwise) => {
                let value = self.pipe(pipe, dot)?;
                if value.is_true() {
                    self.nodes(then, &value)?
                } else {
                    self.nodes(otherwise, dot)?
                }
            }
            Node::Range(pipe, body, otherwise) => self.range(pipe, body, otherwise, dot)?,
            Node::Template(name, pipe) => {
                let value = match pipe {
                    Some(pipe) => self.pipe(pipe, dot)?,
                    None => Value::Nil,
                };
                let Some(nodes) = self.tree.defined.get(name) else {
                    return Err(format!("there is no template {name:?}"));
                };
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(format!("the template {name:?} calls itself without an end"));
                }
                // Variables of the caller are not seen, but `$` is the template's own data.
                let outer = std::mem::replace(&mut self.variables, vec![("$", value.clone())]);
                self.nodes(nodes, &value)?;
                self.variables = outer;
                self.depth -= 1;
                Jump::None
            }
        };
        self.variables.truncate(scope);
        Ok(jump)
    }

    fn print(&mut self, value: &Value) {
        match value {
            Value::Data => self.whole(Value::Data).print(self.out),
            value => value.print(self.out),
        }
    }

    fn range(
        &mut self,
        pipe: &'a Pipe,
        body: &'a [Node],
        otherwise: &'a [Node],
        dot: &Value,
    ) -> Result<Jump, String> {
        let over = self.commands(pipe, dot)?;
        let items: Vec<(Value, Value)> = match self.whole(over) {
            Value::List(items) => {
                let numbered = items.into_iter().enumerate();
                numbered.map(|(at, item)| (Value::Int(at as i64), item)).collect()
            }
            Value::Map(items) => items
                .items()
                .into_iter()
                .map(|(name, item)| (Value::of(name), item))
                .collect(),
            Value::Int(count) => {
                let count = count.clamp(0, i64::from(MAX_STEPS));
                (0..count).map(|at| (Value::Int(at), Value::Int(at))).collect()
            }
            Value::Nil => Vec::new(),
            other => return Err(format!("range cannot go over a {}", other.type_name())),
        };
        if items.is_empty() {
            return self.nodes(otherwise, dot);
        }
        let scope = self.variables.len();
        for (key, item) in items {
            self.steps += 1;
            self.variables.truncate(scope);
            match &*pipe.variables {
                [] => {}
                [one] => self.set(one, item.clone(), pipe.declares),
                [first, second, ..] => {
                    self.set(first, key, pipe.declares);
                    self.set(second, item.clone(), pipe.declares);
                }
            }
            if self.nodes(body, &item)? == Jump::Break {
                break;
            }
        }
        Ok(Jump::None)
    }

    fn set(&mut self, name: &'a str, value: Value, declares: bool) {
        let known = self.variables.iter_mut().rev().find(|(known, _)| *known == name);
        match known {
            Some((_, old)) if !declares => *old = value,
            _ => self.variables.push((name, value)),
        }
    }

    /// All data as a map, where a value is looked into as a whole.
    fn whole(&mut self, value: Value) -> Value {
        match value {
            Value::Data => {
                let data = self.data;
                Value::Map(self.whole.get_or_insert_with(|| data.all().into()).clone())
            }
            value => value,
        }
    }

    fn pipe(&mut self, pipe: &'a Pipe, dot: &Value) -> Result<Value, String> {
        let value = self.commands(pipe, dot)?;
        for name in &pipe.variables {
            self.set(name, value.clone(), pipe.declares);
        }
        Ok(value)
    }

    fn commands(&mut self, pipe: &'a Pipe, dot: &Value) -> Result<Value, String> {
        let mut piped: Option<Value> = None;
        for command in &pipe.commands {
            let Some((first, others)) = command.split_first() else {
                continue;
            };
            piped = Some(match &first.base {
                Base::Function(function) if first.fields.is_empty() => {
                    self.call(*function, others, piped, dot)?
                }
                _ if others.is_empty() && piped.is_none() => self.term(first, dot)?,
                _ => self.method(first, others, piped, dot)?,
            });
        }
        Ok(piped.unwrap_or(Value::Nil))
    }

    fn call(
        &mut self,
        function: Function,
        terms: &'a [Term],
        piped: Option<Value>,
        dot: &Value,
    ) -> Result<Value, String> {
        let count = terms.len() + usize::from(piped.is_some());
        // These do not look at what follows what decides them.
        if matches!(function.name, "and" | "or") {
            let mut last = Value::Nil;
            for term in terms {
                last = self.term(term, dot)?;
                if last.is_true() == (function.name == "or") {
                    return Ok(last);
                }
            }
            return Ok(piped.unwrap_or(last));
        }
        if count < function.least || count > function.most {
            return Err(format!("{} got {count} arguments", function.name));
        }
        let mut arguments = Vec::with_capacity(count);
        for term in terms {
            let value = self.term(term, dot)?;
            arguments.push(self.whole(value));
        }
        arguments.extend(piped.map(|value| self.whole(value)));
        let made = call::run(function, &arguments).and_then(|made| made.settle().map(|()| made));
        made.map_err(|reason| format!("{}: {reason}", function.name))
    }

    /// A term whose last field is a method that takes arguments: `$time.Format "15:04"`.
    fn method(
        &mut self,
        term: &'a Term,
        terms: &'a [Term],
        piped: Option<Value>,
        dot: &Value,
    ) -> Result<Value, String> {
        let Some((name, fields)) = term.fields.split_last() else {
            return Err("what is no function got arguments".to_owned());
        };
        let of = self.base(&term.base, dot)?;
        let of = self.fields(of, fields)?;
        let mut arguments = Vec::with_capacity(terms.len() + 1);
        for term in terms {
            arguments.push(self.term(term, dot)?);
        }
        arguments.extend(piped);
        methods::call(&of, name, &arguments)
    }

    fn term(&mut self, term: &'a Term, dot: &Value) -> Result<Value, String> {
        let value = self.base(&term.base, dot)?;
        self.fields(value, &term.fields)
    }

    fn base(&mut self, base: &'a Base, dot: &Value) -> Result<Value, String> {
        Ok(match base {
            Base::Dot => dot.clone(),
            Base::Variable(name) => self
                .variables
                .iter()
                .rev()
                .find(|(known, _)| *known == &**name)
                .map_or(Value::Nil, |(_, value)| value.clone()),
            Base::Constant(value) => value.clone(),
            Base::Function(function) => self.call(*function, &[], None, dot)?,
            Base::Pipe(pipe) => {
                let scope = self.variables.len();
                let value = self.pipe(pipe, dot)?;
                self.variables.truncate(scope);
                value
            }
        })
    }

    fn fields(&mut self, mut value: Value, fields: &[Box<str>]) -> Result<Value, String> {
        for field in fields {
            value = match value {
                Value::Data => match &self.whole {
                    Some(whole) => whole.get(field),
                    None => self.data.get(field),
                }
                .unwrap_or(Value::Nil),
                Value::Map(items) => items.get(field).unwrap_or(Value::Nil),
                // As in Go: what a missing name has is missing too.
                Value::Nil => Value::Nil,
                other => methods::call(&other, field, &[])?,
            };
        }
        Ok(value)
    }
}
