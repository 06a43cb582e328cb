//! Components that find targets.

#[cfg(feature = "kubernetes")]
mod kubernetes;
mod relabel;

use crate::component::Registration;

/// This family's components; a line for each.
pub const COMPONENTS: &[Registration] = &[
    #[cfg(feature = "kubernetes")]
    Registration::of::<kubernetes::Kubernetes>(),
    Registration::of::<relabel::Relabel>(),
];
