//! How often a container writes, so that a silence can be told from a stream that has missed a rotation.
//!
//! The kubelets of releases before 1.29 may go on following a log file that has been rotated away: the stream stays open and nothing comes any more. A stream that is silent for
//! several times the usual pause between lines is opened anew there; where nothing was missed, that costs a request and no line.

use std::time::Duration;
use tokio::time::Instant;

/// Over how many lines the usual pause is taken.
const WINDOW: f64 = 10_000.0;

/// With fewer lines nothing is usual yet.
const ENOUGH: f64 = 100.0;

/// The least pause that is taken as the usual one.
const LEAST: Duration = Duration::from_secs(2);

/// How many usual pauses are suspicious.
const TIMES: u32 = 3;

/// The pace of a container.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// The mean of the pauses, in seconds.
    mean: f64,
    /// How many pauses that is of, at the most [`WINDOW`].
    count: f64,
    /// When the present stream brought its last new line.
    last: Option<Instant>,
}

impl Pace {
    /// A stream begins: its silence means nothing until it has brought a line.
    pub(super) fn begin(&mut self) {
        self.last = None;
    }

    /// So many new lines have come.
    pub(super) fn lines(&mut self, lines: usize, now: Instant) {
        let Some(last) = self.last.replace(now) else {
            return;
        };
        #[expect(clippy::cast_precision_loss, reason = "a count of lines of a batch")]
        let lines = lines as f64;
        self.count = (self.count + lines).min(WINDOW);
        let pause = now.duration_since(last).as_secs_f64() / lines.max(1.0);
        self.mean += (pause - self.mean) * (lines / self.count.max(1.0)).min(1.0);
    }

    /// Until when a silence is nothing unusual; `None` where that is not known.
    pub(super) fn patience(&self) -> Option<Instant> {
        let last = self.last.filter(|_| self.count >= ENOUGH)?;
        Some(last + Duration::from_secs_f64(self.mean).max(LEAST) * TIMES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silence_is_measured_by_the_pauses_before() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let mut pace = Pace::default();
        for number in 0..100 {
            pace.lines(1, start + second * 10 * number);
        }
        assert_eq!(pace.patience(), None, "99 pauses are too few");
        pace.lines(1, start + second * 1000);
        let patience = pace.patience().unwrap() - start;
        assert!((patience.as_secs_f64() - 1030.0).abs() < 0.01, "{patience:?}");
        // A crowd of lines makes it impatient, within limits.
        pace.lines(1_000_000, start + second * 1001);
        assert_eq!(pace.patience().unwrap() - start, second * 1007);
        pace.begin();
        assert_eq!(pace.patience(), None, "nothing has come yet");
        pace.lines(5, start + second * 2000);
        assert_eq!(pace.patience().unwrap() - start, second * 2006);
    }
}
