//! How far a container's log has been taken, each of its two streams for itself: their times cross in the log, as the daemon notes them before it
//! writes the lines.

use super::stream::Stream;
use crate::loki::source::marks::{Mark, Resume};
use std::sync::Arc;

/// What stands between the streams' marks where they are stored, and for one that has none.
const BETWEEN: &str = " | ";

/// How far a log has been taken.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Place {
    stdout: Option<Mark>,
    stderr: Option<Mark>,
}

impl Place {
    /// Everything before a second, in Unix time: what the reference stores. Nobody knows how many lines of that second were taken: they are taken again.
    pub(super) fn before(container: &Arc<str>, second: i64) -> Self {
        let mark = Mark::until(
            container.clone(),
            second.saturating_mul(1_000_000_000).saturating_sub(1),
        );
        Self {
            stdout: Some(mark.clone()),
            stderr: Some(mark),
        }
    }

    /// A line has been taken behind it.
    pub(super) fn take(place: &mut Option<Self>, container: &Arc<str>, stream: Stream, time: i64) {
        let place = place.get_or_insert_default();
        let mark = match stream {
            Stream::Stdout => &mut place.stdout,
            Stream::Stderr => &mut place.stderr,
        };
        Mark::take(mark, container, time);
    }

    /// The later of the streams.
    fn latest(&self) -> Option<&Mark> {
        let marks = self.stdout.iter().chain(&self.stderr);
        marks.max_by_key(|mark| mark.time)
    }

    /// The time of the last line, in nanoseconds.
    pub(super) fn time(&self) -> i64 {
        self.latest().map_or(0, |mark| mark.time)
    }

    /// The second from which the log has to be asked for; 0 is its beginning. `now` is in nanoseconds. Lines were taken in the order of the log, so that of a
    /// stream that has been quiet for long nothing is missing before the other's mark.
    pub(super) fn since(&self, now: i64) -> i64 {
        self.latest().and_then(|mark| mark.since(now)).unwrap_or(0).max(0)
    }

    /// As it is stored: the reference's whole seconds, and what the reference does not know.
    pub(super) fn to_stored(&self) -> (i64, String) {
        let text = |mark: &Option<Mark>| mark.as_ref().map_or_else(String::new, |mark| mark.to_stored().1);
        (
            self.time().div_euclid(1_000_000_000),
            [text(&self.stdout), text(&self.stderr)].join(BETWEEN),
        )
    }

    /// A stored one.
    pub(super) fn from_stored(container: &Arc<str>, number: &str, detail: &str) -> Option<Self> {
        if let Some((stdout, stderr)) = detail.split_once(BETWEEN) {
            return Some(Self {
                stdout: Mark::from_stored("", stdout),
                stderr: Mark::from_stored("", stderr),
            });
        }
        let second: i64 = number.parse().ok().filter(|second| *second > 0)?;
        Some(Self::before(container, second))
    }
}

/// Tells new lines of a log from those that were taken before.
#[derive(Debug)]
pub(super) struct Resuming {
    stdout: Resume,
    stderr: Resume,
}

impl Resuming {
    /// Behind a place; without one every line is new.
    pub(super) fn behind(place: Option<&Place>) -> Self {
        let place = place.cloned().unwrap_or_default();
        Self {
            stdout: Resume::behind(place.stdout),
            stderr: Resume::behind(place.stderr),
        }
    }

    /// Whether the next line of a stream is new. Pieces of a line are as new as its end, which alone is counted.
    pub(super) fn is_new(&mut self, stream: Stream, time: i64, is_piece: bool) -> bool {
        let resume = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        if is_piece {
            resume.would_be_new(time)
        } else {
            resume.is_new(time)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: i64 = 1_000_000_000;

    #[test]
    fn what_is_stored_comes_back() {
        let id: Arc<str> = "c1".into();
        let mut place = None;
        Place::take(&mut place, &id, Stream::Stderr, 5 * SECOND);
        Place::take(&mut place, &id, Stream::Stderr, 5 * SECOND);
        let only = place.clone().unwrap();
        let (number, detail) = only.to_stored();
        assert_eq!((number, &*detail), (5, " | 5000000000 2 5000000000 c1"));
        assert_eq!(Place::from_stored(&id, "5", &detail), Some(only));
        Place::take(&mut place, &id, Stream::Stdout, 7 * SECOND);
        let both = place.unwrap();
        let (number, detail) = both.to_stored();
        assert_eq!(number, 7);
        assert_eq!(Place::from_stored(&id, "7", &detail), Some(both));
        let theirs = Place::from_stored(&id, "7", "").unwrap();
        assert!(!Resuming::behind(Some(&theirs)).is_new(Stream::Stdout, 7 * SECOND - 1, false));
        assert!(Resuming::behind(Some(&theirs)).is_new(Stream::Stderr, 7 * SECOND, false));
        assert_eq!(Place::from_stored(&id, "0", ""), None);
    }

    proptest! {
        /// Streams whose times rise, and cross one another by some seconds: wherever it breaks, each line is taken once.
        #[test]
        fn each_line_once(steps in prop::collection::vec((any::<bool>(), 0..3i64), 0..40), ahead in 0..4i64, from: prop::sample::Index) {
            let (id, mut time): (Arc<str>, _) = ("c1".into(), 1000 * SECOND);
            let mut log = Vec::new();
            for (is_err, step) in steps {
                time += step * SECOND / 2;
                log.push(if is_err { (Stream::Stderr, time) } else { (Stream::Stdout, time + ahead * SECOND) });
            }
            let taken = from.index(log.len() + 1);
            let mut place = None;
            for (stream, time) in &log[..taken] {
                Place::take(&mut place, &id, *stream, *time);
            }
            let since = place.as_ref().map_or(0, |place: &Place| place.since(i64::MAX));
            let mut resume = Resuming::behind(place.as_ref());
            let served = log.iter().enumerate().filter(|(_, (_, time))| *time >= since * SECOND);
            let new: Vec<usize> = served
                .filter(|(_, (stream, time))| resume.is_new(*stream, *time, false))
                .map(|(at, _)| at)
                .collect();
            prop_assert_eq!(new, (taken..log.len()).collect::<Vec<_>>());
        }
    }
}
