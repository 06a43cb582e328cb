//! Health: what really happens to a component, as the UI, the API and the controller's metrics tell it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;

/// The reference's states of health.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the reference's")]
pub enum HealthState {
    Unknown,
    Healthy,
    Unhealthy,
    Exited,
}

impl HealthState {
    /// As the API and `alloy_component_controller_running_components{health_type}` spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
            Self::Exited => "exited",
        }
    }
}

/// A component's health.
#[derive(Clone, Debug)]
pub struct Health {
    /// Well or not.
    pub state: HealthState,
    /// Why, in a sentence.
    pub message: String,
    /// Since when.
    pub updated: SystemTime,
}

/// Earlier states of health that are remembered for each cell.
const REMEMBERED: usize = 32;

/// Where a component's health is kept. Clones share it.
#[derive(Clone, Debug)]
pub struct HealthCell {
    health: Arc<parking_lot::Mutex<Remembered>>,
}

/// What it is, and what it was.
#[derive(Debug)]
struct Remembered {
    now: Health,
    /// The oldest first; takes no memory before the first change.
    past: VecDeque<Health>,
}

impl Default for HealthCell {
    fn default() -> Self {
        let health = Health {
            state: HealthState::Unknown,
            message: String::new(),
            updated: SystemTime::now(),
        };
        Self {
            health: Arc::new(parking_lot::Mutex::new(Remembered {
                now: health,
                past: VecDeque::new(),
            })),
        }
    }
}

impl HealthCell {
    /// What it is now.
    pub fn get(&self) -> Health {
        self.health.lock().now.clone()
    }

    /// What it was and is, the oldest first: the last 32 changes and what is now.
    pub fn history(&self) -> Vec<Health> {
        let health = self.health.lock();
        health.past.iter().chain([&health.now]).cloned().collect()
    }

    /// Well, and why. The time moves only when state or message change.
    pub fn healthy(&self, message: impl AsRef<str>) {
        self.set(HealthState::Healthy, message.as_ref());
    }

    /// Not well, and why: name the target and the next step.
    pub fn unhealthy(&self, message: impl AsRef<str>) {
        self.set(HealthState::Unhealthy, message.as_ref());
    }

    /// Any state.
    pub fn set(&self, state: HealthState, message: &str) {
        let mut health = self.health.lock();
        if health.now.state != state || health.now.message != message {
            let now = Health {
                state,
                message: message.into(),
                updated: SystemTime::now(),
            };
            let before = std::mem::replace(&mut health.now, now);
            if health.past.len() == REMEMBERED {
                health.past.pop_front();
            }
            // The moment before the first word is no state that anybody wants to see.
            if before.state != HealthState::Unknown || !before.message.is_empty() {
                health.past.push_back(before);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_remembered_up_to_a_bound() {
        let cell = HealthCell::default();
        cell.healthy("started");
        cell.healthy("started");
        cell.unhealthy("no luck");
        let told: Vec<_> = cell.history().into_iter().map(|health| health.message).collect();
        assert_eq!(told, ["started", "no luck"]);
        for number in 0..100 {
            cell.unhealthy(number.to_string());
        }
        let history = cell.history();
        assert_eq!(history.len(), REMEMBERED + 1);
        assert_eq!(history.last().unwrap().message, "99");
    }
}
