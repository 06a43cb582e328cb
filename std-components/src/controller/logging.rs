//! The `logging` block: decoded here, acted on by the program through a watch.

use super::config_blocks::ConfigBlock;
use super::host::ComponentHost;
use super::instance::Instance;
use crate::signals::{Fanout, LogBatch};
use river_eval::engine::{Engine, RunningModule, RunningNode};
use river_eval::graph::Node;
use river_eval::schema::BodySchema;
use river_eval::{Arguments as _, BodyValue, Str};
use river_syntax::Diagnostic;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::watch;

/// The least level that is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, river_eval::TextEnum)]
#[river(text = "log level")]
pub enum LogLevel {
    /// Everything.
    #[river(name = "debug")]
    Debug,
    /// What an operator may want to know.
    #[default]
    #[river(name = "info")]
    Info,
    /// What may need attention.
    #[river(name = "warn")]
    Warn,
    /// What went wrong.
    #[river(name = "error")]
    Error,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, river_eval::TextEnum)]
#[river(text = "log format")]
pub enum LogFormat {
    /// `ts=… level=info msg="…"`.
    #[default]
    #[river(name = "logfmt")]
    Logfmt,
    /// `{"ts":"…","level":"info","msg":"…"}`.
    #[river(name = "json")]
    Json,
}

/// What the `logging` block asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogSettings {
    /// The least level that is logged.
    pub level: LogLevel,
    /// How lines are written.
    pub format: LogFormat,
    /// Who gets a copy of every line.
    pub write_to: Fanout<LogBatch>,
    /// Ids of the components that those copies pass through. A copy of what these log would come back to them, and make them log again.
    pub passed: Arc<BTreeSet<Str>>,
}

/// The arguments of `logging`.
#[derive(Debug, river_eval::Arguments)]
struct Arguments {
    /// The least level that is logged.
    #[river(default = LogLevel::Info)]
    level: LogLevel,
    /// How lines are written.
    #[river(default = LogFormat::Logfmt)]
    format: LogFormat,
    /// Receivers that get a copy of every line.
    #[river(default = Fanout::default())]
    write_to: Fanout<LogBatch>,
}

/// The `logging` block.
pub(super) struct Logging(pub(super) watch::Sender<LogSettings>);

impl ConfigBlock for Logging {
    fn name(&self) -> &'static str {
        "logging"
    }

    fn check(&self, _: &Node, body: &BodyValue) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        Arguments::decode(body).map(|_| Vec::new())
    }

    fn apply(&self, body: Option<&BodyValue>) {
        let arguments = body.and_then(|body| Arguments::decode(body).ok());
        self.0.send_if_modified(|current| {
            let mut settings = LogSettings {
                // Set by the controller, when all of a load is in place.
                passed: current.passed.clone(),
                ..LogSettings::default()
            };
            if let Some(arguments) = arguments {
                settings.level = arguments.level;
                settings.format = arguments.format;
                settings.write_to = arguments.write_to;
            }
            let changed = *current != settings;
            *current = settings;
            changed
        });
    }
}

/// What the block takes.
pub(super) fn schema() -> BodySchema {
    Arguments::schema()
}

/// The components that the copies of log lines pass through: what the `logging` block refers to, what that refers to, and so on, with all
/// that custom components among them hold.
pub(super) fn passed(engine: &Engine<ComponentHost>) -> BTreeSet<Str> {
    let graph = engine.root().graph();
    let mut passed = BTreeSet::new();
    let mut waiting: Vec<u32> = graph.find("logging").into_iter().collect();
    while let Some(node) = waiting.pop().and_then(|number| graph.node(number)) {
        for &dependency in &node.dependencies {
            if let Some(target) = graph.node(dependency)
                && passed.insert(target.id.clone())
            {
                waiting.push(dependency);
                if let Some(running) = engine.root().get(dependency) {
                    inside(running, &mut passed);
                }
            }
        }
    }
    passed
}

fn inside(node: RunningNode<'_, Instance>, passed: &mut BTreeSet<Str>) {
    for held in node.modules().flat_map(RunningModule::nodes) {
        passed.insert(held.id());
        inside(held, passed);
    }
}
