//! Follows the log of one container: over broken connections, over restarts of the container and of the daemon, until the container is gone.

use super::batches::{Batches, Sink, StreamLabels};
use super::place::{Place, Resuming};
use super::stream::{Decoder, Told};
use crate::component::CancellationToken;
use crate::docker::{ApiError, Daemon, State};
use crate::http_client::{Backoff, HttpError, Seldom};
use crate::loki::source::file::positions::{Key, Positions};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};
use tokio::sync::Notify;
use tokio::time::Instant;

/// How soon a container that does not run, or whose log has ended, is looked at again.
const LOOK: Duration = Duration::from_secs(5);

/// The waits before a broken stream is opened again.
const RETRY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// How long lines wait for more lines that go with them.
const LINGER: Duration = Duration::from_millis(50);

/// How long the daemon may take for an answer.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);

/// How long a stop waits for what is on its way; what is not acknowledged by then is read again after the next start.
pub(super) const DRAIN: Duration = Duration::from_secs(5);

/// What is known of a container's log.
#[derive(Debug)]
pub(super) struct Info {
    pub(super) key: Key,
    pub(super) is_running: AtomicBool,
    pub(super) error: Mutex<Option<String>>,
}

/// What the tails of a component share.
pub(super) struct Shared {
    pub(super) component_id: String,
    pub(super) daemon: Daemon,
    pub(super) sink: Arc<Sink>,
    pub(super) positions: Arc<Mutex<Positions>>,
    /// Positions have moved.
    pub(super) moved: Arc<Notify>,
    /// A container fares otherwise than before.
    pub(super) news: Arc<Notify>,
    /// How long a stream may be quiet until the container is looked at.
    pub(super) quiet: Duration,
}

/// How a tail ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum End {
    /// It was told to.
    Stopped,
    /// There is no such container any more, and everything of it has been taken.
    Gone,
}

/// How a stream ended.
enum Broke {
    Stopped,
    /// As it should: the container does not run, or the daemon ended.
    Ended,
    /// A receiver did not take lines.
    Untaken,
    Gone,
    Failed(String),
}

/// Follows one container.
pub(super) struct Tail {
    pub(super) shared: Arc<Shared>,
    pub(super) container: Arc<str>,
    pub(super) info: Arc<Info>,
    pub(super) batches: Batches,
    pub(super) untimed: Seldom,
}

impl Tail {
    pub(super) fn new(
        shared: Arc<Shared>,
        container: Arc<str>,
        info: Arc<Info>,
        labels: StreamLabels,
        place: Option<Place>,
    ) -> Self {
        Self {
            batches: Batches::new(shared.sink.clone(), container.clone(), labels, place),
            shared,
            container,
            info,
            untimed: Seldom::default(),
        }
    }

    /// Follows until `stop`, or until the container is gone.
    pub(super) async fn run(mut self, stop: CancellationToken) -> End {
        let mut backoff = Backoff::new(RETRY.0, RETRY.1);
        // When the container that does not run ended, if its log has been read since.
        let mut read_through: Option<String> = None;
        let mut is_gone = false;
        while !stop.is_cancelled() && !is_gone {
            let before = self.batches.committed().cloned();
            let wait = match self.once(&stop, &mut read_through).await {
                Broke::Stopped => break,
                Broke::Gone => {
                    is_gone = true;
                    Duration::ZERO
                }
                Broke::Ended => {
                    self.fares(None);
                    LOOK
                }
                Broke::Untaken => backoff.next(None),
                Broke::Failed(reason) => {
                    self.shared.sink.metrics.broken_streams.inc();
                    self.fares(Some(reason));
                    if self.batches.committed() != before.as_ref() {
                        backoff = Backoff::new(RETRY.0, RETRY.1);
                    }
                    backoff.next(None)
                }
            };
            self.info.is_running.store(false, Ordering::Relaxed);
            self.shared.news.notify_one();
            self.batches.seal();
            if !self.land(&stop).await {
                break;
            }
            // What was not taken is read again, what was read and taken is not.
            let untaken = self.batches.rewind();
            if untaken > 0 {
                read_through = None;
                if is_gone {
                    self.lost(untaken);
                }
            }
            if !is_gone {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(wait) => {}
                }
            }
        }
        self.info.is_running.store(false, Ordering::Relaxed);
        if is_gone && self.batches.have_landed() {
            return End::Gone;
        }
        self.batches.forget_unsent();
        let deadline = Instant::now() + DRAIN;
        while !self.batches.have_landed() {
            match tokio::time::timeout_at(deadline, self.batches.work()).await {
                Ok(true) => self.moved(),
                Ok(false) => {}
                Err(_) => break,
            }
        }
        End::Stopped
    }

    /// Lines were not taken, and their container is gone.
    fn lost(&self, lines: u64) {
        self.shared.sink.metrics.lost.inc_by(lines);
        tracing::error!(
            component_id = self.shared.component_id,
            container = &*self.container,
            "{lines} lines of the container's log were not taken by a receiver and cannot be read again, as the container is gone"
        );
    }

    /// Waits until everything that was read has landed. False when it is told to stop meanwhile.
    async fn land(&mut self, stop: &CancellationToken) -> bool {
        while !self.batches.have_landed() {
            let moved = tokio::select! {
                () = stop.cancelled() => return false,
                moved = self.batches.work() => moved,
            };
            if moved {
                self.moved();
            }
        }
        true
    }

    /// Opens the log once and reads it to its end.
    async fn once(&mut self, stop: &CancellationToken, read_through: &mut Option<String>) -> Broke {
        let opened = tokio::select! {
            () = stop.cancelled() => return Broke::Stopped,
            opened = tokio::time::timeout(TIMEOUT, self.open(read_through.as_deref())) => opened,
        };
        let (state, answer, decoder) = match opened {
            Ok(Ok(Some(opened))) => opened,
            Ok(Ok(None)) => return Broke::Ended,
            Ok(Err(ApiError::NotFound(_))) => return Broke::Gone,
            Ok(Err(ApiError::Failed(reason))) => return Broke::Failed(reason),
            Err(_) => {
                return Broke::Failed(format!(
                    "{} does not answer within {TIMEOUT:?}; check the daemon",
                    self.shared.daemon.shown()
                ));
            }
        };
        self.info.is_running.store(true, Ordering::Relaxed);
        self.fares(None);
        let broke = self.follow(stop, answer, decoder, &state).await;
        if matches!(broke, Broke::Ended) && !state.running {
            *read_through = Some(state.finished_at);
        }
        broke
    }

    /// Opens the log; `None` where there is nothing new in it.
    async fn open(
        &mut self,
        read_through: Option<&str>,
    ) -> Result<Option<(State, reqwest::Response, Decoder)>, ApiError> {
        let daemon = &self.shared.daemon;
        let container = daemon.inspect(&self.container).await?;
        let state = container.state;
        if !state.running && read_through == Some(state.finished_at.as_str()) {
            return Ok(None);
        }
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = i64::try_from(now.unwrap_or_default().as_nanos()).unwrap_or(i64::MAX);
        let since = self.batches.committed().map_or(0, |place| place.since(now));
        let since = since.to_string();
        let answer = daemon.logs(&self.container, &since).await?;
        Ok(Some((state, answer, Decoder::new(container.config.tty))))
    }

    /// Reads a stream to its end.
    async fn follow(
        &mut self,
        stop: &CancellationToken,
        mut answer: reqwest::Response,
        mut decoder: Decoder,
        state: &State,
    ) -> Broke {
        let mut resume = Resuming::behind(self.batches.committed());
        let mut linger: Option<Instant> = None;
        let mut look_at = Instant::now() + self.shared.quiet;
        loop {
            if self.batches.has_failed() {
                return Broke::Untaken;
            }
            let may_read = self.batches.is_sent();
            let lingers = linger.filter(|_| self.batches.has_open());
            let chunk = tokio::select! {
                biased;
                () = stop.cancelled() => return Broke::Stopped,
                moved = self.batches.work() => {
                    if moved {
                        self.moved();
                    }
                    continue;
                }
                chunk = answer.chunk(), if may_read => chunk,
                () = tokio::time::sleep_until(lingers.unwrap_or(look_at)), if lingers.is_some() => {
                    self.batches.seal();
                    linger = None;
                    continue;
                }
                () = tokio::time::sleep_until(look_at), if may_read => {
                    if let Some(broke) = self.look(state).await {
                        return broke;
                    }
                    look_at = Instant::now() + self.shared.quiet;
                    continue;
                }
            };
            look_at = Instant::now() + self.shared.quiet;
            match chunk {
                Ok(Some(chunk)) => {
                    if !self.batches.has_open() {
                        linger = Some(Instant::now() + LINGER);
                    }
                    let mut told = Vec::new();
                    let fed = decoder.feed(&chunk, |one| told.push(one));
                    self.take(told, &mut resume);
                    if let Err(reason) = fed {
                        return Broke::Failed(format!(
                            "the log of container {} at {}: {reason}; check that host is a Docker daemon",
                            self.container,
                            self.shared.daemon.shown()
                        ));
                    }
                }
                Ok(None) => {
                    let mut told = Vec::new();
                    decoder.finish(|one| told.push(one));
                    self.take(told, &mut resume);
                    return Broke::Ended;
                }
                Err(error) => {
                    return Broke::Failed(format!(
                        "the log of container {} at {} broke off: {}; it is opened again behind the last line",
                        self.container,
                        self.shared.daemon.shown(),
                        HttpError::from(error)
                    ));
                }
            }
        }
    }

    fn take(&mut self, told: Vec<Told>, resume: &mut Resuming) {
        let metrics = &self.shared.sink.metrics;
        for one in told {
            let text = match one {
                Told::Line(line) => {
                    let is_new = resume.is_new(line.stream, line.time, line.goes_on);
                    if is_new {
                        self.batches.push(line);
                    }
                    continue;
                }
                Told::Untimed(text) => {
                    metrics.parsing_errors.inc();
                    format!("a line without a time is skipped: {text:.200}")
                }
                Told::Daemon(text) => {
                    metrics.parsing_errors.inc();
                    format!("the daemon says {text:.200}")
                }
            };
            if self.untimed.now().is_some() {
                tracing::warn!(
                    component_id = self.shared.component_id,
                    container = &*self.container,
                    "in the log of the container, {text}"
                );
            }
        }
    }

    /// Looks whether a container of which nothing comes is still the one that the stream is of.
    async fn look(&mut self, state: &State) -> Option<Broke> {
        let looked = tokio::time::timeout(TIMEOUT, self.shared.daemon.inspect(&self.container)).await;
        match looked {
            Ok(Ok(now)) if now.state.started_at == state.started_at => None,
            // The stream should have ended, and has not.
            Ok(Ok(_)) => Some(Broke::Ended),
            Ok(Err(ApiError::NotFound(_))) => Some(Broke::Gone),
            Ok(Err(ApiError::Failed(reason))) => Some(Broke::Failed(reason)),
            Err(_) => Some(Broke::Failed(format!(
                "{} does not answer within {TIMEOUT:?}; check the daemon",
                self.shared.daemon.shown()
            ))),
        }
    }

    /// Stores how far everything has been taken.
    fn moved(&self) {
        if let Some(place) = self.batches.committed() {
            let (seconds, detail) = place.to_stored();
            self.shared
                .positions
                .lock()
                .set_cursor(&self.info.key, seconds, detail);
            self.shared.moved.notify_one();
        }
    }

    /// What is wrong with it, told once.
    fn fares(&self, error: Option<String>) {
        let mut known = self.info.error.lock();
        if *known == error {
            return;
        }
        if let Some(error) = &error {
            tracing::warn!(
                component_id = self.shared.component_id,
                container = &*self.container,
                "{error}; it is tried again"
            );
        }
        *known = error;
        drop(known);
        self.shared.news.notify_one();
    }
}
