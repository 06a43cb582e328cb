//! Messages that would come with every request are said once in a while.

use parking_lot::Mutex;
use std::time::{Duration, Instant};

/// How long it is quiet after a message.
const QUIET: Duration = Duration::from_secs(10);

/// Decides whether a message that recurs is said now.
#[derive(Debug, Default)]
pub struct Seldom {
    state: Mutex<(Option<Instant>, u64)>,
}

impl Seldom {
    /// `Some` if it may be said now, with how many have been left out since the last one.
    pub fn now(&self) -> Option<u64> {
        let mut state = self.state.lock();
        if state.0.is_some_and(|said| said.elapsed() < QUIET) {
            state.1 += 1;
            return None;
        }
        state.0 = Some(Instant::now());
        Some(std::mem::take(&mut state.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_recurs_is_said_once_and_counted() {
        let seldom = Seldom::default();
        assert_eq!(seldom.now(), Some(0));
        assert_eq!(seldom.now(), None);
        assert_eq!(seldom.now(), None);
        let mut state = seldom.state.lock();
        state.0 = Instant::now().checked_sub(QUIET);
        drop(state);
        assert_eq!(seldom.now(), Some(2));
    }
}
