//! How the endpoints of a component fare, told as its health: one that fails for a while makes the component unhealthy, its next success well again.

use crate::component::HealthCell;
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How long an endpoint fails until the component is called unhealthy: shorter troubles are what retries are for.
const FOR_A_WHILE: Duration = Duration::from_secs(10);

/// What is known of an endpoint.
#[derive(Clone, Debug)]
pub struct Failing {
    /// The endpoint's URL, without its password.
    pub url: String,
    /// The last error.
    pub error: String,
    /// Since when nothing has been taken.
    pub since: Instant,
}

/// The endpoints of a component that fail now.
#[derive(Debug)]
pub struct EndpointsHealth {
    health: HealthCell,
    failing: Mutex<BTreeMap<String, Failing>>,
    /// What keeps endpoints from taking anything on this side, a sentence each.
    out_of_order: Mutex<BTreeMap<String, String>>,
    /// Those that have taken the last that was sent to them.
    working: Mutex<BTreeSet<String>>,
    recovered: Notify,
}

impl EndpointsHealth {
    /// Tells a component's health.
    pub fn new(health: HealthCell) -> Self {
        Self {
            health,
            failing: Mutex::default(),
            out_of_order: Mutex::default(),
            working: Mutex::default(),
            recovered: Notify::new(),
        }
    }

    /// An endpoint has taken something.
    pub fn works(&self, endpoint: &str) {
        let mut working = self.working.lock();
        if !working.contains(endpoint) {
            working.insert(endpoint.to_owned());
            self.recovered.notify_waiters();
        }
        drop(working);
        self.no_longer_fails(endpoint);
    }

    /// An endpoint is no more.
    pub fn gone(&self, endpoint: &str) {
        self.working.lock().remove(endpoint);
        self.no_longer_fails(endpoint);
        self.is_in_order(endpoint);
    }

    /// Something on this side keeps an endpoint from taking anything: a sentence with the next step, told at once.
    pub fn is_out_of_order(&self, endpoint: &str, sentence: String) {
        self.out_of_order.lock().insert(endpoint.to_owned(), sentence);
        self.tell(&self.failing.lock());
    }

    /// Nothing does any more.
    pub fn is_in_order(&self, endpoint: &str) {
        if self.out_of_order.lock().remove(endpoint).is_some() {
            self.tell(&self.failing.lock());
        }
    }

    /// Whether another endpoint works than this one.
    pub fn another_works(&self, than: &str) -> bool {
        self.working.lock().iter().any(|name| name != than)
    }

    /// Told when an endpoint works that did not before.
    pub fn recovered(&self) -> &Notify {
        &self.recovered
    }

    fn no_longer_fails(&self, endpoint: &str) {
        let mut failing = self.failing.lock();
        if failing.remove(endpoint).is_some() {
            self.tell(&failing);
        }
    }

    /// An endpoint has not taken something.
    pub fn fails(&self, endpoint: &str, url: &str, error: &str) {
        self.working.lock().remove(endpoint);
        let mut failing = self.failing.lock();
        failing
            .entry(endpoint.to_owned())
            .and_modify(|known| {
                url.clone_into(&mut known.url);
                error.clone_into(&mut known.error);
            })
            .or_insert_with(|| Failing {
                url: url.to_owned(),
                error: error.to_owned(),
                since: Instant::now(),
            });
        self.tell(&failing);
    }

    /// What fails now.
    pub fn failing(&self, endpoint: &str) -> Option<Failing> {
        self.failing.lock().get(endpoint).cloned()
    }

    fn tell(&self, failing: &BTreeMap<String, Failing>) {
        let mut sentences: Vec<_> = self.out_of_order.lock().values().cloned().collect();
        let long = failing
            .values()
            .filter(|one| one.since.elapsed() >= FOR_A_WHILE)
            .map(|one| {
                format!(
                    "{} takes nothing: {}; check that it runs, the URL and the authentication. What is sent there waits and is tried again",
                    one.url, one.error
                )
            });
        sentences.extend(long);
        if sentences.is_empty() {
            self.health.healthy("started component");
        } else {
            self.health.unhealthy(sentences.join("; "));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::HealthState;

    #[test]
    fn only_a_long_failure_counts_and_one_success_ends_it() {
        let cell = HealthCell::default();
        let endpoints = EndpointsHealth::new(cell.clone());
        endpoints.fails("a", "http://a/", "refused");
        assert_eq!(cell.get().state, HealthState::Healthy);
        if let Some(one) = endpoints.failing.lock().get_mut("a") {
            one.since = Instant::now().checked_sub(FOR_A_WHILE).unwrap();
        }
        endpoints.fails("a", "http://a/", "503 Service Unavailable");
        let health = cell.get();
        assert_eq!(health.state, HealthState::Unhealthy);
        assert!(
            health.message.starts_with("http://a/ takes nothing: 503"),
            "{}",
            health.message
        );
        endpoints.works("a");
        assert_eq!(cell.get().state, HealthState::Healthy);
    }

    #[test]
    fn what_is_wrong_on_this_side_is_told_at_once() {
        let cell = HealthCell::default();
        let endpoints = EndpointsHealth::new(cell.clone());
        endpoints.is_out_of_order("a", "the disk is full; free space".into());
        // The endpoint itself works.
        endpoints.works("a");
        let health = cell.get();
        assert_eq!(
            (health.state, &*health.message),
            (HealthState::Unhealthy, "the disk is full; free space")
        );
        endpoints.is_in_order("a");
        assert_eq!(cell.get().state, HealthState::Healthy);
    }
}
