//! Sockets by protocol, from `/proc/net/sockstat` and `sockstat6`.

use super::Collector;
use crate::prometheus::exporter::exposition::Kind;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};

/// The collector.
pub(super) struct Sockstat;

const STATES: [&str; 6] = ["inuse", "orphan", "tw", "alloc", "mem", "memory"];

impl Collector for Sockstat {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let page = rustix::param::page_size() as f64;
        for path in ["net/sockstat", "net/sockstat6"] {
            let text = match files.proc(path) {
                Ok(text) => text,
                // Without IPv6 there is no second file.
                Err(failure) if failure.is_absent() => continue,
                Err(failure) => return Err(failure),
            };
            for line in text.lines() {
                let Some((protocol, pairs)) = line.split_once(':') else {
                    return Err(Failure::parse(path, "a line without a protocol"));
                };
                let mut words = pairs.split_ascii_whitespace();
                while let (Some(state), Some(value)) = (words.next(), words.next()) {
                    let value: f64 = value
                        .parse()
                        .map_err(|_| Failure::parse(path, format!("not a number at {protocol} {state}")))?;
                    if protocol == "sockets" && state == "used" {
                        out.gauge("node_sockstat_sockets_used", "Number of IPv4 sockets in use.")
                            .value(value);
                    }
                    if !STATES.contains(&state) {
                        continue;
                    }
                    tell(out, protocol, state, value);
                    if state == "mem" {
                        tell(out, protocol, "mem_bytes", value * page);
                    }
                }
            }
        }
        Ok(())
    }
}

fn tell(out: &mut Writer, protocol: &str, state: &str, value: f64) {
    out.named(
        format_args!("node_sockstat_{protocol}_{state}"),
        format_args!("Number of {protocol} sockets in state {state}."),
        Kind::Gauge,
    )
    .value(value);
}
