//! What live debugging did not show, as a metric.

use prometheus::IntCounter;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use std_components::signals::Flows;

/// `alloy_livedebugging_dropped_items_total`, read when the page is asked for.
pub(crate) struct DroppedItems {
    flows: Flows,
    counter: IntCounter,
}

impl DroppedItems {
    /// # Errors
    /// Only where the name were invalid; it is a constant.
    pub(crate) fn new(flows: Flows) -> prometheus::Result<Self> {
        let counter = IntCounter::new(
            "alloy_livedebugging_dropped_items_total",
            "Items that live debugging did not show, as those who watched were too slow.",
        )?;
        Ok(Self { flows, counter })
    }
}

impl Collector for DroppedItems {
    fn desc(&self) -> Vec<&Desc> {
        self.counter.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.counter
            .inc_by(self.flows.dropped().saturating_sub(self.counter.get()));
        self.counter.collect()
    }
}
