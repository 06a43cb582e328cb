//! All rules over a line: one search for all keywords, then the expressions of the rules whose keywords are there.

use super::rules::{Allowlist, Rule};
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use std::time::Instant;

/// A secret in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// The rule's number.
    pub(super) rule: usize,
    /// Where it begins.
    pub(super) start: usize,
    /// The first byte behind it.
    pub(super) end: usize,
}

/// The rules, ready to be used.
#[derive(Debug)]
pub(super) struct Detector {
    rules: Vec<Rule>,
    allowlists: Vec<Allowlist>,
    keywords: AhoCorasick,
    /// By keyword, the rules that it is of.
    by_keyword: Vec<Vec<usize>>,
    /// Rules without keywords.
    always: Vec<usize>,
}

/// What is used again from line to line.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// By rule, whether it is among those to be tried.
    marked: Vec<bool>,
    tried: Vec<usize>,
    pub(super) findings: Vec<Finding>,
}

impl Detector {
    /// Of these rules; findings that an allowlist takes are none.
    ///
    /// # Errors
    /// Keywords that cannot be searched for together.
    pub(super) fn new(rules: Vec<Rule>, allowlists: Vec<Allowlist>) -> Result<Self, String> {
        let mut keywords: Vec<&str> = Vec::new();
        let mut by_keyword: Vec<Vec<usize>> = Vec::new();
        for (at, rule) in rules.iter().enumerate() {
            for keyword in &rule.keywords {
                match keywords.iter().position(|known| *known == &**keyword) {
                    Some(known) => by_keyword.get_mut(known).into_iter().for_each(|of| of.push(at)),
                    None => {
                        keywords.push(keyword);
                        by_keyword.push(vec![at]);
                    }
                }
            }
        }
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .build(&keywords)
            .map_err(|error| format!("the keywords cannot be searched for: {error}"))?;
        let always =
            (0..rules.len()).filter(|at| rules.get(*at).is_some_and(|rule| rule.keywords.is_empty()));
        Ok(Self {
            always: always.collect(),
            keywords: automaton,
            by_keyword,
            allowlists,
            rules,
        })
    }

    /// A rule by its number.
    pub(super) fn rule(&self, at: usize) -> Option<&Rule> {
        self.rules.get(at)
    }

    /// How many rules.
    pub(super) fn len(&self) -> usize {
        self.rules.len()
    }

    /// Looks for secrets until a time; they are in `scratch.findings` then, by their places. Answers whether the time was over before the end.
    pub(super) fn find(&self, line: &str, scratch: &mut Scratch, until: Option<Instant>) -> bool {
        scratch.findings.clear();
        for hit in self.keywords.find_overlapping_iter(line) {
            for &rule in self
                .by_keyword
                .get(hit.pattern().as_usize())
                .into_iter()
                .flatten()
            {
                scratch.mark(rule, self.rules.len());
            }
        }
        for &rule in &self.always {
            scratch.mark(rule, self.rules.len());
        }
        if scratch.tried.is_empty() {
            return false;
        }
        let mut is_late = false;
        let Scratch {
            marked,
            tried,
            findings,
        } = scratch;
        for at in tried.drain(..) {
            if let Some(marked) = marked.get_mut(at) {
                *marked = false;
            }
            is_late = is_late || until.is_some_and(|until| Instant::now() >= until);
            if is_late {
                continue;
            }
            if let Some(rule) = self.rules.get(at) {
                rule.find(line, &self.allowlists, |start, end| {
                    findings.push(Finding { rule: at, start, end });
                });
            }
        }
        is_late = is_late || until.is_some_and(|until| Instant::now() >= until);
        is_late
    }
}

impl Scratch {
    fn mark(&mut self, rule: usize, rules: usize) {
        if self.marked.len() < rules {
            self.marked.resize(rules, false);
        }
        if let Some(marked) = self.marked.get_mut(rule)
            && !std::mem::replace(marked, true)
        {
            self.tried.push(rule);
        }
    }
}
