//! Components that take, change and send log entries.

pub mod echo;
pub mod process;
pub mod relabel;
mod source;
pub(crate) mod write;

use crate::component::Registration;

/// This family's components; a line for each.
pub const COMPONENTS: &[Registration] = &[
    Registration::of::<echo::Echo>(),
    Registration::of::<process::Process>(),
    Registration::of::<relabel::Relabel>(),
    Registration::of::<source::api::SourceApi>(),
    Registration::of::<source::file::SourceFile>(),
    Registration::of::<write::Write>(),
];
