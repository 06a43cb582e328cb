//! Temperatures, fans, voltages and other sensors, from `/sys/class/hwmon`.

use super::Collector;
use crate::component::BuildError;
use crate::prometheus::exporter::exposition::Kind;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::DeviceFilter;
use crate::prometheus::exporter::unix::{Failure, Files};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The collector.
pub(super) struct Hwmon {
    chips: DeviceFilter,
}

/// The types of sensors whose files are read.
const TYPES: [&str; 13] = [
    "vrm",
    "beep_enable",
    "update_interval",
    "in",
    "cpu",
    "fan",
    "pwm",
    "temp",
    "curr",
    "power",
    "energy",
    "humidity",
    "intrusion",
];

/// Files of a sensor by property: `input` of `temp1_input`, nothing of `pwm1`.
type Properties = BTreeMap<String, String>;

impl Hwmon {
    pub(super) fn new(arguments: &crate::prometheus::exporter::unix::Hwmon) -> Result<Self, BuildError> {
        Ok(Self {
            chips: DeviceFilter::of(
                "chip_exclude",
                &arguments.chip_exclude,
                "chip_include",
                &arguments.chip_include,
            )?,
        })
    }
}

/// Small letters, and an underscore for whatever may not stand in a metric's name; none at the ends.
fn clean(name: &str) -> String {
    let letter = |c: char| match c.to_ascii_lowercase() {
        c @ ('a'..='z' | '0'..='9' | ':' | '_') => c,
        _ => '_',
    };
    let clean: String = name.trim().chars().map(letter).collect();
    clean.trim_matches('_').into()
}

/// Type, number and property of a file's name: `temp`, 1, `input` of `temp1_input`.
fn parts(file: &str) -> Option<(&str, u32, &str)> {
    let Some(digit) = file.find(|c: char| c.is_ascii_digit()) else {
        return Some((file, 0, ""));
    };
    let (kind, rest) = file.split_at(digit);
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (number, property) = rest.split_at(end);
    let property = match property {
        "" => "",
        property => property
            .strip_prefix('_')
            .filter(|property| !property.is_empty())?,
    };
    (!kind.is_empty()).then_some((kind, number.parse().ok()?, property))
}

/// Adds the files of a folder.
fn read(folder: &Path, sensors: &mut BTreeMap<(String, u32), Properties>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for name in entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()) {
        let Some((kind, number, property)) = parts(&name).filter(|(kind, ..)| TYPES.contains(kind)) else {
            continue;
        };
        // A sensor that is switched off or busy answers with an error; it is left out.
        if let Ok(value) = std::fs::read(folder.join(&name)) {
            let value = String::from_utf8_lossy(&value).trim_matches('\n').to_owned();
            let sensor = sensors.entry((kind.to_owned(), number)).or_default();
            sensor.insert(property.to_owned(), value);
        }
    }
}

/// What the chip is called: by its device's place, its `name`, or its folder.
fn chip_name(folder: &Path) -> Option<String> {
    let piece = |path: Option<&Path>| {
        path.and_then(Path::file_name)
            .map(|name| clean(&name.to_string_lossy()))
    };
    if let Ok(device) = std::fs::canonicalize(folder.join("device")) {
        let name = piece(Some(&device)).unwrap_or_default();
        let kind = piece(device.parent()).unwrap_or_default();
        if !name.is_empty() {
            return Some(if kind.is_empty() {
                name
            } else {
                format!("{kind}_{name}")
            });
        }
    }
    let named = std::fs::read_to_string(folder.join("name"))
        .map(|name| clean(&name))
        .unwrap_or_default();
    if !named.is_empty() {
        return Some(named);
    }
    let real = std::fs::canonicalize(folder).ok()?;
    piece(Some(&real)).filter(|name| !name.is_empty())
}

/// What is written for a property: rest of the name, help, factor, type.
struct Told {
    name: String,
    help: String,
    factor: f64,
    kind: Kind,
}

/// The unit of a property of a sensor.
fn told(kind: &str, element: &str, has_plain: bool) -> Told {
    let mut name = format!("node_hwmon_{kind}");
    match element {
        "" => {}
        "input" if !has_plain => {}
        element => {
            name.push('_');
            name.push_str(&clean(element));
        }
    }
    let of = |suffix: &str, help: String, factor: f64| Told {
        name: format!("{name}{suffix}"),
        help,
        factor,
        kind: Kind::Gauge,
    };
    match (kind, element) {
        (_, "fault" | "alarm") => of("", format!("Hardware sensor {element} status ({kind})"), 1.0),
        (_, "beep") => of(
            "_enabled",
            "Hardware monitor sensor has beeping enabled".into(),
            1.0,
        ),
        ("in" | "cpu", _) => of(
            "_volts",
            format!("Hardware monitor for voltage ({element})"),
            0.001,
        ),
        ("temp", element) if element != "type" => {
            let element = if element.is_empty() { "input" } else { element };
            of(
                "_celsius",
                format!("Hardware monitor for temperature ({element})"),
                0.001,
            )
        }
        ("curr", _) => of(
            "_amps",
            format!("Hardware monitor for current ({element})"),
            0.001,
        ),
        ("energy", _) => Told {
            kind: Kind::Counter,
            ..of(
                "_joule_total",
                format!("Hardware monitor for joules used so far ({element})"),
                1e-6,
            )
        },
        ("power", "accuracy") => of(
            "",
            "Hardware monitor power meter accuracy, as a ratio".into(),
            1e-6,
        ),
        ("power", "average_interval" | "average_interval_min" | "average_interval_max") => of(
            "_seconds",
            format!("Hardware monitor power usage update interval ({element})"),
            0.001,
        ),
        ("power", _) => of(
            "_watt",
            format!("Hardware monitor for power usage in watts ({element})"),
            1e-6,
        ),
        ("humidity", _) => of(
            "",
            format!(
                "Hardware monitor for humidity, as a ratio (multiply with 100.0 to get the humidity as a percentage) ({element})"
            ),
            1e-6,
        ),
        ("fan", "input" | "min" | "max" | "target") => of(
            "_rpm",
            format!("Hardware monitor for fan revolutions per minute ({element})"),
            1.0,
        ),
        _ => of("", format!("Hardware monitor {kind} element {element}"), 1.0),
    }
}

/// Millionths are divided, not multiplied, so that the digits are the reference's.
fn scaled(value: f64, factor: f64) -> f64 {
    if factor == 1e-6 {
        value / 1e6
    } else {
        value * factor
    }
}

impl Hwmon {
    fn chip(&self, folder: &Path, out: &mut Writer) {
        let Some(chip) = chip_name(folder).filter(|chip| !self.chips.ignores(chip)) else {
            return;
        };
        let mut sensors = BTreeMap::new();
        read(folder, &mut sensors);
        read(&folder.join("device"), &mut sensors);
        let named = std::fs::read_to_string(folder.join("name"))
            .map(|name| clean(&name))
            .unwrap_or_default();
        if !named.is_empty() {
            out.gauge(
                "node_hwmon_chip_names",
                "Annotation metric for human-readable chip names",
            )
            .sample(&[("chip", &chip), ("chip_name", &named)], 1.0);
        }
        for ((kind, number), properties) in &sensors {
            let sensor = format!("{kind}{number}");
            let labels = [("chip", chip.as_str()), ("sensor", sensor.as_str())];
            if let Some(label) = properties.get("label") {
                out.gauge("node_hwmon_sensor_label", "Label for given chip and sensor")
                    .sample(&[("chip", &chip), ("label", label), ("sensor", &sensor)], 1.0);
            }
            let plain = properties.get("");
            let single = match kind.as_str() {
                "beep_enable" => {
                    let on = plain.is_some_and(|value| value == "1");
                    Some((
                        "node_hwmon_beep_enabled",
                        "Hardware beep enabled",
                        Some(f64::from(u8::from(on))),
                    ))
                }
                "vrm" => Some((
                    "node_hwmon_voltage_regulator_version",
                    "Hardware voltage regulator",
                    plain.and_then(|value| value.parse().ok()),
                )),
                "update_interval" => Some((
                    "node_hwmon_update_interval_seconds",
                    "Hardware monitor update interval",
                    plain
                        .and_then(|value| value.parse::<f64>().ok())
                        .map(|value| value * 0.001),
                )),
                _ => None,
            };
            if let Some((name, help, value)) = single {
                if let Some(value) = value {
                    out.gauge(name, help).sample(&labels, value);
                }
                continue;
            }
            for (element, value) in properties.iter().filter(|(element, _)| *element != "label") {
                let Ok(value) = value.parse::<f64>() else { continue };
                let told = told(kind, element, plain.is_some());
                out.family(&told.name, &told.help, told.kind)
                    .sample(&labels, scaled(value, told.factor));
            }
        }
    }
}

impl Collector for Hwmon {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let names = files
            .sys_names("class/hwmon", "")
            .map_err(Failure::absent_is_no_data)?;
        let base: PathBuf = files.roots().sys.join("class/hwmon");
        for folder in names
            .iter()
            .map(|name| base.join(name))
            .filter(|folder| folder.is_dir())
        {
            self.chip(&folder, out);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_fall_into_parts() {
        let cases = [
            ("temp1_input", Some(("temp", 1, "input"))),
            ("pwm12", Some(("pwm", 12, ""))),
            ("update_interval", Some(("update_interval", 0, ""))),
            (
                "power1_average_interval_max",
                Some(("power", 1, "average_interval_max")),
            ),
            ("in0x", None),
            ("1_input", None),
        ];
        for (name, expected) in cases {
            assert_eq!(parts(name), expected, "{name}");
        }
    }
}
