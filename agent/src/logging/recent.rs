//! The last lines of the log, kept for the support bundle.
//!
//! In one piece of memory: lines by themselves would lie between everything that comes and goes, and keep its room from being used as a whole.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Bytes that are kept at the most; a longer line is not kept.
const MAX_BYTES: usize = 128 * 1024;

/// The last lines.
#[derive(Debug, Default)]
pub(super) struct Recent {
    /// Whole lines, each with its end.
    text: Mutex<VecDeque<u8>>,
}

impl Recent {
    /// Keeps a line, which ends with a line feed, and forgets the oldest ones where there is no room.
    pub(super) fn put(&self, line: &str) {
        if line.len() > MAX_BYTES {
            return;
        }
        let mut text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        let room = MAX_BYTES - text.len().min(MAX_BYTES);
        if line.len() > room {
            let too_much = line.len() - room;
            let end = text.iter().skip(too_much - 1).position(|byte| *byte == b'\n');
            let gone = end.map_or(text.len(), |at| too_much + at);
            text.drain(..gone);
        }
        if text.len() + line.len() > text.capacity() {
            // Twice as much each time, but never more than is kept.
            let wanted = (text.capacity() * 2).max(text.len() + line.len()).min(MAX_BYTES);
            let more = wanted - text.len();
            text.reserve_exact(more);
        }
        text.extend(line.as_bytes());
    }

    /// All that is kept, the oldest line first.
    pub(super) fn text(&self) -> String {
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        let (first, second) = text.as_slices();
        String::from_utf8_lossy(&[first, second].concat()).into_owned()
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
        assert_eq!(recent.text.lock().unwrap().capacity(), MAX_BYTES);
    }
}
