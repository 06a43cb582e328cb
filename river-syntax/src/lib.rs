//! Lexer, lossless parser, printer and diagnostics of the Alloy (River) configuration language.
//!
//! Invariants: this crate knows no values, components, files or threads; parsing never fails, it gives a
//! tree and a list of errors; every byte of the source can be printed back from the tree.
#![forbid(unsafe_code)]

pub mod ast;
pub mod codes;
pub mod diagnostic;
mod kind;
mod lexer;
mod parser;
mod printer;
pub mod render;
pub mod source;
mod tree;

pub use diagnostic::{Code, Diagnostic, Edit, Fix, Label, Severity};
pub use kind::SyntaxKind;
pub use lexer::{MAX_TEXT_BYTES, StringError, Tokens, lex, unquote};
pub use parser::{MAX_CHAIN, MAX_DEPTH, Parse, is_identifier, parse_expression, parse_file};
pub use printer::{format, format_parsed, format_range};
pub use source::{FileId, LineColumn, SourceFile, Sources, Span};
pub use tree::{Node, Tree};
