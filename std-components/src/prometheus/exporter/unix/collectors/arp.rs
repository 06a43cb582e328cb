//! Entries of the ARP table, from `/proc/net/arp`.

use super::Collector;
use crate::component::BuildError;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::DeviceFilter;
use crate::prometheus::exporter::unix::{Failure, Files};
use std::collections::BTreeMap;

/// The collector.
pub(super) struct Arp {
    filter: DeviceFilter,
}

impl Arp {
    pub(super) fn new(arguments: &crate::prometheus::exporter::unix::Arp) -> Result<Self, BuildError> {
        Ok(Self {
            filter: DeviceFilter::new(&arguments.device_exclude, &arguments.device_include)?,
        })
    }
}

impl Collector for Arp {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let text = files.proc("net/arp")?;
        let mut entries = BTreeMap::<&str, u32>::new();
        // The first line names the columns.
        for line in text.lines().skip(1) {
            match line.split_ascii_whitespace().last() {
                Some(device) if !self.filter.ignores(device) => *entries.entry(device).or_default() += 1,
                _ => {}
            }
        }
        for (device, count) in entries {
            out.gauge("node_arp_entries", "ARP entries by device")
                .sample(&[("device", device)], count.into());
        }
        Ok(())
    }
}
