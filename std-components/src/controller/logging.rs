//! The `logging` block: decoded here, acted on by the program through a watch.

use super::config_blocks::ConfigBlock;
use crate::signals::{Fanout, LogBatch};
use river_eval::codes::graph as codes;
use river_eval::graph::Node;
use river_eval::{Arguments as _, BodyValue};
use river_syntax::Diagnostic;
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogSettings {
    /// The least level that is logged.
    pub level: LogLevel,
    /// How lines are written.
    pub format: LogFormat,
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

    fn check(&self, node: &Node, body: &BodyValue) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        let arguments = Arguments::decode(body)?;
        if arguments.write_to.is_empty() {
            return Ok(Vec::new());
        }
        let place = body
            .attributes
            .iter()
            .find(|attribute| &*attribute.name == "write_to");
        let place = place.map_or(node.block.name_span, |attribute| attribute.name_span);
        let warning = Diagnostic::warning(
            &codes::NOT_ACTED_ON,
            place,
            "write_to is accepted, not acted on yet",
        );
        Ok(vec![warning.with_help(
            "the agent's own lines go to stderr only in this version",
        )])
    }

    fn apply(&self, body: Option<&BodyValue>) {
        let settings = match body.map(Arguments::decode) {
            Some(Ok(arguments)) => LogSettings {
                level: arguments.level,
                format: arguments.format,
            },
            _ => LogSettings::default(),
        };
        self.0
            .send_if_modified(|current| std::mem::replace(current, settings) != settings);
    }
}
