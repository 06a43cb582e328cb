//! End-to-end tests: the built program with real files, real peers and real signals.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "what goes wrong in a test's helper fails the test"
)]

mod browser;
mod check;
mod cli;
mod cli_language;
mod flow;
mod graph;
mod harness;
mod http_api;
mod http_settings;
mod http_streams;
mod kubernetes;
mod ledger;
mod lifecycle;
mod listeners;
mod logs;
mod loki_endpoint;
mod lsp;
mod lsp_client;
mod lsp_editors;
mod memory;
mod metrics;
mod modules;
mod otlp_peer;
mod own_log;
mod own_traces;
mod page;
mod plan;
mod pprof;
mod prometheus_peer;
mod quickstart;
mod schema;
mod torture;
mod workspace;
