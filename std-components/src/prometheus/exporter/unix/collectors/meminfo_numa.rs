//! Memory by NUMA node, from `/sys/devices/system/node`. Off by default.

use super::Collector;
use crate::prometheus::exporter::exposition::Kind;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};

/// The collector.
pub(super) struct MeminfoNuma;

impl Collector for MeminfoNuma {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let base = "devices/system/node";
        for folder in files.sys_names(base, "node").unwrap_or_default() {
            let Some(node) = folder
                .strip_prefix("node")
                .filter(|node| node.parse::<u32>().is_ok())
            else {
                continue;
            };
            let labels = [("node", node)];
            // `Node 0 Active(anon):  707915 kB`
            for line in files.sys(format_args!("{base}/{folder}/meminfo"))?.lines() {
                let mut words = line.split_ascii_whitespace().skip(2);
                let Some(key) = words.next() else { continue };
                let Some(Ok(value)) = words.next().map(str::parse::<f64>) else {
                    return Err(Failure::parse(&folder, format!("not a number at {key}")));
                };
                let value = if words.next() == Some("kB") {
                    value * 1024.0
                } else {
                    value
                };
                let key = key.trim_end_matches(':').replace('(', "_").replace(')', "");
                tell(out, &key, "", Kind::Gauge).sample(&labels, value);
            }
            for line in files.sys(format_args!("{base}/{folder}/numastat"))?.lines() {
                let Some((key, Ok(value))) = line
                    .split_once(' ')
                    .map(|(key, value)| (key, value.trim().parse()))
                else {
                    return Err(Failure::parse(&folder, format!("a malformed line: {line:?}")));
                };
                tell(out, key, "_total", Kind::Counter).sample(&labels, value);
            }
        }
        Ok(())
    }
}

fn tell<'w>(
    out: &'w mut Writer,
    key: &str,
    suffix: &str,
    kind: Kind,
) -> crate::prometheus::exporter::exposition::FamilyWriter<'w> {
    out.named(
        format_args!("node_memory_numa_{key}{suffix}"),
        format_args!("Memory information field {key}{suffix}."),
        kind,
    )
}
