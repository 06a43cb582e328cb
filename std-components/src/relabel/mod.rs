//! Relabelling: rules that change, keep or drop sets of labels, as Prometheus defines them
//! (<https://prometheus.io/docs/prometheus/latest/configuration/configuration/#relabel_config>).
//!
//! A configuration's [`Rule`] blocks are compiled once into [`Rules`]; applying those allocates nothing beyond the labels that change.

mod apply;
mod matcher;
mod rule;
mod template;

#[cfg(test)]
mod tests;

pub use apply::{Rules, Scratch};
pub use matcher::Anchored;
pub use rule::{Action, Rule};
pub use template::makes_a_name;
