//! One scrape: the enabled collectors, one after the other, into one page.

use super::collectors::{COLLECTORS, Collector, Entry};
use super::{Failure, Files, Roots, UnixArguments};
use crate::component::BuildError;
use crate::prometheus::exporter::exposition::{Kind, Writer};
use std::time::{Duration, Instant};

/// The same failure of a collector is logged again after this time.
const LOG_AGAIN: Duration = Duration::from_secs(300);

struct Enabled {
    collector: Box<dyn Collector>,
    name: &'static str,
    /// What was logged last and when.
    logged: Option<(String, Instant)>,
}

/// The enabled collectors with their buffers.
pub struct Exporter {
    collectors: Vec<Enabled>,
    files: Files,
    writer: Writer,
    own_metrics: bool,
    /// Pages from which something was left out.
    incomplete: u64,
    /// What the collectors' log lines name.
    component: String,
}

impl std::fmt::Debug for Exporter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.collectors.iter().map(|enabled| enabled.name))
            .finish()
    }
}

/// Whether the arguments enable a collector. As in the reference, `set_collectors` replaces the defaults, and a name in
/// `disable_collectors` is off whatever else is said.
fn is_enabled(entry: &Entry, arguments: &UnixArguments) -> bool {
    let named = |list: &[String]| list.iter().any(|name| name == entry.name);
    let on = if arguments.set_collectors.is_empty() {
        entry.default || named(&arguments.enable_collectors)
    } else {
        named(&arguments.set_collectors) || named(&arguments.enable_collectors)
    };
    on && !named(&arguments.disable_collectors)
}

impl Exporter {
    /// Builds the collectors that the arguments enable. `component` stands in log lines.
    ///
    /// # Errors
    /// A regular expression is none, or two arguments exclude each other.
    pub fn new(component: &str, arguments: &UnixArguments) -> Result<Self, BuildError> {
        let files = Files::new(Roots {
            proc: arguments.procfs_path.clone().into(),
            sys: arguments.sysfs_path.clone().into(),
            root: arguments.rootfs_path.clone().into(),
            udev: arguments.udev_data_path.clone().into(),
        });
        let mut collectors = Vec::new();
        for entry in COLLECTORS.iter().filter(|entry| is_enabled(entry, arguments)) {
            match entry.build {
                Some(build) => collectors.push(Enabled {
                    collector: build(arguments)?,
                    name: entry.name,
                    logged: None,
                }),
                // Those that are on by default are told in the documentation; a wish deserves an answer.
                None if !entry.default => tracing::warn!(
                    component_id = component,
                    collector = entry.name,
                    "the collector is not implemented; its metrics will be missing (docs/unix-exporter.md)"
                ),
                None => {}
            }
        }
        Ok(Self {
            collectors,
            files,
            writer: Writer::default(),
            own_metrics: arguments.include_exporter_metrics,
            incomplete: 0,
            component: component.into(),
        })
    }

    /// The names of the collectors that run.
    pub fn collectors(&self) -> impl Iterator<Item = &'static str> {
        self.collectors.iter().map(|enabled| enabled.name)
    }

    /// Appends the page. Blocks for as long as the kernel takes to print its files.
    pub fn scrape(&mut self, out: &mut String) {
        self.writer.clear();
        for enabled in &mut self.collectors {
            let begin = Instant::now();
            let result = enabled.collector.collect(&mut self.writer, &mut self.files);
            let seconds = begin.elapsed().as_secs_f64();
            let success = if result.is_ok() { 1.0 } else { 0.0 };
            let labels = [("collector", enabled.name)];
            self.writer
                .gauge(
                    "node_scrape_collector_duration_seconds",
                    "node_exporter: Duration of a collector scrape.",
                )
                .sample(&labels, seconds);
            self.writer
                .gauge(
                    "node_scrape_collector_success",
                    "node_exporter: Whether a collector succeeded.",
                )
                .sample(&labels, success);
            match result {
                Ok(()) => enabled.logged = None,
                Err(failure) => log(&self.component, enabled, &failure),
            }
        }
        build_info(&mut self.writer);
        // As Go's handler tells of itself; the page is text in memory, so that nothing can go wrong while it is encoded.
        self.writer
            .counter(
                "promhttp_metric_handler_errors_total",
                "Total number of internal errors encountered by the promhttp metric handler.",
            )
            .sample(&[("cause", "encoding")], 0.0)
            .sample(&[("cause", "gathering")], self.incomplete as f64);
        if self.own_metrics {
            super::collectors::own_process(&mut self.writer, &mut self.files);
        }
        if self.writer.left_out() > 0 {
            self.incomplete += 1;
            tracing::error!(
                component_id = self.component,
                left_out = self.writer.left_out(),
                "the page holds more metric names than allowed; some were left out"
            );
        }
        self.writer.finish(out);
    }
}

fn log(component: &str, enabled: &mut Enabled, failure: &Failure) {
    let text = failure.to_string();
    if matches!(failure, Failure::NoData) {
        tracing::debug!(component_id = component, collector = enabled.name, "{text}");
        return;
    }
    let told = |(last, when): &(String, Instant)| *last == text && when.elapsed() < LOG_AGAIN;
    if !enabled.logged.as_ref().is_some_and(told) {
        tracing::error!(
            component_id = component,
            collector = enabled.name,
            error = text,
            "collector failed; put it into disable_collectors if this machine cannot have it"
        );
        enabled.logged = Some((text, Instant::now()));
    }
}

fn build_info(writer: &mut Writer) {
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let labels = [
        ("branch", ""),
        ("goarch", arch),
        ("goos", std::env::consts::OS),
        ("goversion", ""),
        ("revision", ""),
        ("version", env!("CARGO_PKG_VERSION")),
    ];
    writer
        .family(
            "node_exporter_build_info",
            "A metric with a constant '1' value labeled by version, revision, branch, goversion from which node_exporter was built, and the goos and goarch for the build.",
            Kind::Gauge,
        )
        .sample(&labels, 1.0);
}
