//! One health of several, as the reference joins them.

use crate::component::{Health, HealthState};

fn rank(state: HealthState) -> u8 {
    match state {
        HealthState::Unknown => 0,
        HealthState::Healthy => 1,
        HealthState::Unhealthy => 2,
        HealthState::Exited => 3,
    }
}

/// The least healthy, the newest of those that are equally so.
pub(super) fn least_healthy(first: Health, others: impl IntoIterator<Item = Health>) -> Health {
    others.into_iter().fold(first, |least, other| {
        let key = |health: &Health| (rank(health.state), health.updated);
        if key(&other) > key(&least) { other } else { least }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    fn health(state: HealthState, seconds: u64) -> Health {
        Health {
            state,
            message: seconds.to_string(),
            updated: SystemTime::UNIX_EPOCH + Duration::from_secs(seconds),
        }
    }

    #[test]
    fn the_worst_counts_and_the_newest_of_equals() {
        use HealthState::{Exited, Healthy, Unhealthy, Unknown};
        let joined = least_healthy(health(Healthy, 1), [health(Unhealthy, 2), health(Healthy, 9)]);
        assert_eq!(joined.message, "2");
        let joined = least_healthy(health(Healthy, 5), [health(Healthy, 7), health(Unknown, 9)]);
        assert_eq!(joined.message, "7");
        assert_eq!(
            least_healthy(health(Unhealthy, 5), [health(Exited, 1)]).message,
            "1"
        );
    }
}
