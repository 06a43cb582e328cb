//! What the firmware says of the machine, from `/sys/class/dmi/id`. It is read once: it changes with a restart only.

use super::Collector;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};

/// The collector.
#[derive(Default)]
pub(super) struct Dmi {
    values: Option<Vec<(&'static str, String)>>,
}

/// Files; each is a label of its name, but for `sys_vendor`.
const FILES: [&str; 20] = [
    "bios_date",
    "bios_release",
    "bios_vendor",
    "bios_version",
    "board_asset_tag",
    "board_name",
    "board_serial",
    "board_vendor",
    "board_version",
    "chassis_asset_tag",
    "chassis_serial",
    "chassis_vendor",
    "chassis_version",
    "product_family",
    "product_name",
    "product_serial",
    "product_sku",
    "product_uuid",
    "product_version",
    "sys_vendor",
];

impl Collector for Dmi {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let values = self.values.get_or_insert_with(|| {
            let read = |file: &'static str| {
                // Serial numbers are for root alone; without them the label is left out.
                let value = files
                    .sys_optional(format_args!("class/dmi/id/{file}"))?
                    .to_owned();
                Some((
                    if file == "sys_vendor" {
                        "system_vendor"
                    } else {
                        file
                    },
                    value,
                ))
            };
            FILES.into_iter().filter_map(read).collect()
        });
        if values.is_empty() {
            return Err(Failure::NoData);
        }
        let labels: Vec<(&str, &str)> = values
            .iter()
            .map(|(label, value)| (*label, value.as_str()))
            .collect();
        out.gauge(
            "node_dmi_info",
            "A metric with a constant '1' value labeled by bios_date, bios_release, bios_vendor, bios_version, \
             board_asset_tag, board_name, board_serial, board_vendor, board_version, chassis_asset_tag, \
             chassis_serial, chassis_vendor, chassis_version, product_family, product_name, product_serial, \
             product_sku, product_uuid, product_version, system_vendor if provided by DMI.",
        )
        .sample(&labels, 1.0);
        Ok(())
    }
}
