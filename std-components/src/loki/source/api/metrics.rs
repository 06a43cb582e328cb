//! The metrics of the push API: the reference's, among them those of its HTTP server, and the account of entries.

use super::super::account::Account;
use super::DROPPED;
use crate::component::ComponentMetrics;
use crate::component::metrics::{HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};
use std::sync::Arc;
use std::time::Instant;

/// Seconds that requests take.
const DURATIONS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0,
];

/// Bytes of requests and answers.
const SIZES: [f64; 8] = [
    1_048_576.0,
    2_621_440.0,
    5_242_880.0,
    10_485_760.0,
    26_214_400.0,
    52_428_800.0,
    104_857_600.0,
    262_144_000.0,
];

/// The metrics of a component.
pub(super) struct Metrics {
    pub(super) account: Arc<Account>,
    pub(super) entries: IntCounter,
    pub(super) requests: IntCounterVec,
    /// Connections that are open.
    pub(super) connections: IntGauge,
    /// Connections that may be open.
    pub(super) most_connections: IntGauge,
    pub(super) duration: HistogramVec,
    pub(super) under_way: IntGaugeVec,
    pub(super) request_bytes: HistogramVec,
    pub(super) answer_bytes: HistogramVec,
}

impl Metrics {
    pub(super) fn new(metrics: &ComponentMetrics) -> Self {
        let route = ["method", "route"];
        let gauge = |name: &str, help: &str| {
            metrics
                .gauges(name, help, &["protocol"])
                .with_label_values(&["http"])
        };
        Self {
            account: Arc::new(Account::new(metrics, "loki_source_api", &DROPPED)),
            entries: metrics.counter(
                "loki_source_api_entries_written",
                "Total number of entries forwarded",
            ),
            requests: metrics.counters(
                "loki_source_api_requests_total",
                "Total number of requests by how they were answered",
                &["status_code"],
            ),
            connections: gauge(
                "loki_source_api_tcp_connections",
                "Current number of accepted TCP connections.",
            ),
            most_connections: gauge(
                "loki_source_api_tcp_connections_limit",
                "The max number of TCP connections that can be accepted (0 means no limit).",
            ),
            duration: metrics.histograms(
                "loki_source_api_request_duration_seconds",
                "Time (in seconds) spent serving HTTP requests.",
                &["method", "route", "status_code", "ws"],
                DURATIONS,
            ),
            under_way: metrics.gauges(
                "loki_source_api_inflight_requests",
                "Current number of inflight requests.",
                &route,
            ),
            request_bytes: metrics.histograms(
                "loki_source_api_request_message_bytes",
                "Size (in bytes) of messages received in the request.",
                &route,
                SIZES,
            ),
            answer_bytes: metrics.histograms(
                "loki_source_api_response_message_bytes",
                "Size (in bytes) of messages sent in response.",
                &route,
                SIZES,
            ),
        }
    }

    /// A request has come; it counts as under way until what this returns goes.
    pub(super) fn begin(&self, path: &str) -> Request<'_> {
        let route = route(path);
        let under_way = Counted::of(&self.under_way.with_label_values(&["POST", route]));
        Request {
            metrics: self,
            route,
            began: Instant::now(),
            _under_way: under_way,
        }
    }
}

/// A path as the label `route` has it.
fn route(path: &str) -> &'static str {
    match path {
        "/loki/api/v1/push" => "loki_api_v1_push",
        "/api/v1/push" => "api_v1_push",
        "/loki/api/v1/raw" => "loki_api_v1_raw",
        "/api/v1/raw" => "api_v1_raw",
        _ => "other",
    }
}

/// Something that a gauge counts as long as it is there.
pub(super) struct Counted(IntGauge);

impl Counted {
    pub(super) fn of(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A request that is being answered; its sender may go away meanwhile.
pub(super) struct Request<'m> {
    metrics: &'m Metrics,
    route: &'static str,
    began: Instant,
    _under_way: Counted,
}

impl Request<'_> {
    /// It has this many bytes.
    pub(super) fn came(&self, bytes: usize) {
        let sizes = self
            .metrics
            .request_bytes
            .with_label_values(&["POST", self.route]);
        sizes.observe(bytes as f64);
    }

    /// It is answered.
    pub(super) fn end(self, status: &str, bytes: usize) {
        let metrics = self.metrics;
        metrics.requests.with_label_values(&[status]).inc();
        let duration = metrics
            .duration
            .with_label_values(&["POST", self.route, status, "false"]);
        duration.observe(self.began.elapsed().as_secs_f64());
        let sizes = metrics.answer_bytes.with_label_values(&["POST", self.route]);
        sizes.observe(bytes as f64);
    }
}
