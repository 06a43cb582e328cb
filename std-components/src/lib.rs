//! The bundled components of alloy-rs and the signals that flow between them.
//!
//! Invariants: this crate knows neither the command line nor the web page. Adding a component touches one folder: its arguments and
//! exports as derived structs, its `run`, its tests, its line in the family's list.

#[cfg(all(test, feature = "loki"))]
#[path = "../tests/certificates/mod.rs"]
mod certificates;
pub mod component;
pub mod controller;
#[cfg(feature = "discovery")]
pub mod discovery;
#[cfg(any(feature = "discovery", feature = "loki"))]
#[cfg_attr(
    not(all(feature = "discovery", feature = "loki")),
    expect(dead_code, unused_imports, reason = "each of them uses a part")
)]
mod docker;
#[cfg(any(feature = "loki", feature = "prometheus"))]
mod endpoints;
pub mod http_client;
pub mod imports;
#[cfg(feature = "kubernetes")]
pub mod kubernetes;
#[cfg(all(test, feature = "kubernetes"))]
#[path = "../tests/kubernetes_api/mod.rs"]
mod kubernetes_api;
pub mod listeners;
#[cfg(feature = "local")]
pub mod local;
#[cfg(feature = "loki")]
pub mod loki;
#[cfg(feature = "otelcol")]
pub mod otelcol;
pub mod own_spans;
#[cfg(feature = "prometheus")]
pub mod prometheus;
pub mod relabel;
pub mod remote;
pub mod signals;
pub mod text;
mod text_files;
#[cfg(feature = "loki")]
mod wal;

use component::Registration;

/// The components of every family that is built in.
pub fn components() -> impl Iterator<Item = &'static Registration> {
    let families: &[&'static [Registration]] = &[
        #[cfg(feature = "local")]
        local::COMPONENTS,
        #[cfg(feature = "discovery")]
        discovery::COMPONENTS,
        #[cfg(feature = "loki")]
        loki::COMPONENTS,
        #[cfg(feature = "prometheus")]
        prometheus::COMPONENTS,
        remote::COMPONENTS,
        #[cfg(feature = "otelcol")]
        otelcol::COMPONENTS,
    ];
    families.iter().copied().flatten().collect::<Vec<_>>().into_iter()
}
