//! The loop that scrapes one target on its schedule.

use super::cycle::{Cycle, Failure, Page, Settings};
use super::fetch::Fetcher;
use super::metrics::Metrics;
use super::target::Scraped;
use crate::component::CancellationToken;
use crate::http_client::{Seldom, safe_url};
use crate::signals::{Ack, Fanout, MAX_BATCH_SAMPLES, MetricBatch, Sample};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::{Semaphore, watch};

/// Times this close to the schedule count as on it, so that stored times compress well.
const TOLERANCE: Duration = Duration::from_millis(2);

/// What a loop works with; replaced as a whole by an update.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) scraped: Arc<Scraped>,
    pub(crate) settings: Settings,
    pub(crate) fetcher: Arc<Fetcher>,
    pub(crate) forward_to: Fanout<MetricBatch>,
    /// Why no target may be scraped: more of them than `target_limit`.
    pub(crate) refused: Option<Arc<str>>,
    pub(crate) failure_log: Option<Arc<str>>,
}

/// How a target fared last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Status {
    /// `None` before the first scrape.
    pub(crate) at: Option<SystemTime>,
    pub(crate) duration: Duration,
    pub(crate) error: Option<String>,
}

/// What all loops of a component share.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) component_id: Arc<str>,
    pub(crate) metrics: Metrics,
    pub(crate) slots: Arc<Semaphore>,
    /// Bounds how often waiting for receivers is told.
    pub(crate) waiting_told: Arc<Seldom>,
    pub(crate) told: Arc<tokio::sync::Notify>,
}

/// A running loop as its component sees it.
#[derive(Debug)]
pub(crate) struct Handle {
    pub(crate) config: watch::Sender<Config>,
    pub(crate) status: Arc<parking_lot::Mutex<Status>>,
    /// Ends the loop with staleness markers: the target is gone.
    pub(crate) gone: CancellationToken,
}

fn unix_nanos(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}

/// A time as Go prints it in JSON.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time).map_or_else(|_| String::new(), |time| time.to_string())
}

/// The first time after `now` at which a target's turn comes; nanoseconds since 1970.
fn next_turn(now: u64, offset: u64, interval: Duration) -> u64 {
    let interval = u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX).max(1);
    let phase = offset % interval;
    let base = now - now % interval + phase;
    if base > now { base } else { base + interval }
}

/// Runs until the target is gone or the component stops.
pub(crate) async fn run(
    shared: Shared,
    mut config: watch::Receiver<Config>,
    status: Arc<parking_lot::Mutex<Status>>,
    gone: CancellationToken,
    stop: CancellationToken,
) {
    let mut now = config.borrow_and_update().clone();
    let mut cycle = Cycle::new(&now.scraped.labels, now.settings.clone());
    let mut expected_bytes = 0;
    let mut before: Option<Instant> = None;
    loop {
        let turn = next_turn(
            unix_nanos(SystemTime::now()),
            now.scraped.offset(),
            now.scraped.interval,
        );
        let wait = Duration::from_nanos(turn.saturating_sub(unix_nanos(SystemTime::now())));
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = gone.cancelled() => break,
            changed = config.changed() => {
                if changed.is_err() {
                    return;
                }
                now = config.borrow_and_update().clone();
                cycle.configure(now.settings.clone());
                continue;
            }
            () = tokio::time::sleep(wait) => {}
        }
        let slot = tokio::select! {
            () = stop.cancelled() => return,
            slot = shared.slots.clone().acquire_owned() => slot,
        };
        let started = Instant::now();
        let at = SystemTime::now();
        let due = UNIX_EPOCH + Duration::from_nanos(turn);
        let stamp = match at.duration_since(due) {
            Ok(late) if late <= TOLERANCE && now.scraped.interval > TOLERANCE * 100 => due,
            _ => at,
        };
        if let Some(before) = before.replace(started) {
            let interval = format!("{:?}", now.scraped.interval);
            shared
                .metrics
                .interval
                .with_label_values(&[&interval])
                .observe((started - before).as_secs_f64());
        }
        let fetched = match &now.refused {
            Some(reason) => Err(Failure::Fetch(reason.to_string())),
            // Apart, so that the task is small while it waits for its next turn.
            None => tokio::select! {
                () = stop.cancelled() => return,
                fetched = Box::pin(now.fetcher.fetch(&now.scraped.url, now.scraped.timeout, expected_bytes)) => fetched,
            },
        };
        let page = match &fetched {
            Ok(page) => {
                // A little room, so that a page that grows a bit is read without moving it.
                expected_bytes = page.bytes.len() + page.bytes.len() / 16;
                Ok(Page {
                    bytes: &page.bytes,
                    format: page.format,
                })
            }
            Err(failure) => Err(failure.clone()),
        };
        let stamp = i64::try_from(unix_nanos(stamp) / 1_000_000).unwrap_or(i64::MAX);
        let made = cycle.scrape(page, stamp, || started.elapsed().as_secs_f64());
        drop(fetched);
        drop(slot);
        shared.metrics.duplicates.inc_by(made.duplicates);
        tell(&shared, &now, &status, at, started, made.failure);
        let sending = Instant::now();
        send(&shared, &now, made.samples, made.exemplars, made.metadata).await;
        tell_of_waiting(&shared, &now, sending.elapsed());
        shared.metrics.duration.observe(started.elapsed().as_secs_f64());
    }
    let at = i64::try_from(unix_nanos(SystemTime::now()) / 1_000_000).unwrap_or(i64::MAX);
    send(&shared, &now, cycle.end(at), Vec::new(), None).await;
}

/// Receivers that take nothing make the loop wait; turns that pass meanwhile are counted and, now and then, told.
fn tell_of_waiting(shared: &Shared, config: &Config, waited: Duration) {
    let interval = config.scraped.interval.as_nanos().max(1);
    let missed = u64::try_from(waited.as_nanos() / interval).unwrap_or(u64::MAX);
    if missed == 0 {
        return;
    }
    shared.metrics.skipped.inc_by(missed);
    if let Some(left_out) = shared.waiting_told.now() {
        tracing::warn!(
            component_id = &*shared.component_id,
            target = %safe_url(config.scraped.url.as_str()),
            missed,
            left_out,
            "scrapes were left out because the receivers took no samples for {waited:.1?}; see the health of what forward_to names"
        );
    }
}

/// Status, counters and log.
fn tell(
    shared: &Shared,
    config: &Config,
    status: &parking_lot::Mutex<Status>,
    at: SystemTime,
    started: Instant,
    failure: Option<Failure>,
) {
    match &failure {
        Some(Failure::SampleLimit) => shared.metrics.exceeded_samples.inc(),
        Some(Failure::BodySize) => shared.metrics.exceeded_body.inc(),
        Some(Failure::LabelLimit(_)) => shared.metrics.exceeded_labels.inc(),
        _ => {}
    }
    let error = failure.map(|failure| failure.to_string());
    let before = {
        let mut status = status.lock();
        let next = Status {
            at: Some(at),
            duration: started.elapsed(),
            error: error.clone(),
        };
        std::mem::replace(&mut *status, next)
    };
    let target = safe_url(config.scraped.url.as_str());
    let component_id = &*shared.component_id;
    // Once when it comes up and once when it is over, not at every scrape.
    match &error {
        Some(error) if before.error.as_ref() != Some(error) => {
            tracing::warn!(
                component_id,
                target,
                "the scrape failed: {error}; up is 0 until it succeeds"
            );
            if let Some(path) = &config.failure_log {
                log_failure(path, component_id, &target, error);
            }
        }
        None if before.error.is_some() => {
            tracing::info!(component_id, target, "the scrape succeeds again");
        }
        _ => {}
    }
    if before.error != error || before.at.is_none() {
        shared.told.notify_one();
    }
}

/// `scrape_failure_log_file`: a line of JSON.
fn log_failure(path: &str, component_id: &str, target: &str, error: &str) {
    use std::io::Write;
    let line = serde_json::json!({
        "time": rfc3339(SystemTime::now()),
        "level": "ERROR",
        "msg": error,
        "job_name": component_id,
        "target": target,
    });
    let file = std::fs::File::options().create(true).append(true).open(path);
    if let Err(reason) = file.and_then(|mut file| writeln!(file, "{line}")) {
        tracing::warn!(
            component_id,
            path,
            "scrape_failure_log_file cannot be written: {reason}"
        );
    }
}

async fn send(
    shared: &Shared,
    config: &Config,
    mut samples: Vec<Sample>,
    exemplars: Vec<crate::signals::Exemplar>,
    metadata: Option<Arc<[crate::signals::Metadata]>>,
) {
    if samples.is_empty() {
        return;
    }
    let started = Instant::now();
    let count = samples.len() as u64;
    let mut exemplars = Some(exemplars);
    while !samples.is_empty() {
        let rest = if samples.len() > MAX_BATCH_SAMPLES {
            samples.split_off(MAX_BATCH_SAMPLES)
        } else {
            Vec::new()
        };
        let batch = MetricBatch {
            samples: std::mem::replace(&mut samples, rest),
            exemplars: exemplars.take().unwrap_or_default(),
            metadata: metadata.clone(),
            ack: Ack::none(),
        };
        config.forward_to.send(batch).await;
    }
    shared.metrics.latency.observe(started.elapsed().as_secs_f64());
    if !config.forward_to.is_empty() {
        shared.metrics.forwarded.inc_by(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_keep_their_phase() {
        let interval = Duration::from_nanos(100);
        assert_eq!(next_turn(1000, 30, interval), 1030);
        assert_eq!(next_turn(1030, 30, interval), 1130);
        assert_eq!(next_turn(1099, 230, interval), 1130);
    }
}
