//! Batteries and chargers, from `/sys/class/power_supply`.

use super::Collector;
use crate::component::BuildError;
use crate::prometheus::exporter::exposition::Kind;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::filter::expression;
use crate::prometheus::exporter::unix::{Failure, Files};
use regex::Regex;

/// The collector.
pub(super) struct PowerSupplyClass {
    ignored: Regex,
}

/// File, name behind `node_power_supply_`, what its numbers are divided by.
const NUMBERS: [(&str, &str, f64); 49] = [
    ("authentic", "authentic", 1.0),
    ("calibrate", "calibrate", 1.0),
    ("capacity", "capacity", 1.0),
    ("capacity_alert_max", "capacity_alert_max", 1.0),
    ("capacity_alert_min", "capacity_alert_min", 1.0),
    ("cycle_count", "cyclecount", 1.0),
    ("online", "online", 1.0),
    ("present", "present", 1.0),
    ("time_to_empty_now", "time_to_empty_seconds", 1.0),
    ("time_to_full_now", "time_to_full_seconds", 1.0),
    ("current_boot", "current_boot", 1e6),
    ("current_max", "current_max", 1e6),
    ("current_now", "current_ampere", 1e6),
    ("energy_empty", "energy_empty", 1e6),
    ("energy_empty_design", "energy_empty_design", 1e6),
    ("energy_full", "energy_full", 1e6),
    ("energy_full_design", "energy_full_design", 1e6),
    ("energy_now", "energy_watthour", 1e6),
    ("voltage_boot", "voltage_boot", 1e6),
    ("voltage_max", "voltage_max", 1e6),
    ("voltage_max_design", "voltage_max_design", 1e6),
    ("voltage_min", "voltage_min", 1e6),
    ("voltage_min_design", "voltage_min_design", 1e6),
    ("voltage_now", "voltage_volt", 1e6),
    ("voltage_ocv", "voltage_ocv", 1e6),
    ("charge_control_limit", "charge_control_limit", 1e6),
    ("charge_control_limit_max", "charge_control_limit_max", 1e6),
    ("charge_counter", "charge_counter", 1e6),
    ("charge_empty", "charge_empty", 1e6),
    ("charge_empty_design", "charge_empty_design", 1e6),
    ("charge_full", "charge_full", 1e6),
    ("charge_full_design", "charge_full_design", 1e6),
    ("charge_now", "charge_ampere", 1e6),
    ("charge_term_current", "charge_term_current", 1e6),
    ("constant_charge_current", "constant_charge_current", 1e6),
    ("constant_charge_current_max", "constant_charge_current_max", 1e6),
    ("constant_charge_voltage", "constant_charge_voltage", 1e6),
    ("constant_charge_voltage_max", "constant_charge_voltage_max", 1e6),
    ("precharge_current", "precharge_current", 1e6),
    ("input_current_limit", "input_current_limit", 1e6),
    ("power_now", "power_watt", 1e6),
    ("temp", "temp_celsius", 10.0),
    ("temp_alert_max", "temp_alert_max_celsius", 10.0),
    ("temp_alert_min", "temp_alert_min_celsius", 10.0),
    ("temp_ambient", "temp_ambient_celsius", 10.0),
    ("temp_ambient_max", "temp_ambient_max_celsius", 10.0),
    ("temp_ambient_min", "temp_ambient_min_celsius", 10.0),
    ("temp_max", "temp_max_celsius", 10.0),
    ("temp_min", "temp_min_celsius", 10.0),
];

/// Files with texts: labels of `node_power_supply_info`.
const TEXTS: [&str; 11] = [
    "capacity_level",
    "charge_type",
    "health",
    "manufacturer",
    "model_name",
    "scope",
    "serial_number",
    "status",
    "technology",
    "type",
    "usb_type",
];

impl PowerSupplyClass {
    pub(super) fn new(
        arguments: &crate::prometheus::exporter::unix::Powersupply,
    ) -> Result<Self, BuildError> {
        Ok(Self {
            ignored: expression("ignored_supplies", &arguments.ignored_supplies)?,
        })
    }
}

impl Collector for PowerSupplyClass {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let supplies = files
            .sys_names("class/power_supply", "")
            .map_err(Failure::absent_is_no_data)?;
        for supply in supplies.iter().filter(|supply| !self.ignored.is_match(supply)) {
            for (file, name, divisor) in NUMBERS {
                let path = format_args!("class/power_supply/{supply}/{file}");
                if let Some(value) = files.sys_number_optional(path) {
                    out.named(
                        format_args!("node_power_supply_{name}"),
                        format_args!("{name} value of /sys/class/power_supply/<power_supply>."),
                        Kind::Gauge,
                    )
                    .sample(&[("power_supply", supply)], value / divisor);
                }
            }
            let texts: Vec<(&str, String)> = TEXTS
                .into_iter()
                .filter_map(|file| {
                    let text = files.sys_optional(format_args!("class/power_supply/{supply}/{file}"))?;
                    (!text.is_empty()).then(|| (file, text.to_owned()))
                })
                .collect();
            let mut labels: Vec<(&str, &str)> =
                texts.iter().map(|(file, text)| (*file, text.as_str())).collect();
            labels.push(("power_supply", supply));
            labels.sort_unstable();
            out.gauge(
                "node_power_supply_info",
                "info of /sys/class/power_supply/<power_supply>.",
            )
            .sample(&labels, 1.0);
        }
        Ok(())
    }
}
