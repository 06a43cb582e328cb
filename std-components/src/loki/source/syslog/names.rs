//! The names of senders, by the system's resolver.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Names that are kept at the most.
const MAX_NAMES: usize = 128;

/// How long a resolver may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The names of senders.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: Mutex<HashMap<IpAddr, Arc<str>>>,
}

impl Names {
    /// The name of an address; empty where it has none, or where it is not wanted.
    pub(super) async fn of(&self, address: IpAddr, is_wanted: bool) -> Arc<str> {
        if !is_wanted {
            return "".into();
        }
        if let Some(name) = self.known.lock().get(&address) {
            return name.clone();
        }
        let look = tokio::task::spawn_blocking(move || dns_lookup::lookup_addr(&address).ok());
        let found = tokio::time::timeout(PATIENCE, look).await;
        let name = found.ok().and_then(Result::ok).flatten().unwrap_or_default();
        // A resolver without a name for it gives the address itself.
        let name: Arc<str> = match name.parse::<IpAddr>() {
            Ok(_) => "".into(),
            Err(_) => name.into(),
        };
        let mut known = self.known.lock();
        if known.len() >= MAX_NAMES {
            known.clear();
        }
        known.insert(address, name.clone());
        name
    }
}
