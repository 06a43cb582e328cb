//! The checker: finds mistakes in a configuration without running it, against a catalog of components.
//!
//! Types are inferred, not evaluated: a reference has the type that the catalog gives to the export, `sys.env` is a string of unknown content.
//! Where a value is known from the text alone, it is known exactly ([`Inferred::value`]), and rules look at it.
//!
//! Nothing here knows a single component: what a value of one component means is a [`Rule`], and what components there are is a [`Catalog`].

mod catalog;
mod checked;
mod known;
mod rule;
mod types;

pub use catalog::Catalog;
pub use checked::{Checked, CheckedAttribute};
pub use known::{KnownText, inside};
pub use rule::{Findings, Rule};
pub use types::{Inferred, Ty};
