//! Reads the modules that a configuration imports, before anything is checked.

use super::resolve::value_of;
use crate::codes::check as codes;
use crate::eval::evaluate;
use crate::graph::ParsedFile;
use crate::ir::{Block, ExprKind, Reference, Statement};
use crate::stdlib;
use crate::value::{Object, Value};
use river_syntax::{Diagnostic, Sources, Span};
use std::collections::HashMap;
use std::sync::Arc;

/// Files that one configuration may import at the most.
const MAX_FILES: usize = 10_000;
/// Imports inside of imports at the most.
const MAX_DEPTH: usize = 64;

/// Reads the files that `import.file` names.
pub trait Loader {
    /// The texts at a path as it is written in the file `from`: one for a file, one for each `*.alloy` of a folder, each with its name.
    ///
    /// # Errors
    /// Why there is nothing to be read, in words for people.
    fn load(&self, path: &str, from: &str) -> Result<Vec<(String, Arc<str>)>, String>;
}

/// Reads nothing: imports of files stay unknown.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLoader;

impl Loader for NoLoader {
    fn load(&self, _: &str, _: &str) -> Result<Vec<(String, Arc<str>)>, String> {
        Err(String::new())
    }
}

/// What stands behind an import.
#[derive(Debug)]
pub(super) enum Content {
    /// These of the read files.
    Files(Vec<usize>),
    /// Only the running agent can know.
    Unknown,
}

/// A file that was imported.
#[derive(Debug)]
pub(super) struct ImportedFile {
    pub(super) parsed: Arc<ParsedFile>,
    /// The imports that led to it, the nearest first.
    pub(super) chain: Vec<(Span, String)>,
}

/// Everything that was imported.
#[derive(Debug, Default)]
pub(super) struct Imported {
    pub(super) files: Vec<ImportedFile>,
    /// By the place of the import block's name.
    pub(super) contents: HashMap<Span, Content>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// An import being followed: where it is read from, for circles.
struct Step<'s> {
    names: &'s [String],
    chain: &'s [(Span, String)],
}

impl Imported {
    /// Follows all imports of the files.
    pub(super) fn read(files: &[Arc<ParsedFile>], sources: &mut Sources, loader: &dyn Loader) -> Self {
        let mut imported = Self::default();
        for file in files {
            let from = name_of(sources, file);
            for block in &file.blocks {
                imported.block(
                    block,
                    &Step {
                        names: std::slice::from_ref(&from),
                        chain: &[],
                    },
                    sources,
                    loader,
                );
            }
        }
        imported
    }

    fn block(&mut self, block: &Block, step: &Step<'_>, sources: &mut Sources, loader: &dyn Loader) {
        match &*block.name {
            "import.file" => self.import_file(block, step, sources, loader),
            "import.string" => {
                let Some((text, _)) =
                    known_text(block, "content", step.names.last().map_or("", String::as_str))
                else {
                    self.contents.insert(block.name_span, Content::Unknown);
                    return;
                };
                let name = format!(
                    "import.string {}",
                    block.label.as_ref().map_or("", |(label, _)| label)
                );
                self.follow(block, vec![(name, text)], step, sources, loader);
            }
            "import.http" | "import.git" => {
                self.contents.insert(block.name_span, Content::Unknown);
            }
            "declare" | "foreach" | "template" => {
                for statement in &block.body.statements {
                    if let Statement::Block(inner) = statement {
                        self.block(inner, step, sources, loader);
                    }
                }
            }
            _ => {}
        }
    }

    fn import_file(&mut self, block: &Block, step: &Step<'_>, sources: &mut Sources, loader: &dyn Loader) {
        self.contents.insert(block.name_span, Content::Unknown);
        let from = step.names.last().cloned().unwrap_or_default();
        let Some((path, span)) = known_text(block, "filename", &from) else {
            return;
        };
        match loader.load(&path, &from) {
            Ok(texts) => self.follow(block, texts, step, sources, loader),
            // A loader that reads nothing says nothing.
            Err(reason) if reason.is_empty() => {}
            Err(reason) => {
                let mistake = Diagnostic::error(
                    &codes::IMPORT_NOT_FOUND,
                    span,
                    format!("cannot import {:?}: {reason}", &*path),
                )
                .with_help("the path is looked up from the folder in which the agent is started, and from that of this file");
                self.diagnostics.push(with_chain(mistake, step.chain));
            }
        }
    }

    fn follow(
        &mut self,
        block: &Block,
        texts: Vec<(String, Arc<str>)>,
        step: &Step<'_>,
        sources: &mut Sources,
        loader: &dyn Loader,
    ) {
        let mut numbers = Vec::new();
        for (name, text) in texts {
            if block.name.as_ref() != "import.string" && step.names.contains(&name) {
                let mut way: Vec<&str> = step.names.iter().map(String::as_str).collect();
                way.push(&name);
                let mistake = Diagnostic::error(
                    &codes::IMPORT_CYCLE,
                    block.name_span,
                    format!("cycle of imports: {}", way.join(" imports ")),
                )
                .with_help("move what both need into a file of its own");
                self.diagnostics.push(with_chain(mistake, step.chain));
                continue;
            }
            if self.files.len() >= MAX_FILES || step.names.len() >= MAX_DEPTH {
                let mistake = Diagnostic::error(
                    &codes::IMPORT_NOT_FOUND,
                    block.name_span,
                    format!(
                        "imports are nested deeper than {MAX_DEPTH}, or bring more than {MAX_FILES} files"
                    ),
                )
                .with_help("import fewer files");
                self.diagnostics.push(with_chain(mistake, step.chain));
                return;
            }
            let file = sources.add(name.clone(), text.clone());
            let parsed = Arc::new(ParsedFile::parse(file, &text));
            let mut chain = vec![(
                block.name_span,
                format!(
                    "imported here as {}",
                    block.label.as_ref().map_or("", |(label, _)| label)
                ),
            )];
            chain.extend_from_slice(step.chain);
            numbers.push(self.files.len());
            self.files.push(ImportedFile {
                parsed: parsed.clone(),
                chain: chain.clone(),
            });
            let mut names = step.names.to_vec();
            names.push(name);
            for inner in &parsed.blocks {
                self.block(
                    inner,
                    &Step {
                        names: &names,
                        chain: &chain,
                    },
                    sources,
                    loader,
                );
            }
        }
        self.contents.insert(block.name_span, Content::Files(numbers));
    }
}

/// A finding in an imported file with the way to it.
pub(super) fn with_chain(mut finding: Diagnostic, chain: &[(Span, String)]) -> Diagnostic {
    for (span, text) in chain {
        finding = finding.with_secondary(*span, text.clone());
    }
    finding
}

fn name_of(sources: &Sources, file: &ParsedFile) -> String {
    sources
        .get(file.file)
        .map_or_else(String::new, |source| source.name().to_owned())
}

/// The text that an attribute is set to, where the configuration alone gives it; `module_path` is the folder of the file.
fn known_text(block: &Block, name: &str, from: &str) -> Option<(Arc<str>, Span)> {
    let expr = value_of(block, name)?;
    if let ExprKind::Literal(Value::String(text)) = &expr.kind {
        return Some((text.clone(), expr.span));
    }
    let known = |reference: &Reference| {
        reference.path.first().is_some_and(|(root, _)| {
            &**root == "module_path"
                || stdlib::is_name(root) && !matches!(&**root, "sys" | "env" | "constants")
        })
    };
    if !expr.references().iter().all(known) {
        return None;
    }
    let folder = from.rsplit_once('/').map_or(".", |(folder, _)| folder);
    let scope: Object = [(Arc::from("module_path"), Value::string(folder))]
        .into_iter()
        .collect();
    match evaluate(expr, &scope) {
        Ok(Value::String(text)) => Some((text, expr.span)),
        // What is wrong with it is told where the block is checked.
        _ => None,
    }
}
