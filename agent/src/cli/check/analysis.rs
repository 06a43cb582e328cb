//! Asks for everything that is wrong with one configuration: the one place where the command meets the checker.

use super::options::Settled;
use crate::runtime::{self, Options};
use crate::sources::Source;
use river_syntax::{Diagnostic, Sources};

/// The texts as a table (those that it imports after its own), and what the checker says of them, in order of places.
pub(super) fn analyze(settled: &Settled, texts: &[Source]) -> (Sources, Vec<Diagnostic>) {
    let options = Options {
        stability: settled.stability,
        ..Options::default()
    };
    runtime::check(&options, texts)
}
