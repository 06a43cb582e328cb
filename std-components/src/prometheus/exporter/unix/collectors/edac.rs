//! Errors of memory that corrects or detects them, from `/sys/devices/system/edac/mc`.

use super::Collector;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};

/// The collector.
pub(super) struct Edac;

impl Collector for Edac {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let base = "devices/system/edac/mc";
        for name in files.sys_names(base, "mc").unwrap_or_default() {
            let Some(controller) = number(&name, "mc") else {
                continue;
            };
            let labels = [("controller", controller)];
            let count = files.sys_number(format_args!("{base}/{name}/ce_count"))?;
            out.counter(
                "node_edac_correctable_errors_total",
                "Total correctable memory errors.",
            )
            .sample(&labels, count);
            let count = files.sys_number(format_args!("{base}/{name}/ce_noinfo_count"))?;
            correctable(out, controller, "unknown", count);
            let count = files.sys_number(format_args!("{base}/{name}/ue_count"))?;
            out.counter(
                "node_edac_uncorrectable_errors_total",
                "Total uncorrectable memory errors.",
            )
            .sample(&labels, count);
            let count = files.sys_number(format_args!("{base}/{name}/ue_noinfo_count"))?;
            uncorrectable(out, controller, "unknown", count);
            for row in files.sys_names(format_args!("{base}/{name}"), "csrow")? {
                let Some(csrow) = number(&row, "csrow") else {
                    continue;
                };
                let count = files.sys_number(format_args!("{base}/{name}/{row}/ce_count"))?;
                correctable(out, controller, csrow, count);
                let count = files.sys_number(format_args!("{base}/{name}/{row}/ue_count"))?;
                uncorrectable(out, controller, csrow, count);
            }
        }
        Ok(())
    }
}

/// The number behind a prefix: `3` of `mc3`.
fn number<'n>(name: &'n str, prefix: &str) -> Option<&'n str> {
    let number = name.strip_prefix(prefix)?;
    (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(number)
}

fn correctable(out: &mut Writer, controller: &str, csrow: &str, count: f64) {
    out.counter(
        "node_edac_csrow_correctable_errors_total",
        "Total correctable memory errors for this csrow.",
    )
    .sample(&[("controller", controller), ("csrow", csrow)], count);
}

fn uncorrectable(out: &mut Writer, controller: &str, csrow: &str, count: f64) {
    out.counter(
        "node_edac_csrow_uncorrectable_errors_total",
        "Total uncorrectable memory errors for this csrow.",
    )
    .sample(&[("controller", controller), ("csrow", csrow)], count);
}
