//! From a discovered target to what is scraped: URL, labels, interval.

use super::arguments::Arguments;
use crate::signals::{Labels, LabelsBuilder, Target};
use reqwest::Url;
use std::hash::{Hash, Hasher};
use std::time::Duration;

/// A target to scrape.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scraped {
    pub(crate) url: Url,
    /// What its series get.
    pub(crate) labels: Labels,
    pub(crate) interval: Duration,
    pub(crate) timeout: Duration,
}

impl Scraped {
    /// Where in the interval it is scraped: the same place after a restart, spread over targets.
    pub(crate) fn offset(&self) -> u64 {
        let mut hasher = rustc_hash::FxHasher::default();
        hasher.write_u64(self.labels.hash());
        self.url.as_str().hash(&mut hasher);
        // The low bits of FxHash are weak, and the remainder is taken of it.
        (hasher.finish() ^ (hasher.finish() >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16
    }

    /// Fills in what the target does not say itself.
    ///
    /// # Errors
    /// Why it cannot be scraped.
    pub(crate) fn new(target: &Target, arguments: &Arguments, job: &str) -> Result<Self, String> {
        let given = |name: &str| target.get(name).filter(|value| !value.is_empty());
        let address = given("__address__").ok_or("no address: the label __address__ is missing")?;
        if address.contains('/') {
            return Err(format!("{address:?} is not a valid hostname"));
        }
        let interval = duration(given("__scrape_interval__"), arguments.scrape_interval)
            .map_err(|error| format!("error parsing scrape interval: {error}"))?;
        let timeout = duration(given("__scrape_timeout__"), arguments.scrape_timeout)
            .map_err(|error| format!("error parsing scrape timeout: {error}"))?;
        if interval.is_zero() || timeout.is_zero() {
            return Err("scrape interval and timeout cannot be 0".into());
        }
        if timeout > interval {
            return Err(format!(
                "scrape timeout cannot be greater than scrape interval ({timeout:?} > {interval:?})"
            ));
        }
        let scheme = given("__scheme__").unwrap_or(&arguments.scheme);
        if !matches!(scheme, "http" | "https") {
            return Err(format!("the scheme {scheme:?} is neither http nor https"));
        }
        let mut url = Url::parse(&format!("{scheme}://{address}"))
            .map_err(|error| format!("{address:?} is not a valid address: {error}"))?;
        url.set_path(given("__metrics_path__").unwrap_or(&arguments.metrics_path));
        set_query(&mut url, target, arguments);
        let mut labels = LabelsBuilder::default();
        labels.set("job", job).set("instance", address);
        for (name, value) in target.iter() {
            if !name.starts_with("__") && !value.is_empty() {
                labels.set(name, value);
            }
        }
        Ok(Self {
            url,
            labels: labels.build(),
            interval,
            timeout,
        })
    }
}

/// `params`, of which a target's `__param_…` replaces the first value.
fn set_query(url: &mut Url, target: &Target, arguments: &Arguments) {
    let mut params = arguments.params.clone();
    for (name, value) in target.iter() {
        let Some(name) = name.strip_prefix("__param_") else {
            continue;
        };
        let values = params.entry(name.to_owned()).or_default();
        match values.first_mut() {
            Some(first) => value.clone_into(first),
            None => values.push(value.to_owned()),
        }
    }
    if params.is_empty() {
        return;
    }
    let mut query = url.query_pairs_mut();
    for (name, values) in &params {
        for value in values {
            query.append_pair(name, value);
        }
    }
}

/// A duration as Prometheus writes it: `1d`, `1h30m`, `15s`, `500ms`.
fn duration(text: Option<&str>, default: Duration) -> Result<Duration, String> {
    let Some(text) = text else {
        return Ok(default);
    };
    let invalid = || format!("not a valid duration string: {text:?}");
    let mut rest = text;
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let end = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest[..end].parse().map_err(|_| invalid())?;
        rest = &rest[end..];
        let units = [
            ("ms", 1),
            ("s", 1000),
            ("m", 60_000),
            ("h", 3_600_000),
            ("d", 86_400_000),
            ("w", 604_800_000),
            ("y", 31_536_000_000),
        ];
        let (unit, factor) = units
            .iter()
            .find(|(unit, _)| rest.starts_with(unit))
            .ok_or_else(invalid)?;
        rest = &rest[unit.len()..];
        total = number
            .checked_mul(*factor)
            .and_then(|part| total.checked_add(part))
            .ok_or_else(invalid)?;
    }
    Ok(Duration::from_millis(total))
}
