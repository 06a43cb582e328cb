//! The process around the agent: threads, signals, the order of starting and stopping.

use super::{Agent, Options, ReloadError};
use crate::logging::{self, LogControl};
use crate::own_traces::{self, TraceControl};
use crate::report::Reporter;
use crate::{http, sources};
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Threads that run components at the most; the work is mostly waiting, and each thread costs memory.
const MAX_WORKERS: usize = 8;

/// Threads for reads of files and `/proc` at the most.
const MAX_BLOCKING_THREADS: usize = 16;

/// How long a blocking thread waits for more work. The allocator keeps up to 230 kB of freed pieces of all sizes for each thread, spread over as many pages, until the
/// thread ends; and work goes round among the threads that wait, so that with Tokio's ten seconds all that were ever needed at once stay. With this, 10,000 short-lived
/// files leave 1.1 MiB instead of 1.8 (docs/performance.md). Files are looked at four times a second: for less than that, threads would start as often.
const BLOCKING_THREAD_STAYS: Duration = Duration::from_millis(300);

/// Connections that wait to be accepted at the most.
const BACKLOG: u32 = 1024;

/// How the process ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// As asked.
    Stopped,
    /// The configuration is wrong, the port is in use, or the like; it has been told.
    Failed,
    /// The configuration cannot be read; it has been told.
    Unreadable,
}

/// Runs until a signal ends it.
pub(crate) fn run(options: Options) -> Ended {
    if options.path == std::path::Path::new("-") {
        complain(
            "run cannot read standard input, as a reload could not read it again; name a file or a folder",
        );
        return Ended::Unreadable;
    }
    // Before anything is started: a path that is wrong needs no log.
    let is_traced = match sources::read(&options.path) {
        Ok(texts) => texts.iter().any(|source| own_traces::is_in(&source.text)),
        Err(error) => {
            complain(&error.to_string());
            return Ended::Unreadable;
        }
    };
    let workers = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(MAX_WORKERS));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .max_blocking_threads(MAX_BLOCKING_THREADS)
        .thread_keep_alive(BLOCKING_THREAD_STAYS)
        .thread_name("alloy-rs")
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("cannot start threads: {error}"));
            return Ended::Failed;
        }
    };
    let ended = runtime.block_on(serve(options, is_traced));
    // Whatever still blocks a thread had its time during the shutdown.
    runtime.shutdown_background();
    ended
}

async fn serve(options: Options, is_traced: bool) -> Ended {
    let traces = TraceControl::default();
    let log = logging::start(&traces);
    traces.propagate();
    if is_traced {
        traces.hold();
    }
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => {
            complain(&format!("cannot listen for signals: {error}"));
            return Ended::Failed;
        }
    };
    let listener = match options.listen {
        None => None,
        Some(address) => match bind(address) {
            Ok(listener) => Some(listener),
            Err(error) => {
                complain(&format!(
                    "cannot listen on {address}: {error}; stop what uses the port, or choose another with --server.http.listen-addr"
                ));
                return Ended::Failed;
            }
        },
    };
    let prefix = options.ui_prefix.clone();
    let agent = match Agent::new(options) {
        Ok(agent) => Arc::new(agent),
        Err(error) => {
            complain(&format!("cannot set up metrics: {error}"));
            return Ended::Failed;
        }
    };
    let http_stop = CancellationToken::new();
    // Up before the first load, so that /-/ready can answer that there is none yet.
    let server = listener.map(|listener| {
        if let Ok(address) = listener.local_addr() {
            agent.listens_on(address);
            tracing::info!(addr = %address, "now listening for http traffic");
        }
        let (agent, stop) = (agent.clone(), http_stop.clone());
        tokio::spawn(async move { http::serve(listener, agent, &prefix, stop).await })
    });
    match logging::Lost::register(&log, agent.metrics().registry()) {
        Ok(lost) => {
            let settings = agent.controller.log_settings();
            logging::forward(&log, settings, lost);
        }
        Err(error) => {
            complain(&format!("cannot set up metrics: {error}"));
            return Ended::Failed;
        }
    }
    match own_traces::Lost::register(agent.metrics().registry()) {
        Ok(lost) => own_traces::forward(&traces, agent.controller.trace_settings(), lost),
        Err(error) => {
            complain(&format!("cannot set up metrics: {error}"));
            return Ended::Failed;
        }
    }
    agent.logs_to(log.clone());
    tokio::spawn(follow_log_settings(agent.clone(), log));

    // A load that waits for a peer must not keep the process.
    let loaded = tokio::select! {
        loaded = agent.reload() => Some(loaded),
        () = signals.stop() => None,
    };
    traces.loaded();
    let ended = match loaded {
        None => {
            tracing::info!("stopped before the first configuration was loaded");
            Ended::Stopped
        }
        Some(Ok(())) => {
            let tidying = tokio::spawn(super::tidy::tidy(agent.clone()));
            until_stopped(&agent, &mut signals).await;
            tidying.abort();
            Ended::Stopped
        }
        Some(Err(ReloadError::Read(_))) => Ended::Unreadable,
        Some(Err(ReloadError::Rejected { sources, diagnostics })) => {
            Reporter::stderr(None).print(&sources, &diagnostics);
            complain("could not perform the initial load successfully");
            Ended::Failed
        }
    };
    own_traces::flush(&traces).await;
    tokio::select! {
        () = agent.controller.shutdown() => {}
        () = signals.stop() => tracing::warn!("stopped at once by a second signal; what was not delivered is read again at the next start"),
    }
    // Last, so that metrics can be read while things drain.
    http_stop.cancel();
    if let Some(server) = server {
        // Connections that stay open must not keep the process.
        let grace = Duration::from_millis(500);
        drop(tokio::time::timeout(grace, server).await);
    }
    ended
}

/// A socket in whose queue a burst of connections fits; a peer that finds it full tries again only after a second.
fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // As the usual way to bind does: connections of a process that has just ended are not in the way.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Reloads on SIGHUP until a signal says stop.
async fn until_stopped(agent: &Agent, signals: &mut Signals) {
    loop {
        match signals.next().await {
            Asked::Stop => {
                tracing::info!("shutting down: sources stop first, then what waits is delivered");
                return;
            }
            // How it ended is told by the log and by the metrics.
            Asked::Reload => tokio::select! {
                reloaded = agent.reload() => drop(reloaded),
                () = signals.stop() => {
                    tracing::info!("shutting down while a configuration is loaded: sources stop first, then what waits is delivered");
                    return;
                }
            },
        }
    }
}

/// Keeps the log as the `logging` block wants it.
async fn follow_log_settings(agent: Arc<Agent>, log: LogControl) {
    let mut settings = agent.controller.log_settings();
    loop {
        {
            let settings = settings.borrow_and_update();
            log.set_level(settings.level.as_str());
            log.set_format(settings.format.as_str());
        }
        if settings.changed().await.is_err() {
            return;
        }
    }
}

struct Signals {
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.terminate.recv() => Asked::Stop,
            _ = self.interrupt.recv() => Asked::Stop,
            _ = self.hangup.recv() => Asked::Reload,
        }
    }
}

/// What a signal asks for.
enum Asked {
    Stop,
    Reload,
}

fn complain(message: &str) {
    // There is nowhere left to say that stderr is closed.
    drop(writeln!(std::io::stderr(), "alloy-rs: {message}"));
}
