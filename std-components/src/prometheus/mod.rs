//! Components that take, change and send samples.

mod echo;
pub mod exporter;
mod relabel;
pub(crate) mod remote_write;
pub mod scrape;

use crate::component::Registration;

/// This family's components; a line for each.
pub const COMPONENTS: &[Registration] = &[
    Registration::of::<exporter::SelfExporter>(),
    #[cfg(target_os = "linux")]
    Registration::of::<exporter::UnixExporter>(),
    Registration::of::<scrape::Scrape>(),
    Registration::of::<relabel::Relabel>(),
    Registration::of::<echo::Echo>(),
    Registration::of::<remote_write::RemoteWrite>(),
];
