//! The metrics of a Linux host, with node_exporter's names, types, help texts and labels.
//!
//! A collector is a file in `collectors/`; [`Exporter`] runs those that the arguments enable, one after the other, and adds
//! `node_scrape_collector_duration_seconds` and `node_scrape_collector_success` for each. Invariants: nothing here needs a privilege, a socket or
//! another process; no file system that hangs can hold a scrape (see `prober`).

mod arguments;
pub mod collectors;
mod component;
mod container;
mod failure;
mod files;
mod filter;
mod prober;
mod scrape;

pub use arguments::{
    Arp, Bcache, Cpu, Disk, Ethtool, Filesystem, Hwmon, Ipvs, Netclass, Netdev, Netstat, Ntp, Perf,
    Powersupply, Runit, Supervisord, Sysctl, Systemd, Tapestats, Textfile, UnixArguments, Vmstat,
};
pub(crate) use component::UnixExporter;
pub use failure::Failure;
pub use files::{Files, Folder, Roots};
pub use filter::DeviceFilter;
pub use prober::{Answer, Prober, Usage};
pub use scrape::Exporter;

#[cfg(test)]
mod tests;
