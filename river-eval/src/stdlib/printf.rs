//! Text from a format and values, with the results of Go's `fmt.Sprintf`: flags, width, precision, indices, and all verbs
//! that make sense for the language's values.
//!
//! A verb that does not exist, an index, width or precision that cannot be, and arguments left over are errors. A verb of
//! the wrong type, or without an argument, writes the marker that Go writes, and is told.

mod number;
mod quote;
mod spec;

pub(crate) use number::shortest;
pub(crate) use quote::quoted;

use crate::eval::limits;
use crate::value::Value;
use spec::{Index, Reader, Spec, bad_index, bounded, general};

/// What came out.
#[derive(Debug, Default)]
pub(super) struct Printed {
    pub(super) text: String,
    /// Markers that stand in the text.
    pub(super) markers: Vec<Trouble>,
    /// The first argument that gave away a secret.
    pub(super) secret: Option<usize>,
}

/// Something that is wrong with the format.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) message: String,
    /// The argument that it is about, counted from 0 after the format; `None` for the format.
    pub(super) argument: Option<usize>,
}

/// Fills a format. `bound` is the greatest length of the result in bytes.
pub(super) fn print(format: &str, values: &[Value], bound: usize) -> Result<Printed, Trouble> {
    let mut printer = Printer {
        out: String::with_capacity(format.len() + 16 * values.len().min(64)),
        bound,
        spec: Spec::default(),
        argument: 0,
        markers: Vec::new(),
        secret: None,
        depth: 0,
        too_deep: false,
    };
    printer.run(format, values)?;
    if printer.too_deep {
        return Err(general("the value is nested too deep to print".to_owned()));
    }
    if printer.is_full() {
        return Err(general(format!("the text would be longer than {bound} bytes")));
    }
    Ok(Printed {
        text: printer.out,
        markers: printer.markers,
        secret: printer.secret,
    })
}

struct Printer {
    out: String,
    bound: usize,
    spec: Spec,
    argument: usize,
    markers: Vec<Trouble>,
    secret: Option<usize>,
    depth: u32,
    too_deep: bool,
}

impl Printer {
    fn run(&mut self, format: &str, values: &[Value]) -> Result<(), Trouble> {
        let mut rest = format;
        let mut next = 0_usize;
        let mut reordered = false;
        while let Some(at) = rest.find('%') {
            self.push(&rest[..at]);
            let verb_start = &rest[at..];
            let mut spec = Spec::default();
            let mut reader = Reader {
                rest: &rest[at + 1..],
            };
            spec.read_flags(&mut reader);
            let mut index = Index {
                next: &mut next,
                reordered: &mut reordered,
                count: values.len(),
            };
            let mut after_index = index.read(&mut reader)?;
            if reader.take('*') {
                let width = index.star(values, "width")?;
                // A negative width turns to the left.
                if width < 0 {
                    spec.minus = true;
                    spec.zero = false;
                }
                spec.width = Some(bounded(width.unsigned_abs(), "width")?);
                after_index = false;
            } else if let Some(width) = reader.number("width")? {
                if after_index {
                    return Err(bad_index(verb_start));
                }
                spec.width = Some(width);
            }
            if reader.take('.') {
                if after_index {
                    return Err(bad_index(verb_start));
                }
                after_index = index.read(&mut reader)?;
                if reader.take('*') {
                    let precision = index.star(values, "precision")?;
                    // A negative precision counts as none.
                    spec.precision = usize::try_from(precision)
                        .ok()
                        .map(|precision| bounded(precision as u64, "precision"))
                        .transpose()?;
                    after_index = false;
                } else {
                    spec.precision = Some(reader.number("precision")?.unwrap_or(0));
                }
            }
            if !after_index {
                index.read(&mut reader)?;
            }
            let Some(verb) = reader.next() else {
                return Err(general(format!(
                    "the format ends in {verb_start:?} without a verb; a percent sign by itself is written %%"
                )));
            };
            rest = reader.rest;
            if verb == '%' {
                self.out.push('%');
                continue;
            }
            if !"vTtbcdoOqxXUeEfFgGs".contains(verb) {
                return Err(Trouble {
                    message: format!("there is no verb %{verb}"),
                    argument: None,
                });
            }
            let Some(value) = values.get(next) else {
                self.push("%!");
                self.out.push(verb);
                self.push("(MISSING)");
                self.mark(format!("no argument for the verb %{verb}"), None);
                continue;
            };
            self.argument = next;
            next += 1;
            if verb == 'v' {
                spec.sharp_v = std::mem::take(&mut spec.sharp);
                // Only fields of structs would show it.
                spec.plus = false;
            }
            self.spec = spec;
            self.value(value, verb);
            if self.is_full() {
                return Ok(());
            }
        }
        self.push(rest);
        if !reordered && next < values.len() {
            let extra = values.len() - next;
            return Err(Trouble {
                message: match extra {
                    1 => "one argument more than the format has verbs".to_owned(),
                    extra => format!("{extra} arguments more than the format has verbs"),
                },
                argument: Some(next),
            });
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.out.len() > self.bound
    }

    fn push(&mut self, text: &str) {
        if !self.is_full() {
            self.out.push_str(text);
        }
    }

    fn mark(&mut self, message: String, argument: Option<usize>) {
        if self.markers.is_empty() {
            self.markers.push(Trouble { message, argument });
        }
    }

    /// Writes text in the width that is asked for, filled with zeros on the left if `zeros` holds.
    fn pad(&mut self, text: &str, zeros: bool) {
        let missing = self
            .spec
            .width
            .map_or(0, |width| width.saturating_sub(text.chars().count()));
        if !self.spec.minus {
            self.fill(missing, zeros);
        }
        self.push(text);
        if self.spec.minus {
            self.fill(missing, false);
        }
    }

    fn fill(&mut self, count: usize, zeros: bool) {
        if !self.is_full() {
            self.out
                .extend(std::iter::repeat_n(if zeros { '0' } else { ' ' }, count));
        }
    }

    fn zeros(&self) -> bool {
        self.spec.zero && !self.spec.minus
    }

    /// Writes a value with a verb.
    fn value(&mut self, value: &Value, verb: char) {
        if self.is_full() {
            return;
        }
        if verb == 'T' && !matches!(value, Value::Null) {
            self.plain(type_name(value));
            return;
        }
        match value {
            Value::Null if verb == 'v' && self.depth > 0 && self.spec.sharp_v => {
                self.push("interface {}(nil)");
            }
            Value::Null if self.depth > 0 => self.push("<nil>"),
            Value::Null if matches!(verb, 'v' | 'T') => {
                let zeros = self.zeros();
                self.pad("<nil>", zeros);
            }
            Value::Bool(flag) if matches!(verb, 't' | 'v') => {
                let zeros = self.zeros();
                self.pad(if *flag { "true" } else { "false" }, zeros);
            }
            Value::Int(number) => self.whole(*number < 0, number.unsigned_abs(), true, verb, value),
            Value::Uint(number) => self.whole(false, *number, false, verb, value),
            Value::Float(number) => self.float(*number, verb, value),
            Value::String(text) => self.text(text, verb, value),
            Value::Secret(secret) => {
                self.secret.get_or_insert(self.argument);
                self.text(secret.reveal(), verb, value);
            }
            Value::OptionalSecret(secret) => {
                if secret.is_secret() {
                    self.secret.get_or_insert(self.argument);
                }
                self.text(secret.reveal(), verb, value);
            }
            Value::Bytes(bytes) if matches!(verb, 's' | 'q' | 'x' | 'X') => {
                self.text(&String::from_utf8_lossy(bytes), verb, value);
            }
            Value::List(_) | Value::Bytes(_) | Value::Object(_) => self.compound(value, verb),
            Value::Function(function) if verb == 'v' => self.plain(function.name),
            Value::Capsule(capsule) if matches!(verb, 'v' | 's') => {
                let display = capsule.display().to_owned();
                self.plain(&display);
            }
            Value::Null | Value::Bool(_) | Value::Function(_) | Value::Capsule(_) => {
                self.bad_verb(value, verb);
            }
        }
    }

    fn compound(&mut self, value: &Value, verb: char) {
        if self.depth >= limits::MAX_VALUE_DEPTH {
            self.too_deep = true;
            return;
        }
        self.depth += 1;
        let source = self.spec.sharp_v && verb == 'v';
        match value {
            Value::Object(fields) => {
                let mut sorted: Vec<_> = fields.iter().collect();
                sorted.sort_unstable_by_key(|&(key, _)| key);
                self.push(if source {
                    "map[string]interface {}{"
                } else {
                    "map["
                });
                for (at, (key, value)) in sorted.into_iter().enumerate() {
                    if at > 0 {
                        self.push(if source { ", " } else { " " });
                    }
                    self.text(key, verb, &Value::String(key.clone()));
                    self.push(":");
                    self.value(value, verb);
                    if self.is_full() {
                        break;
                    }
                }
                self.push(if source { "}" } else { "]" });
            }
            other => {
                let items = other.items().unwrap_or_default();
                self.push(if source { "[]interface {}{" } else { "[" });
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        self.push(if source { ", " } else { " " });
                    }
                    self.value(item, verb);
                    if self.is_full() {
                        break;
                    }
                }
                self.push(if source { "}" } else { "]" });
            }
        }
        self.depth -= 1;
    }

    /// Text with the precision and width of `%s`.
    fn plain(&mut self, text: &str) {
        let zeros = self.zeros();
        let cut = self.cut(text);
        self.pad(cut, zeros);
    }

    fn cut<'t>(&self, text: &'t str) -> &'t str {
        self.spec
            .precision
            .and_then(|precision| text.char_indices().nth(precision))
            .map_or(text, |(at, _)| &text[..at])
    }

    fn text(&mut self, text: &str, verb: char, value: &Value) {
        match verb {
            'v' if self.spec.sharp_v => self.quoted(text),
            'v' | 's' => self.plain(text),
            'q' => self.quoted(text),
            'x' | 'X' => self.hex(text, verb == 'X'),
            _ => self.bad_verb(value, verb),
        }
    }

    /// The marker for a verb that the value's type does not have.
    fn bad_verb(&mut self, value: &Value, verb: char) {
        self.mark(
            format!("the verb %{verb} does not fit a {}", value.type_name()),
            Some(self.argument),
        );
        self.push("%!");
        self.out.push(verb);
        self.push("(");
        if matches!(value, Value::Null) {
            self.push("<nil>");
        } else {
            self.push(type_name(value));
            self.push("=");
            let depth = std::mem::take(&mut self.depth);
            self.value(value, 'v');
            self.depth = depth;
        }
        self.push(")");
    }
}

/// The type as Go names it.
fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int",
        Value::Uint(number) => {
            if i64::try_from(*number).is_ok() {
                "int"
            } else {
                "uint64"
            }
        }
        Value::Float(_) => "float64",
        Value::String(_) => "string",
        Value::List(_) | Value::Bytes(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
        Value::Function(_) => "function",
        Value::Capsule(capsule) => capsule.type_name(),
        Value::Secret(_) => "alloytypes.Secret",
        Value::OptionalSecret(_) => "alloytypes.OptionalSecret",
    }
}

#[cfg(test)]
mod tests;
