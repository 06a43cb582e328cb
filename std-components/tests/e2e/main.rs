//! Tests against real peers, in one binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test ends where something is missing, and says what was skipped"
)]

#[cfg(all(feature = "loki", target_os = "linux"))]
#[path = "../certificates/mod.rs"]
mod certificates;
#[cfg(feature = "discovery")]
mod discoveries;
#[cfg(all(feature = "loki", target_os = "linux"))]
mod journal;
#[cfg(feature = "kubernetes")]
#[path = "../kubernetes_api/mod.rs"]
mod kubernetes_api;
#[cfg(feature = "kubernetes")]
mod kubernetes_peer;
#[cfg(all(feature = "prometheus", target_os = "linux"))]
mod node_exporter;
#[cfg(feature = "prometheus")]
mod prometheus_peer;
#[cfg(all(
    feature = "local",
    feature = "discovery",
    feature = "loki",
    feature = "prometheus",
    target_os = "linux"
))]
mod reference;
#[cfg(all(feature = "loki", target_os = "linux"))]
mod source;
#[cfg(all(feature = "loki", target_os = "linux"))]
mod syslog_peers;
