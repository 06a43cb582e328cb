//! `import.file`, `import.string`, `import.http` and `import.git`: where modules are read. To the controller they are components with a task of
//! their own that export what they read; the engine takes the texts for definitions.

mod fetches;
mod file;
#[cfg(feature = "git")]
mod git;
mod http;
mod string;

pub use fetches::Fetches;

use crate::component::Registration;
use river_eval::engine::Content;
use river_eval::schema::BodySchema;
use river_eval::{Exports, OptionalSecret, Str, Value};
use std::sync::Arc;

/// Bytes of one text at the most; more than any configuration that a person wrote.
const MAX_TEXT_BYTES: u64 = 16 * 1024 * 1024;

/// Texts of one folder at the most.
const MAX_FILES: usize = 1000;

/// All kinds of imports.
pub(crate) static IMPORTS: &[Registration] = &[
    Registration::of::<file::ImportFile>(),
    #[cfg(feature = "git")]
    Registration::of::<git::ImportGit>(),
    Registration::of::<http::ImportHttp>(),
    Registration::of::<string::ImportString>(),
];

/// What an import exports.
#[derive(Clone, Debug)]
pub(crate) struct Read(pub(crate) Content);

impl Exports for Read {
    fn to_value(&self) -> Value {
        let text = |text: &Option<Str>| text.clone().map_or(Value::Null, Value::String);
        let content = &self.0;
        let file = |text: &Str| {
            Value::OptionalSecret(if content.is_secret {
                OptionalSecret::secret(text.clone())
            } else {
                OptionalSecret::plain(text.clone())
            })
        };
        Value::object([
            ("key", text(&content.key)),
            ("module_path", text(&content.module_path)),
            (
                "files",
                Value::list(content.files.iter().map(|(name, text)| {
                    Value::object([("name", Value::String(name.clone())), ("text", file(text))])
                })),
            ),
        ])
    }

    fn schema() -> BodySchema {
        BodySchema::default()
    }
}

/// What an import has read, from what it exports.
pub(crate) fn content(exports: &Value) -> Option<Content> {
    let Value::Object(fields) = exports else {
        return None;
    };
    let text = |name: &str| match fields.get(name) {
        Some(Value::String(text)) => Some(text.clone()),
        _ => None,
    };
    let files = fields.get("files")?.items()?;
    let mut is_secret = false;
    let mut file = |file: &Value| {
        let Value::Object(fields) = file else { return None };
        match (fields.get("name")?, fields.get("text")?) {
            (Value::String(name), Value::OptionalSecret(text)) => {
                is_secret |= text.is_secret();
                Some((name.clone(), text.reveal().clone()))
            }
            _ => None,
        }
    };
    let files: Option<Arc<[(Str, Str)]>> = files.iter().map(&mut file).collect();
    Some(Content {
        key: text("key"),
        module_path: text("module_path"),
        files: files?,
        is_secret,
    })
}

/// The folder part of a path or address, as the reference tells it of a file: `.` where there is none.
fn folder_of(path: &str) -> Str {
    match path.rsplit_once('/') {
        Some(("", _)) => "/".into(),
        Some((folder, _)) => folder.into(),
        None => ".".into(),
    }
}
