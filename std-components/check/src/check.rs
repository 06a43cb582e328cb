//! One call that checks a configuration for a target, with all rules.

use crate::catalog::{Target, runs_here};
use crate::codes;
use crate::rules;
use river_eval::check::{Analysis, Loader, NodeKind, Options, analyze};
use river_eval::eval::Stability;
use river_eval::graph::ParsedFile;
use river_syntax::{Diagnostic, Severity, Sources};
use std::collections::HashSet;
use std::sync::Arc;

/// What a check goes by.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The agent that the configuration is for.
    pub target: Target,
    /// The lowest stability that is allowed.
    pub min_stability: Stability,
    /// Whether community components are allowed.
    pub community: bool,
}

impl Default for Settings {
    /// The newest release of Grafana Alloy with its own defaults.
    fn default() -> Self {
        Self {
            target: Target::newest(),
            min_stability: Stability::GenerallyAvailable,
            community: false,
        }
    }
}

/// Checks the parsed files of one configuration with all rules. Imported files are added to `sources`.
pub fn check(
    sources: &mut Sources,
    files: &[Arc<ParsedFile>],
    settings: &Settings,
    loader: &dyn Loader,
) -> Analysis {
    let mut analysis = analyze(
        sources,
        files,
        &Options {
            catalog: settings.target.catalog(),
            min_stability: settings.min_stability,
            community: settings.community,
            rules: rules::all(),
            loader,
        },
    );
    if settings.target != Target::AlloyRs {
        let remarks = elsewhere(&analysis);
        analysis.diagnostics.extend(remarks);
        analysis
            .diagnostics
            .sort_by_key(|finding| (finding.primary.span.file, finding.primary.span.start));
    }
    analysis
}

/// A remark for each kind of component that Grafana Alloy has and this agent has not.
fn elsewhere(analysis: &Analysis) -> Vec<Diagnostic> {
    let mut seen = HashSet::new();
    let nodes = analysis.scopes.iter().flat_map(|scope| &scope.nodes);
    nodes
        .filter(|node| node.kind == NodeKind::Component && !runs_here(&node.name) && seen.insert(&node.name))
        .map(|node| {
            Diagnostic::new(
                Severity::Info,
                &codes::NOT_IN_THIS_AGENT,
                node.name_span,
                format!("{} runs in Grafana Alloy, and not yet in this agent", node.name),
            )
            .with_help("it was checked in full; --target alloy-rs checks what this agent can run")
        })
        .collect()
}
