//! Where things stand in the text of a catalog, found in one pass over its top lines.

use std::sync::OnceLock;

/// A top line and the lines below it, with what was made of them.
#[derive(Debug)]
pub(super) struct Section<T> {
    pub(super) name: &'static str,
    /// What follows the name on its line.
    pub(super) head: &'static str,
    /// The lines below.
    pub(super) lines: &'static str,
    pub(super) made: OnceLock<T>,
}

/// Sections of one kind, sorted by name.
#[derive(Debug)]
pub(super) struct Sections<T>(Vec<Section<T>>);

impl<T> Default for Sections<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Sections<T> {
    pub(super) fn get(&self, name: &str) -> Option<&Section<T>> {
        let place = self.0.binary_search_by(|section| section.name.cmp(name)).ok()?;
        self.0.get(place)
    }

    pub(super) fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|section| section.name).collect()
    }

    pub(super) fn push(&mut self, top: Top) {
        self.0.push(Section {
            name: top.name,
            head: top.head,
            lines: top.lines,
            made: OnceLock::new(),
        });
    }

    /// The converter writes each kind in order; a file that somebody edited may not be.
    pub(super) fn sort(&mut self) {
        if !self.0.is_sorted_by_key(|section| section.name) {
            self.0.sort_by_key(|section| section.name);
        }
    }
}

/// A top line: `@KIND NAME HEAD`, and the lines until the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Top {
    pub(super) kind: &'static str,
    pub(super) name: &'static str,
    pub(super) head: &'static str,
    pub(super) lines: &'static str,
}

/// All top lines. `@` begins them, and hardly anything else in the text holds one.
pub(super) fn tops(text: &'static str) -> impl Iterator<Item = Top> {
    let bytes = text.as_bytes();
    let mut starts = memchr::memchr_iter(b'@', bytes)
        .filter(move |&at| at == 0 || bytes.get(at - 1) == Some(&b'\n'))
        .peekable();
    std::iter::from_fn(move || {
        let start = starts.next()?;
        let end = starts.peek().copied().unwrap_or(text.len());
        Some(top(text.get(start + 1..end)?))
    })
}

fn top(section: &'static str) -> Top {
    let (line, lines) = split(section, b'\n');
    let (kind, rest) = split(line, b' ');
    let (name, head) = split(rest, b' ');
    Top {
        kind,
        name,
        head,
        lines,
    }
}

/// What stands before the first `byte` and after it.
pub(super) fn split(text: &'static str, byte: u8) -> (&'static str, &'static str) {
    match memchr::memchr(byte, text.as_bytes()) {
        Some(at) => (
            text.get(..at).unwrap_or_default(),
            text.get(at + 1..).unwrap_or_default(),
        ),
        None => (text, ""),
    }
}
