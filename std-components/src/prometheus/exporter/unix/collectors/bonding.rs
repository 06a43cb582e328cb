//! Bonded network devices and how many of their parts are up, from `/sys/class/net`.

use super::Collector;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};

/// The collector.
pub(super) struct Bonding;

impl Collector for Bonding {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let masters = files
            .sys("class/net/bonding_masters")
            .map_err(Failure::absent_is_no_data)?
            .to_owned();
        for master in masters.split_ascii_whitespace() {
            let slaves = files
                .sys(format_args!("class/net/{master}/bonding/slaves"))
                .map_err(Failure::absent_is_no_data)?
                .to_owned();
            let (mut all, mut up) = (0.0, 0.0);
            for slave in slaves.split_ascii_whitespace() {
                let mut state = None;
                for link in ["lower", "slave"] {
                    let path = format_args!("class/net/{master}/{link}_{slave}/bonding_slave/mii_status");
                    if let Some(text) = files.sys_optional(path) {
                        state = Some(text == "up");
                        break;
                    }
                }
                let Some(state) = state else {
                    return Err(Failure::parse(
                        "class/net",
                        format!("{slave} of {master} has no mii_status"),
                    ));
                };
                all += 1.0;
                up += f64::from(u8::from(state));
            }
            let labels = [("master", master)];
            out.gauge(
                "node_bonding_slaves",
                "Number of configured slaves per bonding interface.",
            )
            .sample(&labels, all);
            out.gauge(
                "node_bonding_active",
                "Number of active slaves per bonding interface.",
            )
            .sample(&labels, up);
        }
        Ok(())
    }
}
