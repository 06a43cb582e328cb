//! What one scrape of a target makes: samples, staleness markers, the scrape's own series. Pure: pages and times go in, samples come out.

use super::exposition::{Decoder, Format, Item, ParseError, Reader};
use super::merge::{Limits, Merger};
use crate::signals::{Exemplar, Labels, Metadata, MetricType, Sample, stale_nan};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// What changes how pages are read.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// `honor_labels`.
    pub honor_labels: bool,
    /// `honor_timestamps`.
    pub honor_timestamps: bool,
    /// `track_timestamps_staleness`.
    pub track_timestamps_staleness: bool,
    /// `sample_limit`; 0 is none.
    pub sample_limit: u64,
    /// The limits of labels.
    pub limits: Limits,
    /// Whether names may be any UTF-8.
    pub utf8_names: bool,
    /// `honor_metadata`.
    pub metadata: bool,
    /// `enable_type_and_unit_labels`.
    pub type_and_unit_labels: bool,
    /// `extra_metrics`.
    pub extra_metrics: bool,
    /// The timeout, for `scrape_timeout_seconds`.
    pub timeout_seconds: f64,
}

/// A page that was fetched.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// Its bytes.
    pub bytes: &'a [u8],
    /// What they are.
    pub format: Format,
}

/// Why a scrape failed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Failure {
    /// There is no page.
    #[error("{0}")]
    Fetch(String),
    /// The page is larger than `body_size_limit`.
    #[error("body size limit exceeded")]
    BodySize,
    /// The page is malformed.
    #[error("{0}")]
    Parse(#[from] ParseError),
    /// More samples than `sample_limit`.
    #[error("sample limit exceeded")]
    SampleLimit,
    /// A limit of labels.
    #[error("{0}")]
    LabelLimit(String),
}

/// What a scrape made.
#[derive(Debug, Default)]
pub struct Made {
    /// Samples of the page, staleness markers, the scrape's own series.
    pub samples: Vec<Sample>,
    /// Exemplars of the page.
    pub exemplars: Vec<Exemplar>,
    /// Metadata, if wanted.
    pub metadata: Option<Arc<[Metadata]>>,
    /// Samples on the page.
    pub scraped: u64,
    /// Series given twice without times.
    pub duplicates: u64,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
}

#[derive(Debug)]
struct Series {
    raw: Arc<[u8]>,
    labels: Labels,
    /// The scrape in which it was on the page last.
    seen: u64,
    /// The scrape in which it was there as one that ends with a marker.
    tracked: u64,
    /// Whether a marker is due once it is gone.
    live: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    scraped: u64,
    after_relabelling: u64,
    added: u64,
}

/// A target's memory between scrapes: the cache from text to labels, and what may have to be marked stale.
#[derive(Debug)]
pub struct Cycle {
    settings: Settings,
    merger: Merger,
    series: Vec<Series>,
    by_raw: FxHashMap<Arc<[u8]>, usize>,
    /// Live series of before the cache was emptied.
    orphans: Vec<Labels>,
    scrape: u64,
    decoder: Decoder,
    reports: Vec<Labels>,
    has_reported: bool,
    metadata: super::metadata::Cache,
    expected_samples: usize,
}

/// The names of the scrape's own series, in the order in which they are sent.
const REPORTS: [&str; 8] = [
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
    "scrape_timeout_seconds",
    "scrape_sample_limit",
    "scrape_body_size_bytes",
];
/// How many of them are sent without `extra_metrics`.
const PLAIN_REPORTS: usize = 5;

impl Cycle {
    /// For a target with these labels.
    pub fn new(target: &Labels, settings: Settings) -> Self {
        let report = |name: &&str| {
            let mut labels = target.builder();
            labels.set("__name__", name);
            labels.build()
        };
        Self {
            merger: Merger::new(target),
            reports: REPORTS.iter().map(report).collect(),
            settings,
            series: Vec::new(),
            by_raw: FxHashMap::default(),
            orphans: Vec::new(),
            scrape: 0,
            decoder: Decoder::default(),
            has_reported: false,
            metadata: super::metadata::Cache::default(),
            expected_samples: 0,
        }
    }

    /// Changes the settings; series that are no longer made the same way end at the next scrape.
    pub fn configure(&mut self, settings: Settings) {
        if self.settings == settings {
            return;
        }
        self.settings = settings;
        self.forget();
    }

    /// Series in the cache.
    pub fn cached(&self) -> usize {
        self.series.len()
    }

    fn forget(&mut self) {
        self.by_raw.clear();
        let live = self.series.drain(..).filter(|series| series.live);
        self.orphans.extend(live.map(|series| series.labels));
    }

    /// One scrape, at a time in milliseconds since 1970. `seconds` tells how long it has taken once the page is read.
    pub fn scrape(
        &mut self,
        page: Result<Page<'_>, Failure>,
        at: i64,
        seconds: impl FnOnce() -> f64,
    ) -> Made {
        self.scrape += 1;
        let mut made = Made {
            samples: Vec::with_capacity(self.expected_samples),
            ..Made::default()
        };
        let mut counts = Counts::default();
        let mut body_size = 0.0;
        let read = match page {
            Ok(page) => {
                body_size = page.bytes.len() as f64;
                self.read(page, at, &mut made, &mut counts)
            }
            Err(failure) => {
                if failure == Failure::BodySize {
                    body_size = -1.0;
                }
                Err(failure)
            }
        };
        match read {
            Ok(()) => self.end_vanished(at, &mut made),
            Err(failure) => {
                made.samples.clear();
                made.exemplars.clear();
                made.metadata = None;
                self.end_live(at, &mut made);
                made.failure = Some(failure);
            }
        }
        made.scraped = counts.scraped;
        let up = if made.failure.is_none() { 1.0 } else { 0.0 };
        let values = [
            up,
            seconds(),
            counts.scraped as f64,
            counts.after_relabelling as f64,
            counts.added as f64,
            self.settings.timeout_seconds,
            self.settings.sample_limit as f64,
            body_size,
        ];
        self.report(at, values, &mut made.samples);
        self.expected_samples = made.samples.len();
        made
    }

    /// The markers for a target that is gone.
    pub fn end(&mut self, at: i64) -> Vec<Sample> {
        let mut made = Made::default();
        self.end_live(at, &mut made);
        if std::mem::take(&mut self.has_reported) {
            self.report(at, [stale_nan(); REPORTS.len()], &mut made.samples);
            self.has_reported = false;
        }
        made.samples
    }

    fn report(&mut self, at: i64, values: [f64; REPORTS.len()], samples: &mut Vec<Sample>) {
        self.has_reported = true;
        let count = if self.settings.extra_metrics {
            REPORTS.len()
        } else {
            PLAIN_REPORTS
        };
        let report = |(labels, value): (&Labels, f64)| Sample {
            labels: labels.clone(),
            timestamp: at,
            value,
        };
        samples.extend(self.reports.iter().zip(values).take(count).map(report));
    }

    fn read(&mut self, page: Page<'_>, at: i64, made: &mut Made, counts: &mut Counts) -> Result<(), Failure> {
        if self.settings.metadata || self.settings.type_and_unit_labels {
            let is_changed = self.metadata.read(page)?;
            if is_changed && self.settings.type_and_unit_labels {
                self.forget();
            }
        }
        let mut reader = Reader::new(page.bytes, page.format);
        // The place in the cache at which the page is expected to go on: pages seldom change their order.
        let mut next = 0;
        let mut exceeded = false;
        loop {
            let expected = self.series.get(next).map(|series| &*series.raw);
            let Some(item) = reader.next(expected)? else {
                break;
            };
            let Item::Series(found) = item else {
                continue;
            };
            counts.scraped += 1;
            let known = if found.expected {
                Some(next)
            } else {
                self.by_raw.get(found.raw).copied()
            };
            let place = match known {
                Some(place) => place,
                None => {
                    counts.added += 1;
                    self.add(found.raw, &reader)?
                }
            };
            next = place + 1;
            counts.after_relabelling += 1;
            let Some(series) = self.series.get_mut(place) else {
                continue;
            };
            let given = found.timestamp.filter(|_| self.settings.honor_timestamps);
            let is_twice = series.seen == self.scrape;
            series.seen = self.scrape;
            if is_twice && given.is_none() {
                made.duplicates += 1;
                continue;
            }
            if given.is_none() || self.settings.track_timestamps_staleness {
                series.tracked = self.scrape;
            }
            let limit = self.settings.sample_limit;
            if limit > 0 && made.samples.len() as u64 >= limit {
                exceeded = true;
                continue;
            }
            let timestamp = given.unwrap_or(at);
            made.samples.push(Sample {
                labels: series.labels.clone(),
                timestamp,
                value: found.value,
            });
            if let Some(exemplar) = found.exemplar {
                let labels = self
                    .decoder
                    .exemplar(exemplar.raw)
                    .map_err(|message| reader.error(message))?;
                made.exemplars.push(Exemplar {
                    series: series.labels.clone(),
                    labels,
                    timestamp: exemplar.timestamp.unwrap_or(timestamp),
                    value: exemplar.value,
                });
            }
        }
        if exceeded {
            return Err(Failure::SampleLimit);
        }
        made.metadata = self.settings.metadata.then(|| self.metadata.families()).flatten();
        Ok(())
    }

    /// Puts a series into the cache.
    fn add(&mut self, raw: &[u8], reader: &Reader<'_>) -> Result<usize, Failure> {
        let pairs = self
            .decoder
            .series(raw, reader.kind())
            .map_err(|message| reader.error(message))?;
        let mut extra: [(&str, &str); 2] = [("", ""); 2];
        if self.settings.type_and_unit_labels
            && let Some((_, name)) = pairs.iter().find(|(name, _)| name == "__name__")
            && let Some(family) = self.metadata.family(name)
        {
            if family.kind != MetricType::Unknown {
                extra[0] = ("__type__", super::metadata::type_name(family.kind));
            }
            extra[1] = ("__unit__", &family.unit);
        }
        let labels = self
            .merger
            .merge(
                pairs,
                &extra,
                self.settings.honor_labels,
                self.settings.utf8_names,
            )
            .map_err(|message| reader.error(message))?;
        self.settings.limits.check(&labels).map_err(Failure::LabelLimit)?;
        let raw: Arc<[u8]> = raw.into();
        let place = self.series.len();
        self.by_raw.insert(raw.clone(), place);
        self.series.push(Series {
            raw,
            labels,
            seen: 0,
            tracked: 0,
            live: false,
        });
        Ok(place)
    }

    /// After a page: series that were live and are not there any more end, and leave the cache.
    fn end_vanished(&mut self, at: i64, made: &mut Made) {
        let scrape = self.scrape;
        let mut ended: Vec<Labels> = std::mem::take(&mut self.orphans);
        let mut is_gone = false;
        for series in &mut self.series {
            is_gone |= series.seen != scrape;
            if series.tracked == scrape {
                series.live = true;
            } else if std::mem::take(&mut series.live) {
                ended.push(series.labels.clone());
            }
        }
        if !ended.is_empty() {
            // The same series may have come under another text, such as its labels in another order.
            let there: FxHashSet<&Labels> = self
                .series
                .iter()
                .filter(|series| series.live)
                .map(|series| &series.labels)
                .collect();
            let mark = |labels: Labels| Sample {
                labels,
                timestamp: at,
                value: stale_nan(),
            };
            made.samples.extend(
                ended
                    .into_iter()
                    .filter(|labels| !there.contains(labels))
                    .map(mark),
            );
        }
        if is_gone {
            self.series.retain(|series| series.seen == scrape);
            self.by_raw.clear();
            let places = self
                .series
                .iter()
                .enumerate()
                .map(|(at, series)| (series.raw.clone(), at));
            self.by_raw.extend(places);
        }
    }

    /// After a failure: everything that is live ends. The cache stays for the target's return, within bounds.
    fn end_live(&mut self, at: i64, made: &mut Made) {
        let mark = |labels: Labels| Sample {
            labels,
            timestamp: at,
            value: stale_nan(),
        };
        made.samples.extend(self.orphans.drain(..).map(mark));
        for series in &mut self.series {
            if std::mem::take(&mut series.live) {
                made.samples.push(mark(series.labels.clone()));
            }
        }
        // Series that only failed scrapes have shown would otherwise pile up.
        if self.series.len() > 2 * self.expected_samples.max(FAILED_CACHE_SERIES) {
            self.forget();
        }
    }
}

/// Series that are kept in the cache over failed scrapes in any case.
const FAILED_CACHE_SERIES: usize = 1000;
