//! Values, typed decoding, standard library, component graph and incremental evaluation of the Alloy (River) language.
//!
//! Invariants: this crate knows no telemetry, no HTTP and no single component; it does no I/O except through a loader that it is
//! handed; it builds for wasm32.
//!
//! From a text to a struct:
//!
//! ```
//! use river_eval::eval::{Context, WithContext};
//! use river_eval::{Arguments, Object, Value, evaluate_body, lower};
//! use std::time::Duration;
//!
//! #[derive(Debug, PartialEq, Arguments)]
//! struct Client {
//!     url: String,
//!     #[river(default = Duration::from_secs(10))]
//!     timeout: Duration,
//! }
//!
//! let text = "url = \"http://\" + string.to_lower(host) + \":80\"\n";
//! let parse = river_syntax::parse_file(river_syntax::FileId(0), text);
//! assert!(parse.errors.is_empty());
//! assert_eq!(river_syntax::format_parsed(&parse).as_deref(), Some(text));
//!
//! let (body, errors) = lower::file(&parse);
//! assert!(errors.is_empty());
//! let context = Context::new();
//! let names: Object = [("host".into(), Value::string("EXAMPLE.ORG"))].into_iter().collect();
//! let values = evaluate_body(&body, &WithContext { scope: &names, context: &context }).unwrap();
//! let client = Client::decode(&values).unwrap();
//! assert_eq!(client.url, "http://example.org:80");
//! assert_eq!(client.timeout, Duration::from_secs(10));
//! assert!(context.take_warnings().is_empty());
//! ```
//!
//! # Typed arguments
//!
//! A component says what it takes as a struct. Decoding a body tells every mistake at once, each with its place and a way out; the struct's
//! schema is what the checker, the editor and the reference pages read. `docs/components/writing.md` has all of the attribute's words.
//!
//! ```
//! use river_eval::{Arguments, BodyValue};
//! use std::time::Duration;
//!
//! #[derive(Debug, Arguments)]
//! struct Scrape {
//!     /// Where to scrape.
//!     targets: Vec<String>,
//!     #[river(default = Duration::from_secs(60))]
//!     scrape_interval: Duration,
//!     #[river(block, name = "rule")]
//!     rules: Vec<Rule>,
//! }
//!
//! #[derive(Debug, Arguments)]
//! struct Rule {
//!     regex: Option<String>,
//! }
//!
//! let mut body = BodyValue::default();
//! body.attribute("targets", vec!["localhost:9090"]).attribute("scrape_interval", "15s");
//! body.block("rule", BodyValue::default());
//! let scrape = Scrape::decode(&body).expect("a body that fits");
//! assert_eq!(scrape.scrape_interval, Duration::from_secs(15));
//! assert_eq!(scrape.rules[0].regex, None);
//!
//! body.attribute("scrape_intervall", "1m");
//! let mistakes = Scrape::decode(&body).expect_err("a name that does not exist");
//! assert_eq!(mistakes[0].message, "unrecognized attribute name \"scrape_intervall\"");
//! assert_eq!(mistakes[0].help.as_deref(), Some("did you mean `scrape_interval`?"));
//! assert_eq!(Scrape::schema().attributes[0].doc, "Where to scrape.");
//! ```
#![forbid(unsafe_code)]
#![deny(missing_docs)]

// The derive macros say `::river_eval`, in this crate too.
#[allow(
    unused_extern_crates,
    reason = "without the tests nothing here may derive yet"
)]
extern crate self as river_eval;

pub mod body;
pub mod check;
mod circles;
pub mod codes;
mod conceal;
pub mod convert;
pub mod decode;
pub mod engine;
pub mod eval;
pub mod graph;
pub mod ir;
pub mod lower;
pub mod schema;
pub mod serialize;
pub mod show;
pub mod stdlib;
pub mod suggest;
pub mod ui_json;
pub mod value;
pub mod vectors_json;

pub use body::{AttributeValue, BlockValue, BodyValue};
pub use convert::{ByteSize, ConvertError, FromValue, IntoValue, Shared, SignedDuration};
pub use decode::{Alternatives, Arguments, Checks, Exports, Nothing, Reader};
pub use eval::{EvalError, Scope, evaluate, evaluate_body};
pub use river_eval_derive::{Arguments, Exports, TextEnum};
pub use value::{Capsule, CapsuleType, Function, Object, OptionalSecret, Secret, Str, Value};
