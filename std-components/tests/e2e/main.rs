//! Tests against real peers, in one binary.

#[cfg(all(feature = "prometheus", target_os = "linux"))]
mod node_exporter;
