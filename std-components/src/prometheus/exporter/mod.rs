//! Exporters: components that serve a page of metrics and export one target that points at it.

pub mod exposition;
mod own;
mod target;
#[cfg(target_os = "linux")]
pub mod unix;

pub(super) use own::SelfExporter;
pub(super) use target::Exports;
#[cfg(target_os = "linux")]
pub(super) use unix::UnixExporter;
