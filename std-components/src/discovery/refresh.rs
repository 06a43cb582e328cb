//! Discoveries that ask again and again: at once, then every `refresh_interval`, sooner where an answer failed. The last good targets stay exported
//! until there is another answer, and equal targets, in whatever order they come, change nothing.

use crate::component::metrics::{Histogram, IntCounter};
use crate::component::{CancellationToken, Context, RunError};
use crate::http_client::Backoff;
use crate::signals::Target;
use parking_lot::Mutex;
use river_eval::Checks;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// The wait before a failed refresh is tried again; it grows to `refresh_interval`.
const LEAST_RETRY: Duration = Duration::from_secs(1);

/// An answer has to come within the interval, and within this where that is longer.
const MAX_TIMEOUT: Duration = Duration::from_secs(300);

/// How much of the interval is left to chance, so that many agents do not ask at the same moment.
const JITTER: f64 = 0.05;

/// The exports of every discovery.
#[derive(Clone, Debug, river_eval::Exports)]
pub(crate) struct Exports {
    /// The targets that were found.
    pub(crate) targets: Vec<Target>,
}

/// Exports targets sorted, so that their order changes nothing, and tells whoever watches.
pub(crate) fn export(context: &Context<Exports>, mut targets: Vec<Target>) {
    targets.sort_unstable();
    if context.flow.is_watched() {
        for target in &targets {
            context.flow.tell(format_args!("{target:?}"));
        }
    }
    context.export(&Exports { targets });
}

/// Refuses a `refresh_interval` of 0.
pub(super) fn check_interval(interval: Duration, checks: &mut Checks<'_, '_>) {
    if interval.is_zero() {
        checks
            .attribute("refresh_interval", "refresh_interval must be greater than 0")
            .help = Some("leave it out for the default".into());
    }
}

/// What a discovery asks, made anew with each change of its arguments.
pub(super) trait Question: Send + Sync + 'static {
    /// As the metrics' label `mechanism` calls it.
    const MECHANISM: &'static str;

    /// How often to ask.
    fn interval(&self) -> Duration;

    /// Asks.
    ///
    /// # Errors
    /// Target, reason and next step.
    fn ask(&self) -> impl Future<Output = Result<Vec<Target>, String>> + Send;

    /// What is exported of the last answer.
    fn targets(&self, found: &[Target]) -> Vec<Target> {
        found.to_vec()
    }

    /// Whether the answer to the question before is one to this one, too.
    fn is_answered_by(&self, _before: &Self) -> bool {
        false
    }
}

/// The common part of such discoveries.
pub(super) struct Refreshing<Q> {
    context: Context<Exports>,
    question: Mutex<Arc<Q>>,
    changed: Notify,
    failures: IntCounter,
    /// A mechanism's own name for the same.
    own_failures: Option<IntCounter>,
    duration: Histogram,
    duration_sum: Histogram,
}

impl<Q: Question> Refreshing<Q> {
    /// Exports no targets yet.
    pub(super) fn new(context: Context<Exports>, question: Q) -> Self {
        context.flow.tells_itself();
        context.export(&Exports { targets: Vec::new() });
        // The reference's `config` is empty in every component.
        let labels = [Q::MECHANISM, ""];
        let metrics = &context.metrics;
        Self {
            failures: metrics
                .counters(
                    "prometheus_sd_refresh_failures_total",
                    "Number of refresh failures for the given SD mechanism.",
                    &["mechanism", "config"],
                )
                .with_label_values(&labels),
            duration: metrics
                .histograms(
                    "prometheus_sd_refresh_duration_histogram_seconds",
                    "The duration of a refresh for the given SD mechanism.",
                    &["mechanism"],
                    [0.01, 0.1, 1.0, 10.0],
                )
                .with_label_values(&[Q::MECHANISM]),
            duration_sum: metrics
                .summaries(
                    "prometheus_sd_refresh_duration_seconds",
                    "The duration of a refresh in seconds for the given SD mechanism.",
                    &["mechanism", "config"],
                )
                .with_label_values(&labels),
            own_failures: None,
            context,
            question: Mutex::new(Arc::new(question)),
            changed: Notify::new(),
        }
    }

    /// Failures are counted here, too.
    pub(super) fn also_counts(mut self, failures: IntCounter) -> Self {
        self.own_failures = Some(failures);
        self
    }

    /// From now on this is asked, at once.
    pub(super) fn update(&self, question: Q) {
        *self.question.lock() = Arc::new(question);
        self.changed.notify_one();
    }

    /// Asks until `stop`.
    pub(super) async fn run(&self, stop: CancellationToken) -> Result<(), RunError> {
        let mut question = self.question.lock().clone();
        let backoff = |question: &Q| Backoff::new(LEAST_RETRY.min(question.interval()), question.interval());
        let mut retries = backoff(&question);
        let mut found: Option<Vec<Target>> = None;
        let mut told = None;
        let health = &self.context.health;
        loop {
            let asked = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                asked = self.ask(&question) => asked,
            };
            let wait = match asked {
                Ok(targets) => {
                    export(&self.context, question.targets(&targets));
                    found = Some(targets);
                    health.healthy("refreshed the targets");
                    told = None;
                    retries = backoff(&question);
                    let jitter = 1.0 - JITTER * fastrand::f64();
                    question.interval().mul_f64(jitter)
                }
                Err(reason) => {
                    self.failures.inc();
                    self.own_failures.iter().for_each(IntCounter::inc);
                    let reason = format!("{reason}. The last targets stay in use, and it is tried again");
                    health.unhealthy(&reason);
                    // Once when it begins: the rest is in the component's health.
                    if told.as_ref() != Some(&reason) {
                        tracing::error!(component_id = %self.context.id, "{reason}");
                        told = Some(reason);
                    }
                    retries.next(None)
                }
            };
            let due = tokio::time::Instant::now() + wait;
            loop {
                tokio::select! {
                    () = stop.cancelled() => return Ok(()),
                    () = tokio::time::sleep_until(due) => break,
                    () = self.changed.notified() => {}
                }
                let before = std::mem::replace(&mut question, self.question.lock().clone());
                match &found {
                    Some(found) if question.is_answered_by(&before) => {
                        export(&self.context, question.targets(found));
                    }
                    _ => {
                        retries = backoff(&question);
                        break;
                    }
                }
            }
        }
    }

    async fn ask(&self, question: &Q) -> Result<Vec<Target>, String> {
        let begin = Instant::now();
        let timeout = question.interval().min(MAX_TIMEOUT);
        let asked = tokio::time::timeout(timeout, question.ask()).await;
        let took = begin.elapsed().as_secs_f64();
        self.duration.observe(took);
        self.duration_sum.observe(took);
        asked.unwrap_or_else(|_| {
            Err(format!(
                "the {} discovery had no answer within {timeout:?}",
                Q::MECHANISM
            ))
        })
    }
}
