//! Components that find targets.

mod relabel;

use crate::component::Registration;

/// This family's components; a line for each.
pub const COMPONENTS: &[Registration] = &[Registration::of::<relabel::Relabel>()];
