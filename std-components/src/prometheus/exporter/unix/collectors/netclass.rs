//! Properties of network devices, from `/sys/class/net`.

use super::Collector;
use crate::component::BuildError;
use crate::prometheus::exporter::exposition::Kind;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::filter::expression;
use crate::prometheus::exporter::unix::{Failure, Files};
use regex::Regex;

/// The collector.
pub(super) struct Netclass {
    ignored: Regex,
    ignore_invalid_speed: bool,
    /// Texts of the device that is being told: they go into one sample.
    texts: [String; TEXTS.len()],
}

/// Files with numbers: file, name behind `node_network_`, type.
const NUMBERS: [(&str, &str, Kind); 16] = [
    ("addr_assign_type", "address_assign_type", Kind::Gauge),
    ("carrier", "carrier", Kind::Gauge),
    ("carrier_changes", "carrier_changes_total", Kind::Counter),
    ("carrier_down_count", "carrier_down_changes_total", Kind::Counter),
    ("carrier_up_count", "carrier_up_changes_total", Kind::Counter),
    ("dev_id", "device_id", Kind::Gauge),
    ("dormant", "dormant", Kind::Gauge),
    ("flags", "flags", Kind::Gauge),
    ("ifindex", "iface_id", Kind::Gauge),
    ("iflink", "iface_link", Kind::Gauge),
    ("link_mode", "iface_link_mode", Kind::Gauge),
    ("mtu", "mtu_bytes", Kind::Gauge),
    ("name_assign_type", "name_assign_type", Kind::Gauge),
    ("netdev_group", "net_dev_group", Kind::Gauge),
    ("tx_queue_len", "transmit_queue_length", Kind::Gauge),
    ("type", "protocol_type", Kind::Gauge),
];

/// Files with texts: they are the labels of `node_network_info` too.
const TEXTS: [&str; 5] = ["address", "broadcast", "duplex", "ifalias", "operstate"];

impl Netclass {
    pub(super) fn new(arguments: &crate::prometheus::exporter::unix::Netclass) -> Result<Self, BuildError> {
        Ok(Self {
            ignored: expression("ignored_devices", &arguments.ignored_devices)?,
            ignore_invalid_speed: arguments.ignore_invalid_speed_device,
            texts: Default::default(),
        })
    }
}

impl Collector for Netclass {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let devices = files
            .sys_names("class/net", "")
            .map_err(Failure::denied_is_no_data)?;
        for device in devices.iter().filter(|device| !self.ignored.is_match(device)) {
            // What is no folder (`bonding_masters`) is no device.
            let Some(mut folder) = files.sys_folder(format_args!("class/net/{device}")) else {
                continue;
            };
            for (text, file) in self.texts.iter_mut().zip(TEXTS) {
                text.clear();
                text.push_str(folder.text(file).unwrap_or_default());
            }
            let [address, broadcast, duplex, ifalias, operstate] = &self.texts;
            out.gauge("node_network_up", "Value is 1 if operstate is 'up', 0 otherwise.")
                .sample(&[("device", device)], if operstate == "up" { 1.0 } else { 0.0 });
            out.gauge(
                "node_network_info",
                "Non-numeric data from /sys/class/net/<iface>, value is always 1.",
            )
            .sample(
                &[
                    ("address", address),
                    ("broadcast", broadcast),
                    ("device", device),
                    ("duplex", duplex),
                    ("ifalias", ifalias),
                    ("operstate", operstate),
                ],
                1.0,
            );
            for (file, name, kind) in NUMBERS {
                if let Some(number) = folder.number(file) {
                    out.named(
                        format_args!("node_network_{name}"),
                        format_args!("Network device property: {name}"),
                        kind,
                    )
                    .sample(&[("device", device)], number);
                }
            }
            // In megabits a second; -1 where it is not known.
            let speed = folder.number("speed");
            if let Some(speed) = speed.filter(|speed| *speed >= 0.0 || !self.ignore_invalid_speed) {
                out.gauge("node_network_speed_bytes", "Network device property: speed_bytes")
                    .sample(&[("device", device)], (speed * 1000.0 * 1000.0 / 8.0).trunc());
            }
        }
        Ok(())
    }
}
