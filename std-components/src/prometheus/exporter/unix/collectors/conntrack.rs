//! Connection tracking: entries, their limit, and counts of all CPUs together, from `/proc/sys/net/netfilter` and `/proc/net/stat/nf_conntrack`.

use super::Collector;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};

/// The collector.
pub(super) struct Conntrack;

/// Column of `/proc/net/stat/nf_conntrack`, name, help.
const STATISTICS: [(usize, &str, &str); 8] = [
    (
        2,
        "node_nf_conntrack_stat_found",
        "Number of searched entries which were successful.",
    ),
    (
        4,
        "node_nf_conntrack_stat_invalid",
        "Number of packets seen which can not be tracked.",
    ),
    (
        5,
        "node_nf_conntrack_stat_ignore",
        "Number of packets seen which are already connected to a conntrack entry.",
    ),
    (
        8,
        "node_nf_conntrack_stat_insert",
        "Number of entries inserted into the list.",
    ),
    (
        9,
        "node_nf_conntrack_stat_insert_failed",
        "Number of entries for which list insertion was attempted but failed.",
    ),
    (
        10,
        "node_nf_conntrack_stat_drop",
        "Number of packets dropped due to conntrack failure.",
    ),
    (
        11,
        "node_nf_conntrack_stat_early_drop",
        "Number of dropped conntrack entries to make room for new ones, if maximum table size was reached.",
    ),
    (
        16,
        "node_nf_conntrack_stat_search_restart",
        "Number of conntrack table lookups which had to be restarted due to hashtable resizes.",
    ),
];

impl Collector for Conntrack {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let entries = files
            .proc_number("sys/net/netfilter/nf_conntrack_count")
            .map_err(Failure::absent_is_no_data)?;
        out.gauge(
            "node_nf_conntrack_entries",
            "Number of currently allocated flow entries for connection tracking.",
        )
        .value(entries);
        let limit = files
            .proc_number("sys/net/netfilter/nf_conntrack_max")
            .map_err(Failure::absent_is_no_data)?;
        out.gauge(
            "node_nf_conntrack_entries_limit",
            "Maximum size of connection tracking table.",
        )
        .value(limit);
        let text = files
            .proc("net/stat/nf_conntrack")
            .map_err(Failure::absent_is_no_data)?;
        let mut sums = [0_u64; STATISTICS.len()];
        // A line for each CPU below the columns' names; numbers are hexadecimal.
        for line in text.lines().skip(1) {
            for (at, column) in line.split_ascii_whitespace().enumerate() {
                let sum = sums
                    .iter_mut()
                    .zip(STATISTICS)
                    .find(|(_, (place, _, _))| *place == at);
                if let Some((sum, _)) = sum {
                    let count = u64::from_str_radix(column, 16)
                        .map_err(|_| Failure::parse("net/stat/nf_conntrack", "not a hexadecimal number"))?;
                    *sum = sum.saturating_add(count);
                }
            }
        }
        for (sum, (_, name, help)) in sums.into_iter().zip(STATISTICS) {
            out.gauge(name, help).value(sum as f64);
        }
        Ok(())
    }
}
