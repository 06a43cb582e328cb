//! Follows the log of one container, over breaks of the connection and restarts of the container.
//!
//! An attempt asks how the container fares, reads what a former run has left, and follows the present one. Every line that is handed on moves
//! [`Tail::read`]; only what every receiver has taken moves the stored position. What was not taken is read again.

mod stream;

use self::stream::{broken, more};
use super::desk::{Desk, Info};
use super::lines::Lines;
use super::pace::Pace;
use super::pods::{Part, Pods, State, Stream};
use super::target::Place;
use crate::component::CancellationToken;
use crate::http_client::Backoff;
use crate::kubernetes::Problem;
use crate::loki::source::marks::{Mark, Sent, Stopped};
use crate::loki::source::now;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;

/// Waits after an error.
const RETRY: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(60));

/// Waits for a container to start, or to start again: it must not run and end unseen twice meanwhile.
const WAIT: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// How long a stream is followed before it is opened anew (some API servers stop sending and say nothing); up to a tenth less, so that not all are opened at once.
const LIFETIME: Duration = Duration::from_secs(3600);

/// How long after a container's end its last lines may come, and the API may still call it running.
const SETTLE: Duration = Duration::from_secs(1);

/// Of a target that is not wanted any more the stream is read until it has been silent for this long, as a pod's last lines come when it is deleted.
const LEAVING_SILENCE: Duration = Duration::from_secs(1);

/// And at the most for this long.
const LEAVING: Duration = Duration::from_secs(10);

/// How long a target may outlive its pod before that is worth a word: discovery tells what has changed every few seconds.
const STALE: Duration = Duration::from_secs(30);

/// How long the opening of a stream counts as such: a quiet container's stream begins with its first line.
const OPENING: Duration = Duration::from_millis(500);

/// How an attempt ended.
enum End {
    /// The stream has ended or its time is over: to be opened anew.
    Again,
    /// Nothing to read until the container starts.
    Waits,
    /// All of the log is read, and nothing will follow.
    Finished,
    /// Nobody wants it any more.
    Left,
}

/// How a stream ended.
enum Over {
    /// By itself.
    Ended,
    /// Its time was over, or what was sent has not been taken.
    Broken,
    /// Nobody wants more of it.
    Left,
}

/// Why an attempt ended before its time.
enum Failure {
    Stopped,
    /// Nobody wants the log any more, and no stream is open.
    Left,
    /// Another server is to be asked, or this one has said nothing for too long.
    Stale,
    Failed {
        text: String,
        /// `None` of a stream that breaks off.
        problem: Option<Problem>,
    },
}

impl From<Stopped> for Failure {
    fn from(Stopped: Stopped) -> Self {
        Self::Stopped
    }
}

impl From<crate::kubernetes::ApiError> for Failure {
    fn from(error: crate::kubernetes::ApiError) -> Self {
        Self::Failed {
            problem: Some(error.problem),
            text: error.to_string(),
        }
    }
}

/// The tail of a container.
pub(super) struct Tail {
    desk: Arc<Desk>,
    info: Arc<Info>,
    place: Place,
    /// The target is gone.
    leaving: CancellationToken,
    /// Behind the last line that was handed on.
    read: Option<Mark>,
    sent: Sent<Mark>,
    /// The run whose stream has ended by itself while it was running.
    ended_run: Option<Arc<str>>,
    /// The pod may not be looked at.
    is_restricted: bool,
    /// Whether the last stream held the line that it was resumed behind.
    has_met: bool,
    /// The run of which all is read.
    complete: Option<Arc<str>>,
    /// Lines have come since the last wait.
    has_read: bool,
    /// Whether the first piece of a long line was new.
    piece: Option<bool>,
    pace: Pace,
    /// Since when the pod is gone.
    missing: Option<Instant>,
}

impl Tail {
    pub(super) fn new(
        desk: Arc<Desk>,
        info: Arc<Info>,
        stop: CancellationToken,
        leaving: CancellationToken,
    ) -> Self {
        let (place, key) = {
            let wanted = info.wanted.lock();
            (wanted.place.clone(), wanted.key())
        };
        let stored = desk.stored(&key);
        let store = {
            let (desk, info) = (desk.clone(), info.clone());
            move |mark: &Mark| desk.store(&info, mark)
        };
        let (budget, account) = (desk.budget.clone(), desk.metrics.account.clone());
        Self {
            desk,
            info,
            place,
            leaving,
            sent: Sent::behind(stored.clone(), stop, budget, account, store),
            read: stored,
            ended_run: None,
            is_restricted: false,
            has_met: false,
            complete: None,
            has_read: false,
            piece: None,
            pace: Pace::default(),
            missing: None,
        }
    }

    /// Runs until the log has ended, nobody wants it, or the component stops; what is on its way has landed then.
    pub(super) async fn run(mut self) {
        tracing::debug!(component_id = &*self.desk.component, target = %self.place, "tailer running");
        self.desk.metrics.active.inc();
        let mut errors = Backoff::new(RETRY.0, RETRY.1);
        let mut waits = Backoff::new(WAIT.0, WAIT.1);
        loop {
            let end = self.attempt().await;
            if std::mem::take(&mut self.has_read) {
                errors = Backoff::new(RETRY.0, RETRY.1);
                waits = Backoff::new(WAIT.0, WAIT.1);
            }
            let (mut is_gone, mut is_unreachable) = (false, false);
            let pause = match end {
                Err(Failure::Stopped) => break,
                Ok(End::Finished | End::Left) | Err(Failure::Left) => None,
                Err(Failure::Stale) => Some(waits.next(None)),
                Ok(End::Again | End::Waits) => Some(waits.next(None)),
                Err(Failure::Failed { text, problem }) => {
                    is_gone = problem == Some(Problem::NotFound);
                    is_unreachable = problem == Some(Problem::Unreachable);
                    self.is_missing(is_gone);
                    if self.missing.is_none_or(|since| since.elapsed() >= STALE) {
                        self.report(&text);
                    }
                    Some(errors.next(None))
                }
            };
            // What nobody has taken is read again, once it is known what was taken.
            if (pause.is_none() || self.sent.has_failed()) && self.sent.land().await.is_err() {
                break;
            }
            if self.sent.has_failed() {
                let (taken, lines) = self.sent.forget_failed();
                self.read = taken;
                self.complete = None;
                if is_gone {
                    self.desk.metrics.lost.with_label_values(&["gone"]).inc_by(lines);
                }
                if is_gone && self.leaving.is_cancelled() {
                    break;
                }
                let pause = errors.next(None);
                if self.sent.meanwhile(tokio::time::sleep(pause)).await.is_err() {
                    break;
                }
                continue;
            }
            let Some(pause) = pause.filter(|_| !self.leaving.is_cancelled()) else {
                break;
            };
            let (leaving, pods) = (self.leaving.clone(), self.desk.pods.lock().clone());
            let wait = async move {
                tokio::select! {
                    () = leaving.cancelled() => {}
                    () = pods.is_reached_again(), if is_unreachable => {}
                    () = tokio::time::sleep(pause) => {}
                }
            };
            if self.sent.meanwhile(wait).await.is_err() {
                break;
            }
        }
        self.info.is_finished.store(true, Ordering::Relaxed);
        // The caller bounds it.
        self.sent.land_at_last().await;
        self.desk.metrics.active.dec();
        tracing::debug!(component_id = &*self.desk.component, target = %self.place, "tailer exited");
    }

    fn report(&self, text: &str) {
        self.desk.metrics.errors.inc();
        self.info.updated.store(now(), Ordering::Relaxed);
        let is_new = self
            .info
            .last_error
            .lock()
            .replace(text.to_owned())
            .is_none_or(|before| before != text);
        self.desk.tell_health();
        if is_new && let Some(more) = self.desk.failures.now() {
            tracing::warn!(
                component_id = &*self.desk.component, target = %self.place, err = text, more_of_them = more,
                "tailer stopped; will retry"
            );
        }
    }

    /// Notes whether the pod is gone. Between its end and that of its target there is nothing wrong with that.
    fn is_missing(&mut self, is_gone: bool) {
        self.missing = match self.missing {
            Some(since) if is_gone => Some(since),
            _ => is_gone.then(Instant::now),
        };
    }

    fn is_well(&self) {
        if !self.is_restricted && self.info.last_error.lock().take().is_some() {
            self.desk.tell_health();
        }
    }

    async fn attempt(&mut self) -> Result<End, Failure> {
        let pods = self.desk.pods.lock().clone();
        let mut state = self.state(&pods).await?;
        if state.id.is_some() && state.id == self.ended_run.take() {
            self.sent.meanwhile(tokio::time::sleep(SETTLE)).await?;
            state = self.state(&pods).await?;
        }
        let over = |state: &State| if state.is_over { End::Finished } else { End::Waits };
        let Some(id) = state.id.clone() else {
            return Ok(over(&state));
        };
        if !state.is_running && self.complete.as_ref() == Some(&id) {
            return Ok(over(&state));
        }
        self.begin(&pods, &state, &id).await?;
        if self.sent.has_failed() {
            return Ok(End::Again);
        }
        let part = Part {
            follows: state.is_running,
            since: self.read.as_ref().and_then(|mark| mark.since(now())),
            ..Part::default()
        };
        let stream = self.open(&pods, part).await?;
        match self.read_stream(stream, &id, !state.is_running, &pods).await? {
            Over::Left => return Ok(End::Left),
            Over::Broken => return Ok(End::Again),
            Over::Ended if state.is_running => {
                self.ended_run = Some(id).filter(|_| !self.is_restricted);
                return Ok(End::Again);
            }
            Over::Ended => self.complete = Some(id),
        }
        Ok(over(&state))
    }

    /// How the container fares.
    async fn state(&mut self, pods: &Arc<Pods>) -> Result<State, Failure> {
        let place = self.place.clone();
        let answer = self.sent.meanwhile(pods.state(&place)).await?;
        self.is_restricted = matches!(&answer, Err(error) if error.problem == Problem::Forbidden);
        match answer {
            Ok(Some(state)) => {
                pods.is_reached();
                self.is_missing(false);
                Ok(state)
            }
            Ok(None) => {
                pods.is_reached();
                self.info.is_gone.store(true, Ordering::Relaxed);
                let text = format!(
                    "there is no pod {}/{} with the UID {} any more, but a target of it: check what gives the targets",
                    place.namespace, place.pod, place.uid
                );
                let problem = Some(Problem::NotFound);
                Err(Failure::Failed { text, problem })
            }
            // Lines come all the same, but after a restart of the container some of its last may not.
            Err(error) if self.is_restricted => {
                self.report(&error.to_string());
                let known = self.read.as_ref().map(|mark| mark.container.clone());
                Ok(State {
                    id: Some(known.unwrap_or_default()),
                    is_running: true,
                    ..State::default()
                })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Brings the mark to the run that is to be read: reads what a former one has left.
    async fn begin(&mut self, pods: &Arc<Pods>, state: &State, id: &Arc<str>) -> Result<(), Failure> {
        let Some(mark) = self.read.clone() else {
            let mut mark = Mark::start(id.clone());
            if self.desk.from_end.load(Ordering::Relaxed) {
                if let Some(time) = self.last_time(pods).await? {
                    mark = Mark::until(id.clone(), time);
                }
                self.sent.commit(mark.clone());
            }
            self.read = Some(mark);
            return Ok(());
        };
        if mark.container == *id || mark.container.is_empty() {
            self.read = Some(Mark {
                container: id.clone(),
                ..mark
            });
            return Ok(());
        }
        self.has_met = false;
        if let Some(previous) = &state.previous {
            let is_known = mark.container == *previous;
            self.read = Some(if is_known {
                mark.clone()
            } else {
                Mark::start(previous.clone())
            });
            let part = Part {
                previous: true,
                since: self.read.as_ref().and_then(|mark| mark.since(now())),
                ..Part::default()
            };
            match self.open(pods, part).await {
                Ok(stream) => {
                    self.read_stream(stream, previous, true, pods).await?;
                }
                // It has been removed from the node.
                Err(Failure::Failed { text, .. }) => tracing::debug!(
                    component_id = &*self.desk.component, target = %self.place,
                    "the log of the container's last run cannot be read: {text}"
                ),
                Err(other) => return Err(other),
            }
            if !is_known {
                self.has_met = true;
            }
        }
        // The API's answers lag behind the kubelet: the line of the mark may have been this run's already.
        let is_of_this = |started: i64| mark.time > started.saturating_add(1_000_000_000);
        self.read = Some(if !self.has_met && state.started.is_some_and(is_of_this) {
            Mark {
                container: id.clone(),
                ..mark
            }
        } else {
            Mark::start(id.clone())
        });
        Ok(())
    }

    /// The time of the log's last line.
    async fn last_time(&mut self, pods: &Arc<Pods>) -> Result<Option<i64>, Failure> {
        let part = Part {
            last: Some(1),
            ..Part::default()
        };
        let mut stream = self.open(pods, part).await?;
        let (mut lines, mut time) = (Lines::default(), None);
        loop {
            let read = self.sent.meanwhile(more(&mut stream, &mut lines)).await?;
            let is_end = read.map_err(|error| broken(&self.place, &error))? == 0;
            lines.drain(|line| time = line.time.or(time));
            if is_end {
                return Ok(lines.rest().and_then(|line| line.time).or(time));
            }
        }
    }

    async fn open(&mut self, pods: &Arc<Pods>, part: Part) -> Result<Stream, Failure> {
        let (desk, pods, place) = (self.desk.clone(), pods.clone(), self.place.clone());
        let (leaving, stale) = (self.leaving.clone(), pods.is_stale.clone());
        let opening = async move {
            let mut log = pin!(pods.log(&place, part));
            {
                let _permit = desk.opening.acquire().await;
                if let Ok(stream) = tokio::time::timeout(OPENING, &mut log).await {
                    return stream.map_err(Failure::from);
                }
            }
            tokio::select! {
                stream = log => stream.map_err(Failure::from),
                () = leaving.cancelled() => Err(Failure::Left),
                () = stale.cancelled() => Err(Failure::Stale),
                () = tokio::time::sleep(LIFETIME) => Err(Failure::Stale),
            }
        };
        let stream = self.sent.meanwhile(opening).await??;
        self.desk.metrics.opened.inc();
        let start = self
            .read
            .as_ref()
            .filter(|mark| mark.time > 0)
            .map(|mark| mark.time);
        let start = start.and_then(|time| jiff::Timestamp::from_nanosecond(time.into()).ok());
        tracing::info!(
            component_id = &*self.desk.component, target = %self.place, previous = part.previous,
            start_time = start.map(tracing::field::display),
            "opened log stream"
        );
        self.is_well();
        Ok(stream)
    }
}
