//! Counts of block devices, from `/proc/diskstats`, and what udev knows of them.

use super::Collector;
use crate::component::BuildError;
use crate::prometheus::exporter::exposition::Kind;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::DeviceFilter;
use crate::prometheus::exporter::unix::{Failure, Files};
use std::collections::HashMap;

/// The kernel counts sectors of this size whatever the device's own is.
const SECTOR_BYTES: f64 = 512.0;
/// Times are in milliseconds.
const SECONDS_PER_TICK: f64 = 1.0 / 1000.0;

/// The columns behind the device's name: name, help, type, factor.
const COLUMNS: [(&str, &str, Kind, f64); 17] = [
    (
        "node_disk_reads_completed_total",
        "The total number of reads completed successfully.",
        Kind::Counter,
        1.0,
    ),
    (
        "node_disk_reads_merged_total",
        "The total number of reads merged.",
        Kind::Counter,
        1.0,
    ),
    (
        "node_disk_read_bytes_total",
        "The total number of bytes read successfully.",
        Kind::Counter,
        SECTOR_BYTES,
    ),
    (
        "node_disk_read_time_seconds_total",
        "The total number of seconds spent by all reads.",
        Kind::Counter,
        SECONDS_PER_TICK,
    ),
    (
        "node_disk_writes_completed_total",
        "The total number of writes completed successfully.",
        Kind::Counter,
        1.0,
    ),
    (
        "node_disk_writes_merged_total",
        "The number of writes merged.",
        Kind::Counter,
        1.0,
    ),
    (
        "node_disk_written_bytes_total",
        "The total number of bytes written successfully.",
        Kind::Counter,
        SECTOR_BYTES,
    ),
    (
        "node_disk_write_time_seconds_total",
        "This is the total number of seconds spent by all writes.",
        Kind::Counter,
        SECONDS_PER_TICK,
    ),
    (
        "node_disk_io_now",
        "The number of I/Os currently in progress.",
        Kind::Gauge,
        1.0,
    ),
    (
        "node_disk_io_time_seconds_total",
        "Total seconds spent doing I/Os.",
        Kind::Counter,
        SECONDS_PER_TICK,
    ),
    (
        "node_disk_io_time_weighted_seconds_total",
        "The weighted # of seconds spent doing I/Os.",
        Kind::Counter,
        SECONDS_PER_TICK,
    ),
    (
        "node_disk_discards_completed_total",
        "The total number of discards completed successfully.",
        Kind::Counter,
        1.0,
    ),
    (
        "node_disk_discards_merged_total",
        "The total number of discards merged.",
        Kind::Counter,
        1.0,
    ),
    (
        "node_disk_discarded_sectors_total",
        "The total number of sectors discarded successfully.",
        Kind::Counter,
        1.0,
    ),
    (
        "node_disk_discard_time_seconds_total",
        "This is the total number of seconds spent by all discards.",
        Kind::Counter,
        SECONDS_PER_TICK,
    ),
    (
        "node_disk_flush_requests_total",
        "The total number of flush requests completed successfully",
        Kind::Counter,
        1.0,
    ),
    (
        "node_disk_flush_requests_time_seconds_total",
        "This is the total number of seconds spent by all flush requests.",
        Kind::Counter,
        SECONDS_PER_TICK,
    ),
];

/// The collector.
pub(super) struct Diskstats {
    filter: DeviceFilter,
    /// Whether a device is left out, by name: an expression is matched once.
    ignored: HashMap<String, bool>,
    text: String,
}

impl Diskstats {
    pub(super) fn new(arguments: &crate::prometheus::exporter::unix::Disk) -> Result<Self, BuildError> {
        // The exclusion is the default's unless written: an inclusion replaces it.
        let include = &arguments.device_include;
        let exclude = if include.is_empty() {
            arguments.device_exclude.as_str()
        } else {
            ""
        };
        Ok(Self {
            filter: DeviceFilter::new(exclude, include)?,
            ignored: HashMap::new(),
            text: String::new(),
        })
    }
}

/// Tells what udev knows of a device.
fn udev(device: &str, major: &str, minor: &str, out: &mut Writer, files: &mut Files) {
    let text = files.udev(format_args!("b{major}:{minor}")).unwrap_or_default();
    let property = |name: &str| {
        text.lines()
            .filter_map(|line| line.strip_prefix("E:")?.split_once('='))
            .find_map(|(key, value)| (key == name).then_some(value))
    };
    let label = |name: &str| property(name).unwrap_or_default();
    out.gauge("node_disk_info", "Info of /sys/block/<block_device>.")
        .sample(
            &[
                ("device", device),
                ("major", major),
                ("minor", minor),
                ("model", label("ID_MODEL")),
                ("path", label("ID_PATH")),
                ("revision", label("ID_REVISION")),
                ("serial", label("ID_SERIAL_SHORT")),
                ("wwn", label("ID_WWN")),
            ],
            1.0,
        );
    if !label("ID_FS_TYPE").is_empty() {
        out.gauge("node_disk_filesystem_info", "Info about disk filesystem.")
            .sample(
                &[
                    ("device", device),
                    ("type", label("ID_FS_TYPE")),
                    ("usage", label("ID_FS_USAGE")),
                    ("uuid", label("ID_FS_UUID")),
                    ("version", label("ID_FS_VERSION")),
                ],
                1.0,
            );
    }
    if !label("DM_NAME").is_empty() {
        out.gauge("node_disk_device_mapper_info", "Info about disk device mapper.")
            .sample(
                &[
                    ("device", device),
                    ("lv_layer", label("DM_LV_LAYER")),
                    ("lv_name", label("DM_LV_NAME")),
                    ("name", label("DM_NAME")),
                    ("uuid", label("DM_UUID")),
                    ("vg_name", label("DM_VG_NAME")),
                ],
                1.0,
            );
    }
    if label("ID_ATA").is_empty() {
        return;
    }
    let attributes = [
        (
            "ID_ATA_WRITE_CACHE",
            "node_disk_ata_write_cache",
            "ATA disk has a write cache.",
        ),
        (
            "ID_ATA_WRITE_CACHE_ENABLED",
            "node_disk_ata_write_cache_enabled",
            "ATA disk has its write cache enabled.",
        ),
        (
            "ID_ATA_ROTATION_RATE_RPM",
            "node_disk_ata_rotation_rate_rpm",
            "ATA disk rotation rate in RPMs (0 for SSDs).",
        ),
    ];
    for (key, name, help) in attributes {
        if let Some(value) = property(key).and_then(|value| value.parse().ok()) {
            out.gauge(name, help).sample(&[("device", device)], value);
        }
    }
}

impl Collector for Diskstats {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        files.proc("diskstats")?.clone_into(&mut self.text);
        for line in self.text.lines() {
            let mut columns = line.split_ascii_whitespace();
            let (Some(major), Some(minor), Some(device)) = (columns.next(), columns.next(), columns.next())
            else {
                return Err(Failure::parse("diskstats", "a line without a device"));
            };
            let ignored = match self.ignored.get(device) {
                Some(ignored) => *ignored,
                None => {
                    let ignored = self.filter.ignores(device);
                    self.ignored.insert(device.into(), ignored);
                    ignored
                }
            };
            if ignored {
                continue;
            }
            udev(device, major, minor, out, files);
            for ((name, help, kind, factor), column) in COLUMNS.into_iter().zip(columns) {
                let number: f64 = column.parse().map_err(|_| {
                    Failure::parse("diskstats", format!("not a number in the line of {device}"))
                })?;
                out.family(name, help, kind)
                    .sample(&[("device", device)], number * factor);
            }
        }
        Ok(())
    }
}
