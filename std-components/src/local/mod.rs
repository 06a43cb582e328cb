//! Components that read the machine that the agent runs on.

use crate::component::Registration;

/// This family's components; a line for each.
pub const COMPONENTS: &[Registration] = &[];
