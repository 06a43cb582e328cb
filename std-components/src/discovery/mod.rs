//! Components that find targets.

mod docker;
mod file;
mod groups;
mod http;
#[cfg(feature = "kubernetes")]
mod kubernetes;
#[cfg(target_os = "linux")]
mod process;
pub(crate) mod refresh;
mod relabel;

use crate::component::Registration;

/// This family's components; a line for each.
pub const COMPONENTS: &[Registration] = &[
    Registration::of::<docker::Docker>(),
    Registration::of::<file::File>(),
    Registration::of::<http::Http>(),
    #[cfg(feature = "kubernetes")]
    Registration::of::<kubernetes::Kubernetes>(),
    #[cfg(target_os = "linux")]
    Registration::of::<process::Process>(),
    Registration::of::<relabel::Relabel>(),
];
