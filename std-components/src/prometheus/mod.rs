//! Components that take, change and send samples.

pub mod exporter;

use crate::component::Registration;

/// This family's components; a line for each.
pub const COMPONENTS: &[Registration] = &[
    Registration::of::<exporter::SelfExporter>(),
    #[cfg(target_os = "linux")]
    Registration::of::<exporter::UnixExporter>(),
];
