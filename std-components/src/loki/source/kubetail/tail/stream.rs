//! Reads an open stream: from bytes to entries that are sent, until it ends, breaks off or is not wanted any more.

use super::super::lines::{Line, Lines};
use super::super::pods::{Pods, Stream};
use super::super::target::Place;
use super::{Failure, LEAVING, LEAVING_SILENCE, LIFETIME, Over, Tail};
use crate::kubernetes::chain;
use crate::loki::source::marks::{Mark, Resume};
use crate::loki::source::now;
use crate::signals::{Entry, MAX_BATCH_BYTES, MAX_BATCH_ENTRIES};
use futures_util::FutureExt;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use tokio::time::Instant;

impl Tail {
    /// Reads a stream to its end. A stream that `is_whole` ends where the log does.
    pub(super) async fn read_stream(
        &mut self,
        mut stream: Stream,
        id: &Arc<str>,
        is_whole: bool,
        pods: &Arc<Pods>,
    ) -> Result<Over, Failure> {
        let mut resume = Resume::behind(self.read.clone());
        let (mut lines, mut batch) = (Lines::default(), Vec::new());
        self.piece = None;
        self.pace.begin();
        let life = LIFETIME.mul_f64(1.0 - fastrand::f64() / 10.0);
        let deadline = Instant::now() + life;
        let mut left = None;
        let (leaving, stale) = (self.leaving.clone(), pods.is_stale.clone());
        loop {
            let is_leaving = leaving.is_cancelled();
            if is_leaving && left.is_none() {
                left = Some(Instant::now() + LEAVING);
            }
            let patience = self
                .pace
                .patience()
                .filter(|_| !is_whole && pods.may_miss_rotations());
            let until = match left {
                Some(left) => left.min(Instant::now() + LEAVING_SILENCE),
                None => patience.unwrap_or(deadline).min(deadline),
            };
            let read = {
                let leaving = leaving.clone();
                let read = more(&mut stream, &mut lines);
                let next = async {
                    tokio::select! {
                        biased;
                        read = read => Some(read),
                        () = stale.cancelled() => None,
                        () = leaving.cancelled(), if !is_leaving => Some(Ok(usize::MAX)),
                        () = tokio::time::sleep_until(until) => None,
                    }
                };
                self.sent.unless_failed(next).await?.flatten()
            };
            let is_silent = read.is_none() && !is_leaving && !self.sent.has_failed() && !stale.is_cancelled();
            if is_silent && patience.is_some_and(|patience| patience < deadline) {
                let (pods, leaving) = (pods.clone(), leaving.clone());
                let asked = async move {
                    tokio::select! {
                        misses = pods.misses_rotations() => misses,
                        () = leaving.cancelled() => false,
                    }
                };
                if self.sent.unless_failed(asked).await? == Some(true) {
                    tracing::debug!(
                        component_id = &*self.desk.component, target = %self.place,
                        "no line for three times the usual pause between lines; the log stream is opened anew, as this API server's kubelets may have missed a rotation"
                    );
                    return Ok(Over::Broken);
                }
                self.pace.begin();
                continue;
            }
            let Some(read) = read else {
                return Ok(match is_leaving && !self.sent.has_failed() {
                    true => Over::Left,
                    false => Over::Broken,
                });
            };
            let mut count = read.map_err(|error| broken(&self.place, &error))?;
            if count == usize::MAX {
                continue;
            }
            let mut bytes = count;
            let mut broke = None;
            while count > 0 && bytes < MAX_BATCH_BYTES {
                match more(&mut stream, &mut lines).now_or_never() {
                    Some(Ok(more)) => (count, bytes) = (more, bytes + more),
                    Some(Err(error)) => {
                        broke = Some(broken(&self.place, &error));
                        break;
                    }
                    None => break,
                }
            }
            lines.drain(|line| batch.push(line));
            if count == 0 && is_whole {
                batch.extend(lines.rest());
            }
            self.hand_on(&mut batch, &mut resume, id).await?;
            self.has_met = resume.has_met();
            if let Some(broke) = broke {
                return Err(broke);
            }
            if self.sent.has_failed() {
                return Ok(Over::Broken);
            }
            if count == 0 {
                return Ok(Over::Ended);
            }
        }
    }

    /// Sends the new ones of these lines.
    async fn hand_on(
        &mut self,
        lines: &mut Vec<Line>,
        resume: &mut Resume,
        id: &Arc<str>,
    ) -> Result<(), Failure> {
        let labels = self.info.wanted.lock().labels.clone();
        let mut entries = Vec::with_capacity(lines.len().min(MAX_BATCH_ENTRIES));
        let (mut bytes, mut last, mut is_timed, mut count) = (0, 0, false, 0);
        for line in lines.drain(..) {
            let is_new = match (self.piece, line.time) {
                (Some(is_new), _) => is_new,
                (None, Some(time)) => resume.is_new(time),
                (None, None) => true,
            };
            self.piece = line.is_piece.then_some(is_new);
            if !is_new {
                continue;
            }
            if entries.len() >= MAX_BATCH_ENTRIES || (bytes > 0 && bytes + line.text.len() > MAX_BATCH_BYTES)
            {
                self.send(std::mem::take(&mut entries), bytes).await?;
                bytes = 0;
            }
            bytes += line.text.len();
            last = line.time.unwrap_or_else(now);
            is_timed |= line.time.is_some();
            if line.is_replaced {
                self.desk.metrics.replaced.inc();
            }
            match line.time {
                Some(_) if line.is_piece => self.desk.metrics.cut.inc(),
                Some(time) => Mark::take(&mut self.read, id, time),
                None => {}
            }
            count += 1;
            entries.push(Entry {
                labels: labels.clone(),
                timestamp: last,
                line: line.text,
                metadata: None,
            });
        }
        if !entries.is_empty() {
            // What the kubelet itself says comes with every attempt.
            self.has_read |= is_timed;
            self.pace.lines(count, Instant::now());
            self.info.updated.store(last, Ordering::Relaxed);
            self.send(entries, bytes).await?;
        }
        Ok(())
    }

    async fn send(&mut self, entries: Vec<Entry>, bytes: usize) -> Result<(), Failure> {
        let to = self.desk.forward_to.lock().clone();
        Ok(self.sent.send(&to, entries, bytes, self.read.clone()).await?)
    }
}
pub(super) fn broken(place: &Place, error: &io::Error) -> Failure {
    Failure::Failed {
        text: format!("the log stream of {place} broke off: {}", chain(error)),
        problem: None,
    }
}

/// Takes what has come of a stream; 0 at its end. Nothing is lost if it is not waited for.
pub(super) async fn more(stream: &mut Stream, lines: &mut Lines) -> io::Result<usize> {
    poll_fn(|context| {
        let count = match stream.as_mut().poll_fill_buf(context) {
            Poll::Ready(Ok(bytes)) => {
                lines.push(bytes);
                bytes.len()
            }
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Pending => return Poll::Pending,
        };
        stream.as_mut().consume(count);
        Poll::Ready(Ok(count))
    })
    .await
}
