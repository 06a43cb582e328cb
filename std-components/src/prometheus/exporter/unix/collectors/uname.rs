//! What `uname` says.

use super::Collector;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};

/// The collector.
pub(super) struct Uname;

impl Collector for Uname {
    fn collect(&mut self, out: &mut Writer, _: &mut Files) -> Result<(), Failure> {
        let uname = rustix::system::uname();
        let labels = [
            ("domainname", uname.domainname()),
            ("machine", uname.machine()),
            ("nodename", uname.nodename()),
            ("release", uname.release()),
            ("sysname", uname.sysname()),
            ("version", uname.version()),
        ];
        let labels = labels.map(|(name, value)| (name, value.to_string_lossy()));
        out.gauge(
            "node_uname_info",
            "Labeled system information as provided by the uname system call.",
        )
        .sample(&labels.each_ref().map(|(name, value)| (*name, &**value)), 1.0);
        Ok(())
    }
}
