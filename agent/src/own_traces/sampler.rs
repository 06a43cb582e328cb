//! Which traces are kept: decided where a trace begins, by what the configuration or a Jaeger collector says, which can change while the agent runs.

use super::strategy::Strategy;
use opentelemetry::trace::{Link, SpanKind, TraceId};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, SamplingResult, ShouldSample};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

/// Decides. Clones decide alike.
#[derive(Clone, Debug, Default)]
pub(super) struct Decider(Arc<Mutex<Rule>>);

/// How it is decided.
#[derive(Debug)]
enum Rule {
    /// All are kept.
    All,
    /// A part of all, from 0 to 1.
    Fraction(f64),
    /// So many in a second.
    Limited(Bucket),
    /// By the name of the first span.
    ByOperation(Operations),
}

impl Default for Rule {
    fn default() -> Self {
        Self::Fraction(0.0)
    }
}

#[derive(Debug)]
struct Operations {
    known: HashMap<String, Guaranteed>,
    /// For names that are not known.
    default_fraction: f64,
    /// Traces in a second that every name may have at least.
    lower_bound: f64,
    /// Names that are told apart at the most.
    most: usize,
}

/// A part of all, and some in a second in any case.
#[derive(Debug)]
struct Guaranteed {
    fraction: f64,
    at_least: Bucket,
}

/// Room for traces that fills up with time.
#[derive(Debug)]
struct Bucket {
    per_second: f64,
    room: f64,
    filled: Instant,
}

impl Bucket {
    fn new(per_second: f64) -> Self {
        Self {
            per_second,
            room: per_second.max(1.0),
            filled: Instant::now(),
        }
    }

    /// Takes the place of another one, with the room that is left there.
    fn after(self, before: Option<Self>) -> Self {
        match before {
            Some(before) => Self {
                room: before.room.min(self.per_second.max(1.0)),
                filled: before.filled,
                ..self
            },
            None => self,
        }
    }

    fn take(&mut self, now: Instant) -> bool {
        let since = now.saturating_duration_since(self.filled).as_secs_f64();
        self.filled = now;
        self.room = (self.room + since * self.per_second).min(self.per_second.max(1.0));
        let fits = self.room >= 1.0;
        if fits {
            self.room -= 1.0;
        }
        fits
    }
}

impl Operations {
    fn keeps(&mut self, trace: TraceId, name: &str, now: Instant) -> bool {
        if !self.known.contains_key(name) {
            if self.known.len() >= self.most {
                return is_in(self.default_fraction, trace);
            }
            let guaranteed = Guaranteed {
                fraction: self.default_fraction,
                at_least: Bucket::new(self.lower_bound),
            };
            self.known.insert(name.to_owned(), guaranteed);
        }
        self.known.get_mut(name).is_some_and(|operation| {
            // One that is kept anyway counts for those that are kept at least.
            let at_least = operation.at_least.take(now);
            is_in(operation.fraction, trace) || at_least
        })
    }
}

/// Whether a trace belongs to a part of all; for one trace always the same.
pub(super) fn is_in(fraction: f64, trace: TraceId) -> bool {
    let sampler = Sampler::TraceIdRatioBased(fraction);
    let result = sampler.should_sample(None, trace, "", &SpanKind::Internal, &[], &[]);
    result.decision == SamplingDecision::RecordAndSample
}

impl Decider {
    /// Keeps all.
    pub(super) fn all(&self) {
        *self.0.lock() = Rule::All;
    }

    /// Keeps a part, from 0 to 1.
    pub(super) fn fraction(&self, fraction: f64) {
        *self.0.lock() = Rule::Fraction(fraction);
    }

    /// Does as a collector says; at most so many operations are told apart.
    pub(super) fn follow(&self, strategy: Strategy, most: usize) {
        let mut rule = self.0.lock();
        let before = std::mem::take(&mut *rule);
        *rule = match strategy {
            Strategy::Probabilistic(fraction) => Rule::Fraction(fraction.clamp(0.0, 1.0)),
            Strategy::RateLimiting(per_second) => {
                let before = match before {
                    Rule::Limited(bucket) => Some(bucket),
                    _ => None,
                };
                Rule::Limited(Bucket::new(per_second).after(before))
            }
            Strategy::ByOperation {
                default_fraction,
                lower_bound,
                operations,
            } => {
                let mut before = match before {
                    Rule::ByOperation(operations) => operations.known,
                    _ => HashMap::new(),
                };
                let mut known = HashMap::new();
                for (name, fraction) in operations {
                    let old = before.remove(&name).map(|operation| operation.at_least);
                    let guaranteed = Guaranteed {
                        fraction,
                        at_least: Bucket::new(lower_bound).after(old),
                    };
                    known.insert(name, guaranteed);
                }
                Rule::ByOperation(Operations {
                    known,
                    default_fraction,
                    lower_bound,
                    most,
                })
            }
        };
    }

    fn keeps(&self, trace: TraceId, name: &str, now: Instant) -> bool {
        match &mut *self.0.lock() {
            Rule::All => true,
            Rule::Fraction(fraction) => is_in(*fraction, trace),
            Rule::Limited(bucket) => bucket.take(now),
            Rule::ByOperation(operations) => operations.keeps(trace, name, now),
        }
    }
}

impl ShouldSample for Decider {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let sampler = if self.keeps(trace, name, Instant::now()) {
            Sampler::AlwaysOn
        } else {
            Sampler::AlwaysOff
        };
        sampler.should_sample(parent, trace, name, kind, attributes, links)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// How many of a thousand traces are kept, one each millisecond.
    fn kept(decider: &Decider, name: &str, from: Instant) -> usize {
        let ids = (0..1000_u64).map(|at| TraceId::from(u128::from(at.wrapping_mul(0x9e37_79b9_7f4a_7c15))));
        let at = |number: usize| from + Duration::from_millis(number as u64);
        ids.enumerate()
            .filter(|(number, id)| decider.keeps(*id, name, at(*number)))
            .count()
    }

    #[test]
    fn what_a_collector_says_is_done() {
        let decider = Decider::default();
        let now = Instant::now();
        assert_eq!(kept(&decider, "a", now), 0);
        decider.all();
        assert_eq!(kept(&decider, "a", now), 1000);
        decider.follow(Strategy::Probabilistic(0.5), 2);
        assert!((400..600).contains(&kept(&decider, "a", now)));
        decider.follow(Strategy::Probabilistic(7.0), 2);
        assert_eq!(kept(&decider, "a", now), 1000);
        // Ten at once, and some ten more over the second.
        decider.follow(Strategy::RateLimiting(10.0), 2);
        assert!((18..=20).contains(&kept(&decider, "a", now)));
        // The same said again gives no new room.
        decider.follow(Strategy::RateLimiting(10.0), 2);
        assert!(kept(&decider, "a", now + Duration::from_secs(1)) <= 11);
        let by_operation = || Strategy::ByOperation {
            default_fraction: 0.0,
            lower_bound: 2.0,
            operations: vec![("all".to_owned(), 1.0)],
        };
        decider.follow(by_operation(), 2);
        assert_eq!(kept(&decider, "all", now), 1000);
        // A name that is not known has the lower bound, one too many only the default.
        assert!((3..=4).contains(&kept(&decider, "second", now)));
        assert_eq!(kept(&decider, "third", now), 0);
    }
}
