//! Free blocks of memory by size, from `/proc/buddyinfo`. Off by default.

use super::Collector;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};

/// The collector.
pub(super) struct Buddyinfo;

impl Collector for Buddyinfo {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        for line in files.proc("buddyinfo")?.lines() {
            let mut words = line.split_ascii_whitespace();
            // `Node 0, zone DMA 1 0 1 …`
            let (Some("Node"), Some(node), Some("zone"), Some(zone)) =
                (words.next(), words.next(), words.next(), words.next())
            else {
                return Err(Failure::parse("buddyinfo", format!("a malformed line: {line:?}")));
            };
            for (size, count) in words.enumerate() {
                let count = count
                    .parse()
                    .map_err(|_| Failure::parse("buddyinfo", format!("not a number in zone {zone}")))?;
                out.gauge("node_buddyinfo_blocks", "Count of free blocks according to size.")
                    .sample(
                        &[
                            ("node", node.trim_end_matches(',')),
                            ("size", &size.to_string()),
                            ("zone", zone),
                        ],
                        count,
                    );
            }
        }
        Ok(())
    }
}
