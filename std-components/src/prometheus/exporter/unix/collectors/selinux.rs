//! Whether SELinux is on and enforces, from `/sys/fs/selinux` and `/etc/selinux/config`.

use super::Collector;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};

/// The collector.
pub(super) struct Selinux;

impl Collector for Selinux {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let mode = files.sys_number_optional("fs/selinux/enforce");
        out.gauge(
            "node_selinux_enabled",
            "SELinux is enabled, 1 is true, 0 is false",
        )
        .value(if mode.is_some() { 1.0 } else { 0.0 });
        let Some(mode) = mode else { return Ok(()) };
        let configured = files.root("etc/selinux/config").unwrap_or_default();
        let word = configured
            .lines()
            .filter_map(|line| line.trim().strip_prefix("SELINUX="))
            .next_back()
            .unwrap_or_default();
        let configured = match word.trim().to_ascii_lowercase().as_str() {
            "enforcing" => 1.0,
            "permissive" => 0.0,
            _ => -1.0,
        };
        out.gauge("node_selinux_config_mode", "Configured SELinux enforcement mode")
            .value(configured);
        out.gauge("node_selinux_current_mode", "Current SELinux enforcement mode")
            .value(mode);
        Ok(())
    }
}
