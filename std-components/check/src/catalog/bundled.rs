//! The catalog of this agent: the schemas of its own components, from their derived structs.

use super::release::Release;
use river_eval::check::Catalog;
use river_eval::eval::Stability;
use river_eval::schema::{BodySchema, ComponentSchema};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std_components::component::{Labelling, Registration};
use std_components::controller::config_block_schemas;

/// What this agent itself has.
pub fn bundled() -> &'static dyn Catalog {
    &Bundled
}

/// Whether this agent has the component, so that a configuration with it can be run.
pub fn runs_here(component: &str) -> bool {
    components().contains_key(component)
}

/// One of this agent's own components.
pub(super) fn bundled_component(name: &str) -> Option<Arc<ComponentSchema>> {
    let (registration, made) = components().get(name)?;
    let made = made.get_or_init(|| {
        Arc::new(ComponentSchema {
            name: registration.name,
            labelled: registration.labelling == Labelling::Required,
            stability: registration.stability,
            community: false,
            arguments: (registration.arguments)(),
            exports: (registration.exports)().attributes,
            doc: "",
        })
    });
    Some(made.clone())
}

/// One of this agent's own config blocks.
pub(super) fn bundled_config_block(name: &str) -> Option<Arc<ComponentSchema>> {
    static BLOCKS: OnceLock<BTreeMap<&'static str, Arc<ComponentSchema>>> = OnceLock::new();
    let blocks = BLOCKS.get_or_init(|| {
        let of = |(name, arguments): (&'static str, fn() -> BodySchema)| {
            let schema = ComponentSchema {
                name,
                labelled: false,
                stability: Stability::GenerallyAvailable,
                community: false,
                arguments: arguments(),
                exports: Vec::new(),
                doc: "",
            };
            (name, Arc::new(schema))
        };
        config_block_schemas().into_iter().map(of).collect()
    });
    blocks.get(name).cloned()
}

type Components = BTreeMap<&'static str, (&'static Registration, OnceLock<Arc<ComponentSchema>>)>;

fn components() -> &'static Components {
    static COMPONENTS: OnceLock<Components> = OnceLock::new();
    COMPONENTS.get_or_init(|| {
        std_components::components()
            .map(|registration| (registration.name, (registration, OnceLock::new())))
            .collect()
    })
}

#[derive(Debug)]
struct Bundled;

impl Catalog for Bundled {
    fn capsule(&self, name: &str) -> Option<&'static str> {
        super::capsules::described(name)
    }

    fn title(&self) -> &str {
        concat!("alloy-rs v", env!("CARGO_PKG_VERSION"))
    }

    fn component(&self, name: &str) -> Option<Arc<ComponentSchema>> {
        bundled_component(name)
    }

    /// A block that has no derived struct, or one in another crate, is the newest release's: the agent takes all that it takes, and says what it does
    /// not act on.
    fn config_block(&self, name: &str) -> Option<Arc<ComponentSchema>> {
        bundled_config_block(name).or_else(|| Release::newest().config_block(name))
    }

    fn component_names(&self) -> Vec<&'static str> {
        components().keys().copied().collect()
    }

    fn config_block_names(&self) -> Vec<&'static str> {
        Release::newest().config_block_names()
    }
}
