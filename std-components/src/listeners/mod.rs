//! The sockets that components listen on, kept for the process: a component that is renamed or moved hands its socket to its successor instead of closing
//! it, so that nobody who connects meanwhile is refused.
//!
//! A component asks in its `run` for an address and gets a [`Lease`]; it drops the lease as soon as it is told to stop. Who asks for an address that
//! another component still holds waits for that. A socket that is given back stays open for [`PARKED`]; what connects in that time waits in the kernel's
//! queue for the successor. Invariant: an address has one holder.

#[cfg(test)]
mod tests;
pub mod tls;

use parking_lot::Mutex;
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::Notify;
use tokio::time::Instant;

/// How long a socket that nobody holds stays open for a successor.
pub const PARKED: Duration = Duration::from_secs(1);

/// How long a component waits for an address that another one holds: a reload starts the new before the old has ended.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Another component of this process listens there and goes on to.
    #[error("cannot listen on {address}: {owner} listens there; choose another address for one of them")]
    Held {
        /// The address.
        address: SocketAddr,
        /// Who listens.
        owner: String,
    },
    /// The system refuses it.
    #[error("cannot listen on {address}: {error}; stop what uses it, or choose another address")]
    System {
        /// The address.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
}

/// A kind of socket that can be handed over.
pub trait Socket: Send + Sized + 'static {
    /// Opens one. Port 0 lets the system choose.
    fn bind(address: SocketAddr) -> impl Future<Output = io::Result<Self>> + Send;
}

impl Socket for TcpListener {
    fn bind(address: SocketAddr) -> impl Future<Output = io::Result<Self>> + Send {
        TcpListener::bind(address)
    }
}

impl Socket for UdpSocket {
    fn bind(address: SocketAddr) -> impl Future<Output = io::Result<Self>> + Send {
        UdpSocket::bind(address)
    }
}

/// All sockets that components listen on. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Listeners {
    tcp: Arc<Sockets<TcpListener>>,
    udp: Arc<Sockets<UdpSocket>>,
}

impl Listeners {
    /// Listens for connections; `owner` is the component's id. Has to be called inside a tokio runtime.
    ///
    /// # Errors
    /// See [`ListenError`].
    pub async fn tcp(&self, owner: &str, address: SocketAddr) -> Result<Lease<TcpListener>, ListenError> {
        self.tcp.lease(owner, address).await
    }

    /// Listens for datagrams; `owner` is the component's id. Has to be called inside a tokio runtime.
    ///
    /// # Errors
    /// See [`ListenError`].
    pub async fn udp(&self, owner: &str, address: SocketAddr) -> Result<Lease<UdpSocket>, ListenError> {
        self.udp.lease(owner, address).await
    }
}

/// The sockets of a kind, by the address that was asked for.
struct Sockets<S> {
    places: Mutex<HashMap<SocketAddr, Place<S>>>,
    freed: Notify,
}

enum Place<S> {
    /// Somebody listens, or is about to.
    Held { owner: String },
    /// Nobody does; closed by the task with this number unless somebody takes it.
    Parked { socket: S, number: u64 },
}

impl<S> Default for Sockets<S> {
    fn default() -> Self {
        Self {
            places: Mutex::default(),
            freed: Notify::new(),
        }
    }
}

impl<S> fmt::Debug for Sockets<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.places.lock().keys()).finish()
    }
}

/// A socket that its holder listens on; given back when it is dropped.
pub struct Lease<S: Socket> {
    /// `None` only until it is bound.
    socket: Option<S>,
    /// What was asked for; `None` where the system chose the port, which nobody can ask for again.
    address: Option<SocketAddr>,
    sockets: Arc<Sockets<S>>,
}

impl<S: Socket> Lease<S> {
    /// The socket.
    pub fn get(&self) -> Option<&S> {
        self.socket.as_ref()
    }
}

impl Lease<TcpListener> {
    /// The next connection.
    ///
    /// # Errors
    /// As [`TcpListener::accept`].
    pub async fn accept(&self) -> io::Result<(tokio::net::TcpStream, SocketAddr)> {
        match &self.socket {
            Some(socket) => socket.accept().await,
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

impl<S: Socket> fmt::Debug for Lease<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lease({:?})", self.address)
    }
}

impl<S: Socket> Sockets<S> {
    async fn lease(self: &Arc<Self>, owner: &str, address: SocketAddr) -> Result<Lease<S>, ListenError> {
        let mut lease = Lease {
            socket: None,
            address: None,
            sockets: self.clone(),
        };
        if address.port() != 0 {
            lease.socket = self.take(owner, address).await?;
            // From here on the place is the lease's, whatever happens.
            lease.address = Some(address);
        }
        if lease.socket.is_none() {
            let bound = S::bind(address).await;
            lease.socket = Some(bound.map_err(|error| ListenError::System { address, error })?);
        }
        Ok(lease)
    }

    /// Makes the place of an address the owner's; with the socket, where there is one that nobody holds.
    async fn take(&self, owner: &str, address: SocketAddr) -> Result<Option<S>, ListenError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            // Listens before it looks, so that nothing that is freed in between is missed.
            let freed = self.freed.notified();
            tokio::pin!(freed);
            freed.as_mut().enable();
            let holder = {
                let mut places = self.places.lock();
                match places.get(&address) {
                    Some(Place::Held { owner }) => owner.clone(),
                    _ => {
                        let place = Place::Held { owner: owner.into() };
                        return Ok(match places.insert(address, place) {
                            Some(Place::Parked { socket, .. }) => Some(socket),
                            _ => None,
                        });
                    }
                }
            };
            if tokio::time::timeout_at(deadline, freed).await.is_err() {
                return Err(ListenError::Held {
                    address,
                    owner: holder,
                });
            }
        }
    }

    fn give_back(self: &Arc<Self>, address: SocketAddr, socket: Option<S>) {
        let mut places = self.places.lock();
        places.remove(&address);
        // Outside of a runtime there is nobody to close it later.
        if let (Some(socket), Ok(runtime)) = (socket, tokio::runtime::Handle::try_current()) {
            static NUMBERS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
            let number = NUMBERS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            places.insert(address, Place::Parked { socket, number });
            let sockets = Arc::downgrade(self);
            runtime.spawn(async move {
                tokio::time::sleep(PARKED).await;
                let Some(sockets) = sockets.upgrade() else { return };
                let mut places = sockets.places.lock();
                if matches!(places.get(&address), Some(Place::Parked { number: now, .. }) if *now == number) {
                    places.remove(&address);
                }
            });
        }
        drop(places);
        self.freed.notify_waiters();
    }
}

impl<S: Socket> Drop for Lease<S> {
    fn drop(&mut self) {
        if let Some(address) = self.address {
            self.sockets.give_back(address, self.socket.take());
        }
    }
}
