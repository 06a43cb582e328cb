//! The releases of Grafana Alloy that are embedded.

use super::body::{Docs, Reader};
use super::bundled::{bundled_component, bundled_config_block};
use super::index::{Sections, split, tops};
use river_eval::check::Catalog;
use river_eval::eval::Stability;
use river_eval::schema::{ComponentSchema, LazyBody, Type};
use std::fmt;
use std::sync::{Arc, OnceLock};

static V1_15_0: Source = Source::new(include_str!("../../data/1.15.0.catalog"));
static V1_11_3: Source = Source::new(include_str!("../../data/1.11.3.catalog"));

/// The newest first.
static RELEASES: [Release; 2] = [Release(&V1_15_0), Release(&V1_11_3)];

/// A release of Grafana Alloy: its components and config blocks.
pub struct Release(&'static Source);

/// All releases, the newest first.
pub fn releases() -> &'static [Release] {
    &RELEASES
}

/// A release by its version, `1.15.0` or `v1.15.0`.
pub fn release(version: &str) -> Option<&'static Release> {
    let version = version.strip_prefix('v').unwrap_or(version);
    RELEASES.iter().find(|release| release.version() == version)
}

/// A text that is no catalog, or one of a format that this program does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a catalog of format 1, its first line is {0:?}; make it anew with this version's converter (docs/catalog.md)"
)]
pub struct UnknownFormat(String);

impl Release {
    /// A release from the text of its catalog. It lives as long as the program: schemas are slices of it.
    ///
    /// # Errors
    /// Where the first line is not that of a catalog of format 1.
    pub fn from_text(text: &'static str) -> Result<&'static Release, UnknownFormat> {
        let (line, _) = split(text, b'\n');
        if !line.starts_with("@catalog 1 ") {
            return Err(UnknownFormat(line.chars().take(80).collect()));
        }
        let source = Box::leak(Box::new(Source::new(text)));
        Ok(Box::leak(Box::new(Release(source))))
    }

    /// The newest.
    pub fn newest() -> &'static Release {
        let [newest, ..] = &RELEASES;
        newest
    }

    /// `1.15.0`.
    pub fn version(&self) -> &'static str {
        let (line, _) = split(self.0.text, b'\n');
        line.split(' ').nth(2).unwrap_or_default()
    }

    /// The release whose build last held this component, where this release's lost it by mistake and the facts are from an older one.
    pub fn carried_from(&self, component: &str) -> Option<&'static str> {
        let section = self.0.index().components.get(component)?;
        section
            .head
            .split(' ')
            .find_map(|word| word.strip_prefix("carried_from="))
    }

    /// Whether the release checks more of a component or config block than types and names, when it starts.
    pub fn validates(&self, name: &str) -> bool {
        let index = self.0.index();
        let says = |head: &str| head.split(' ').any(|word| word == "validates");
        index
            .components
            .get(name)
            .is_some_and(|section| says(section.head))
            || index.config.get(name).is_some_and(|section| says(section.head))
    }
}

impl PartialEq for Release {
    fn eq(&self, other: &Self) -> bool {
        self.version() == other.version()
    }
}

impl Eq for Release {}

impl fmt::Debug for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Release({})", self.version())
    }
}

impl Catalog for Release {
    fn capsule(&self, name: &str) -> Option<&'static str> {
        super::capsules::described(name)
    }

    fn title(&self) -> &str {
        let (line, _) = split(self.0.text, b'\n');
        split(line, b'"').1.trim_end_matches('"')
    }

    fn component(&self, name: &str) -> Option<Arc<ComponentSchema>> {
        let section = self.0.index().components.get(name)?;
        let made = section.made.get_or_init(|| {
            let ours = bundled_component(section.name);
            let reader = Reader::new(self.0, ours.clone().map_or(Docs::None, Docs::Component));
            let mut words = section.head.split(' ');
            let stability = words.next().unwrap_or_default();
            Arc::new(ComponentSchema {
                name: section.name,
                labelled: true,
                // What only the community keeps up is allowed by a flag of its own and at every level.
                stability: stability.parse().unwrap_or(Stability::GenerallyAvailable),
                community: words.any(|word| word == "community"),
                arguments: reader.body(section.lines, 1),
                exports: reader.exports(section.lines),
                doc: ours.map_or("", |ours| ours.doc),
            })
        });
        Some(made.clone())
    }

    fn config_block(&self, name: &str) -> Option<Arc<ComponentSchema>> {
        let section = self.0.index().config.get(name)?;
        let made = section.made.get_or_init(|| {
            let docs = bundled_config_block(name).map_or(Docs::None, Docs::Component);
            Arc::new(ComponentSchema {
                name: section.name,
                labelled: section.name.starts_with("import."),
                stability: Stability::GenerallyAvailable,
                community: false,
                arguments: Reader::new(self.0, docs).body(section.lines, 1),
                exports: Vec::new(),
                doc: "",
            })
        });
        Some(made.clone())
    }

    fn component_names(&self) -> Vec<&'static str> {
        self.0.index().components.names()
    }

    fn config_block_names(&self) -> Vec<&'static str> {
        self.0.index().config.names()
    }
}

/// The text of a release, with what has been made of it.
#[derive(Debug)]
pub(super) struct Source {
    text: &'static str,
    index: OnceLock<Index>,
}

/// The sections of a text.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub(super) components: Sections<Arc<ComponentSchema>>,
    pub(super) config: Sections<Arc<ComponentSchema>>,
    /// Bodies that several blocks have.
    pub(super) bodies: Sections<LazyBody>,
    /// Alternatives that hold themselves.
    pub(super) groups: Sections<()>,
    pub(super) texts: Sections<Words>,
}

/// A text type: its name for people, and the accepted words where the set is closed.
#[derive(Debug)]
pub(super) struct Words {
    name: &'static str,
    words: Vec<&'static str>,
}

impl Source {
    const fn new(text: &'static str) -> Self {
        Self {
            text,
            index: OnceLock::new(),
        }
    }

    pub(super) fn index(&self) -> &Index {
        self.index.get_or_init(|| {
            let mut index = Index::default();
            for top in tops(self.text) {
                match top.kind {
                    "component" => index.components.push(top),
                    "config" => index.config.push(top),
                    "body" => index.bodies.push(top),
                    "group" => index.groups.push(top),
                    "text" => index.texts.push(top),
                    _ => {}
                }
            }
            index.components.sort();
            index.config.sort();
            index.bodies.sort();
            index.groups.sort();
            index.texts.sort();
            index
        })
    }

    /// The type of a special form of string.
    pub(super) fn text_type(&'static self, short: &str) -> Option<Type> {
        let section = self.index().texts.get(short)?;
        let made = section.made.get_or_init(|| {
            let mut quoted = section.head.split('"').skip(1).step_by(2);
            Words {
                name: quoted.next().unwrap_or_default(),
                words: quoted.collect(),
            }
        });
        Some(Type::Text {
            name: made.name,
            words: &made.words,
        })
    }
}
