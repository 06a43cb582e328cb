//! `alloy-rs run`: runs a configuration, with the reference's flags.

use super::{findings, usage};
use crate::runtime::{self, Options};
use clap::{ArgAction, Args, ValueEnum};
use river_eval::{FromValue, Value};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use std_components::component::Stability;

/// Run a configuration until SIGTERM or SIGINT.
#[derive(Debug, Args)]
#[command(
    after_help = "Signals: SIGHUP reloads the configuration, SIGTERM and SIGINT drain and stop; a second one stops at once.\n\n\
    Exit status: 0 stopped as asked, 1 the configuration has errors or the agent failed, 2 cannot read the configuration.\n\n\
    Examples:\n  \
    alloy-rs run config.alloy\n  \
    alloy-rs run /etc/alloy --storage.path=/var/lib/alloy --server.http.listen-addr=0.0.0.0:12345\n  \
    curl -X POST http://127.0.0.1:12345/-/reload"
)]
pub(crate) struct RunArgs {
    /// A file, or a folder whose *.alloy files are one configuration
    path: PathBuf,
    /// Where components keep data, such as how far files have been read
    #[arg(long = "storage.path", value_name = "PATH", default_value = "data-alloy/")]
    storage: PathBuf,
    /// Address of the HTTP server
    #[arg(
        long = "server.http.listen-addr",
        value_name = "ADDR",
        default_value = "127.0.0.1:12345"
    )]
    listen: SocketAddr,
    /// Path before the UI's pages and API
    #[arg(
        long = "server.http.ui-path-prefix",
        value_name = "PREFIX",
        default_value = "/"
    )]
    ui_prefix: String,
    /// Serve profiles at /debug/pprof
    #[arg(long = "server.http.enable-pprof", num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set, default_value = "true")]
    pprof: bool,
    /// Hand out no support bundle at /-/support
    #[arg(long = "server.http.disable-support-bundle", num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set, default_value = "false")]
    no_support_bundle: bool,
    /// Accepted for the reference's sake: what runs in this process needs no address here
    #[arg(long = "server.http.memory-addr", value_name = "ADDR", hide_short_help = true)]
    memory_address: Option<String>,
    /// Accepted for the reference's sake: this agent never reports anything to anybody
    #[arg(long = "disable-reporting", num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set, default_value = "false")]
    disable_reporting: bool,
    /// Format of the configuration
    #[arg(long = "config.format", value_name = "FORMAT", value_enum, default_value_t = Format::Alloy)]
    format: Format,
    /// How long a stop may take to deliver what waits, in seconds
    #[arg(long = "shutdown.timeout", value_name = "SECONDS", default_value_t = 10)]
    shutdown_seconds: u64,
    /// The same by the reference's name, as a duration such as 1m30s
    #[arg(long = "feature.component-shutdown-deadline", value_name = "DURATION", value_parser = duration, conflicts_with = "shutdown_seconds", hide_short_help = true)]
    shutdown_deadline: Option<Duration>,
    /// Accepted for the reference's sake: samples go straight to their receivers here
    #[arg(long = "feature.prometheus.direct-fanout.enabled", num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set, default_value = "false")]
    direct_fanout: bool,
    #[command(flatten)]
    features: FeatureArgs,
}

/// Flags that decide what a configuration may use.
#[derive(Clone, Debug, Args)]
pub(crate) struct FeatureArgs {
    /// The least stability that components may have
    #[arg(long = "stability.level", value_name = "LEVEL", value_enum, default_value_t = Level::GenerallyAvailable)]
    level: Level,
    /// Accepted for the reference's sake: there are no community components here
    #[arg(long = "feature.community-components.enabled", num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set, default_value = "false")]
    community_components: bool,
}

/// Formats of configurations.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Alloy,
}

/// Levels of stability, spelt as in the reference.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Level {
    Experimental,
    PublicPreview,
    GenerallyAvailable,
}

impl Level {
    /// The level as components know it.
    pub(crate) fn stability(self) -> Stability {
        match self {
            Level::Experimental => Stability::Experimental,
            Level::PublicPreview => Stability::PublicPreview,
            Level::GenerallyAvailable => Stability::GenerallyAvailable,
        }
    }
}

impl FeatureArgs {
    /// The least stability.
    pub(crate) fn stability(&self) -> Stability {
        // Told by --help: accepted, without effect.
        let _ = self.community_components;
        self.level.stability()
    }
}

/// A duration as configurations write it.
fn duration(text: &str) -> Result<Duration, String> {
    Duration::from_value(&Value::string(text)).map_err(|error| error.message)
}

pub(crate) fn execute(args: RunArgs) -> ExitCode {
    let Format::Alloy = args.format;
    let options = Options {
        path: args.path,
        storage: args.storage,
        listen: Some(args.listen),
        ui_prefix: args.ui_prefix,
        shutdown_timeout: (args.shutdown_deadline).unwrap_or(Duration::from_secs(args.shutdown_seconds)),
        stability: args.features.stability(),
        pprof: args.pprof,
        support_bundle: !args.no_support_bundle,
    };
    // Told by --help: this agent reports nothing with or without it.
    let _ = (args.disable_reporting, args.memory_address, args.direct_fanout);
    match runtime::run(options) {
        runtime::Ended::Stopped => ExitCode::SUCCESS,
        runtime::Ended::Failed => findings(),
        runtime::Ended::Unreadable => usage(),
    }
}
