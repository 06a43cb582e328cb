//! Pools of connections: one for all clients of the process whose settings are the same, built again when a file of its TLS settings changes.
//!
//! A pool with its TLS state costs some 50 KiB before the first connection; a configuration with hundreds of endpoints mostly has one kind of settings.
//! Authorisation is not a pool's: it goes with each request.

use super::arguments::{ProxyArguments, TlsArguments};
use super::client::{USER_AGENT, secret_headers};
use super::files::{Stamp, stamp};
use super::{HttpError, tls};
use parking_lot::Mutex;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// How long an unused connection is kept.
const IDLE: Duration = Duration::from_secs(300);

/// Connections to a server that wait for the next request at the most: each costs some 35 KiB, and hundreds of container logs may have been followed at once.
const MAX_IDLE: usize = 32;

/// How long a connection may take to come about, however long the request may.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// What decides which pool a client has.
#[derive(Clone, PartialEq)]
struct Settings {
    tls: Option<TlsArguments>,
    proxy: ProxyArguments,
    follow_redirects: bool,
    http2: bool,
    socket: Option<PathBuf>,
}

/// A pool with what it was built of.
struct Pool {
    settings: Settings,
    /// Of the settings' files, when it was built.
    stamps: Vec<Option<Stamp>>,
    client: reqwest::Client,
}

/// The pools that are in use. Never more than there are clients: what nobody holds is left out at the next addition.
static POOLS: Mutex<Vec<Weak<Pool>>> = Mutex::new(Vec::new());

/// A client's pool.
pub(super) struct Connections {
    files: Vec<PathBuf>,
    pool: Mutex<Arc<Pool>>,
}

impl Connections {
    /// # Errors
    /// A certificate's file that cannot be read; settings that do not fit one another.
    pub(super) fn new(
        tls: Option<&TlsArguments>,
        proxy: &ProxyArguments,
        follow_redirects: bool,
        http2: bool,
        socket: Option<&Path>,
    ) -> Result<Self, HttpError> {
        let settings = Settings {
            // An empty block asks for nothing that its absence does not.
            tls: tls.filter(|tls| **tls != TlsArguments::default()).cloned(),
            proxy: proxy.clone(),
            follow_redirects,
            http2,
            socket: socket.map(Path::to_owned),
        };
        let files = settings.tls.as_ref().map(tls::files_of).unwrap_or_default();
        let stamps = files.iter().map(|file| stamp(file)).collect();
        Ok(Self {
            files,
            pool: Mutex::new(pool(&settings, stamps)?),
        })
    }

    /// The pool as its files are now.
    ///
    /// # Errors
    /// A file that cannot be used any more.
    pub(super) fn get(&self) -> Result<reqwest::Client, HttpError> {
        let mut current = self.pool.lock();
        if !self.files.is_empty() {
            let stamps: Vec<_> = self.files.iter().map(|file| stamp(file)).collect();
            if current.stamps != stamps {
                *current = pool(&current.settings, stamps)?;
            }
        }
        Ok(current.client.clone())
    }
}

/// The pool with these settings, which others may have, too.
fn pool(settings: &Settings, stamps: Vec<Option<Stamp>>) -> Result<Arc<Pool>, HttpError> {
    let find = |pools: &[Weak<Pool>]| {
        let mut used = pools.iter().filter_map(Weak::upgrade);
        used.find(|pool| pool.settings == *settings && pool.stamps == stamps)
    };
    if let Some(known) = find(&POOLS.lock()) {
        return Ok(known);
    }
    // Without the lock: certificates are read.
    let client = build(settings)?;
    let mut pools = POOLS.lock();
    if let Some(known) = find(&pools) {
        return Ok(known);
    }
    let pool = Arc::new(Pool {
        settings: settings.clone(),
        stamps,
        client,
    });
    pools.retain(|pool| pool.strong_count() > 0);
    pools.push(Arc::downgrade(&pool));
    Ok(pool)
}

fn build(settings: &Settings) -> Result<reqwest::Client, HttpError> {
    let proxy = &settings.proxy;
    let mut builder = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(MAX_IDLE)
        .connect_timeout(CONNECT_TIMEOUT)
        .tls_backend_preconfigured(tls::configuration(settings.tls.as_ref(), settings.http2)?);
    if !settings.http2 {
        builder = builder.http1_only();
    }
    if !settings.follow_redirects {
        builder = builder.redirect(reqwest::redirect::Policy::none());
    }
    if let Some(socket) = &settings.socket {
        builder = builder.no_proxy().unix_socket(socket.clone());
    } else if let Some(url) = &proxy.proxy_url {
        let list = proxy.no_proxy.as_deref().and_then(reqwest::NoProxy::from_string);
        let headers = secret_headers("proxy_connect_header", proxy.proxy_connect_header.as_ref())?;
        let through = reqwest::Proxy::all(url.reveal().clone())?
            .no_proxy(list)
            .headers(headers);
        builder = builder.no_proxy().proxy(through);
    } else if !proxy.from_environment() {
        builder = builder.no_proxy();
    }
    Ok(builder.build()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_with_equal_settings_share_a_pool_and_others_do_not() {
        let new = |http2| Connections::new(None, &ProxyArguments::default(), true, http2, None).unwrap();
        let (one, two, other) = (new(true), new(true), new(false));
        assert!(Arc::ptr_eq(&one.pool.lock(), &two.pool.lock()));
        assert!(!Arc::ptr_eq(&one.pool.lock(), &other.pool.lock()));
    }
}
