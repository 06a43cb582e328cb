//! File descriptors, from `/proc/sys/fs/file-nr`.

use super::Collector;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};

/// The collector.
pub(super) struct Filefd;

impl Collector for Filefd {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let mut numbers = files
            .proc("sys/fs/file-nr")?
            .split_ascii_whitespace()
            .map(str::parse);
        let (Some(Ok(allocated)), Some(Ok(maximum))) = (numbers.next(), numbers.nth(1)) else {
            return Err(Failure::parse("sys/fs/file-nr", "not three numbers"));
        };
        out.gauge("node_filefd_allocated", "File descriptor statistics: allocated.")
            .value(allocated);
        out.gauge("node_filefd_maximum", "File descriptor statistics: maximum.")
            .value(maximum);
        Ok(())
    }
}
