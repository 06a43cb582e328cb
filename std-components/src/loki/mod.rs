//! Components that take, change and send log entries.

pub mod process;
mod source;

use crate::component::Registration;

/// This family's components; a line for each.
pub const COMPONENTS: &[Registration] = &[
    Registration::of::<process::Process>(),
    Registration::of::<source::file::SourceFile>(),
];
