//! The `retry_on_failure` block: waits that grow, with chance in them, until a request has taken too long.

use river_eval::Checks;
use std::time::Duration;
use tokio::time::Instant;

/// The longest that a peer's wish to wait is heeded.
const MAX_ASKED: Duration = Duration::from_secs(600);

/// The `retry_on_failure` block.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check)]
pub(crate) struct RetryArguments {
    /// Enables retrying failed requests.
    #[river(default = true)]
    pub(crate) enabled: bool,
    /// Initial time to wait before retrying a failed request.
    #[river(default = Duration::from_secs(5))]
    pub(crate) initial_interval: Duration,
    /// Factor to randomize wait time before retrying.
    #[river(default = 0.5)]
    pub(crate) randomization_factor: f64,
    /// Factor to grow wait time before retrying.
    #[river(default = 1.5)]
    pub(crate) multiplier: f64,
    /// Maximum time to wait between retries.
    #[river(default = Duration::from_secs(30))]
    pub(crate) max_interval: Duration,
    /// Maximum time to wait before discarding a failed batch; 0 to retry for ever.
    #[river(default = Duration::from_secs(300))]
    pub(crate) max_elapsed_time: Duration,
}

fn check(arguments: &RetryArguments, checks: &mut Checks<'_, '_>) {
    // As "not greater", so that what is no number is refused too.
    if !matches!(
        arguments.multiplier.partial_cmp(&1.0),
        Some(std::cmp::Ordering::Greater)
    ) {
        checks.attribute("multiplier", "multiplier must be greater than 1.0");
    }
    if !(0.0..=1.0).contains(&arguments.randomization_factor) {
        checks
            .attribute(
                "randomization_factor",
                "randomization_factor must be greater or equal to 0",
            )
            .help = Some("write a part of the wait, from 0 to 1".into());
    }
}

/// The waits of one request.
#[derive(Debug)]
pub(crate) struct Retries {
    begun: Instant,
    interval: Option<Duration>,
}

impl Retries {
    pub(crate) fn new() -> Self {
        Self {
            begun: Instant::now(),
            interval: None,
        }
    }

    /// How long to wait before the next attempt; `None` when there is to be none. The peer's wish goes first where it is longer.
    pub(crate) fn next(&mut self, settings: &RetryArguments, asked: Option<Duration>) -> Option<Duration> {
        if !settings.enabled {
            return None;
        }
        // Without any wait a dead peer would be asked in a tight loop.
        let least = Duration::from_millis(1);
        let interval = match self.interval {
            None => settings.initial_interval,
            Some(last) => Duration::try_from_secs_f64(last.as_secs_f64() * settings.multiplier)
                .unwrap_or(settings.max_interval),
        };
        let interval = interval.min(settings.max_interval).max(least);
        self.interval = Some(interval);
        let spread = settings.randomization_factor * (fastrand::f64() * 2.0 - 1.0);
        let wait = interval.mul_f64((1.0 + spread).max(0.0)).max(least);
        let wait = asked.map_or(wait, |asked| wait.max(asked.min(MAX_ASKED)));
        let most = settings.max_elapsed_time;
        (most.is_zero() || self.begun.elapsed() + wait <= most).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::testing::{arguments, mistakes};

    #[tokio::test(start_paused = true)]
    async fn waits_grow_and_end_when_the_time_is_over() {
        let settings: RetryArguments = arguments(
            r#"initial_interval = "1s"
               max_interval = "4s"
               multiplier = 2
               randomization_factor = 0
               max_elapsed_time = "12s""#,
        );
        let mut retries = Retries::new();
        let mut waits = Vec::new();
        while let Some(wait) = retries.next(&settings, None) {
            waits.push(wait.as_secs());
            tokio::time::advance(wait).await;
        }
        assert_eq!(waits, [1, 2, 4, 4]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_peers_wish_goes_first_and_chance_stays_within_its_bounds() {
        let settings: RetryArguments = arguments("max_elapsed_time = \"0s\"");
        for _ in 0..100 {
            let wait = Retries::new().next(&settings, None).unwrap();
            assert!((2.5..=7.5).contains(&wait.as_secs_f64()), "{wait:?}");
        }
        let asked = Some(Duration::from_secs(20));
        assert_eq!(Retries::new().next(&settings, asked), asked);
        let off: RetryArguments = arguments("enabled = false");
        assert_eq!(Retries::new().next(&off, None), None);
    }

    #[test]
    fn waits_that_would_not_grow_are_refused() {
        insta::assert_snapshot!(mistakes::<RetryArguments>("multiplier = 1"), @"multiplier must be greater than 1.0");
    }
}
