//! The checker: finds mistakes in a configuration without running it, against a catalog of components.
//!
//! Types are inferred, not evaluated: a reference has the type that the catalog gives to the export, `sys.env` is a string of unknown content.
//! Where a value is known from the text alone, it is known exactly ([`Inferred::value`]), and rules look at it.
//!
//! Nothing here knows a single component: what a value of one component means is a [`Rule`], and what components there are is a [`Catalog`].
//!
//! One root cause gives one finding: of an expression that was told to be wrong nothing is known, and what nothing is known of fits everywhere.

mod analysis;
mod analyzer;
mod body;
mod catalog;
mod checked;
mod custom;
mod fits;
mod flow;
mod heads;
mod imports;
mod infer;
mod known;
mod language;
mod resolve;
mod rule;
mod scope;
mod signatures;
#[cfg(test)]
mod tests;
mod types;

pub use analysis::{
    Analysis, ExpressionInfo, NodeInfo, NodeKind, ReferenceInfo, ScopeInfo, ScopeKind, Target,
};
pub use analyzer::{Options, analyze};
pub use catalog::Catalog;
pub use checked::{Checked, CheckedAttribute};
pub use imports::{Loader, NoLoader};
pub use known::{KnownText, inside};
pub use language::{LANGUAGE_BLOCKS, language_block};
pub use rule::{Fact, Findings, Rule};
pub use types::{Inferred, Ty};
