//! How far the log of a container has been taken: the APIs know no offsets, only times.
//!
//! A mark is the last line's time with a count of the lines that had that very time. A stream that is opened anew begins somewhat before the mark; a
//! [`Resume`] tells the lines that were taken from those that were not, by their order and their own times only: the clock of the agent has no part in it, and a node's clock
//! may be set back between two lines.

use std::cmp::Ordering;
use std::sync::Arc;

/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;

/// How far before the mark a stream begins, in nanoseconds: as much as a node's clock may be set back while no stream is open.
const SLACK: i64 = 10 * SECOND;

/// The last line that was taken of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::loki::source) struct Mark {
    /// The container's id, which is a new one after each restart; empty where it is not known.
    pub(in crate::loki::source) container: Arc<str>,
    /// The last line's time, in nanoseconds since 1970.
    pub(in crate::loki::source) time: i64,
    /// How many lines of that time have been taken; 0 stands for all.
    pub(in crate::loki::source) count: u32,
    /// The latest time of a line before: later than `time` where the clock has been set back.
    pub(in crate::loki::source) high: i64,
}

impl Mark {
    /// Everything until a time.
    pub(in crate::loki::source) fn until(container: Arc<str>, time: i64) -> Self {
        Self {
            container,
            time,
            count: 0,
            high: time,
        }
    }

    /// Before the first line of a run.
    pub(in crate::loki::source) fn start(container: Arc<str>) -> Self {
        Self::until(container, i64::MIN)
    }

    /// As it is stored: the reference's number of microseconds, and what the reference does not know.
    pub(in crate::loki::source) fn to_stored(&self) -> (i64, String) {
        let Self {
            container,
            time,
            count,
            high,
        } = self;
        (
            time.div_euclid(1000).max(0),
            format!("{time} {count} {high} {container}"),
        )
    }

    /// A stored one. Of one that the reference has written nobody knows how many lines of that time were taken: they are taken again.
    pub(in crate::loki::source) fn from_stored(number: &str, detail: &str) -> Option<Self> {
        let mut words = detail.splitn(4, ' ');
        let mut word = || words.next()?.parse::<i64>().ok();
        if let (Some(time), Some(count), Some(high)) = (word(), word(), word()) {
            return Some(Self {
                container: words.next().unwrap_or_default().into(),
                time,
                count: u32::try_from(count).ok()?,
                high,
            });
        }
        let micros: i64 = number.parse().ok()?;
        let is_set = micros > 0;
        is_set.then(|| Self::until("".into(), micros.saturating_mul(1000).saturating_sub(1)))
    }

    /// The second from which a stream has to be asked for; `None` if it is the log's beginning. `now` is in nanoseconds.
    pub(in crate::loki::source) fn since(&self, now: i64) -> Option<i64> {
        // A time that is still to come: the clock was wrong, and once it is right again lines are older.
        let is_sound = self.time > i64::MIN && self.time <= now.saturating_add(SLACK);
        is_sound.then(|| self.time.saturating_sub(SLACK).div_euclid(SECOND))
    }

    /// A line has been taken behind it.
    pub(in crate::loki::source) fn take(place: &mut Option<Mark>, container: &Arc<str>, time: i64) {
        match place {
            Some(mark) if mark.container == *container => {
                mark.count = if mark.time == time {
                    mark.count.saturating_add(1)
                } else {
                    1
                };
                mark.time = time;
                mark.high = mark.high.max(time);
            }
            _ => {
                *place = Some(Mark {
                    container: container.clone(),
                    time,
                    count: 1,
                    high: time,
                });
            }
        }
    }
}

/// Tells new lines of a stream from those that were taken before.
#[derive(Debug)]
pub(in crate::loki::source) struct Resume {
    /// `None` behind the mark.
    mark: Option<Mark>,
    seen: u32,
}

impl Resume {
    /// Behind a mark; without one every line is new.
    pub(in crate::loki::source) fn behind(mark: Option<Mark>) -> Self {
        Self { mark, seen: 0 }
    }

    /// Whether a line of the mark's time has come.
    pub(in crate::loki::source) fn has_met(&self) -> bool {
        self.seen > 0
    }

    /// Whether the stream's next line would be new, if it were one.
    pub(in crate::loki::source) fn would_be_new(&self, time: i64) -> bool {
        self.mark
            .as_ref()
            .is_none_or(|mark| time > mark.time && time > mark.high)
    }

    /// Whether the stream's next line is new.
    pub(in crate::loki::source) fn is_new(&mut self, time: i64) -> bool {
        let Some(mark) = &self.mark else {
            return true;
        };
        match time.cmp(&mark.time) {
            Ordering::Less => false,
            Ordering::Equal => {
                self.seen += 1;
                if self.seen == mark.count {
                    self.mark = None;
                }
                false
            }
            Ordering::Greater if time <= mark.high => false,
            Ordering::Greater => {
                self.mark = None;
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What of a log is taken after a break behind so many lines of it.
    fn resumed(times: &[i64], taken: usize) -> Vec<usize> {
        let id: Arc<str> = "c".into();
        let mut mark = None;
        for time in times.iter().take(taken) {
            Mark::take(&mut mark, &id, *time);
        }
        let since = mark
            .as_ref()
            .and_then(|mark| mark.since(i64::MAX))
            .unwrap_or(i64::MIN / SECOND);
        let mut resume = Resume::behind(mark);
        let lines = times.iter().enumerate();
        let served = lines.filter(|(_, time)| time.div_euclid(SECOND) >= since);
        served
            .filter(|(_, time)| resume.is_new(**time))
            .map(|(at, _)| at)
            .collect()
    }

    #[test]
    fn each_line_is_taken_once_wherever_the_stream_breaks() {
        let same = vec![5 * SECOND; 1000];
        let back = [1, 2, 20, 21, 12, 13, 13, 14, 22, 23].map(|second| second * SECOND + 7);
        let steady: Vec<_> = (0..50).map(|tenth| tenth * SECOND / 10).collect();
        for times in [&same[..], &back, &steady] {
            for taken in 0..=times.len() {
                let rest: Vec<_> = (taken..times.len()).collect();
                assert_eq!(resumed(times, taken), rest, "after {taken}");
            }
        }
    }

    #[test]
    fn lines_that_were_rotated_away_hold_nothing_up() {
        let mut mark = None;
        (0..3).for_each(|_| Mark::take(&mut mark, &"c".into(), 10));
        let mut resume = Resume::behind(mark);
        assert!(resume.is_new(11) && resume.is_new(5));
    }

    #[test]
    fn a_time_that_is_still_to_come_is_not_asked_for() {
        let mark = Mark::until("c".into(), 100 * SECOND);
        assert_eq!(
            (mark.since(95 * SECOND), mark.since(5 * SECOND)),
            (Some(90), None)
        );
    }

    #[test]
    fn stored_marks_come_back_and_the_references_too() {
        let mut mark = None;
        Mark::take(&mut mark, &"containerd://a b".into(), 1_767_225_600_500_000_123);
        let mark = mark.unwrap();
        let (number, detail) = mark.to_stored();
        assert_eq!(number, 1_767_225_600_500_000);
        assert_eq!(Mark::from_stored(&number.to_string(), &detail), Some(mark));
        let theirs = Mark::from_stored("1767225600500000", "").unwrap();
        assert!(Resume::behind(Some(theirs.clone())).is_new(1_767_225_600_500_000_000));
        assert!(!Resume::behind(Some(theirs)).is_new(1_767_225_600_499_999_999));
        assert_eq!(Mark::from_stored("0", ""), None);
        assert_eq!(Mark::from_stored("x", ""), None);
    }
}
