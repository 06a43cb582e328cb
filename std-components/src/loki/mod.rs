//! Components that take, change and send log entries.

pub mod echo;
pub mod enrich;
pub mod process;
mod recent;
pub mod relabel;
pub mod secretfilter;
mod source;
pub(crate) mod write;

use crate::component::Registration;

/// This family's components; a line for each.
pub const COMPONENTS: &[Registration] = &[
    Registration::of::<echo::Echo>(),
    Registration::of::<enrich::Enrich>(),
    Registration::of::<process::Process>(),
    Registration::of::<relabel::Relabel>(),
    Registration::of::<secretfilter::SecretFilter>(),
    Registration::of::<source::api::SourceApi>(),
    Registration::of::<source::docker::SourceDocker>(),
    Registration::of::<source::file::SourceFile>(),
    Registration::of::<source::journal::SourceJournal>(),
    #[cfg(feature = "kubernetes")]
    Registration::of::<source::kubernetes::SourceKubernetes>(),
    #[cfg(feature = "kubernetes")]
    Registration::of::<source::kubernetes_events::SourceKubernetesEvents>(),
    #[cfg(feature = "kubernetes")]
    Registration::of::<source::podlogs::SourcePodLogs>(),
    Registration::of::<source::syslog::SourceSyslog>(),
    Registration::of::<write::Write>(),
];
