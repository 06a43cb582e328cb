//! Components that fetch values from elsewhere for other components to use.

mod http;
#[cfg(feature = "kubernetes")]
mod kubernetes;
mod polling;

use crate::component::Registration;

/// This family's components; a line for each.
pub const COMPONENTS: &[Registration] = &[
    Registration::of::<http::RemoteHttp>(),
    #[cfg(feature = "kubernetes")]
    Registration::of::<kubernetes::Remote<kubernetes::ConfigMap>>(),
    #[cfg(feature = "kubernetes")]
    Registration::of::<kubernetes::Remote<kubernetes::Secret>>(),
];
