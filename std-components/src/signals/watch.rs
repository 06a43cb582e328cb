//! Those who watch what flows through a component: bounded streams of texts that never make the component wait.

use parking_lot::Mutex;
use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::mpsc;

/// Items that wait for one who watches, at the most.
pub const MAX_WAITING: usize = 1000;

/// Streams of one component at the same time, at the most.
pub const MAX_STREAMS: usize = 16;

/// Bytes of an item at the most; the rest is cut off.
pub const MAX_TOLD_BYTES: usize = 16 * 1024;

/// Why there is nothing to watch. The first three texts are the reference's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WatchError {
    /// The configuration does not allow it.
    #[error("the live debugging service is disabled. Check the documentation to find out how to enable it")]
    Disabled,
    /// There is no such component.
    #[error("component not found")]
    Unknown,
    /// The component has no data that could be shown.
    #[error("the component does not support live debugging")]
    Nothing,
    /// Too many watch already.
    #[error("{MAX_STREAMS} streams watch this component already; close one of them")]
    TooMany,
}

struct Watcher {
    sender: mpsc::Sender<Arc<str>>,
    probability: f64,
    dropped: Arc<AtomicU64>,
}

/// Those who watch one component.
pub(super) struct Watchers {
    /// Whether there is one: all that is looked at when nobody watches.
    any: Arc<AtomicBool>,
    all: Mutex<Vec<Watcher>>,
    /// Of all components together.
    dropped: Arc<AtomicU64>,
}

impl Watchers {
    pub(super) fn new(dropped: Arc<AtomicU64>) -> Self {
        Self {
            any: Arc::default(),
            all: Mutex::default(),
            dropped,
        }
    }

    pub(super) fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    pub(super) fn end(&self) {
        let mut all = self.all.lock();
        all.clear();
        self.any.store(false, Ordering::Relaxed);
    }

    pub(super) fn add(&self, probability: f64) -> Result<Stream, WatchError> {
        let mut all = self.all.lock();
        all.retain(|watcher| !watcher.sender.is_closed());
        if all.len() >= MAX_STREAMS {
            return Err(WatchError::TooMany);
        }
        let (sender, receiver) = mpsc::channel(MAX_WAITING);
        let dropped = Arc::new(AtomicU64::new(0));
        all.push(Watcher {
            sender,
            probability,
            dropped: dropped.clone(),
        });
        self.any.store(true, Ordering::Relaxed);
        Ok(Stream { receiver, dropped })
    }

    pub(super) fn tell(&self, item: fmt::Arguments<'_>) {
        let mut told: Option<Arc<str>> = None;
        let mut all = self.all.lock();
        all.retain(|watcher| {
            if watcher.probability < 1.0 && fastrand::f64() >= watcher.probability {
                return !watcher.sender.is_closed();
            }
            match watcher.sender.try_reserve() {
                Ok(room) => {
                    room.send(told.get_or_insert_with(|| write(item)).clone());
                    true
                }
                Err(mpsc::error::TrySendError::Full(())) => {
                    watcher.dropped.fetch_add(1, Ordering::Relaxed);
                    self.dropped.fetch_add(1, Ordering::Relaxed);
                    true
                }
                Err(mpsc::error::TrySendError::Closed(())) => false,
            }
        });
        if all.is_empty() {
            self.any.store(false, Ordering::Relaxed);
        }
    }
}

/// Writes an item, as far as there is room.
struct Bounded(String);

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = MAX_TOLD_BYTES.saturating_sub(self.0.len());
        if text.len() <= room {
            self.0.push_str(text);
            return Ok(());
        }
        let end = (0..=room)
            .rev()
            .find(|&at| text.is_char_boundary(at))
            .unwrap_or(0);
        self.0.push_str(text.get(..end).unwrap_or(""));
        self.0.push('…');
        Err(fmt::Error)
    }
}

fn write(item: fmt::Arguments<'_>) -> Arc<str> {
    let mut text = Bounded(String::new());
    // An error says that it was cut off.
    let _ = text.write_fmt(item);
    text.0.into()
}

/// What one who watches gets.
#[derive(Debug)]
pub struct Stream {
    receiver: mpsc::Receiver<Arc<str>>,
    dropped: Arc<AtomicU64>,
}

impl Stream {
    /// The next item; `None` when the component is gone or watching was forbidden.
    pub async fn next(&mut self) -> Option<Arc<str>> {
        self.receiver.recv().await
    }

    /// An item that already waits, if any.
    pub fn try_next(&mut self) -> Option<Arc<str>> {
        self.receiver.try_recv().ok()
    }

    /// How many items were dropped since it was last asked.
    pub fn take_dropped(&self) -> u64 {
        self.dropped.swap(0, Ordering::Relaxed)
    }
}
