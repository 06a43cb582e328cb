//! Asks a peer again and again for what a component exports. The last good answer stays in use until there is another one.

use crate::component::{CancellationToken, Context, RunError};
use crate::http_client::Backoff;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// The wait before a failed poll is tried again; it grows to the time between polls.
const LEAST_RETRY: Duration = Duration::from_secs(1);

/// What is asked, made anew with each change of the arguments.
pub(super) trait Question: Send + Sync + 'static {
    /// What comes back.
    type Answer: Send;

    /// What is said of the last answer where there is no new one.
    const STAYS: &'static str;

    /// How often to ask.
    fn frequency(&self) -> Duration;

    /// Asks once.
    ///
    /// # Errors
    /// Target and reason.
    fn ask(&self) -> impl Future<Output = Result<Self::Answer, String>> + Send;
}

/// The question as it is now.
pub(super) struct Polling<Q> {
    question: Mutex<Arc<Q>>,
    changed: Notify,
}

impl<Q: Question> Polling<Q> {
    /// With a question that the load has asked already.
    pub(super) fn new(question: Arc<Q>) -> Self {
        Self {
            question: Mutex::new(question),
            changed: Notify::new(),
        }
    }

    /// From now on this is asked, at once.
    pub(super) fn update(&self, question: Q) {
        *self.question.lock() = Arc::new(question);
        self.changed.notify_one();
    }

    /// Asks until `stop`.
    pub(super) async fn run<E>(
        &self,
        context: &Context<E>,
        stop: CancellationToken,
        export: impl Fn(&Q, Q::Answer),
    ) -> Result<(), RunError> {
        let mut question = self.question.lock().clone();
        // The first answer came with the load.
        let mut wait = question.frequency();
        let backoff = |most: Duration| Backoff::new(LEAST_RETRY.min(most), most);
        let mut retries = backoff(wait);
        let mut told = None;
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(wait) => {}
                () = self.changed.notified() => {
                    question = self.question.lock().clone();
                    retries = backoff(question.frequency());
                }
            }
            let asked = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                asked = question.ask() => asked,
            };
            match asked {
                Ok(answer) => {
                    told = None;
                    export(&question, answer);
                    wait = question.frequency();
                    retries = backoff(wait);
                }
                Err(reason) => {
                    let reason = format!("polling failed: {reason}; {}, and it is tried again", Q::STAYS);
                    context.health.unhealthy(&reason);
                    if told.as_ref() != Some(&reason) {
                        tracing::error!(component_id = %context.id, "{reason}");
                        told = Some(reason);
                    }
                    wait = retries.next(None);
                }
            }
        }
    }
}
