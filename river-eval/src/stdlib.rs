//! The standard library: one table of all functions, from which lookups, completion and `docs/stdlib.md` are made.

mod array;
mod base64;
mod choose;
mod convert;
mod docs;
mod encoding;
mod file;
mod format;
mod json;
mod json_path;
mod printf;
mod string;
mod sys;
mod table;
mod url;
mod yaml;

pub use docs::markdown;
pub(crate) use printf::{quoted, shortest};
pub use yaml::parse_texts as yaml_texts;

use crate::codes::eval as codes;
use crate::eval::Stability;
use crate::ir::Reference;
use crate::value::{Function, NativeFunction, Object, Str, Value};
use river_syntax::{Diagnostic, Edit, Fix, Span};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// A function as people look it up.
#[derive(Clone, Copy, Debug)]
pub struct FunctionInfo {
    /// Its full name, `string.format`.
    pub name: &'static str,
    /// How it is called: `string.format(format, value...)`.
    pub signature: &'static str,
    /// What it does, one sentence.
    pub doc: &'static str,
    /// An expression and its value; empty where none can be shown.
    pub example: (&'static str, &'static str),
    /// How much it may still change.
    pub stability: Stability,
    /// The new name, where this one is deprecated.
    pub renamed_to: Option<&'static str>,
    run: NativeFunction,
}

/// A name of the standard library that stands by itself.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Its value; `None` for `constants`, which the context holds.
    pub(crate) value: Option<Value>,
    /// The new name, where this one is deprecated.
    pub(crate) renamed_to: Option<&'static str>,
}

struct Library {
    roots: HashMap<&'static str, Entry>,
    functions: HashMap<&'static str, &'static FunctionInfo>,
}

static LIBRARY: LazyLock<Library> = LazyLock::new(|| {
    let mut roots = HashMap::new();
    let mut spaces: HashMap<&'static str, Object> = HashMap::new();
    roots.insert(
        "constants",
        Entry {
            value: None,
            renamed_to: None,
        },
    );
    for info in table::FUNCTIONS {
        let value = Value::Function(Function {
            name: info.name,
            run: info.run,
        });
        match info.name.split_once('.') {
            Some((space, name)) => {
                spaces.entry(space).or_default().insert(Str::from(name), value);
            }
            None => {
                roots.insert(
                    info.name,
                    Entry {
                        value: Some(value),
                        renamed_to: info.renamed_to,
                    },
                );
            }
        }
    }
    for (space, functions) in spaces {
        roots.insert(
            space,
            Entry {
                value: Some(Value::Object(Arc::new(functions))),
                renamed_to: None,
            },
        );
    }
    Library {
        roots,
        functions: table::FUNCTIONS.iter().map(|info| (info.name, info)).collect(),
    }
});

/// All functions, deprecated names last.
pub fn functions() -> &'static [FunctionInfo] {
    table::FUNCTIONS
}

/// A function by its full name.
pub fn function(name: &str) -> Option<&'static FunctionInfo> {
    LIBRARY.functions.get(name).copied()
}

/// Whether a name by itself is one of the standard library: `string`, `constants`, `coalesce`, `env`.
pub fn is_name(name: &str) -> bool {
    LIBRARY.roots.contains_key(name)
}

/// The names that stand by themselves, in no order: `string`, `constants`, `coalesce`, `env`.
pub fn roots() -> impl Iterator<Item = &'static str> {
    LIBRARY.roots.keys().copied()
}

/// Every name that may be completed, with its signature and a line on it: functions and constants, deprecated ones left
/// out. In the order of the documentation.
pub fn names() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    table::FUNCTIONS
        .iter()
        .filter(|info| info.renamed_to.is_none())
        .map(|info| (info.name, info.signature, info.doc))
        .chain(table::CONSTANTS.iter().map(|&(name, doc)| (name, name, doc)))
}

/// What is to be said of a name of the standard library where it stands in a configuration, before anything is evaluated:
/// that it is deprecated (a warning), or below the lowest stability level that is allowed (an error). The path must not be
/// that of a component or variable, which shadow the library.
pub fn check(reference: &Reference, allowed: Stability) -> Option<Diagnostic> {
    let (root, span) = reference.path.first()?;
    if let Some(new_name) = entry(root)?.renamed_to {
        return Some(deprecation(root, new_name, *span));
    }
    let (field, field_span) = reference.path.get(1)?;
    let name = format!("{root}.{field}");
    (stability(&name) < allowed).then(|| unstable(&name, span.to(*field_span), allowed))
}

pub(crate) fn entry(name: &str) -> Option<&'static Entry> {
    LIBRARY.roots.get(name)
}

pub(crate) fn stability(name: &str) -> Stability {
    function(name).map_or(Stability::GenerallyAvailable, |info| info.stability)
}

/// The warning for a deprecated name.
pub(crate) fn deprecation(name: &str, new_name: &str, span: Span) -> Diagnostic {
    Diagnostic::warning(
        &codes::DEPRECATED_NAME,
        span,
        format!("{name} is deprecated, use {new_name}"),
    )
    .with_help(format!("write {new_name}"))
    .with_fix(Fix {
        title: format!("replace it by {new_name}"),
        edits: vec![Edit {
            span,
            replacement: new_name.to_owned(),
        }],
        safe: true,
    })
}

/// The error for a function below the stability level.
pub(crate) fn unstable(name: &str, span: Span, allowed: Stability) -> Diagnostic {
    let level = stability(name);
    Diagnostic::error(
        &codes::UNSTABLE_FUNCTION,
        span,
        format!(
            "{name} is at stability level {:?}, which is below the minimum allowed stability level {:?}",
            level.name(),
            allowed.name()
        ),
    )
    .with_help(format!(
        "use the --stability.level={level} command-line flag to enable {level} features"
    ))
}

#[cfg(test)]
mod tests;
