//! `stage.multiline`: joins lines that belong together, each stream's by themselves.

use super::super::arguments;
use super::super::pipeline::{Flow, Outlet, Stage};
use super::super::record::Record;
use crate::signals::Ack;
use crate::text::re2;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Streams whose lines wait at the same time, at the most; then all go on as they are.
const MAX_STREAMS: usize = 10_000;

/// Bytes of a joined line from which on it goes on, whatever comes: a bound on memory where first lines never come.
const MAX_BLOCK_BYTES: usize = 4 << 20;

pub(super) struct Multiline {
    first: Arc<regex::Regex>,
    max_lines: u64,
    max_wait: Duration,
    trim: bool,
    /// By the hash of the labels. Dropped with lines in it, their acknowledgements fail, so that they are read again.
    blocks: HashMap<u64, Block>,
}

/// Lines of a stream that wait for more.
struct Block {
    /// The entry of the first line: its time, labels and extracted values are the whole's.
    start: Record,
    line: String,
    lines: u64,
    acks: Vec<Ack>,
    last: Instant,
}

impl Block {
    fn push(&mut self, line: &str) {
        if self.lines > 0 {
            self.line.push('\n');
        }
        self.line.push_str(line);
        self.lines += 1;
    }

    /// The joined line; what follows without a first line takes after the same one.
    fn finish(&mut self) -> Option<Record> {
        if self.lines == 0 {
            return None;
        }
        self.lines = 0;
        let mut record = self.start.copy();
        record.line = std::mem::take(&mut self.line).into();
        record.acks = std::mem::take(&mut self.acks);
        Some(record)
    }
}

impl Multiline {
    pub(super) fn new(arguments: &arguments::Multiline) -> Result<Self, String> {
        Ok(Self {
            first: re2::shared(&arguments.firstline)?,
            max_lines: arguments.max_lines,
            max_wait: arguments.max_wait_time,
            trim: arguments.trim_newlines,
            blocks: HashMap::new(),
        })
    }

    /// Ends the blocks that are due by a time, or all.
    fn end(&mut self, now: Option<Instant>, out: &mut Vec<Record>) {
        let max_wait = self.max_wait;
        self.blocks.retain(|_, block| {
            let due = now.is_none_or(|now| block.last + max_wait <= now);
            if due {
                out.extend(block.finish());
            }
            !due
        });
    }
}

impl Stage for Multiline {
    fn process(&mut self, record: &mut Record, outlet: &mut Outlet<'_>) -> Flow {
        let is_first = self.first.is_match(&record.line);
        let stream = record.stream();
        if !is_first && !self.blocks.contains_key(&stream) {
            // Nothing to join it to.
            return Flow::Next;
        }
        if self.blocks.len() >= MAX_STREAMS && !self.blocks.contains_key(&stream) {
            self.end(None, outlet.before);
        }
        let line = record.line.clone();
        let line = if self.trim {
            line.trim_end_matches(['\r', '\n'])
        } else {
            &line
        };
        let now = Instant::now();
        let share = outlet.share();
        let block = if is_first {
            let held = record.detach(share);
            let block = self.blocks.entry(stream).or_insert_with(|| Block {
                start: Record::default(),
                line: String::new(),
                lines: 0,
                acks: Vec::new(),
                last: now,
            });
            outlet.before.extend(block.finish());
            block.start = held;
            block.acks = std::mem::take(&mut block.start.acks);
            block
        } else {
            let Some(block) = self.blocks.get_mut(&stream) else {
                share.delivered();
                return Flow::Next;
            };
            block.acks.append(&mut record.acks);
            block.acks.push(share);
            block
        };
        block.push(line);
        block.last = now;
        if block.lines == self.max_lines || block.line.len() >= MAX_BLOCK_BYTES {
            outlet.before.extend(block.finish());
        }
        Flow::Held
    }

    fn deadline(&self) -> Option<Instant> {
        // Looked for once a batch; streams are few.
        self.blocks.values().map(|block| block.last + self.max_wait).min()
    }

    fn release(&mut self, now: Option<Instant>, out: &mut Vec<Record>) {
        self.end(now, out);
    }
}
