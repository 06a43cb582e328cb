//! `loki.source.api`: takes what others push by Loki's push API, and answers 204 only when every receiver has taken it for good.
//!
//! So the sender is the one that waits: with a dead receiver its request ends with 503 after `server_write_timeout`, and it sends again.

mod arguments;
mod metrics;
mod push;
mod server;
#[cfg(test)]
mod tests;

use super::account::Account;
use super::now;
use crate::component::{BuildError, CancellationToken, Component, Context, RunError};
use crate::relabel::Scratch;
use crate::signals::{
    Ack, Batch, Entry, Fanout, Labels, LogBatch, MAX_BATCH_BYTES, MAX_BATCH_ENTRIES, Outcome,
};
use arc_swap::ArcSwap;
pub(in crate::loki) use arguments::Arguments;
use metrics::Metrics;
use push::Stream;
use river_eval::{BodyValue, Nothing};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{Notify, Semaphore, oneshot};
use tokio::task::JoinSet;

/// The label that names an entry's tenant.
const TENANT_LABEL: &str = "__tenant_id__";

/// `loki.source.api`.
pub(in crate::loki) struct SourceApi {
    context: Context<Nothing>,
    arguments: ArcSwap<Arguments>,
    /// Told when the address has changed.
    moved: Notify,
    address: parking_lot::Mutex<Option<std::net::SocketAddr>>,
    metrics: Metrics,
    /// Requests that are in memory at the same time.
    at_once: Semaphore,
}

/// Requests in memory at the same time at the most, each of `max_send_message_size` at the most; others wait before they are read.
const AT_ONCE: usize = 16;

/// Why entries are not delivered: a receiver did not take them, so that the request is refused and its sender sends again; or the rules of the
/// configuration drop them.
const DROPPED: [&str; 2] = ["returned", "relabelled"];

/// Settings that change nothing are told once, when they are loaded.
fn tell_without_effect(context: &Context<Nothing>, arguments: &Arguments) {
    let names = arguments.without_effect();
    if !names.is_empty() {
        tracing::warn!(
            component_id = %context.id,
            "these settings have no effect: {}; take them away, or put a proxy before the agent that knows them",
            names.join(", ")
        );
    }
}

impl Component for SourceApi {
    const NAME: &'static str = "loki.source.api";
    type Arguments = Arguments;
    type Exports = Nothing;

    fn new(context: Context<Nothing>, arguments: Arguments) -> Result<Self, BuildError> {
        server::check(&context, &arguments.http)?;
        tell_without_effect(&context, &arguments);
        let metrics = Metrics::new(&context.metrics);
        Ok(Self {
            context,
            arguments: ArcSwap::from_pointee(arguments),
            moved: Notify::new(),
            address: parking_lot::Mutex::default(),
            metrics,
            at_once: Semaphore::new(AT_ONCE),
        })
    }

    fn update(&self, arguments: Arguments) -> Result<(), BuildError> {
        server::check(&self.context, &arguments.http)?;
        if self.arguments.load().without_effect() != arguments.without_effect() {
            tell_without_effect(&self.context, &arguments);
        }
        let before = self.arguments.swap(Arc::new(arguments));
        if before.http != self.arguments.load().http {
            self.moved.notify_one();
        }
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        // Servers that have let their sockets go and finish their requests.
        let mut leaving = JoinSet::new();
        while !stop.is_cancelled() {
            let server = server::Server::bind(&self.context, &self.arguments.load_full().http).await?;
            *self.address.lock() = Some(server.address);
            self.context
                .health
                .healthy(format!("listening on {}://{}", server.scheme(), server.address));
            let leave = stop.child_token();
            let mut serving = tokio::spawn(server.serve(self.clone(), leave.clone()));
            let is_over = tokio::select! {
                _ = &mut serving => true,
                () = self.moved.notified() => false,
                () = stop.cancelled() => false,
            };
            leave.cancel();
            if !is_over {
                let patience = self.arguments.load().graceful_shutdown_timeout;
                leaving.spawn(tokio::time::timeout(patience, serving));
            }
            *self.address.lock() = None;
        }
        while leaving.join_next().await.is_some() {}
        Ok(())
    }

    fn debug_info(&self) -> BodyValue {
        let mut info = BodyValue::default();
        if let Some(address) = *self.address.lock() {
            info.attribute("address", address.to_string());
        }
        self.metrics.account.describe(&mut info);
        info
    }
}

impl SourceApi {
    /// Sends what was pushed; answers once it is taken for good, or not.
    async fn forward(&self, streams: Vec<Stream>, tenant: Option<&str>) -> Outcome {
        let arguments = self.arguments.load_full();
        let (told, outcome) = oneshot::channel();
        let sent = Arc::new(AtomicU64::new(0));
        let ack = Ack::new({
            // The request may be over by then: the account is not.
            let (account, sent) = (self.metrics.account.clone(), sent.clone());
            move |outcome| {
                account.end(sent.load(Ordering::Acquire), outcome);
                // The sender may have gone away.
                let _ = told.send(outcome);
            }
        });
        let mut sender = Sender {
            to: &arguments.forward_to,
            ack: &ack,
            account: &self.metrics.account,
            sent: &sent,
            entries: Vec::new(),
            bytes: 0,
        };
        let mut scratch = Scratch::default();
        let mut timestamp = now();
        for stream in streams {
            let Some(labels) = labels(&arguments, &stream, tenant, &mut scratch) else {
                // By its path: an `Arc` has a `drop` of its own.
                Account::drop(&self.metrics.account, stream.entries.len() as u64, "relabelled");
                continue;
            };
            for pushed in stream.entries {
                // A time of its own for each: Loki takes two equal lines of one time for one.
                timestamp += 1;
                sender
                    .add(Entry {
                        labels: labels.clone(),
                        timestamp: if arguments.use_incoming_timestamp {
                            pushed.timestamp
                        } else {
                            timestamp
                        },
                        line: pushed.line,
                        metadata: (!pushed.metadata.is_empty()).then(|| pushed.metadata.into()),
                    })
                    .await;
            }
        }
        sender.flush().await;
        ack.delivered();
        let outcome = outcome.await.unwrap_or(Outcome::Failed);
        if outcome == Outcome::Delivered {
            self.metrics.entries.inc_by(sent.load(Ordering::Acquire));
        }
        outcome
    }
}

/// The labels of a stream's entries; `None` if the rules drop them.
fn labels(
    arguments: &Arguments,
    stream: &Stream,
    tenant: Option<&str>,
    scratch: &mut Scratch,
) -> Option<Labels> {
    let own = stream
        .labels
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let added = arguments
        .labels
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let pairs = own.chain(added);
    let labels = Labels::from_pairs(pairs.chain(tenant.map(|tenant| (TENANT_LABEL, tenant))));
    let labels = match &arguments.relabel_rules {
        Some(rules) => rules.inner.labels(&labels, scratch)?,
        None => labels,
    };
    let mut builder = labels.builder();
    builder.retain(|name, _| name == TENANT_LABEL || !name.starts_with("__"));
    Some(builder.build())
}

/// Puts entries into batches and sends them.
struct Sender<'a> {
    to: &'a Fanout<LogBatch>,
    ack: &'a Ack,
    account: &'a Account,
    /// Entries on their way with the acknowledgement.
    sent: &'a AtomicU64,
    entries: Vec<Entry>,
    bytes: usize,
}

impl Sender<'_> {
    async fn add(&mut self, entry: Entry) {
        let is_full =
            self.entries.len() >= MAX_BATCH_ENTRIES || self.bytes + entry.line.len() > MAX_BATCH_BYTES;
        if is_full {
            self.flush().await;
        }
        self.bytes += entry.line.len();
        self.entries.push(entry);
    }

    async fn flush(&mut self) {
        self.bytes = 0;
        let batch = LogBatch {
            entries: std::mem::take(&mut self.entries),
            ack: self.ack.clone(),
        };
        if batch.is_empty() {
            batch.delivered();
            return;
        }
        let count = batch.len() as u64;
        self.account.see(count);
        self.sent.fetch_add(count, Ordering::AcqRel);
        self.to.send(batch).await;
    }
}
