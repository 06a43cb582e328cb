//! Counts of the network's protocols, from `/proc/net/netstat`, `snmp` and `snmp6`.

use super::Collector;
use crate::component::BuildError;
use crate::prometheus::exporter::exposition::Kind;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::filter::expression;
use crate::prometheus::exporter::unix::{Failure, Files};
use regex::Regex;
use rustc_hash::FxHashMap;
use std::fmt::Write as _;

/// The collector.
pub(super) struct Netstat {
    fields: Regex,
    /// Whether a field is told, by its whole name: the kernel has some 400, and an expression is matched once for each.
    told: FxHashMap<Box<str>, bool>,
    name: String,
}

impl Netstat {
    pub(super) fn new(arguments: &crate::prometheus::exporter::unix::Netstat) -> Result<Self, BuildError> {
        Ok(Self {
            fields: expression("fields", &arguments.fields)?,
            told: FxHashMap::default(),
            name: String::new(),
        })
    }

    fn tell(&mut self, protocol: &str, field: &str, value: &str, out: &mut Writer) -> Result<(), Failure> {
        self.name.clear();
        let _ = write!(self.name, "{protocol}_{field}");
        let told = match self.told.get(self.name.as_str()) {
            Some(told) => *told,
            None => {
                let told = self.fields.is_match(&self.name);
                self.told.insert(self.name.as_str().into(), told);
                told
            }
        };
        if told {
            let value: f64 = value
                .parse()
                .map_err(|_| Failure::parse("net/netstat", format!("not a number at {}", self.name)))?;
            out.named(
                format_args!("node_netstat_{protocol}_{field}"),
                format_args!("Statistic {protocol}{field}."),
                Kind::Untyped,
            )
            .value(value);
        }
        Ok(())
    }
}

impl Collector for Netstat {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        // Lines in pairs: the fields' names, then their values, both behind the protocol.
        for path in ["net/netstat", "net/snmp"] {
            let mut lines = files.proc(path)?.lines();
            while let (Some(names), Some(values)) = (lines.next(), lines.next()) {
                let Some((protocol, names)) = names.split_once(':') else {
                    return Err(Failure::parse(path, "a line without a protocol"));
                };
                let Some(values) = values
                    .strip_prefix(protocol)
                    .and_then(|rest| rest.strip_prefix(':'))
                else {
                    return Err(Failure::parse(path, format!("no values of {protocol}")));
                };
                let values = values.split_ascii_whitespace();
                for (name, value) in names.split_ascii_whitespace().zip(values) {
                    self.tell(protocol, name, value, out)?;
                }
            }
        }
        // A line for each field, and no file at all without IPv6.
        match files.proc("net/snmp6") {
            Ok(text) => {
                for line in text.lines() {
                    let mut words = line.split_ascii_whitespace();
                    let (Some(name), Some(value)) = (words.next(), words.next()) else {
                        continue;
                    };
                    let Some((protocol, field)) = name.find('6').and_then(|at| name.split_at_checked(at + 1))
                    else {
                        continue;
                    };
                    self.tell(protocol, field, value, out)?;
                }
                Ok(())
            }
            Err(failure) if failure.is_absent() => Ok(()),
            Err(failure) => Err(failure),
        }
    }
}
