//! Lexer, lossless parser, printer and diagnostics of the Alloy (River) configuration language.
//!
//! Invariants: this crate knows no values, components, files or threads; parsing never fails, it gives a
//! tree and a list of errors; every byte of the source can be printed back from the tree.
//!
//! ```
//! use river_syntax::ast::Statement;
//! use river_syntax::{Sources, format, parse_file, render};
//!
//! let mut sources = Sources::new();
//! let file = sources.add("agent.alloy", "logging {\n  level = \"debug\"\n}\n");
//! let parse = parse_file(file, sources.get(file).unwrap().text().clone());
//! assert!(parse.errors.is_empty());
//!
//! for statement in parse.body().unwrap().statements() {
//!     if let Statement::Block(block) = statement {
//!         assert_eq!((block.name().as_ref(), block.label()), ("logging", None));
//!     }
//! }
//! assert_eq!(format("a=[1,2]").unwrap(), "a = [1, 2]\n");
//!
//! let broken = sources.add("broken.alloy", "a = 'b'\n");
//! let errors = parse_file(broken, "a = 'b'\n").errors;
//! let line = render::concise(&sources, &errors[0]);
//! assert!(line.starts_with("broken.alloy:1:5: error[AR0006]"));
//! ```
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod ast;
pub mod codes;
mod comments;
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
pub use parser::{MAX_DEPTH, MAX_HEIGHT, Parse, is_identifier, parse_expression, parse_file};
pub use printer::{format, format_parsed, format_range};
pub use source::{FileId, LineColumn, SourceFile, Sources, Span, decode};
pub use tree::{Node, Tree};
