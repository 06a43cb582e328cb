//! Energy that the processor's zones used, from `/sys/class/powercap`.

use super::Collector;
use crate::prometheus::exporter::exposition::Kind;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};
use std::collections::HashMap;

/// The collector.
pub(super) struct Rapl;

/// Index and name of a zone: `1` and `package` of `package-1`; a name without a number is counted.
fn split<'n>(name: &'n str, seen: &HashMap<String, u32>) -> (u32, &'n str) {
    match name.split_once('-') {
        Some((base, index)) if index.parse::<u32>().is_ok() => (index.parse().unwrap_or_default(), base),
        _ => (seen.get(name).copied().unwrap_or_default(), name),
    }
}

impl Collector for Rapl {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let zones = files
            .sys_names("class/powercap", "")
            .map_err(Failure::denied_is_no_data)?;
        let mut seen = HashMap::new();
        for zone in &zones {
            let Some(name) = files.sys_optional(format_args!("class/powercap/{zone}/name")) else {
                continue;
            };
            let name = name.to_owned();
            let (index, name) = split(&name, &seen);
            let joules = files
                .sys_number(format_args!("class/powercap/{zone}/energy_uj"))
                .map_err(Failure::denied_is_no_data)?;
            seen.insert(name.to_owned(), index + 1);
            let path = files.roots().sys.join("class/powercap").join(zone);
            let letters = |c: char| {
                if c.is_ascii_alphanumeric() || c == '_' {
                    c
                } else {
                    '_'
                }
            };
            let metric: String = name.chars().map(letters).collect();
            out.named(
                format_args!("node_rapl_{metric}_joules_total"),
                format_args!("Current RAPL {name} value in joules"),
                Kind::Counter,
            )
            .sample(
                &[("index", &index.to_string()), ("path", &path.to_string_lossy())],
                joules / 1_000_000.0,
            );
        }
        Ok(())
    }
}
