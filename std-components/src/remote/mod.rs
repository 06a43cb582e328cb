//! Components that fetch values from elsewhere for other components to use.

mod http;

use crate::component::Registration;

/// This family's components; a line for each.
pub const COMPONENTS: &[Registration] = &[Registration::of::<http::RemoteHttp>()];
