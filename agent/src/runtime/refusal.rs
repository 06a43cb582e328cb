//! Why a configuration was refused, in full: a load stops at the first kind of mistake, and whoever mends the file wants to see all of them.

use crate::joined;
use crate::sources::Source;
use alloy_check::Settings;
use alloy_check::catalog::Target;
use river_syntax::Diagnostic;
use std_components::component::Stability;
use std_components::controller::LoadError;

/// The refusal with everything that the checker finds in the same texts. The checker never refuses by itself: what a load takes is taken.
pub(super) fn in_full(texts: &[Source], min_stability: Stability, refused: LoadError) -> LoadError {
    let settings = Settings {
        target: Target::AlloyRs,
        min_stability,
        community: true,
    };
    let (mut sources, mut diagnostics) = joined::checked(texts, &settings);
    if !diagnostics.iter().any(Diagnostic::is_error) {
        return refused;
    }
    joined::add(
        &mut sources,
        &mut diagnostics,
        &refused.sources,
        refused.diagnostics,
    );
    LoadError { sources, diagnostics }
}
