//! Frequencies of the CPUs, from `/sys/devices/system/cpu/cpu*/cpufreq`.

use super::Collector;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};

/// The collector.
#[derive(Default)]
pub(super) struct Cpufreq {
    /// The CPUs that have frequencies; looked for with the first scrape.
    cpus: Option<Vec<String>>,
}

/// File (in kilohertz), name, help.
const FREQUENCIES: [(&str, &str, &str); 6] = [
    (
        "cpuinfo_cur_freq",
        "node_cpu_frequency_hertz",
        "Current cpu thread frequency in hertz.",
    ),
    (
        "cpuinfo_max_freq",
        "node_cpu_frequency_max_hertz",
        "Maximum cpu thread frequency in hertz.",
    ),
    (
        "cpuinfo_min_freq",
        "node_cpu_frequency_min_hertz",
        "Minimum cpu thread frequency in hertz.",
    ),
    (
        "scaling_cur_freq",
        "node_cpu_scaling_frequency_hertz",
        "Current scaled CPU thread frequency in hertz.",
    ),
    (
        "scaling_max_freq",
        "node_cpu_scaling_frequency_max_hertz",
        "Maximum scaled CPU thread frequency in hertz.",
    ),
    (
        "scaling_min_freq",
        "node_cpu_scaling_frequency_min_hertz",
        "Minimum scaled CPU thread frequency in hertz.",
    ),
];

impl Collector for Cpufreq {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let cpus = match &mut self.cpus {
            Some(cpus) => cpus,
            none => {
                let mut cpus = files.sys_names("devices/system/cpu", "cpu").unwrap_or_default();
                let folder = files.roots().sys.join("devices/system/cpu");
                cpus.retain(|cpu| folder.join(cpu).join("cpufreq").exists());
                cpus.retain(|cpu| cpu.bytes().skip(3).all(|byte| byte.is_ascii_digit()));
                none.insert(cpus)
            }
        };
        for cpu in cpus {
            for (file, name, help) in FREQUENCIES {
                let path = format_args!("devices/system/cpu/{cpu}/cpufreq/{file}");
                if let Some(kilohertz) = files.sys_number_optional(path) {
                    let number = cpu.strip_prefix("cpu").unwrap_or(cpu);
                    out.gauge(name, help)
                        .sample(&[("cpu", number)], kilohertz * 1000.0);
                }
            }
        }
        Ok(())
    }
}
