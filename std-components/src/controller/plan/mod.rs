//! What a reload would do, without doing it: both configurations are loaded one after the other into an engine that runs nothing, and what its commit
//! decides is told with the reasons.

mod difference;
mod host;
mod reasons;
#[cfg(test)]
mod tests;

pub use difference::{BodyChange, ChangeKind};
pub use reasons::Reason;

use super::host::ComponentHost;
use super::logging::LogSettings;
use super::options::Options;
use crate::component::Services;
use crate::imports::Fetches;
use host::PlanHost;
use reasons::{After, Before};
use river_eval::Str;
use river_eval::engine::{Engine, LoadError};
use river_syntax::{Diagnostic, Sources};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tokio::sync::watch;

/// What a reload would do with a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// It is new.
    Start,
    /// It gets other arguments and goes on.
    Update,
    /// It is stopped, and another one of its id is started.
    Replace,
    /// It is gone.
    Stop,
}

/// What a reload would change.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The global id, `node.one/loki.write.out`.
    pub id: Str,
    /// What would be done.
    pub action: Action,
    /// Why; never empty.
    pub reasons: Vec<Reason>,
}

/// All that a reload would do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What changes, in the order in which it is written; then what is stopped, in order of stopping.
    pub changes: Vec<Change>,
    /// Ids of the blocks that are left alone.
    pub unchanged: Vec<Str>,
    /// The texts of the new configuration.
    pub sources: Sources,
    /// What was found in the new configuration, and what cannot be built on this machine.
    pub warnings: Vec<Diagnostic>,
}

/// Which of the two configurations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The one that would be running.
    Old,
    /// The one that would be loaded.
    New,
}

/// A configuration that a reload would not take.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{error}")]
pub struct PlanError {
    /// Which one.
    pub which: Which,
    /// Why.
    pub error: LoadError,
}

/// Works out what a reload from one configuration to another would do. Each comes with the options that it would be run with, of which only the folder
/// (`module_path`) may differ. Nothing is started and no peer is called; components are built where that can be, which may read local files. One
/// that cannot be built on this machine is told as a warning and compared by its arguments. Has to be called inside a tokio runtime.
///
/// # Errors
/// Everything that is wrong with either.
pub fn plan(old: (&Options, Sources), new: (&Options, Sources)) -> Result<Plan, PlanError> {
    let failed = |which| move |error| PlanError { which, error };
    super::check(old.0, old.1.clone()).map_err(failed(Which::Old))?;
    super::check(new.0, new.1.clone()).map_err(failed(Which::New))?;
    let options = Options {
        services: Services {
            storage: new.0.services.storage.clone(),
            fetches: Fetches::for_check(),
            ..Services::default()
        },
        ..new.0.clone()
    };
    let log_sender = watch::Sender::new(LogSettings::default());
    let trace_sender = watch::Sender::new(super::TraceSettings::default());
    let host = ComponentHost::new(&options, Arc::default(), None, log_sender, trace_sender);
    let host = PlanHost::new(host);
    let mut engine =
        Engine::new(host, options.evaluation_context()).with_module_path(old.0.module_path.as_str());
    engine.load(old.1).map_err(failed(Which::Old))?;
    let before: HashMap<Str, Before> = engine
        .nodes()
        .map(|node| (node.id(), Before::of(&node, engine.sources())))
        .collect();
    let mut engine = engine.with_module_path(new.0.module_path.as_str());
    let report = engine.load(new.1).map_err(failed(Which::New))?;
    let stopped: Vec<Str> = report.stopped.iter().map(|gone| gone.id.clone()).collect();
    Ok(compare(
        &engine,
        &before,
        report.started,
        report.updated,
        stopped,
        report.warnings,
    ))
}

fn compare(
    engine: &Engine<PlanHost>,
    before: &HashMap<Str, Before>,
    started: Vec<Str>,
    updated: Vec<Str>,
    stopped: Vec<Str>,
    warnings: Vec<Diagnostic>,
) -> Plan {
    let started: HashSet<Str> = started.into_iter().collect();
    let updated: HashSet<Str> = updated.into_iter().collect();
    let gone: HashSet<&Str> = stopped.iter().collect();
    let mut actions: Vec<(Str, Action)> = Vec::new();
    let mut unchanged = Vec::new();
    for node in engine.nodes() {
        let id = node.id();
        let action = match (started.contains(&id), gone.contains(&id)) {
            (true, true) => Some(Action::Replace),
            (true, false) => Some(Action::Start),
            // Exports that change while a configuration is loaded lead to further updates, which the report of the load does not list.
            (false, _) => before
                .get(&id)
                .filter(|before| updated.contains(&id) || *before.arguments != **node.arguments)
                .map(|_| Action::Update),
        };
        match action {
            Some(action) => actions.push((id, action)),
            None => unchanged.push(id),
        }
    }
    let there: HashSet<Str> = actions.iter().map(|(id, _)| id.clone()).collect();
    let stops = stopped.into_iter().filter(|id| !there.contains(id));
    actions.extend(stops.map(|id| (id, Action::Stop)));
    let touched: HashMap<Str, Action> = actions.iter().cloned().collect();
    let changes = actions.into_iter().map(|(id, action)| {
        let reasons = match (action, before.get(&id), engine.find(&id)) {
            (Action::Stop, ..) => vec![Reason::Gone],
            (_, Some(before), Some(node)) => {
                let after = After {
                    node,
                    sources: engine.sources(),
                    touched: &touched,
                };
                after.reasons(before)
            }
            _ => vec![Reason::New],
        };
        Change { id, action, reasons }
    });
    Plan {
        changes: changes.collect(),
        unchanged,
        sources: engine.sources().clone(),
        warnings,
    }
}
