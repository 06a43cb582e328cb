//! Bytes that wait in the queues of UDP sockets, from `/proc/net/udp` and `udp6`.

use super::Collector;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};

/// The collector.
pub(super) struct UdpQueues;

impl Collector for UdpQueues {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let mut absent = 0;
        for (path, version) in [("net/udp", "v4"), ("net/udp6", "v6")] {
            let text = match files.proc(path) {
                Ok(text) => text,
                Err(failure) if failure.is_absent() => {
                    absent += 1;
                    continue;
                }
                Err(failure) => return Err(failure),
            };
            let (mut sent, mut received) = (0_u64, 0_u64);
            for line in text.lines().skip(1) {
                let queues = line
                    .split_ascii_whitespace()
                    .nth(4)
                    .and_then(|queues| queues.split_once(':'))
                    .and_then(|(sent, received)| {
                        Some((
                            u64::from_str_radix(sent, 16).ok()?,
                            u64::from_str_radix(received, 16).ok()?,
                        ))
                    });
                let Some(queues) = queues else {
                    return Err(Failure::parse(path, "a line without queues"));
                };
                sent = sent.saturating_add(queues.0);
                received = received.saturating_add(queues.1);
            }
            out.gauge(
                "node_udp_queues",
                "Number of allocated memory in the kernel for UDP datagrams in bytes.",
            )
            .sample(&[("ip", version), ("queue", "tx")], sent as f64)
            .sample(&[("ip", version), ("queue", "rx")], received as f64);
        }
        if absent == 2 { Err(Failure::NoData) } else { Ok(()) }
    }
}
