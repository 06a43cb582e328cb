//! Interrupts by CPU and source, from `/proc/interrupts`. Off by default: a sample for each pair.

use super::Collector;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};

/// The collector.
pub(super) struct Interrupts;

impl Collector for Interrupts {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let mut lines = files.proc("interrupts")?.lines();
        let cpus = lines.next().unwrap_or_default().split_ascii_whitespace().count();
        if cpus == 0 {
            return Err(Failure::parse("interrupts", "no CPUs in the first line"));
        }
        for line in lines {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            // `ERR` and `MIS` have one number and no description.
            let Some((name, rest)) = words.split_first().filter(|_| words.len() >= cpus + 2) else {
                continue;
            };
            let name = name.strip_suffix(':').unwrap_or(name);
            let (counts, about) = rest.split_at_checked(cpus).unwrap_or_default();
            // Of numbered ones the first word is the controller, the others are the devices.
            let numbered = name.bytes().all(|byte| byte.is_ascii_digit());
            let (info, devices) = match about.split_first() {
                Some((controller, devices)) if numbered => ((*controller).to_owned(), devices.join(" ")),
                _ => (about.join(" "), String::new()),
            };
            for (cpu, count) in counts.iter().enumerate() {
                let count = count
                    .parse()
                    .map_err(|_| Failure::parse("interrupts", format!("not a number at {name}")))?;
                out.counter("node_interrupts_total", "Interrupt details.").sample(
                    &[
                        ("cpu", &cpu.to_string()),
                        ("devices", &devices),
                        ("info", &info),
                        ("type", name),
                    ],
                    count,
                );
            }
        }
        Ok(())
    }
}
