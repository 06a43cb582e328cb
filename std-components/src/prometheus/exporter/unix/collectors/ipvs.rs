//! The kernel's load balancer, from `/proc/net/ip_vs_stats` and `/proc/net/ip_vs`.

use super::Collector;
use crate::component::BuildError;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The collector.
pub(super) struct Ipvs {
    /// The labels of backends that are told; those of backends that differ only in the others are summed up.
    labels: Vec<&'static str>,
}

const LABELS: [&str; 6] = [
    "local_address",
    "local_port",
    "remote_address",
    "remote_port",
    "proto",
    "local_mark",
];

/// The columns of `ip_vs_stats`.
const TOTALS: [(&str, &str); 5] = [
    (
        "node_ipvs_connections_total",
        "The total number of connections made.",
    ),
    (
        "node_ipvs_incoming_packets_total",
        "The total number of incoming packets.",
    ),
    (
        "node_ipvs_outgoing_packets_total",
        "The total number of outgoing packets.",
    ),
    (
        "node_ipvs_incoming_bytes_total",
        "The total amount of incoming data.",
    ),
    (
        "node_ipvs_outgoing_bytes_total",
        "The total amount of outgoing data.",
    ),
];

impl Ipvs {
    pub(super) fn new(arguments: &crate::prometheus::exporter::unix::Ipvs) -> Result<Self, BuildError> {
        let wanted = &arguments.backend_labels;
        if let Some(unknown) = wanted.iter().find(|label| !LABELS.contains(&label.as_str())) {
            return Err(BuildError::at(
                "backend_labels",
                format!(
                    "there is no label \"{unknown}\"; the labels are {}",
                    LABELS.join(", ")
                ),
            ));
        }
        let is_wanted = |label: &&str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == label);
        Ok(Self {
            labels: LABELS.into_iter().filter(is_wanted).collect(),
        })
    }
}

/// Address and port: `C0A80016:0CEA`, or `[2620:0000:…:0001]:0CEA`.
fn address(text: &str) -> Option<(String, String)> {
    let (address, port) = text.rsplit_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let address = match address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().ok()?.to_string(),
        None => Ipv4Addr::from(u32::from_str_radix(address, 16).ok()?).to_string(),
    };
    Some((address, port.to_string()))
}

impl Collector for Ipvs {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let path = "net/ip_vs_stats";
        let text = files.proc(path).map_err(Failure::absent_is_no_data)?;
        // Two lines of headings.
        let mut columns = text.lines().nth(2).unwrap_or_default().split_ascii_whitespace();
        for (name, help) in TOTALS {
            let number = columns
                .next()
                .and_then(|column| u64::from_str_radix(column, 16).ok());
            let number = number.ok_or_else(|| Failure::parse(path, "not five hexadecimal numbers"))?;
            out.counter(name, help).value(number as f64);
        }
        let path = "net/ip_vs";
        let mut backends = BTreeMap::<Vec<String>, [f64; 3]>::new();
        // What stands above the backends: protocol, address, port, mark.
        let mut local = [const { String::new() }; 4];
        for line in files.proc(path)?.lines() {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            let broken = || Failure::parse(path, format!("a malformed line: {line:?}"));
            match words.as_slice() {
                [protocol @ ("TCP" | "UDP"), service, ..] => {
                    let (address, port) = address(service).ok_or_else(broken)?;
                    local = [(*protocol).to_owned(), address, port, String::new()];
                }
                ["FWM", mark, ..] => local = ["FWM".into(), String::new(), "0".into(), (*mark).to_owned()],
                ["->", "RemoteAddress:Port", ..] => {}
                ["->", remote, _, counts @ ..] => {
                    let (remote_address, remote_port) = address(remote).ok_or_else(broken)?;
                    let [protocol, local_address, local_port, mark] = &local;
                    let value = |label: &&str| match *label {
                        "local_address" => local_address.clone(),
                        "local_port" => local_port.clone(),
                        "remote_address" => remote_address.clone(),
                        "remote_port" => remote_port.clone(),
                        "proto" => protocol.clone(),
                        _ => mark.clone(),
                    };
                    let sums = backends
                        .entry(self.labels.iter().map(value).collect())
                        .or_default();
                    for (place, sum) in sums.iter_mut().enumerate() {
                        let count = counts.get(place).and_then(|count| count.parse::<f64>().ok());
                        *sum += count.ok_or_else(broken)?;
                    }
                }
                _ => {}
            }
        }
        for (values, [weight, active, inactive]) in backends {
            let labels: Vec<(&str, &str)> = self
                .labels
                .iter()
                .copied()
                .zip(values.iter().map(String::as_str))
                .collect();
            out.gauge(
                "node_ipvs_backend_connections_active",
                "The current active connections by local and remote address.",
            )
            .sample(&labels, active);
            out.gauge(
                "node_ipvs_backend_connections_inactive",
                "The current inactive connections by local and remote address.",
            )
            .sample(&labels, inactive);
            out.gauge(
                "node_ipvs_backend_weight",
                "The current backend weight by local and remote address.",
            )
            .sample(&labels, weight);
        }
        Ok(())
    }
}
