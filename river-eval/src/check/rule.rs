//! Rules: what is wrong with values that fit their types.

use super::checked::Checked;
use super::known::{KnownText, inside};
use river_syntax::{Diagnostic, Sources, Span};
use std::ops::Range;

/// A rule about the meaning of values. One rule is one subject; it may have several codes.
pub trait Rule: Send + Sync {
    /// Looks at a component's or config block's body with all blocks inside of it; [`Checked::visit`] goes through them.
    fn check(&self, block: &Checked<'_>, findings: &mut Findings<'_>);

    /// Called once after all blocks: what several of them mean together, from the facts that were [remembered](Findings::remember).
    fn conclude(&self, _facts: &[Fact], _findings: &mut Findings<'_>) {}
}

/// Something that a rule saw in one block and that matters for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What was seen; each rule has words of its own.
    pub what: &'static str,
    /// Where.
    pub span: Span,
}

/// Where rules put what they find.
#[derive(Debug)]
pub struct Findings<'a> {
    sources: &'a Sources,
    diagnostics: Vec<Diagnostic>,
    facts: Vec<Fact>,
}

impl<'a> Findings<'a> {
    /// Nothing found yet.
    pub fn new(sources: &'a Sources) -> Self {
        Self {
            sources,
            diagnostics: Vec::new(),
            facts: Vec::new(),
        }
    }

    /// Adds a finding.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Keeps something for [`Rule::conclude`].
    pub fn remember(&mut self, what: &'static str, span: Span) {
        self.facts.push(Fact { what, span });
    }

    /// What was remembered since the last call.
    pub fn take_facts(&mut self) -> Vec<Fact> {
        std::mem::take(&mut self.facts)
    }

    /// The place of a range of bytes of a known text; the whole text where it cannot be told.
    pub fn inside(&self, text: &KnownText, range: Range<usize>) -> Span {
        if text.literal {
            inside(text.span, self.sources.slice(text.span), range)
        } else {
            text.span
        }
    }

    /// What stands in the file at a place.
    pub fn source(&self, span: Span) -> &'a str {
        self.sources.slice(span)
    }

    /// All findings.
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics
    }
}
