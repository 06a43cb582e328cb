//! Lines as container runtimes write them: CRI (containerd, CRI-O) and Docker's JSON files.

use super::super::arguments;
use super::super::pipeline::{Flow, Outlet, Stage, StageMetrics};
use super::super::record::{Extracted, Record};
use crate::text::go_time::rfc3339;
use bytestring::ByteString;
use river_eval::Str;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How long partial lines of a stream may wait for the rest: their file stays unacknowledged meanwhile. Then they go on as they are.
const MAX_PARTIAL_WAIT: Duration = Duration::from_secs(10);

/// `<time> <stream> <P|F> <content>`
/// (<https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md>).
pub(super) struct Cri {
    max_streams: usize,
    max_bytes: Option<usize>,
    metrics: StageMetrics,
    names: Names,
    /// Partial lines by the hash of their stream's labels. When this is dropped with some in it, their acknowledgements fail, so that
    /// they are read again.
    partial: HashMap<u64, Partial>,
}

struct Partial {
    record: Record,
    line: String,
    since: Instant,
}

struct Names {
    stream: Str,
    flags: Str,
    content: Str,
    time: Str,
}

/// The parts of a line; slices of it.
struct Parts<'l> {
    time: &'l str,
    stream: &'static str,
    partial: bool,
    content: &'l str,
}

/// As lenient as the reference: the time is not looked at, the flag may be missing.
fn parse(line: &str) -> Option<Parts<'_>> {
    let space = memchr::memchr(b' ', line.as_bytes())?;
    let (time, rest) = (&line[..space], &line[space + 1..]);
    let (stream, rest) = match rest.strip_prefix("stdout") {
        Some(rest) => ("stdout", rest),
        None => ("stderr", rest.strip_prefix("stderr")?),
    };
    let rest = rest.strip_prefix(' ')?;
    let (partial, rest) = match rest.as_bytes().first() {
        Some(b'P') => (true, &rest[1..]),
        Some(b'F') => (false, &rest[1..]),
        _ => (false, rest),
    };
    Some(Parts {
        time,
        stream,
        partial,
        content: rest.strip_prefix(' ').unwrap_or(rest),
    })
}

impl Cri {
    pub(super) fn new(arguments: &arguments::Cri, metrics: &StageMetrics) -> Self {
        Self {
            max_streams: usize::try_from(arguments.max_partial_lines).unwrap_or(1),
            max_bytes: arguments
                .max_partial_line_size_truncate
                .then_some(usize::try_from(arguments.max_partial_line_size).unwrap_or(usize::MAX)),
            metrics: metrics.clone(),
            names: Names {
                stream: "stream".into(),
                flags: "flags".into(),
                content: "content".into(),
                time: "time".into(),
            },
            partial: HashMap::new(),
        }
    }

    fn cut(&self, line: &mut String) {
        if let Some(max) = self.max_bytes
            && line.len() > max
        {
            let mut end = max;
            while !line.is_char_boundary(end) {
                end -= 1;
            }
            line.truncate(end);
            self.metrics.cri_truncated.inc();
        }
    }

    /// A partial line as it is, as a record that goes on.
    fn finish(partial: Partial) -> Record {
        let Partial { mut record, line, .. } = partial;
        record.line = line.into();
        record
    }
}

impl Stage for Cri {
    fn process(&mut self, record: &mut Record, outlet: &mut Outlet<'_>) -> Flow {
        // Taken, not cloned: other threads count the same buffer's users at that moment.
        let line = std::mem::take(&mut record.line);
        let Some(parts) = parse(&line) else {
            record.line = line;
            return Flow::Next;
        };
        let content = line.slice_ref(parts.content);
        record.extract(
            &self.names.flags,
            Extracted::Text(ByteString::from_static(if parts.partial { "P" } else { "F" })),
        );
        record.extract(
            &self.names.stream,
            Extracted::Text(ByteString::from_static(parts.stream)),
        );
        record.extract(&self.names.content, Extracted::Text(content.clone()));
        record.extract(&self.names.time, Extracted::Text(line.slice_ref(parts.time)));
        if let Some(timestamp) = rfc3339(parts.time) {
            record.timestamp = timestamp;
        }
        record.set_label(&self.names.stream, ByteString::from_static(parts.stream));
        record.line = content;
        if !parts.partial && self.partial.is_empty() {
            return Flow::Next;
        }
        let stream = record.stream();
        if parts.partial {
            if let Some(mut waiting) = self.partial.remove(&stream) {
                waiting.line.push_str(&record.line);
                self.cut(&mut waiting.line);
                // The last part's time counts, as in the reference; every part's batch waits for the whole line.
                let mut joined = record.detach(outlet.share());
                joined.acks.append(&mut waiting.record.acks);
                self.partial.insert(
                    stream,
                    Partial {
                        record: joined,
                        line: waiting.line,
                        since: waiting.since,
                    },
                );
                return Flow::Held;
            }
            if self.partial.len() >= self.max_streams {
                self.metrics.cri_flushed.inc_by(self.partial.len() as u64);
                outlet
                    .before
                    .extend(self.partial.drain().map(|(_, partial)| Self::finish(partial)));
            }
            let mut line = record.line.to_string();
            self.cut(&mut line);
            let held = record.detach(outlet.share());
            self.partial.insert(
                stream,
                Partial {
                    record: held,
                    line,
                    since: Instant::now(),
                },
            );
            return Flow::Held;
        }
        if let Some(mut waiting) = self.partial.remove(&stream) {
            waiting.line.push_str(&record.line);
            self.cut(&mut waiting.line);
            record.line = waiting.line.into();
            record.acks.append(&mut waiting.record.acks);
        }
        Flow::Next
    }

    fn deadline(&self) -> Option<Instant> {
        self.partial
            .values()
            .map(|partial| partial.since + MAX_PARTIAL_WAIT)
            .min()
    }

    fn release(&mut self, now: Option<Instant>, out: &mut Vec<Record>) {
        let due = |partial: &Partial| now.is_none_or(|now| partial.since + MAX_PARTIAL_WAIT <= now);
        let streams: Vec<u64> = self
            .partial
            .iter()
            .filter(|(_, partial)| due(partial))
            .map(|(stream, _)| *stream)
            .collect();
        for stream in streams {
            if let Some(partial) = self.partial.remove(&stream) {
                self.metrics.cri_flushed.inc();
                out.push(Self::finish(partial));
            }
        }
    }
}

/// `{"log": …, "stream": …, "time": …}`.
pub(super) struct Docker {
    stream: Str,
    output: Str,
    timestamp: Str,
}

#[derive(serde::Deserialize)]
struct DockerLine<'l> {
    #[serde(borrow, default)]
    log: std::borrow::Cow<'l, str>,
    #[serde(borrow, default)]
    time: std::borrow::Cow<'l, str>,
    #[serde(borrow, default)]
    stream: std::borrow::Cow<'l, str>,
}

impl Docker {
    pub(super) fn new() -> Self {
        Self {
            stream: "stream".into(),
            output: "output".into(),
            timestamp: "timestamp".into(),
        }
    }
}

impl Stage for Docker {
    fn process(&mut self, record: &mut Record, _: &mut Outlet<'_>) -> Flow {
        let line = record.line.clone();
        let Ok(parsed) = serde_json::from_str::<DockerLine<'_>>(&line) else {
            return Flow::Next;
        };
        // Any JSON object parses; one without a log is another program's.
        if parsed.log.is_empty() {
            return Flow::Next;
        }
        let log = ByteString::from(parsed.log.into_owned());
        let stream = ByteString::from(parsed.stream.into_owned());
        if let Some(timestamp) = rfc3339(&parsed.time) {
            record.timestamp = timestamp;
        }
        record.extract(&self.output, Extracted::Text(log.clone()));
        record.extract(&self.stream, Extracted::Text(stream.clone()));
        record.extract(&self.timestamp, Extracted::Text(parsed.time.into_owned().into()));
        record.set_label(&self.stream, stream);
        record.line = log;
        Flow::Next
    }
}
