//! Values, typed decoding, standard library, component graph and incremental evaluation of the Alloy (River) language.
//!
//! Invariants: this crate knows no telemetry, no HTTP and no single component; it does no I/O except through a loader that it is
//! handed; it builds for wasm32.
#![forbid(unsafe_code)]

// The derive macros say `::river_eval`, in this crate too.
#[allow(
    unused_extern_crates,
    reason = "without the tests nothing here may derive yet"
)]
extern crate self as river_eval;

pub mod body;
pub mod codes;
pub mod convert;
pub mod decode;
pub mod eval;
pub mod ir;
pub mod lower;
pub mod schema;
pub mod serialize;
pub mod stdlib;
pub mod suggest;
pub mod value;
pub mod vectors_json;

pub use body::{AttributeValue, BlockValue, BodyValue};
pub use convert::{ByteSize, ConvertError, FromValue, IntoValue, Shared, SignedDuration};
pub use decode::{Alternatives, Arguments, Checks, Exports, Nothing, Reader};
pub use eval::{EvalError, Scope, evaluate, evaluate_body};
pub use river_eval_derive::{Arguments, Exports, TextEnum};
pub use value::{Capsule, CapsuleType, Function, Object, OptionalSecret, Secret, Str, Value};
