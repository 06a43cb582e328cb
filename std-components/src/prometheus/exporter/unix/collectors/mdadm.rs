//! Software RAIDs, from `/proc/mdstat`.

use super::Collector;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};

/// The collector.
pub(super) struct Mdadm;

/// The value of the label `state`, and what the device is in then.
const STATES: [(&str, &str); 5] = [
    ("active", "active"),
    ("inactive", "inactive"),
    ("recovering", "recovering"),
    ("resync", "resyncing"),
    ("check", "checking"),
];

#[derive(Debug, PartialEq)]
struct Device<'t> {
    name: &'t str,
    state: &'t str,
    active: f64,
    required: f64,
    failed: f64,
    spare: f64,
    blocks: f64,
    synced: f64,
}

/// `3` and `2` of `… [3/2] [UU_]`.
fn disks(line: &str) -> Option<(f64, f64)> {
    let counts = line
        .split('[')
        .skip(1)
        .find_map(|part| part.split_once(']')?.0.split_once('/'))?;
    Some((counts.0.parse().ok()?, counts.1.parse().ok()?))
}

/// `16775552` of `… (16775552/5855871)`.
fn synced(line: &str) -> Option<f64> {
    line.split('(')
        .skip(1)
        .find_map(|part| part.split_once(')')?.0.split_once('/')?.0.parse().ok())
}

/// A device's lines: the first begins at the margin, the others do not.
fn device<'t>(lines: &[&'t str]) -> Option<Device<'t>> {
    let (&head, rest) = lines.split_first()?;
    let mut words = head.split_ascii_whitespace();
    let (name, state) = (words.next()?, words.nth(1)?);
    let &status = rest.first()?;
    let blocks: f64 = status.split_ascii_whitespace().next()?.parse().ok()?;
    let (required, active) = if head.contains("raid0") || head.contains("linear") {
        let disks = head.matches('[').count() as f64;
        (disks, disks)
    } else if state == "inactive" {
        (0.0, 0.0)
    } else {
        disks(status)?
    };
    let busy = [
        ("recovery", "recovering"),
        ("check", "checking"),
        ("resync", "resyncing"),
    ];
    let progress = rest
        .iter()
        .skip(1)
        .filter(|line| !line.contains("bitmap"))
        .find_map(|line| {
            busy.iter()
                .find(|(word, _)| line.contains(word))
                .map(|(_, state)| (*state, line))
        });
    let (state, synced) = match progress {
        Some((state, line)) if line.contains("PENDING") || line.contains("DELAYED") => (state, 0.0),
        Some((state, line)) => (state, synced(line)?),
        None => (state, blocks),
    };
    Some(Device {
        name,
        state,
        active,
        required,
        failed: head.matches("(F)").count() as f64,
        spare: head.matches("(S)").count() as f64,
        blocks,
        synced,
    })
}

impl Collector for Mdadm {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let text = files.proc("mdstat").map_err(Failure::absent_is_no_data)?;
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let mut rest = lines.as_slice();
        while let Some((first, tail)) = rest.split_first() {
            let more = tail
                .iter()
                .take_while(|line| line.starts_with([' ', '\t']))
                .count();
            let (lines, next) = rest.split_at(more + 1);
            rest = next;
            if first.starts_with("Personalities") || first.starts_with("unused") {
                continue;
            }
            let Some(device) = device(lines) else {
                return Err(Failure::parse(
                    "mdstat",
                    format!("cannot follow the lines from {first:?}"),
                ));
            };
            tell(&device, out);
        }
        Ok(())
    }
}

fn tell(device: &Device<'_>, out: &mut Writer) {
    let name = ("device", device.name);
    out.gauge("node_md_disks_required", "Total number of disks of device.")
        .sample(&[name], device.required);
    out.gauge("node_md_disks", "Number of active/failed/spare disks of device.")
        .sample(&[name, ("state", "active")], device.active)
        .sample(&[name, ("state", "failed")], device.failed)
        .sample(&[name, ("state", "spare")], device.spare);
    for (label, state) in STATES {
        out.gauge("node_md_state", "Indicates the state of md-device.")
            .sample(
                &[name, ("state", label)],
                f64::from(u8::from(device.state == state)),
            );
    }
    out.gauge("node_md_blocks", "Total number of blocks on device.")
        .sample(&[name], device.blocks);
    out.gauge("node_md_blocks_synced", "Number of blocks synced on device.")
        .sample(&[name], device.synced);
}
