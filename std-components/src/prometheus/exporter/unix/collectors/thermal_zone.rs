//! Temperatures and cooling devices, from `/sys/class/thermal`.

use super::Collector;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};

/// The collector.
pub(super) struct ThermalZone;

impl Collector for ThermalZone {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let names = match files.sys_names("class/thermal", "") {
            Ok(names) => names,
            Err(failure) if failure.is_absent() => return Ok(()),
            Err(failure) => return Err(failure),
        };
        for (name, zone) in names
            .iter()
            .filter_map(|name| Some((name, name.strip_prefix("thermal_zone")?)))
        {
            let kind = files.sys(format_args!("class/thermal/{name}/type"))?.to_owned();
            // A zone that is switched off answers ENODATA.
            let Some(temperature) = files.sys_number_optional(format_args!("class/thermal/{name}/temp"))
            else {
                continue;
            };
            out.gauge("node_thermal_zone_temp", "Zone temperature in Celsius")
                .sample(&[("type", &kind), ("zone", zone)], temperature / 1000.0);
        }
        for (name, device) in names
            .iter()
            .filter_map(|name| Some((name, name.strip_prefix("cooling_device")?)))
        {
            let kind = files.sys(format_args!("class/thermal/{name}/type"))?.to_owned();
            let labels = [("name", device), ("type", kind.as_str())];
            let current = files.sys_number(format_args!("class/thermal/{name}/cur_state"))?;
            out.gauge(
                "node_cooling_device_cur_state",
                "Current throttle state of the cooling device",
            )
            .sample(&labels, current);
            let maximum = files.sys_number(format_args!("class/thermal/{name}/max_state"))?;
            out.gauge(
                "node_cooling_device_max_state",
                "Maximum throttle state of the cooling device",
            )
            .sample(&labels, maximum);
        }
        Ok(())
    }
}
