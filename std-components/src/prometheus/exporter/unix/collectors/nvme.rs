//! NVMe controllers, from `/sys/class/nvme`.

use super::Collector;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};

/// The collector.
pub(super) struct Nvme;

impl Collector for Nvme {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let devices = files
            .sys_names("class/nvme", "")
            .map_err(Failure::absent_is_no_data)?;
        for device in &devices {
            let mut texts = Vec::with_capacity(4);
            for file in ["firmware_rev", "model", "serial", "state"] {
                texts.push(files.sys(format_args!("class/nvme/{device}/{file}"))?.to_owned());
            }
            let [firmware, model, serial, state] = texts.as_slice() else {
                continue;
            };
            out.gauge(
                "node_nvme_info",
                "Non-numeric data from /sys/class/nvme/<device>, value is always 1.",
            )
            .sample(
                &[
                    ("device", device),
                    ("firmware_revision", firmware),
                    ("model", model),
                    ("serial", serial),
                    ("state", state),
                ],
                1.0,
            );
        }
        Ok(())
    }
}
