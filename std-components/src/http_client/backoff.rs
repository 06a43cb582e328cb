//! Waiting between attempts: exponential, with jitter, so that many agents do not come back at the same moment.

use std::time::Duration;

/// The waits of one request's retries.
#[derive(Clone, Debug)]
pub struct Backoff {
    least: Duration,
    most: Duration,
    ceiling: Duration,
    retries: u64,
}

/// How long a peer's `Retry-After` is heeded at the most.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(600);

impl Backoff {
    /// Waits between `least` and `most`; the ceiling doubles from one to the next.
    pub fn new(least: Duration, most: Duration) -> Self {
        // Without any least wait a dead peer would be asked in a tight loop.
        let least = least.max(Duration::from_millis(1));
        Self {
            least,
            most: most.max(least),
            ceiling: least,
            retries: 0,
        }
    }

    /// The wait before the next attempt; the peer's `Retry-After` goes before it where it is longer.
    pub fn next(&mut self, retry_after: Option<Duration>) -> Duration {
        self.retries += 1;
        self.ceiling = self.ceiling.saturating_mul(2).min(self.most);
        let spread = self.ceiling.saturating_sub(self.least);
        let wait = self.least + spread.mul_f64(fastrand::f64());
        retry_after.map_or(wait, |asked| wait.max(asked.min(MAX_RETRY_AFTER)))
    }

    /// How many waits there have been.
    pub fn retries(&self) -> u64 {
        self.retries
    }
}

/// The seconds of a `Retry-After` header. The form with a date is not heeded: clocks differ.
pub fn retry_after(headers: &reqwest::header::HeaderMap) -> Option<Duration> {
    let text = headers.get(reqwest::header::RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_most_and_stay_between_the_bounds() {
        let (least, most) = (Duration::from_millis(100), Duration::from_secs(2));
        let mut backoff = Backoff::new(least, most);
        let mut ceiling = least;
        for _ in 0..40 {
            ceiling = (ceiling * 2).min(most);
            let wait = backoff.next(None);
            assert!(least <= wait && wait <= ceiling, "{wait:?}");
        }
        assert_eq!(backoff.retries(), 40);
    }

    #[test]
    fn what_the_peer_asks_for_is_heeded_within_reason() {
        let mut backoff = Backoff::new(Duration::from_millis(1), Duration::from_millis(2));
        assert_eq!(backoff.next(Some(Duration::from_secs(7))), Duration::from_secs(7));
        assert_eq!(backoff.next(Some(Duration::MAX)), MAX_RETRY_AFTER);
    }
}
