//! One file of a configuration, parsed and lowered once; shared between loads while its text stays the same.

use crate::ir;
use river_syntax::{Diagnostic, FileId};
use std::sync::Arc;

/// A parsed file: its blocks and what was found while reading it.
#[derive(Clone, Debug)]
pub struct ParsedFile {
    /// Its number in the table of sources.
    pub file: FileId,
    /// The blocks at the top level.
    pub blocks: Vec<Arc<ir::Block>>,
    /// The attributes at the top level, where none belong.
    pub attributes: Vec<ir::Attribute>,
    /// What parsing and lowering found.
    pub diagnostics: Vec<Diagnostic>,
}

impl ParsedFile {
    /// Parses a text; never fails, what is wrong is in the diagnostics.
    pub fn parse(file: FileId, text: &Arc<str>) -> Self {
        let parse = river_syntax::parse_file(file, text.clone());
        let (body, lowering) = crate::lower::file(&parse);
        let mut diagnostics = parse.errors;
        diagnostics.extend(lowering);
        let mut blocks = Vec::with_capacity(body.statements.len());
        let mut attributes = Vec::new();
        for statement in body.statements {
            match statement {
                ir::Statement::Block(block) => blocks.push(Arc::new(block)),
                ir::Statement::Attribute(attribute) => attributes.push(attribute),
            }
        }
        Self {
            file,
            blocks,
            attributes,
            diagnostics,
        }
    }

    /// Whether its text cannot be used at all.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}
