//! Health: what really happens to a component, as the UI, the API and the controller's metrics tell it.

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

/// Where a component's health is kept. Clones share it.
#[derive(Clone, Debug)]
pub struct HealthCell {
    health: Arc<parking_lot::Mutex<Health>>,
}

impl Default for HealthCell {
    fn default() -> Self {
        let health = Health {
            state: HealthState::Unknown,
            message: String::new(),
            updated: SystemTime::now(),
        };
        Self {
            health: Arc::new(parking_lot::Mutex::new(health)),
        }
    }
}

impl HealthCell {
    /// What it is now.
    pub fn get(&self) -> Health {
        self.health.lock().clone()
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
        if health.state != state || health.message != message {
            *health = Health {
                state,
                message: message.into(),
                updated: SystemTime::now(),
            };
        }
    }
}
