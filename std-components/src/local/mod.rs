//! Components that read the machine that the agent runs on.

mod file;
pub(crate) mod file_match;
pub(crate) mod glob;

use crate::component::Registration;

/// This family's components; a line for each.
pub const COMPONENTS: &[Registration] = &[
    Registration::of::<file::LocalFile>(),
    Registration::of::<file_match::FileMatch>(),
];
