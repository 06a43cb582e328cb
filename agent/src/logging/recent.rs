//! The last lines of the log, kept for the support bundle.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Bytes that are kept at the most; a longer line is not kept.
const MAX_BYTES: usize = 128 * 1024;

/// The last lines.
#[derive(Debug, Default)]
pub(super) struct Recent {
    lines: Mutex<Lines>,
}

#[derive(Debug, Default)]
struct Lines {
    lines: VecDeque<Box<str>>,
    bytes: usize,
}

impl Recent {
    /// Keeps a line, and forgets the oldest ones where there is no room.
    pub(super) fn put(&self, line: &str) {
        if line.len() > MAX_BYTES {
            return;
        }
        let mut kept = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes += line.len();
        kept.lines.push_back(line.into());
        while kept.bytes > MAX_BYTES {
            let Some(oldest) = kept.lines.pop_front() else {
                return;
            };
            kept.bytes -= oldest.len();
        }
    }

    /// All that is kept, the oldest line first.
    pub(super) fn text(&self) -> String {
        let kept = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        kept.lines.iter().map(|line| &**line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_lines_are_kept_within_the_bound() {
        let recent = Recent::default();
        recent.put(&"x".repeat(MAX_BYTES + 1));
        for number in 0..50_000 {
            recent.put(&format!("line {number}\n"));
        }
        let text = recent.text();
        assert!(text.len() <= MAX_BYTES && text.len() > MAX_BYTES - 20);
        assert!(text.ends_with("line 49999\n") && text.starts_with("line "));
    }
}
