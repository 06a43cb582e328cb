//! Entropy of the kernel's random numbers, from `/proc/sys/kernel/random`.

use super::Collector;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};

/// The collector.
pub(super) struct Entropy;

impl Collector for Entropy {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let available = files.proc_number("sys/kernel/random/entropy_avail")?;
        out.gauge("node_entropy_available_bits", "Bits of available entropy.")
            .value(available);
        let size = files.proc_number("sys/kernel/random/poolsize")?;
        out.gauge("node_entropy_pool_size_bits", "Bits of entropy pool.")
            .value(size);
        Ok(())
    }
}
