//! Makes entries of the bytes of a connection or a datagram.

use super::Shared;
use super::arguments::{Format, Listener};
use super::framing::{Framer, Step, Tide};
use super::message::{self, Message};
use crate::loki::source::now;
use crate::relabel::Scratch;
use crate::signals::{Entry, Labels};
use rustc_hash::FxHashMap;
use std::net::IpAddr;
use std::sync::Arc;

/// Sets of labels whose relabelled form is kept for a connection at the most.
const MAX_CACHED: usize = 64;

/// What a message has to be counted as, besides an entry.
pub(super) const DROPPED: [&str; 8] = [
    "parse_error",
    "empty",
    "too_long",
    "relabelled",
    "queue_full",
    "kernel_buffer_full",
    "stopped",
    "returned",
];

/// The end of what came: the connection cannot go on.
#[derive(Debug)]
pub(super) struct Broken(pub(super) String);

/// Who sends: its address and its name, which is empty where it has none or nobody wants to know.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub(super) address: IpAddr,
    pub(super) name: Arc<str>,
}

/// Makes entries.
pub(super) struct Reader {
    shared: Arc<Shared>,
    listener: Arc<Listener>,
    peer: Peer,
    framer: Framer,
    cache: FxHashMap<Labels, Option<Labels>>,
    scratch: Scratch,
    last: i64,
    pub(super) entries: Vec<Entry>,
}

impl Reader {
    pub(super) fn new(shared: Arc<Shared>, listener: Arc<Listener>, peer: Peer) -> Self {
        Self {
            framer: Framer::new(
                listener.syslog_format == Format::Raw,
                listener.delimiter(),
                listener.max_bytes(),
            ),
            shared,
            listener,
            peer,
            cache: FxHashMap::default(),
            scratch: Scratch::default(),
            last: 0,
            entries: Vec::new(),
        }
    }

    /// Another datagram begins.
    pub(super) fn begin(&mut self) {
        self.framer = Framer::new(
            self.listener.syslog_format == Format::Raw,
            self.listener.delimiter(),
            self.listener.max_bytes(),
        );
    }

    /// From now on with these settings.
    pub(super) fn set(&mut self, listener: &Arc<Listener>) {
        self.listener = listener.clone();
        self.cache.clear();
    }

    /// Takes up what is complete, up to a number of entries. Answers how many bytes are done with, and whether a pause would complete a message.
    pub(super) fn take(&mut self, data: &[u8], tide: Tide, most: usize) -> (usize, Result<bool, Broken>) {
        self.last = self.last.max(now());
        let mut done = 0;
        while self.entries.len() < most {
            let rest = data.get(done..).unwrap_or_default();
            match self.framer.next(rest, tide) {
                Step::Message { skip, length, taken } => {
                    self.message(rest.get(skip..skip + length).unwrap_or_default());
                    done += taken;
                }
                Step::Skip { taken } => done += taken,
                Step::TooLong { taken } => {
                    self.shared.drop_one("too_long", || {
                        format!(
                            "a message of {} is longer than {} bytes; raise max_message_length",
                            self.peer.address,
                            self.listener.max_bytes()
                        )
                    });
                    done += taken;
                }
                Step::More { waits } => return (done, Ok(waits)),
                Step::Broken(why) => {
                    self.shared.metrics.parsing_errors.inc();
                    return (done, Err(Broken(why.to_string())));
                }
            }
        }
        (done, Ok(false))
    }

    fn message(&mut self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim_end_matches(['\n', '\r', '\0']);
        let listener = self.listener.clone();
        let message = match message::read(&listener, text, self.last) {
            Ok(message) => message,
            Err(why) => {
                self.shared.metrics.parsing_errors.inc();
                return self.shared.drop_one("parse_error", || {
                    format!(
                        "a message of {} is not {}: {}; set the listener's syslog_format to what is sent",
                        self.peer.address,
                        listener.syslog_format.as_str(),
                        why.0
                    )
                });
            }
        };
        if message.text.is_empty() {
            self.shared.metrics.empty_messages.inc();
            if !listener.rfc5424_allow_empty_msg {
                return self.shared.account().drop(1, "empty");
            }
        }
        let Some(labels) = self.labels(&message) else {
            return self.shared.account().drop(1, "relabelled");
        };
        // A time of its own for each: Loki takes two equal lines of one time for one.
        self.last += 1;
        let timestamp = match message.time {
            Some(time) if listener.use_incoming_timestamp => time,
            _ => self.last,
        };
        let is_whole = listener.use_rfc5424_message && listener.syslog_format == Format::Rfc5424;
        let line = if is_whole { text } else { message.text };
        self.entries.push(Entry {
            labels,
            timestamp,
            line: line.into(),
            metadata: None,
        });
    }

    /// The labels of a message; `None` if the rules drop it.
    fn labels(&mut self, message: &Message<'_>) -> Option<Labels> {
        let arguments = self.shared.arguments.load();
        let mut builder = Labels::default().builder();
        for (name, value) in &self.listener.labels {
            builder.set(name, value);
        }
        let rules = arguments
            .relabel_rules
            .as_ref()
            .filter(|rules| !rules.inner.is_empty());
        if let Some(rules) = rules {
            builder.set("__syslog_connection_ip_address", &self.peer.address.to_string());
            builder.set("__syslog_connection_hostname", &self.peer.name);
            message.labels(self.listener.label_structured_data, |name, value| {
                builder.set(name, value);
            });
            let whole = builder.build();
            if let Some(known) = self.cache.get(&whole) {
                return known.clone();
            }
            let relabelled = rules.inner.labels(&whole, &mut self.scratch).map(|labels| {
                let mut builder = labels.builder();
                builder.retain(|name, _| !name.starts_with("__"));
                builder.build()
            });
            if self.cache.len() >= MAX_CACHED {
                self.cache.clear();
            }
            self.cache.insert(whole, relabelled.clone());
            return relabelled;
        }
        builder.retain(|name, _| !name.starts_with("__"));
        Some(builder.build())
    }
}
