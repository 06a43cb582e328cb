//! The arguments of the language's own blocks.

use crate::body::BodyValue;
use crate::decode::{Arguments, Checks};
use crate::value::{Str, Value};
use river_syntax::Diagnostic;

/// The arguments of `argument`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(crate) struct Argument {
    /// Whether it may be left out.
    #[river(default = false)]
    pub(crate) optional: bool,
    /// Its value when it is left out.
    #[river(default = Value::Null)]
    pub(crate) default: Value,
    /// What it is for.
    #[river(default = String::new())]
    pub(crate) comment: String,
}

/// The arguments of `export`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(crate) struct Export {
    /// What is exported.
    pub(crate) value: Value,
}

/// The arguments of `foreach`, without its template.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_foreach)]
pub(crate) struct Foreach {
    /// The items.
    pub(crate) collection: Vec<Value>,
    /// The name of the variable that is the item.
    pub(crate) var: String,
    /// The field of an item that tells it from others.
    #[river(default = String::new())]
    pub(crate) id: String,
    /// Whether texts are hashed for the names of the modules.
    #[river(default = false)]
    pub(crate) hash_string_id: bool,
    /// Whether the components' metrics are shown.
    #[river(default = false)]
    pub(crate) enable_metrics: bool,
}

fn check_foreach(arguments: &Foreach, checks: &mut Checks<'_, '_>) {
    if !is_identifier(&arguments.var) {
        checks
            .attribute(
                "var",
                format!("{:?} cannot be the name of a variable", arguments.var),
            )
            .help = Some("a name is letters, digits and _, and begins with a letter".into());
    }
}

fn is_identifier(name: &str) -> bool {
    let mut letters = name.chars();
    letters
        .next()
        .is_some_and(|first| first.is_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_alphanumeric() || letter == '_')
}

/// The value of an attribute of an evaluated body.
pub(super) fn attribute<'b>(body: &'b BodyValue, name: &str) -> Option<&'b Value> {
    let found = body.attributes.iter().find(|attribute| &*attribute.name == name);
    found.map(|attribute| &attribute.value)
}

/// Decodes the body of an `argument` and gives the value that it has with what the module is given; `None` where it is missing.
pub(super) fn argument_value(body: &BodyValue, given: Option<&Value>) -> Option<Value> {
    let value = match given {
        Some(value) => value.clone(),
        None => match attribute(body, "optional") {
            Some(Value::Bool(true)) => attribute(body, "default").cloned().unwrap_or_default(),
            _ => return None,
        },
    };
    Some(Value::object([("value", value)]))
}

/// What is wrong with the body of an `argument` or `export`.
pub(super) fn check(is_argument: bool, body: &BodyValue) -> Result<(), Vec<Diagnostic>> {
    if is_argument {
        Argument::decode(body).map(drop)
    } else {
        Export::decode(body).map(drop)
    }
}

/// The attributes of a body by name.
pub(super) fn attributes(body: &BodyValue) -> crate::value::Object {
    body.attributes
        .iter()
        .map(|attribute| (Str::clone(&attribute.name), attribute.value.clone()))
        .collect()
}
