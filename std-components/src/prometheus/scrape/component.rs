//! The component: keeps a loop for each target.

use super::arguments::Arguments;
use super::cycle::Settings;
use super::fetch::Fetcher;
use super::merge::Limits;
use super::metrics::Metrics;
use super::target::Scraped;
use super::target_loop::{self, Config, Handle, Shared};
use crate::component::{BuildError, CancellationToken, Component, Context, RunError};
use crate::http_client::HttpClient;
use crate::signals::Labels;
use parking_lot::Mutex;
use river_eval::{BodyValue, Nothing, SignedDuration, Str, Value};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinSet;

/// Scrapes that one component has under way at a time; each holds a page.
const MAX_CONCURRENT_SCRAPES: usize = 64;

type Key = (String, Labels);

/// `prometheus.scrape`.
pub(crate) struct Scrape {
    context: Context<Nothing>,
    wanted: Mutex<(Arc<Arguments>, Arc<HttpClient>)>,
    changed: Notify,
    shared: Shared,
    loops: Mutex<HashMap<Key, Handle>>,
    /// Targets that cannot be scraped, and why.
    invalid: Mutex<Vec<String>>,
}

impl Component for Scrape {
    const NAME: &'static str = "prometheus.scrape";
    type Arguments = Arguments;
    type Exports = Nothing;

    fn new(context: Context<Nothing>, arguments: Arguments) -> Result<Self, BuildError> {
        let client = Arc::new(HttpClient::new(&arguments.http)?);
        let id = context.id.to_string();
        warn(&id, &arguments);
        Ok(Self {
            shared: Shared {
                waiting_told: Arc::default(),
                component_id: id.into(),
                metrics: Metrics::new(&context.metrics),
                slots: Arc::new(Semaphore::new(MAX_CONCURRENT_SCRAPES)),
                told: Arc::new(Notify::new()),
            },
            context,
            wanted: Mutex::new((Arc::new(arguments), client)),
            changed: Notify::new(),
            loops: Mutex::default(),
            invalid: Mutex::default(),
        })
    }

    fn update(&self, arguments: Arguments) -> Result<(), BuildError> {
        let (before, client) = self.wanted.lock().clone();
        if *before == arguments {
            return Ok(());
        }
        let client = if before.http == arguments.http {
            client
        } else {
            Arc::new(HttpClient::new(&arguments.http)?)
        };
        *self.wanted.lock() = (Arc::new(arguments), client);
        self.changed.notify_one();
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        let mut tasks = JoinSet::new();
        self.sync(&mut tasks, &stop);
        loop {
            self.tell_health();
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.changed.notified() => self.sync(&mut tasks, &stop),
                () = self.shared.told.notified() => {}
                Some(ended) = tasks.join_next() => {
                    if let Err(error) = ended {
                        return Err(RunError(format!("the loop of a target broke off: {error}")));
                    }
                }
            }
        }
        // What is under way is sent to its end; the runner bounds the time of it.
        while tasks.join_next().await.is_some() {}
        self.loops.lock().clear();
        Ok(())
    }

    fn debug_info(&self) -> BodyValue {
        let mut info = BodyValue::default();
        let arguments = self.wanted.lock().0.clone();
        let job = self.job(&arguments);
        let loops = self.loops.lock();
        let mut targets: Vec<_> = loops.iter().collect();
        targets.sort_by(|(one, _), (other, _)| one.0.cmp(&other.0));
        for ((url, labels), handle) in targets {
            let status = handle.status.lock().clone();
            let mut target = BodyValue::default();
            target.attribute("job", job.clone());
            target.attribute("url", crate::http_client::safe_url(url));
            let health = match (&status.at, &status.error) {
                (None, _) => "unknown",
                (_, None) => "up",
                (_, Some(_)) => "down",
            };
            target.attribute("health", health.to_owned());
            let pairs = labels
                .iter()
                .map(|(name, value)| (Str::from(name), Value::string(value)));
            target.attribute("labels", Value::object(pairs));
            if let Some(error) = &status.error {
                target.attribute("last_error", error.clone());
            }
            let at = match status.at {
                Some(at) => target_loop::rfc3339(at),
                None => "0001-01-01T00:00:00Z".into(),
            };
            target.attribute("last_scrape", at);
            let taken = i64::try_from(status.duration.as_nanos()).unwrap_or(i64::MAX);
            target.attribute("last_scrape_duration", SignedDuration(taken).to_string());
            info.block("target", target);
        }
        info
    }
}

fn warn(component_id: &str, arguments: &Arguments) {
    if arguments
        .clustering
        .as_ref()
        .is_some_and(|clustering| clustering.enabled)
    {
        tracing::warn!(
            component_id,
            "clustering is enabled, but this agent is alone: it scrapes all targets"
        );
    }
    if arguments.scrape_native_histograms
        || arguments.enable_protobuf_negotiation
        || arguments
            .scrape_protocols
            .iter()
            .any(|name| name == "PrometheusProto")
    {
        tracing::warn!(
            component_id,
            "native histograms and the protobuf format are not read; targets are asked for text, with their classic histograms"
        );
    }
    if arguments.convert_classic_histograms_to_nhcb {
        tracing::warn!(
            component_id,
            "convert_classic_histograms_to_nhcb has no effect: classic histograms stay classic"
        );
    }
}

impl Scrape {
    fn job(&self, arguments: &Arguments) -> String {
        if arguments.job_name.is_empty() {
            self.shared.component_id.to_string()
        } else {
            arguments.job_name.clone()
        }
    }

    /// Makes the loops fit the arguments.
    fn sync(&self, tasks: &mut JoinSet<()>, stop: &CancellationToken) {
        let (arguments, client) = self.wanted.lock().clone();
        let job = self.job(&arguments);
        let metrics = &self.shared.metrics;
        metrics.reloads.inc();
        metrics.syncs.with_label_values(&[&job]).inc();
        let fetcher = Arc::new(Fetcher {
            client,
            pages: self.context.services.pages.clone(),
            accept: arguments.accept(),
            compressed: arguments.enable_compression,
            body_size_limit: arguments.body_size_limit.0,
            fallback: arguments.scrape_fallback_protocol.clone(),
        });
        let mut wanted: HashMap<Key, Arc<Scraped>> = HashMap::new();
        let mut invalid = Vec::new();
        for target in &arguments.targets {
            match Scraped::new(target, &arguments, &job) {
                Ok(scraped) => {
                    let key = (scraped.url.to_string(), scraped.labels.clone());
                    wanted.insert(key, Arc::new(scraped));
                }
                Err(reason) => {
                    metrics.sync_failed.with_label_values(&[&job]).inc();
                    let component_id = &*self.shared.component_id;
                    tracing::warn!(component_id, ?target, "the target cannot be scraped: {reason}");
                    invalid.push(reason);
                }
            }
        }
        let (count, limit) = (wanted.len() as u64, arguments.target_limit);
        let refused = (limit > 0 && count > limit).then(|| {
            metrics.exceeded_targets.inc();
            format!("target_limit exceeded (number of targets: {count}, limit: {limit})").into()
        });
        metrics
            .targets
            .set(i64::try_from(arguments.targets.len()).unwrap_or(i64::MAX));
        let gauge = |gauge: &crate::component::metrics::IntGaugeVec, value: u64| {
            gauge
                .with_label_values(&[&job])
                .set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        gauge(&metrics.pool_targets, count);
        gauge(&metrics.pool_limit, limit);
        *self.invalid.lock() = invalid;
        let failure_log = (!arguments.scrape_failure_log_file.is_empty())
            .then(|| Arc::from(arguments.scrape_failure_log_file.as_str()));
        let config = |scraped: Arc<Scraped>| Config {
            settings: settings(&arguments, &scraped),
            scraped,
            fetcher: fetcher.clone(),
            forward_to: arguments.forward_to.clone(),
            refused: refused.clone(),
            failure_log: failure_log.clone(),
        };
        let mut loops = self.loops.lock();
        loops.retain(|key, handle| {
            let stays = wanted.contains_key(key);
            if !stays {
                handle.gone.cancel();
            }
            stays
        });
        for (key, scraped) in wanted {
            let config = config(scraped);
            if let Some(handle) = loops.get(&key) {
                handle.config.send_replace(config);
                continue;
            }
            let (sender, receiver) = watch::channel(config);
            let handle = Handle {
                config: sender,
                status: Arc::default(),
                gone: CancellationToken::new(),
            };
            tasks.spawn(target_loop::run(
                self.shared.clone(),
                receiver,
                handle.status.clone(),
                handle.gone.clone(),
                stop.clone(),
            ));
            loops.insert(key, handle);
        }
    }

    /// Unhealthy when nothing can be scraped; one target of many that is down is told in the message.
    fn tell_health(&self) {
        let loops = self.loops.lock();
        let invalid = self.invalid.lock();
        let count = loops.len() + invalid.len();
        let mut reasons = invalid.clone();
        for ((url, _), handle) in loops.iter() {
            if let Some(error) = &handle.status.lock().error {
                reasons.push(format!("{}: {error}", crate::http_client::safe_url(url)));
            }
        }
        reasons.sort();
        match reasons.first() {
            None => self.context.health.healthy("scraping the targets"),
            Some(first) => {
                let message = format!("{} of {count} targets cannot be scraped: {first}", reasons.len());
                if reasons.len() == count {
                    self.context.health.unhealthy(message);
                } else {
                    self.context.health.healthy(message);
                }
            }
        }
    }
}

fn settings(arguments: &Arguments, scraped: &Scraped) -> Settings {
    Settings {
        honor_labels: arguments.honor_labels,
        honor_timestamps: arguments.honor_timestamps,
        track_timestamps_staleness: arguments.track_timestamps_staleness,
        sample_limit: arguments.sample_limit,
        limits: Limits {
            count: arguments.label_limit,
            name: arguments.label_name_length_limit,
            value: arguments.label_value_length_limit,
        },
        utf8_names: arguments.metric_name_validation_scheme == "utf8",
        metadata: arguments.honor_metadata,
        type_and_unit_labels: arguments.enable_type_and_unit_labels,
        extra_metrics: arguments.extra_metrics,
        timeout_seconds: scraped.timeout.as_secs_f64(),
    }
}
