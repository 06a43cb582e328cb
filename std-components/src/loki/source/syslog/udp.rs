//! Datagrams. Their senders cannot wait: what does not fit into the queue is lost, counted and told.

use super::Shared;
use super::arguments::Listener;
use super::entries::{Broken, Peer, Reader};
use super::framing::Tide;
use crate::listeners::Lease;
use crate::signals::MAX_BATCH_ENTRIES;
use bytes::Bytes;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Datagrams that wait at the most.
const MAX_WAITING: usize = 4096;

/// Bytes that the kernel is asked to keep for a socket.
const KERNEL_BYTES: usize = 4 * 1024 * 1024;

/// Bytes of a datagram at the most.
const MAX_DATAGRAM: usize = 65_535;

/// How often the kernel's count of what it dropped is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Takes datagrams until the token is cancelled.
pub(super) async fn serve(
    shared: Arc<Shared>,
    socket: Lease<UdpSocket>,
    listener: watch::Receiver<Arc<Listener>>,
    stop: CancellationToken,
) {
    let (queue, waiting) = mpsc::channel(MAX_WAITING);
    let working = tokio::spawn(work(shared.clone(), waiting, listener.clone()));
    receive(&shared, &socket, &listener, queue, &stop).await;
    drop(socket);
    drop(working.await);
}

type Datagram = (IpAddr, Bytes);

async fn receive(
    shared: &Shared,
    socket: &Lease<UdpSocket>,
    listener: &watch::Receiver<Arc<Listener>>,
    queue: mpsc::Sender<Datagram>,
    stop: &CancellationToken,
) {
    let Some(socket) = socket.get() else { return };
    // The kernel gives what it may.
    let _ = socket2::SockRef::from(socket).set_recv_buffer_size(KERNEL_BYTES);
    let mut kernel = KernelDrops::of(socket.local_addr().ok());
    let mut buffer = vec![0; MAX_DATAGRAM];
    let mut look = tokio::time::interval(LOOK_EVERY);
    loop {
        let received = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            received = socket.recv_from(&mut buffer) => received,
            _ = look.tick() => {
                kernel.look(shared);
                continue;
            }
        };
        match received {
            Ok((length, from)) => {
                let most = listener.borrow().max_bytes();
                let data = buffer.get(..length.min(most)).unwrap_or_default();
                if length > most {
                    shared.metrics.truncated.inc();
                    shared.tell("truncated", || {
                        format!(
                            "a datagram of {} is cut off at {most} bytes; raise max_message_length",
                            from.ip()
                        )
                    });
                }
                let datagram = (from.ip().to_canonical(), Bytes::copy_from_slice(data));
                if queue.try_send(datagram).is_err() {
                    shared.drop_one("queue_full", || {
                        "datagrams are lost because the receivers do not take entries fast enough; send over TCP, which waits".into()
                    });
                }
            }
            Err(error) => {
                tracing::warn!(component_id = %shared.id, %error, "failed to read packets");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
    kernel.look(shared);
    // What the kernel has already.
    while let Ok((length, from)) = socket.try_recv_from(&mut buffer) {
        let data = buffer.get(..length).unwrap_or_default();
        if queue
            .try_send((from.ip().to_canonical(), Bytes::copy_from_slice(data)))
            .is_err()
        {
            shared.account().drop(1, "queue_full");
        }
    }
}

/// Makes entries of what waits, as much as there is at once.
async fn work(
    shared: Arc<Shared>,
    mut waiting: mpsc::Receiver<Datagram>,
    mut listener: watch::Receiver<Arc<Listener>>,
) {
    let mut some = Vec::new();
    let mut readers: Vec<(IpAddr, Reader)> = Vec::new();
    while waiting.recv_many(&mut some, MAX_BATCH_ENTRIES).await > 0 {
        let mut entries = Vec::new();
        for (address, data) in some.drain(..) {
            if listener.has_changed().unwrap_or(false) || readers.len() > MAX_PEERS {
                listener.mark_unchanged();
                readers.clear();
            }
            let at = match readers.iter().position(|(known, _)| *known == address) {
                Some(at) => at,
                None => {
                    let name = shared.names.of(address, shared.wants_names()).await;
                    let settings = listener.borrow().clone();
                    readers.push((
                        address,
                        Reader::new(shared.clone(), settings, Peer { address, name }),
                    ));
                    readers.len() - 1
                }
            };
            let Some((_, reader)) = readers.get_mut(at) else {
                continue;
            };
            reader.begin();
            let mut rest = &*data;
            while !rest.is_empty() {
                let (done, read) = reader.take(rest, Tide::Ended, usize::MAX);
                rest = rest.get(done..).unwrap_or_default();
                if let Err(Broken(why)) = read {
                    shared.drop_one("parse_error", || {
                        format!("a datagram of {address} is no message: {why}")
                    });
                    break;
                }
                if done == 0 {
                    break;
                }
            }
            entries.append(&mut reader.entries);
        }
        shared.shipper.ship(entries).await;
    }
}

/// Senders whose settings are kept at the most.
const MAX_PEERS: usize = 128;

/// What the kernel dropped of a socket: the last column of `/proc/net/udp`.
struct KernelDrops {
    /// As the kernel writes it.
    address: Option<String>,
    seen: Option<u64>,
}

impl KernelDrops {
    fn of(address: Option<SocketAddr>) -> Self {
        let word = |bytes: [u8; 4]| format!("{:08X}", u32::from_ne_bytes(bytes));
        let address = address.map(|address| {
            let ip = match address.ip() {
                IpAddr::V4(ip) => word(ip.octets()),
                IpAddr::V6(ip) => ip
                    .octets()
                    .as_chunks::<4>()
                    .0
                    .iter()
                    .map(|chunk| word(*chunk))
                    .collect(),
            };
            format!("{ip}:{:04X}", address.port())
        });
        Self { address, seen: None }
    }

    fn look(&mut self, shared: &Shared) {
        let Some(address) = &self.address else { return };
        let file = match address.len() {
            13 => "/proc/net/udp",
            _ => "/proc/net/udp6",
        };
        let Ok(table) = std::fs::read_to_string(file) else {
            return;
        };
        let Some(now) = drops(&table, address) else { return };
        let lost = now.saturating_sub(self.seen.unwrap_or(now));
        self.seen = Some(now);
        if lost > 0 {
            shared.account().drop(lost, "kernel_buffer_full");
            shared.tell("kernel_buffer_full", || {
                format!("the kernel dropped {lost} datagrams; raise net.core.rmem_max, or send over TCP, which waits")
            });
        }
    }
}

fn drops(table: &str, address: &str) -> Option<u64> {
    let line = table
        .lines()
        .find(|line| line.split_whitespace().nth(1) == Some(address))?;
    line.split_whitespace().next_back()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_count_is_found() {
        let table = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n  512: 0100007F:05EA 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 31337 2 0000000000000000 42\n";
        let address = KernelDrops::of(Some("127.0.0.1:1514".parse().unwrap()))
            .address
            .unwrap();
        assert_eq!(drops(table, &address), Some(42));
        assert_eq!(drops(table, "0100007F:05EB"), None);
        let six = KernelDrops::of(Some("[::1]:1514".parse().unwrap()))
            .address
            .unwrap();
        assert_eq!(six, "00000000000000000000000001000000:05EA");
    }
}
