//! What the checker knows of telemetry: catalogs of components, and rules and lints about their values.
//!
//! `river-eval`'s checker knows types, names and graphs but no single component; this crate gives it the [catalogs](catalog) of the
//! releases of Grafana Alloy and of this agent, the [rules] that say what a value means, and the [lints] that say what works but is
//! unwise. Nothing here runs anything.

pub mod catalog;
mod check;
pub mod codes;
pub mod describe;
mod given;
pub mod lints;
mod loader;
pub mod rules;
#[cfg(test)]
mod testing;

pub use check::{Settings, check};
pub use loader::{FileLoader, read_module};
