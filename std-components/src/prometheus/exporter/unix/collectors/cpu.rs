//! Time that the CPUs spent in each mode, what they are, their throttling, from `/proc/stat`, `/proc/cpuinfo` and `/sys/devices/system/cpu`.

use super::Collector;
use crate::component::BuildError;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::filter::expression;
use crate::prometheus::exporter::unix::{Failure, Files};
use regex::Regex;
use std::collections::{BTreeMap, HashMap};

/// The kernel counts in hundredths of a second (`USER_HZ`) on every architecture that it shows this on.
const TICKS_PER_SECOND: f64 = 100.0;

/// When the idle time jumps back by more, the CPU was unplugged and plugged in again.
const JUMP_BACK_SECONDS: f64 = 3.0;

/// The columns of a CPU's line in `/proc/stat`.
const MODES: [&str; 8] = [
    "user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal",
];
const IDLE: usize = 3;
const COLUMNS: usize = 10;

/// The collector.
pub(super) struct Cpu {
    guest: bool,
    info: bool,
    flags: Option<Regex>,
    bugs: Option<Regex>,
    /// The greatest numbers seen by CPU: the kernel's own may go back a little, and a counter must not.
    seen: HashMap<String, [f64; COLUMNS]>,
    /// Whether the kernel has files of throttling at all; looked at with the first scrape.
    throttles: Option<Vec<String>>,
}

impl Cpu {
    pub(super) fn new(arguments: &crate::prometheus::exporter::unix::Cpu) -> Result<Self, BuildError> {
        let optional = |attribute, text: &str| match text {
            "" => Ok(None),
            text => expression(attribute, text).map(Some),
        };
        let flags = optional("flags_include", &arguments.flags_include)?;
        let bugs = optional("bugs_include", &arguments.bugs_include)?;
        Ok(Self {
            guest: arguments.guest,
            info: arguments.info || flags.is_some() || bugs.is_some(),
            flags,
            bugs,
            seen: HashMap::new(),
            throttles: None,
        })
    }

    fn times(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let text = files.proc("stat")?;
        for line in text.lines() {
            let Some(rest) = line.strip_prefix("cpu") else {
                break;
            };
            let Some((cpu, columns)) = rest.split_once(' ') else {
                continue;
            };
            // The line `cpu ` sums up the others.
            if cpu.is_empty() {
                continue;
            }
            let mut now = [0.0; COLUMNS];
            for (number, column) in now.iter_mut().zip(columns.split_ascii_whitespace()) {
                *number = column
                    .parse::<f64>()
                    .map_err(|_| Failure::parse("stat", format!("not a number in the line of cpu{cpu}")))?
                    / TICKS_PER_SECOND;
            }
            if !self.seen.contains_key(cpu) {
                self.seen.insert(cpu.into(), now);
            }
            let Some(seen) = self.seen.get_mut(cpu) else {
                continue;
            };
            if seen[IDLE] - now[IDLE] >= JUMP_BACK_SECONDS {
                *seen = now;
            }
            for (seen, now) in seen.iter_mut().zip(now) {
                *seen = seen.max(now);
            }
            let mut family = out.counter("node_cpu_seconds_total", "Seconds the CPUs spent in each mode.");
            for (mode, seconds) in MODES.iter().zip(seen.iter()) {
                family.sample(&[("cpu", cpu), ("mode", mode)], *seconds);
            }
            if self.guest {
                let [.., user, nice] = *seen;
                out.counter(
                    "node_cpu_guest_seconds_total",
                    "Seconds the CPUs spent in guests (VMs) for each mode.",
                )
                .sample(&[("cpu", cpu), ("mode", "user")], user)
                .sample(&[("cpu", cpu), ("mode", "nice")], nice);
            }
        }
        Ok(())
    }

    fn information(&self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let text = files.proc("cpuinfo")?;
        for (at, block) in text
            .split("\n\n")
            .filter(|block| !block.trim().is_empty())
            .enumerate()
        {
            let fields: HashMap<&str, &str> = block
                .lines()
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name.trim(), value.trim()))
                .collect();
            let field = |name: &str| fields.get(name).copied().unwrap_or_default();
            out.gauge("node_cpu_info", "CPU information from /proc/cpuinfo.")
                .sample(
                    &[
                        ("cachesize", field("cache size")),
                        ("core", field("core id")),
                        ("cpu", field("processor")),
                        ("family", field("cpu family")),
                        ("microcode", field("microcode")),
                        ("model", field("model")),
                        ("model_name", field("model name")),
                        ("package", field("physical id")),
                        ("stepping", field("stepping")),
                        ("vendor", field("vendor_id")),
                    ],
                    1.0,
                );
            if at > 0 {
                continue;
            }
            let lists = [
                (
                    &self.flags,
                    "flags",
                    "flag",
                    "node_cpu_flag_info",
                    "The `flags` field of CPU information from /proc/cpuinfo taken from the first core.",
                ),
                (
                    &self.bugs,
                    "bugs",
                    "bug",
                    "node_cpu_bug_info",
                    "The `bugs` field of CPU information from /proc/cpuinfo taken from the first core.",
                ),
            ];
            for (filter, list, label, name, help) in lists {
                let Some(filter) = filter else { continue };
                for word in field(list)
                    .split_ascii_whitespace()
                    .filter(|word| filter.is_match(word))
                {
                    out.gauge(name, help).sample(&[(label, word)], 1.0);
                }
            }
        }
        Ok(())
    }

    fn throttling(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        if self.throttles.is_none() {
            let mut cpus = files.sys_names("devices/system/cpu", "cpu").unwrap_or_default();
            cpus.retain(|cpu| {
                cpu.as_bytes().get(3).is_some_and(u8::is_ascii_digit)
                    && files
                        .sys_optional(format_args!(
                            "devices/system/cpu/{cpu}/thermal_throttle/core_throttle_count"
                        ))
                        .is_some()
            });
            self.throttles = Some(cpus);
        }
        let (mut packages, mut cores) = (BTreeMap::new(), BTreeMap::new());
        for cpu in self.throttles.iter().flatten() {
            let base = format_args!("devices/system/cpu/{cpu}");
            let number =
                |files: &mut Files, file: &str| files.sys_number_optional(format_args!("{base}/{file}"));
            let (Some(package), Some(core)) = (
                number(files, "topology/physical_package_id"),
                number(files, "topology/core_id"),
            ) else {
                continue;
            };
            let (package, core) = (package as i64, core as i64);
            if let Some(count) = number(files, "thermal_throttle/core_throttle_count") {
                cores.entry((package, core)).or_insert(count);
            }
            if let Some(count) = number(files, "thermal_throttle/package_throttle_count") {
                packages.entry(package).or_insert(count);
            }
        }
        for (package, count) in packages {
            out.counter(
                "node_cpu_package_throttles_total",
                "Number of times this CPU package has been throttled.",
            )
            .sample(&[("package", &package.to_string())], count);
        }
        for ((package, core), count) in cores {
            out.counter(
                "node_cpu_core_throttles_total",
                "Number of times this CPU core has been throttled.",
            )
            .sample(
                &[("core", &core.to_string()), ("package", &package.to_string())],
                count,
            );
        }
        Ok(())
    }
}

/// The CPUs of a list such as `0-2,5`; a range is cut at 65,536.
fn cpu_list(text: &str) -> impl Iterator<Item = u32> {
    text.split(',')
        .filter_map(|range| {
            let (first, last) = range
                .trim()
                .split_once('-')
                .unwrap_or((range.trim(), range.trim()));
            Some(first.parse::<u32>().ok()?..=last.parse::<u32>().ok()?.min(65_535))
        })
        .flatten()
}

impl Collector for Cpu {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        if self.info {
            self.information(out, files)?;
        }
        self.times(out, files)?;
        if let Some(isolated) = files.sys_optional("devices/system/cpu/isolated") {
            for cpu in cpu_list(isolated) {
                out.gauge(
                    "node_cpu_isolated",
                    "Whether each core is isolated, information from /sys/devices/system/cpu/isolated.",
                )
                .sample(&[("cpu", &cpu.to_string())], 1.0);
            }
        }
        self.throttling(out, files)
    }
}
