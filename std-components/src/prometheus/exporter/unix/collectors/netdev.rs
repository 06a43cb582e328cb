//! Traffic of network devices, from `/proc/net/dev`.

use super::Collector;
use crate::component::BuildError;
use crate::prometheus::exporter::exposition::Kind;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::DeviceFilter;
use crate::prometheus::exporter::unix::{Failure, Files};

/// The collector.
pub(super) struct Netdev {
    filter: DeviceFilter,
    text: String,
}

/// The columns behind the device's name.
const COLUMNS: [&str; 16] = [
    "receive_bytes",
    "receive_packets",
    "receive_errs",
    "receive_drop",
    "receive_fifo",
    "receive_frame",
    "receive_compressed",
    "receive_multicast",
    "transmit_bytes",
    "transmit_packets",
    "transmit_errs",
    "transmit_drop",
    "transmit_fifo",
    "transmit_colls",
    "transmit_carrier",
    "transmit_compressed",
];

impl Netdev {
    pub(super) fn new(arguments: &crate::prometheus::exporter::unix::Netdev) -> Result<Self, BuildError> {
        if !arguments.device_exclude.is_empty() && !arguments.device_include.is_empty() {
            return Err(BuildError::new(
                "netdev: device_exclude and device_include exclude each other; write one of them",
            ));
        }
        if arguments.address_info {
            tracing::warn!(
                "netdev: address_info is not implemented; node_network_address_info will be missing"
            );
        }
        Ok(Self {
            filter: DeviceFilter::new(&arguments.device_exclude, &arguments.device_include)?,
            text: String::new(),
        })
    }
}

impl Collector for Netdev {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        files.proc("net/dev")?.clone_into(&mut self.text);
        // Two lines of headings; a device's name may hold colons.
        for line in self.text.lines().skip(2) {
            let Some((device, columns)) = line.rsplit_once(':') else {
                return Err(Failure::parse("net/dev", "a line without a device"));
            };
            let device = device.trim();
            if self.filter.ignores(device) {
                continue;
            }
            for (name, column) in COLUMNS.iter().zip(columns.split_ascii_whitespace()) {
                let number: u64 = column
                    .parse()
                    .map_err(|_| Failure::parse("net/dev", format!("not a number at {device}")))?;
                statistic(out, name).sample(&[("device", device)], number as f64);
            }
            // `/proc/net/dev` leaves this one out.
            let path = format_args!("class/net/{device}/statistics/rx_nohandler");
            if let Some(number) = files.sys_number_optional(path) {
                statistic(out, "receive_nohandler").sample(&[("device", device)], number);
            }
        }
        Ok(())
    }
}

fn statistic<'w>(
    out: &'w mut Writer,
    name: &str,
) -> crate::prometheus::exporter::exposition::FamilyWriter<'w> {
    out.named(
        format_args!("node_network_{name}_total"),
        format_args!("Network device statistic {name}."),
        Kind::Counter,
    )
}
