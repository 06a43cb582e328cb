//! `discovery.process`: the processes of this machine, joined with targets of the containers that they run in.

mod join;
mod proc;

use super::refresh::{Exports, Question, Refreshing, check_interval};
use crate::component::{BuildError, CancellationToken, Component, Context, RunError};
use crate::http_client::Seldom;
use crate::signals::Target;
use proc::Wanted;
use river_eval::Checks;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The arguments of `discovery.process`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check)]
pub(super) struct Arguments {
    /// Targets of containers, whose labels a container's processes get. Targets that belong to no process are exported, too.
    #[river(default)]
    join: Vec<Target>,
    /// How often to look for processes.
    #[river(default = Duration::from_secs(60))]
    refresh_interval: Duration,
    /// Which labels processes get.
    #[river(block, default)]
    discover_config: DiscoverConfig,
}

fn check(arguments: &Arguments, checks: &mut Checks<'_, '_>) {
    check_interval(arguments.refresh_interval, checks);
}

/// Which labels processes get beside `__process_pid__`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
struct DiscoverConfig {
    /// The working folder, `__meta_process_cwd`.
    #[river(default = true)]
    cwd: bool,
    /// The program, `__meta_process_exe`.
    #[river(default = true)]
    exe: bool,
    /// The command line, `__meta_process_commandline`.
    #[river(default = true)]
    commandline: bool,
    /// The user's name, `__meta_process_username`.
    #[river(default = false)]
    username: bool,
    /// The user's number, `__meta_process_uid`.
    #[river(default = false)]
    uid: bool,
    /// The container's id, `__container_id__`.
    #[river(default = true)]
    container_id: bool,
    /// The control groups, `__meta_process_cgroup_path`.
    #[river(default = false)]
    cgroup_path: bool,
}

impl Default for DiscoverConfig {
    fn default() -> Self {
        Self {
            cwd: true,
            exe: true,
            commandline: true,
            username: false,
            uid: false,
            container_id: true,
            cgroup_path: false,
        }
    }
}

/// What is looked for, and where.
struct Look {
    proc: PathBuf,
    /// Names of users.
    passwd: PathBuf,
    arguments: Arguments,
    component_id: String,
    /// That some processes cannot be read is said once in a while.
    refused: Arc<Seldom>,
}

impl Question for Look {
    const MECHANISM: &'static str = "process";

    fn interval(&self) -> Duration {
        self.arguments.refresh_interval
    }

    async fn ask(&self) -> Result<Vec<Target>, String> {
        let config = &self.arguments.discover_config;
        let wanted = Wanted {
            cwd: config.cwd,
            exe: config.exe,
            commandline: config.commandline,
            username: config.username,
            uid: config.uid,
            container_id: config.container_id,
            cgroup_path: config.cgroup_path,
        };
        let (proc, passwd) = (self.proc.clone(), self.passwd.clone());
        let found = tokio::task::spawn_blocking(move || proc::processes(&proc, &passwd, wanted))
            .await
            .map_err(|error| format!("the look at the processes broke off: {error}"))?;
        let found =
            found.map_err(|error| format!("failed to list pids in {}: {error}", self.proc.display()))?;
        if let (Some((pid, error)), Some(_)) = (found.refused.first(), self.refused.now()) {
            tracing::warn!(
                component_id = self.component_id,
                "{} processes are left out, as the agent may not read what the labels need (process {pid}: {error}); run it as root or with CAP_SYS_PTRACE, or turn off labels in discover_config",
                found.refused.len()
            );
        }
        Ok(found.targets)
    }

    fn targets(&self, found: &[Target]) -> Vec<Target> {
        join::join(found, &self.arguments.join)
    }

    fn is_answered_by(&self, before: &Self) -> bool {
        self.arguments.discover_config == before.arguments.discover_config
            && self.arguments.refresh_interval == before.arguments.refresh_interval
    }
}

/// `discovery.process`.
pub(super) struct Process {
    refreshing: Refreshing<Look>,
    component_id: String,
    refused: Arc<Seldom>,
}

fn look(arguments: Arguments, component_id: &str, refused: &Arc<Seldom>) -> Look {
    Look {
        proc: Path::new("/proc").into(),
        passwd: Path::new("/etc/passwd").into(),
        arguments,
        component_id: component_id.into(),
        refused: refused.clone(),
    }
}

impl Component for Process {
    const NAME: &'static str = "discovery.process";
    type Arguments = Arguments;
    type Exports = Exports;

    fn new(context: Context<Exports>, arguments: Arguments) -> Result<Self, BuildError> {
        let component_id = context.id.to_string();
        let refused = Arc::new(Seldom::default());
        Ok(Self {
            refreshing: Refreshing::new(context, look(arguments, &component_id, &refused)),
            component_id,
            refused,
        })
    }

    fn update(&self, arguments: Arguments) -> Result<(), BuildError> {
        self.refreshing
            .update(look(arguments, &self.component_id, &self.refused));
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        self.refreshing.run(stop).await
    }
}

#[cfg(test)]
mod tests;
