//! `--fix`: applies safe fixes again and again until nothing changes, then writes the files, or shows what it would write.

use super::edits;
use crate::atomic_file;
use crate::cli::diff;
use crate::sources::Source;
use river_syntax::{Diagnostic, Fix, Sources};

/// Rounds of one configuration: a fix may uncover another finding, and a pair of fixes that undo each other has to end.
const MAX_ROUNDS: usize = 16;

/// What to do with mended texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Write them.
    Write,
    /// Show the difference.
    Show,
}

/// A text before and after.
#[derive(Clone, Debug)]
struct Change {
    old: Source,
    new: String,
}

/// What was mended.
#[derive(Clone, Debug, Default)]
pub(super) struct Mended {
    changes: Vec<Change>,
    /// Fixes that were applied.
    pub(super) fixes: usize,
    /// What was found last.
    pub(super) left: Vec<Diagnostic>,
}

/// Says what is wrong with texts.
type Check<'c> = &'c dyn Fn(&[Source]) -> (Sources, Vec<Diagnostic>);

/// Mends one configuration, in memory. `found` is what `check` says of the texts.
pub(super) fn mend(texts: Vec<Source>, found: Vec<Diagnostic>, check: Check<'_>) -> Mended {
    let mut now = texts.clone();
    let mut mended = Mended {
        left: found,
        ..Mended::default()
    };
    for _ in 0..MAX_ROUNDS {
        // A text with replaced characters must never be written over the bytes that were there.
        if now.iter().any(|source| source.not_text.is_some()) {
            break;
        }
        let fixes: Vec<&Fix> = mended
            .left
            .iter()
            .filter_map(|finding| finding.fix.as_ref())
            .filter(|fix| fix.safe)
            .collect();
        let old: Vec<&str> = now.iter().map(|source| source.text.as_str()).collect();
        let Some(edited) = edits::apply(&old, &fixes) else {
            break;
        };
        for (source, text) in now.iter_mut().zip(edited.texts) {
            source.text = text;
        }
        mended.fixes += edited.fixes;
        mended.left = check(&now).1;
    }
    mended.changes = texts
        .into_iter()
        .zip(now)
        .map(|(old, new)| Change { old, new: new.text })
        .collect();
    mended
}

impl Mended {
    /// The texts as they are now.
    pub(super) fn texts(&self) -> Vec<Source> {
        let changes = self.changes.iter();
        changes
            .map(|change| Source {
                text: change.new.clone(),
                ..change.old.clone()
            })
            .collect()
    }

    /// Writes what changed in place, and says what cannot be written.
    pub(super) fn write(&self) -> Vec<String> {
        let mut failures = Vec::new();
        for change in self.changed() {
            if let Some(path) = &change.old.path
                && let Err(error) = atomic_file::replace(path, change.new.as_bytes())
            {
                failures.push(format!("cannot write {}: {error}", path.display()));
            }
        }
        failures
    }

    fn changed(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.old.text != change.new)
    }

    /// Adds another configuration's.
    pub(super) fn add(&mut self, other: Mended) {
        self.changes.extend(other.changes);
        self.fixes += other.fixes;
    }

    /// How many files changed.
    pub(super) fn files(&self) -> usize {
        self.changed().count()
    }

    /// What goes to standard output: the difference, or standard input's text.
    pub(super) fn text(&self, way: Way, colour: bool) -> String {
        match way {
            Way::Show => self
                .changed()
                .map(|change| diff::unified(&change.old.name, "", &change.old.text, &change.new, colour))
                .collect(),
            Way::Write => self
                .changes
                .iter()
                .filter(|change| change.old.path.is_none())
                .map(|change| change.new.as_str())
                .collect(),
        }
    }

    /// The exit status that follows: a difference is a finding.
    pub(super) fn status(&self, way: Way) -> u8 {
        u8::from(way == Way::Show && self.changed().next().is_some())
    }
}
