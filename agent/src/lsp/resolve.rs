//! From a name to what it names, over all files of a configuration and the modules that it imports.

use super::documents::Document;
use super::names::{Definition, FILE, Kind, Reference, declare_key, export_key, import_key};
use super::workspace::Workspace;
use river_syntax::Span;
use std::rc::Rc;

/// A definition in a text.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The text.
    pub(crate) document: Rc<Document>,
    /// The number of the definition.
    pub(crate) index: u32,
}

impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        (self.document.file, self.index) == (other.document.file, other.index)
    }
}

impl Target {
    /// The definition.
    pub(crate) fn definition(&self) -> Option<&Definition> {
        self.document.names().definition(self.index)
    }

    /// What kind of definition it is.
    pub(crate) fn kind(&self) -> Option<Kind> {
        Some(self.definition()?.kind)
    }

    /// Its label.
    pub(crate) fn name(&self) -> Option<&str> {
        Some(self.document.slice(self.definition()?.label?))
    }

    /// The name of its block, `loki.write`.
    pub(crate) fn block_name(&self) -> String {
        let parts = self
            .definition()
            .map(|definition| &*definition.name)
            .unwrap_or_default();
        dotted(&self.document, parts)
    }
}

/// Parts of a name with dots between.
pub(crate) fn dotted(document: &Document, parts: &[Span]) -> String {
    let parts: Vec<&str> = parts.iter().map(|&part| document.slice(part)).collect();
    parts.join(".")
}

/// A place in a text at which a name stands.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spot<'n> {
    /// The label of a definition.
    Label(u32),
    /// A part of the name of a definition's block.
    Name(u32, &'n Definition, usize),
    /// The name of an attribute of a definition's block.
    Attribute(&'n Definition, Span),
    /// A part of a name in an expression.
    Path(&'n Reference, usize),
}

/// What a spot means.
#[derive(Clone, Debug)]
pub(crate) struct Meaning {
    /// What it names.
    pub(crate) target: Target,
    /// Whether it is the name of exactly that: of `loki.write.default` only `default` is.
    pub(crate) exact: bool,
}

/// A text with all that its names can mean.
#[derive(Clone, Debug)]
pub(crate) struct View<'w> {
    pub(crate) workspace: &'w Workspace,
    pub(crate) document: Rc<Document>,
    /// The files of its configuration, itself among them.
    pub(crate) unit: Rc<Vec<Rc<Document>>>,
}

impl<'w> View<'w> {
    pub(crate) fn new(workspace: &'w Workspace, document: Rc<Document>) -> Self {
        let unit = Rc::new(workspace.unit(&document));
        Self {
            workspace,
            document,
            unit,
        }
    }

    /// What another text of the same configuration sees.
    pub(crate) fn beside(&self, document: &Rc<Document>) -> Self {
        match self.unit.iter().any(|file| file.file == document.file) {
            true => Self {
                document: document.clone(),
                ..self.clone()
            },
            false => Self::new(self.workspace, document.clone()),
        }
    }

    fn own(&self, index: u32) -> Target {
        Target {
            document: self.document.clone(),
            index,
        }
    }

    /// The other files of the configuration.
    fn others(&self) -> impl Iterator<Item = &Rc<Document>> {
        self.unit.iter().filter(|other| other.file != self.document.file)
    }

    /// What a path means in a scope, and how many of its parts name it.
    pub(crate) fn path(&self, scope: u32, path: &[&str]) -> Option<(Target, usize)> {
        let names = self.document.names();
        if let Some((index, length)) = names.resolve(scope, path) {
            return Some((self.own(index), length));
        }
        if !names.seen_from(scope).any(|scope| scope == FILE) {
            return None;
        }
        self.others().find_map(|other| {
            let (index, length) = other.names().resolve_in(FILE, path)?;
            let document = other.clone();
            Some((Target { document, index }, length))
        })
    }

    /// The definition of a key in a scope or one around it.
    fn key(&self, scope: u32, key: &str) -> Option<Target> {
        let names = self.document.names();
        if let Some(index) = names.around(scope).find_map(|scope| names.get(scope, key)) {
            return Some(self.own(index));
        }
        self.others().find_map(|other| {
            let index = other.names().get(FILE, key)?;
            let document = other.clone();
            Some(Target { document, index })
        })
    }

    /// The `declare` of a custom component by the parts of its name.
    pub(crate) fn declaration(&self, scope: u32, name: &[&str]) -> Option<Target> {
        match name {
            [name] => self.key(scope, &declare_key(name)),
            [space, name] => {
                let import = self.key(scope, &import_key(space))?;
                let files = self.workspace.module(&import.document, import.definition()?);
                files.into_iter().find_map(|document| {
                    let index = document.names().get(FILE, &declare_key(name))?;
                    Some(Target { document, index })
                })
            }
            _ => None,
        }
    }

    /// The `declare` of a component's block.
    pub(crate) fn declaration_of(&self, component: &Target) -> Option<Target> {
        let definition = component
            .definition()
            .filter(|found| found.kind == Kind::Component)?;
        let name: Vec<&str> = definition
            .name
            .iter()
            .map(|&part| component.document.slice(part))
            .collect();
        self.beside(&component.document)
            .declaration(definition.scope, &name)
    }

    /// Something in the body of a `declare`, by its key.
    pub(crate) fn inside(&self, declaration: &Target, key: &str) -> Option<Target> {
        let inner = declaration.definition()?.inner?;
        Some(Target {
            document: declaration.document.clone(),
            index: declaration.document.names().get(inner, key)?,
        })
    }

    /// What stands at a place, with its span.
    pub(crate) fn at(&self, offset: u32) -> Option<(Meaning, Span)> {
        let holds = |span: Span| span.start <= offset && offset <= span.end;
        let mut found = None;
        spots(&self.document, &mut |spot, span| {
            if found.is_none() && holds(span) {
                found = Some((self.meaning(spot), span));
            }
        });
        let (meaning, span) = found?;
        Some((meaning?, span))
    }

    /// What a spot means.
    pub(crate) fn meaning(&self, spot: Spot<'_>) -> Option<Meaning> {
        let exact = |target| Some(Meaning { target, exact: true });
        match spot {
            Spot::Label(index) => exact(self.own(index)),
            Spot::Name(index, definition, part) => {
                let name = self.texts(&definition.name);
                self.of_name(definition.scope, &name, part).or(Some(Meaning {
                    target: self.own(index),
                    exact: false,
                }))
            }
            Spot::Attribute(definition, span) => {
                let declaration = self.declaration(definition.scope, &self.texts(&definition.name))?;
                exact(self.inside(&declaration, &format!("argument.{}", self.document.slice(span)))?)
            }
            Spot::Path(reference, part) => {
                let path = self.texts(&reference.path);
                let (target, length) = self.path(reference.scope, &path)?;
                if part + 1 == length {
                    return exact(target);
                }
                let special = match target.kind() {
                    Some(Kind::Component) if part + 1 < length => {
                        let component = target.definition()?;
                        let view = self.beside(&target.document);
                        view.of_name(component.scope, path.get(..length - 1)?, part)
                    }
                    Some(Kind::Component) if part == length => {
                        let export = export_key(path.get(part).copied().unwrap_or_default());
                        let declaration = self.declaration_of(&target);
                        declaration
                            .and_then(|declaration| self.inside(&declaration, &export))
                            .and_then(exact)
                    }
                    _ => None,
                };
                special.or(Some(Meaning { target, exact: false }))
            }
        }
    }

    /// What a part of the name of a custom component means: its `declare`, or the `import` that it comes from.
    fn of_name(&self, scope: u32, name: &[&str], part: usize) -> Option<Meaning> {
        let declaration = self.declaration(scope, name)?;
        let target = match (name, part) {
            ([space, _], 0) => self.key(scope, &import_key(space))?,
            _ => declaration,
        };
        Some(Meaning { target, exact: true })
    }

    fn texts(&self, parts: &[Span]) -> Vec<&str> {
        parts.iter().map(|&part| self.document.slice(part)).collect()
    }

    /// Every place where something is named, its definition among them.
    pub(crate) fn occurrences(&self, target: &Target) -> Vec<(Rc<Document>, Span)> {
        let (Some(name), Some(kind), Some(definition)) = (target.name(), target.kind(), target.definition())
        else {
            return Vec::new();
        };
        let of_file = target.document.names().scopes.get(definition.scope as usize);
        let only_here = of_file.is_some_and(|scope| scope.parent.is_some());
        let files = match kind {
            // Whoever imports the file may use them.
            Kind::Declare | Kind::Argument | Kind::Export => self.workspace.all(),
            _ if only_here => vec![target.document.clone()],
            _ => self.beside(&target.document).unit.to_vec(),
        };
        let mut found = Vec::new();
        for document in files {
            // Most files do not have the word at all.
            if memchr::memmem::find(document.text().as_bytes(), name.as_bytes()).is_none() {
                continue;
            }
            let view = self.beside(&document);
            spots(&document, &mut |spot, span| {
                if document.slice(span) == name
                    && let Some(meaning) = view.meaning(spot)
                    && meaning.exact
                    && meaning.target == *target
                {
                    found.push((document.clone(), span));
                }
            });
        }
        found
    }
}

/// All places of a text at which names stand.
pub(crate) fn spots<'d>(document: &'d Document, found: &mut dyn FnMut(Spot<'d>, Span)) {
    let names = document.names();
    for (index, definition) in (0u32..).zip(&names.definitions) {
        for (at, &part) in definition.name.iter().enumerate() {
            found(Spot::Name(index, definition, at), part);
        }
        if let Some(label) = definition.label {
            found(Spot::Label(index), label);
        }
        for &attribute in &definition.attributes {
            found(Spot::Attribute(definition, attribute), attribute);
        }
    }
    for reference in &names.references {
        for (at, &part) in reference.path.iter().enumerate() {
            found(Spot::Path(reference, at), part);
        }
    }
}
