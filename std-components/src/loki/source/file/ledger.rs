//! Which bytes of a file every receiver has taken for good.

use crate::signals::Outcome;
use std::collections::VecDeque;

/// The account of one opened file.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    committed: u64,
    flights: VecDeque<Flight>,
}

/// Bytes on their way.
#[derive(Debug)]
struct Flight {
    shipment: u64,
    end: u64,
    outcome: Option<Outcome>,
}

impl Ledger {
    /// An account of which everything before this offset is settled.
    pub(super) fn at(committed: u64) -> Self {
        Self {
            committed,
            flights: VecDeque::new(),
        }
    }

    /// Everything before it has been taken for good.
    pub(super) fn committed(&self) -> u64 {
        self.committed
    }

    /// Whether nothing is on its way.
    pub(super) fn is_settled(&self) -> bool {
        self.flights.is_empty()
    }

    /// Bytes up to this offset have been sent with a shipment; numbers of shipments go up.
    pub(super) fn sent(&mut self, shipment: u64, end: u64) {
        self.flights.push_back(Flight {
            shipment,
            end,
            outcome: None,
        });
    }

    /// A shipment has ended. Answers where to read again from, once nothing is left on its way and something of it has failed.
    pub(super) fn ended(&mut self, shipment: u64, outcome: Outcome) -> Option<u64> {
        if let Ok(at) = self
            .flights
            .binary_search_by_key(&shipment, |flight| flight.shipment)
            && let Some(flight) = self.flights.get_mut(at)
        {
            flight.outcome = Some(outcome);
        }
        while let Some(first) = self.flights.front()
            && first.outcome == Some(Outcome::Delivered)
        {
            self.committed = first.end;
            self.flights.pop_front();
        }
        // What flies behind a failure has to land first: to send it again meanwhile would double it for sure.
        let has_failed = self
            .flights
            .iter()
            .any(|flight| flight.outcome == Some(Outcome::Failed));
        if has_failed && self.flights.iter().all(|flight| flight.outcome.is_some()) {
            self.flights.clear();
            return Some(self.committed);
        }
        None
    }

    /// Whether something has failed, so that nothing more should be sent for now.
    pub(super) fn has_failed(&self) -> bool {
        self.flights
            .iter()
            .any(|flight| flight.outcome == Some(Outcome::Failed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Outcome::{Delivered, Failed};

    #[test]
    fn only_what_is_contiguous_counts() {
        let mut ledger = Ledger::at(10);
        for (shipment, end) in [(1, 20), (2, 30), (5, 40)] {
            ledger.sent(shipment, end);
        }
        assert_eq!(ledger.ended(2, Delivered), None);
        assert_eq!(ledger.committed(), 10);
        assert_eq!(ledger.ended(1, Delivered), None);
        assert_eq!(ledger.committed(), 30);
        assert_eq!(ledger.ended(5, Delivered), None);
        assert_eq!((ledger.committed(), ledger.is_settled()), (40, true));
    }

    #[test]
    fn a_failure_goes_back_when_all_have_landed() {
        let mut ledger = Ledger::at(0);
        for (shipment, end) in [(1, 10), (2, 20), (3, 30)] {
            ledger.sent(shipment, end);
        }
        assert_eq!(ledger.ended(2, Failed), None);
        assert!(ledger.has_failed());
        assert_eq!(ledger.ended(3, Delivered), None);
        assert_eq!(ledger.ended(1, Delivered), Some(10));
        assert!(ledger.is_settled() && !ledger.has_failed());
        // A late word about a shipment that is accounted for changes nothing.
        assert_eq!(ledger.ended(3, Delivered), None);
        assert_eq!(ledger.committed(), 10);
    }
}
