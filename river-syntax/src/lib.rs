//! Lexer, lossless parser, printer and diagnostics of the Alloy (River) configuration language.
//!
//! Invariants: this crate knows no values, components, files or threads; parsing never fails, it gives a
//! tree and a list of errors; every byte of the source can be printed back from the tree.
#![forbid(unsafe_code)]

pub mod diagnostic;
pub mod source;

pub use diagnostic::{Code, Diagnostic, Edit, Fix, Label, Severity};
pub use source::{FileId, LineColumn, SourceFile, Sources, Span};
