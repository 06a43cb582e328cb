//! What a command found in all the configurations that it looked at: what every format is written from.

use river_syntax::{Diagnostic, Severity, Sources};

/// A configuration and what was found in it.
#[derive(Clone, Debug)]
pub(crate) struct Checked {
    /// As it was named on the command line.
    pub(crate) name: String,
    /// Its texts.
    pub(crate) sources: Sources,
    /// The findings, in order of places.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// All configurations in the order in which they were named.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch {
    /// What could be read.
    pub(crate) checked: Vec<Checked>,
    /// What could not be read or written, and why.
    pub(crate) failures: Vec<String>,
}

impl Batch {
    /// Adds a configuration.
    pub(crate) fn add(&mut self, name: String, sources: Sources, diagnostics: Vec<Diagnostic>) {
        self.checked.push(Checked {
            name,
            sources,
            diagnostics,
        });
    }

    /// All findings with the texts that they speak of.
    pub(crate) fn findings(&self) -> impl Iterator<Item = (&Sources, &Diagnostic)> {
        self.checked.iter().flat_map(|checked| {
            checked
                .diagnostics
                .iter()
                .map(|diagnostic| (&checked.sources, diagnostic))
        })
    }

    /// How many findings there are of a severity.
    pub(crate) fn count(&self, severity: Severity) -> usize {
        self.findings()
            .filter(|(_, diagnostic)| diagnostic.severity == severity)
            .count()
    }
}
