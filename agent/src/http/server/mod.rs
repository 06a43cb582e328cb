//! How the HTTP server is reached: connections, TLS, authentication, and the `http` block that sets them while it runs.
//!
//! Invariants: the listening socket is bound once, at the start, and no setting closes it; settings that cannot be used leave the old ones in force; nothing
//! that a peer sends is kept without a bound.

mod arguments;
mod auth;
mod block;
mod connections;
#[cfg(test)]
mod tests;
mod tls;

pub(super) use auth::authenticate;
pub(crate) use block::HttpBlock;
pub(super) use connections::serve;

use auth::Auth;
use parking_lot::RwLock;
use std::sync::Arc;
use tls::ServerTls;

/// What the server asks of its peers now.
#[derive(Default)]
struct Settings {
    auth: Option<Auth>,
    tls: Option<ServerTls>,
}

/// The settings of the running server; changed by the `http` block. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Access {
    settings: Arc<RwLock<Arc<Settings>>>,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Access")
    }
}

impl Access {
    fn settings(&self) -> Arc<Settings> {
        self.settings.read().clone()
    }

    fn set(&self, settings: Settings) {
        *self.settings.write() = Arc::new(settings);
    }
}
