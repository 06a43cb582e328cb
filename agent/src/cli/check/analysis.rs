//! Asks for everything that is wrong with one configuration: the one place where the command meets the checker.

use super::options::Settled;
use crate::joined;
use crate::runtime::{self, Options};
use crate::sources::{self, Source};
use alloy_check::Settings;
use alloy_check::catalog::Target;
use river_syntax::{Diagnostic, Sources};

/// The texts as a table (those that it imports after its own), and what the checker says of them, in order of places.
pub(super) fn analyze(settled: &Settled, texts: &[Source]) -> (Sources, Vec<Diagnostic>) {
    let unreadable = sources::not_texts(texts);
    if !unreadable.is_empty() {
        // What stands around such bytes cannot be trusted to be what was meant.
        return (sources::table(texts), unreadable);
    }
    let settings = Settings {
        target: settled.target,
        min_stability: settled.stability,
        community: settled.community_components,
    };
    let (mut sources, mut found) = joined::checked(texts, &settings);
    if settled.target == Target::AlloyRs && !found.iter().any(Diagnostic::is_error) {
        // What only the components themselves know: they decode their arguments as at a start, and nothing is started.
        let options = Options {
            // Where modules beside it are looked for.
            path: texts
                .first()
                .map(|text| text.name.as_str().into())
                .unwrap_or_default(),
            stability: settled.stability,
            ..Options::default()
        };
        let (theirs, of_components) = runtime::check(&options, texts);
        joined::add(&mut sources, &mut found, &theirs, of_components);
    } else {
        found.sort_by_key(|finding| (finding.primary.span.file, finding.primary.span.start));
    }
    (sources, found)
}
