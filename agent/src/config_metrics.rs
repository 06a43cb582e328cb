//! Metrics of configuration loads, under the reference's names, plus the hash of the wanted configuration.

use prometheus::{Gauge, GaugeVec, IntCounter, Opts, Registry};
use sha2::{Digest, Sha256};
use std::sync::Mutex;

/// Told of every load.
#[derive(Debug)]
pub(crate) struct ConfigMetrics {
    successful: Gauge,
    success_timestamp: Gauge,
    failures: IntCounter,
    running: GaugeVec,
    wanted: GaugeVec,
    hashes: Mutex<Hashes>,
}

#[derive(Debug, Default)]
struct Hashes {
    running: Option<String>,
    wanted: Option<String>,
}

/// The hash of a configuration: SHA-256 over names and texts.
pub(crate) fn hash<'a>(sources: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut hasher = Sha256::new();
    for (name, text) in sources {
        for piece in [name, text] {
            hasher.update((piece.len() as u64).to_le_bytes());
            hasher.update(piece.as_bytes());
        }
    }
    hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

impl ConfigMetrics {
    /// # Errors
    /// Where one of the names is registered already.
    pub(crate) fn new(registry: &Registry) -> prometheus::Result<Self> {
        let hash_gauge =
            |name: &str, help: &str| GaugeVec::new(Opts::new(name, help), &["sha256", "cluster_name"]);
        let metrics = Self {
            successful: Gauge::new("alloy_config_last_load_successful", "Config loaded successfully.")?,
            success_timestamp: Gauge::new(
                "alloy_config_last_load_success_timestamp_seconds",
                "Timestamp of the last successful configuration load.",
            )?,
            failures: IntCounter::new("alloy_config_load_failures_total", "Configuration load failures.")?,
            running: hash_gauge("alloy_config_hash", "Hash of the currently active config file.")?,
            wanted: hash_gauge(
                "alloy_config_wanted_hash",
                "Hash of the config file that was last asked for; differs from alloy_config_hash while a rejected one waits to be mended.",
            )?,
            hashes: Mutex::default(),
        };
        registry.register(Box::new(metrics.successful.clone()))?;
        registry.register(Box::new(metrics.success_timestamp.clone()))?;
        registry.register(Box::new(metrics.failures.clone()))?;
        registry.register(Box::new(metrics.running.clone()))?;
        registry.register(Box::new(metrics.wanted.clone()))?;
        Ok(metrics)
    }

    /// A load of a configuration with this hash ended.
    pub(crate) fn loaded(&self, hash: &str, success: bool) {
        let mut hashes = self
            .hashes
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        set_hash(&self.wanted, &mut hashes.wanted, hash);
        if success {
            set_hash(&self.running, &mut hashes.running, hash);
            self.successful.set(1.0);
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            self.success_timestamp
                .set(now.map_or(0.0, |now| now.as_secs_f64().floor()));
        } else {
            self.successful.set(0.0);
            self.failures.inc();
        }
    }
}

fn set_hash(gauge: &GaugeVec, current: &mut Option<String>, hash: &str) {
    if let Some(old) = current.take() {
        // It is there: it was set below.
        drop(gauge.remove_label_values(&[&old, ""]));
    }
    gauge.with_label_values(&[hash, ""]).set(1.0);
    *current = Some(hash.to_owned());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rejected_configuration_shows_as_wanted_and_not_as_running() {
        let registry = Registry::new();
        let metrics = ConfigMetrics::new(&registry).unwrap();
        metrics.loaded("aaa", true);
        metrics.loaded("bbb", false);
        let page = prometheus::TextEncoder::new()
            .encode_to_string(&registry.gather())
            .unwrap();
        assert!(
            page.contains("alloy_config_hash{cluster_name=\"\",sha256=\"aaa\"} 1"),
            "{page}"
        );
        assert!(
            page.contains("alloy_config_wanted_hash{cluster_name=\"\",sha256=\"bbb\"} 1"),
            "{page}"
        );
        assert!(page.contains("alloy_config_last_load_successful 0"), "{page}");
        assert!(page.contains("alloy_config_load_failures_total 1"), "{page}");
        assert!(
            !page.contains("alloy_config_wanted_hash{cluster_name=\"\",sha256=\"aaa\"}"),
            "{page}"
        );
    }

    #[test]
    fn moving_text_between_files_changes_the_hash() {
        assert_ne!(hash([("a", "xy"), ("b", "")]), hash([("a", "x"), ("b", "y")]));
    }
}
