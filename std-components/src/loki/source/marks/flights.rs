//! Which lines of a log every receiver has taken for good.

use crate::signals::Outcome;
use std::collections::VecDeque;

/// Batches that are on their way, in the order of the log; `M` says where in the log they end.
#[derive(Debug)]
pub(in crate::loki::source) struct Flights<M> {
    /// Everything until it has been taken for good.
    committed: Option<M>,
    flights: VecDeque<Flight<M>>,
    next: u64,
}

#[derive(Debug)]
struct Flight<M> {
    number: u64,
    lines: u64,
    /// Behind its last line.
    mark: Option<M>,
    outcome: Option<Outcome>,
}

impl<M> Flights<M> {
    pub(in crate::loki::source) fn behind(committed: Option<M>) -> Self {
        Self {
            committed,
            flights: VecDeque::new(),
            next: 0,
        }
    }

    pub(in crate::loki::source) fn committed(&self) -> Option<&M> {
        self.committed.as_ref()
    }

    /// A batch with so many lines is sent; its number.
    pub(in crate::loki::source) fn send(&mut self, lines: u64, mark: Option<M>) -> u64 {
        self.next += 1;
        self.flights.push_back(Flight {
            number: self.next,
            lines,
            mark,
            outcome: None,
        });
        self.next
    }

    /// A batch has ended: its lines, and whether everything before it and with it is taken now.
    pub(in crate::loki::source) fn ended(&mut self, number: u64, outcome: Outcome) -> (u64, bool) {
        let mut lines = 0;
        if let Ok(at) = self.flights.binary_search_by_key(&number, |flight| flight.number)
            && let Some(flight) = self.flights.get_mut(at)
        {
            flight.outcome = Some(outcome);
            lines = flight.lines;
        }
        let mut moved = false;
        while let Some(first) = self.flights.front()
            && first.outcome == Some(Outcome::Delivered)
        {
            if let Some(first) = self.flights.pop_front()
                && first.mark.is_some()
            {
                self.committed = first.mark;
                moved = true;
            }
        }
        (lines, moved)
    }

    /// Whether nothing is on its way.
    pub(in crate::loki::source) fn have_landed(&self) -> bool {
        self.flights.iter().all(|flight| flight.outcome.is_some())
    }

    /// Whether something was not taken, so that it has to be read again.
    pub(in crate::loki::source) fn has_failed(&self) -> bool {
        self.flights
            .iter()
            .any(|flight| flight.outcome == Some(Outcome::Failed))
    }

    /// Begins again behind what is committed, once all have landed. Answers how many lines were not taken.
    pub(in crate::loki::source) fn forget_failed(&mut self) -> u64 {
        let failed = self
            .flights
            .iter()
            .filter(|flight| flight.outcome == Some(Outcome::Failed));
        let lines = failed.map(|flight| flight.lines).sum();
        self.flights.clear();
        lines
    }

    /// A mark that no line stands for.
    pub(in crate::loki::source) fn commit(&mut self, mark: M) {
        self.committed = Some(mark);
    }
}

#[cfg(test)]
mod tests {
    use super::super::mark::Mark;
    use super::*;
    use Outcome::{Delivered, Failed};

    #[test]
    fn only_what_is_contiguous_counts() {
        let mark = |time| Some(Mark::until("c".into(), time));
        let mut flights = Flights::behind(None);
        let numbers = [1, 2, 3].map(|time| flights.send(10, mark(time)));
        assert_eq!(flights.ended(numbers[1], Delivered), (10, false));
        assert_eq!(flights.committed(), None);
        assert_eq!(flights.ended(numbers[0], Delivered), (10, true));
        assert_eq!(flights.committed(), mark(2).as_ref());
        assert!(!flights.have_landed());
        flights.ended(numbers[2], Failed);
        assert!(flights.have_landed() && flights.has_failed());
        assert_eq!(flights.forget_failed(), 10);
        assert_eq!(
            (flights.committed(), flights.has_failed()),
            (mark(2).as_ref(), false)
        );
        assert_eq!(flights.ended(numbers[2], Delivered), (0, false));
    }
}
