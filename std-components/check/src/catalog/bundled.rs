//! The catalog of this agent: the schemas of its own components, from their derived structs.

use super::release::Release;
use river_eval::check::Catalog;
use river_eval::schema::ComponentSchema;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std_components::component::{Labelling, Registration};

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

    /// The config blocks are those of the newest release: the agent takes all that they take, and says of each what it does not act on.
    fn config_block(&self, name: &str) -> Option<Arc<ComponentSchema>> {
        Release::newest().config_block(name)
    }

    fn component_names(&self) -> Vec<&'static str> {
        components().keys().copied().collect()
    }

    fn config_block_names(&self) -> Vec<&'static str> {
        Release::newest().config_block_names()
    }
}
