//! The catalogs: every component and config block of a release, made when it is first asked for.
//!
//! A [`Release`] is a release of Grafana Alloy, embedded as text (format: docs/catalog.md); [`bundled`] is what this agent itself has. Both are
//! [`Catalog`]s. Nothing happens at start-up; the first question finds where the components stand, and each component, each shared body and
//! each nested block is read once, when it is first asked for.

mod body;
mod bundled;
mod capsules;
mod index;
mod literal;
mod release;
mod target;

#[cfg(test)]
mod tests;

pub use bundled::{bundled, runs_here};
pub use release::{Release, UnknownFormat, release, releases};
pub use river_eval::check::Catalog;
pub use target::{Target, UnknownTarget};
