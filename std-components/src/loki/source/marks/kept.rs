//! The marks of a component on disk: a file that is written every second, and its journal, which holds what has moved meanwhile.

use crate::component::BuildError;
use crate::http_client::Seldom;
use crate::loki::source::file::positions::Positions;
use parking_lot::Mutex;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How often the file is written.
const SAVE_EVERY: Duration = Duration::from_secs(1);

/// The marks of a component.
pub(in crate::loki::source) struct Kept {
    component: Arc<str>,
    /// What would come twice, for messages: `lines`.
    what: &'static str,
    pub(in crate::loki::source) positions: Mutex<Positions>,
    /// One of them has moved.
    moved: Notify,
    saved: Mutex<Instant>,
    failures: Seldom,
}

impl Kept {
    /// Those of the file in a component's folder. A file that is damaged is logged, with what happens then.
    ///
    /// # Errors
    /// A file that exists and cannot be read.
    pub(in crate::loki::source) fn load(
        component: Arc<str>,
        folder: &Path,
        what: &'static str,
        without: &str,
    ) -> Result<Self, BuildError> {
        let positions = Positions::load(folder.join("positions.yml"), None).map_err(BuildError::new)?;
        if let Some(damage) = positions.damage() {
            tracing::error!(component_id = &*component, "{damage}; {without}");
        }
        Ok(Self {
            component,
            what,
            positions: Mutex::new(positions),
            moved: Notify::new(),
            saved: Mutex::new(Instant::now()),
            failures: Seldom::default(),
        })
    }

    /// Something has moved.
    pub(in crate::loki::source) fn have_moved(&self) {
        self.moved.notify_one();
    }

    /// Waits until something is to be written, and writes it. `before` is called before the file is written.
    pub(in crate::loki::source) async fn work(self: &Arc<Self>, before: impl FnOnce()) {
        let due = *self.saved.lock() + SAVE_EVERY;
        let is_due = tokio::select! {
            () = self.moved.notified() => due <= Instant::now(),
            () = tokio::time::sleep_until(due.into()) => true,
        };
        if is_due {
            *self.saved.lock() = Instant::now();
            before();
        }
        self.save(is_due).await;
    }

    /// Writes them: `whole` the file, otherwise what has moved to the journal.
    pub(in crate::loki::source) async fn save(self: &Arc<Self>, whole: bool) {
        let kept = self.clone();
        let save = move || {
            let mut positions = kept.positions.lock();
            if !whole {
                return positions.note();
            }
            if let Err(error) = positions.save()
                && let Some(more) = kept.failures.now()
            {
                tracing::error!(
                    component_id = &*kept.component,
                    more,
                    "the positions file cannot be written ({error}); after a crash {} would arrive twice: free space or let the agent's user write below --storage.path",
                    kept.what
                );
            }
        };
        // Only a runtime that shuts down does not run it.
        drop(tokio::task::spawn_blocking(save).await);
    }
}
