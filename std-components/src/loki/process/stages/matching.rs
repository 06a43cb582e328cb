//! `stage.match`: entries that a LogQL selector matches go through stages of their own, or are dropped.

use super::super::arguments;
use super::super::pipeline::{Flow, Outlet, Stage, StageMetrics};
use super::super::record::Record;
use crate::component::metrics::IntCounterVec;
use crate::signals::Ack;
use crate::text::{logql, logql::Operator, re2};
use std::sync::Arc;
use std::time::Instant;

/// The reason of dropped entries where the configuration names none.
const REASON: &str = "match_stage";

pub(super) struct Match {
    matchers: Vec<(String, Test)>,
    filters: Vec<Test>,
    /// What to drop entries for; else they go through the stages.
    drop: Option<Arc<str>>,
    stages: Vec<Box<dyn Stage>>,
    dropped: IntCounterVec,
}

/// What a text has to be.
struct Test {
    /// Whether it must not be so.
    negated: bool,
    value: Value,
}

enum Value {
    Is(String),
    Holds(Box<memchr::memmem::Finder<'static>>),
    Matches(Arc<regex::Regex>),
}

impl Test {
    fn label(operator: Operator, value: &str) -> Result<Self, String> {
        Ok(Self {
            negated: matches!(operator, Operator::NotEqual | Operator::NotMatches),
            value: match operator {
                Operator::Equal | Operator::NotEqual => Value::Is(value.to_owned()),
                Operator::Matches | Operator::NotMatches => Value::Matches(re2::shared_anchored(value)?),
            },
        })
    }

    fn line(operator: Operator, value: &str) -> Result<Self, String> {
        Ok(Self {
            negated: matches!(operator, Operator::NotEqual | Operator::NotMatches),
            value: match operator {
                Operator::Equal | Operator::NotEqual => {
                    Value::Holds(Box::new(memchr::memmem::Finder::new(value).into_owned()))
                }
                Operator::Matches | Operator::NotMatches => Value::Matches(re2::shared(value)?),
            },
        })
    }

    fn passes(&self, text: &str) -> bool {
        let is = match &self.value {
            Value::Is(value) => value == text,
            Value::Holds(finder) => finder.find(text.as_bytes()).is_some(),
            Value::Matches(expression) => expression.is_match(text),
        };
        is != self.negated
    }
}

impl Match {
    pub(super) fn new(arguments: &arguments::Match, metrics: &StageMetrics) -> Result<Self, String> {
        let selector = logql::parse(&arguments.selector).map_err(|mistake| mistake.message)?;
        let matcher =
            |matcher: logql::Matcher| Ok((matcher.name, Test::label(matcher.operator, &matcher.value)?));
        let filter = |filter: logql::Filter| Test::line(filter.operator, &filter.value);
        let build = |(at, stage): (usize, &arguments::StageArguments)| {
            super::build(stage, metrics)
                .map_err(|reason| format!("stage {} in it (stage.{}): {reason}", at + 1, stage.name()))
        };
        let reason = match arguments.drop_counter_reason.as_str() {
            "" => REASON,
            reason => reason,
        };
        Ok(Self {
            matchers: selector
                .matchers
                .into_iter()
                .map(matcher)
                .collect::<Result<_, String>>()?,
            filters: selector
                .filters
                .into_iter()
                .map(filter)
                .collect::<Result<_, _>>()?,
            drop: (arguments.action == "drop").then(|| reason.into()),
            stages: arguments
                .stages
                .iter()
                .enumerate()
                .map(build)
                .collect::<Result<_, _>>()?,
            dropped: metrics.dropped.clone(),
        })
    }

    fn is_for(&self, record: &Record) -> bool {
        // A label that is missing is empty.
        self.matchers
            .iter()
            .all(|(name, test)| test.passes(record.label(name).unwrap_or("")))
            && self.filters.iter().all(|test| test.passes(&record.line))
    }

    /// Takes a record through the stages from one on; records that stages let go of before it gather in `before` once they are through, too.
    fn run(&mut self, from: usize, record: &mut Record, ack: &Ack, before: &mut Vec<Record>) -> Flow {
        for at in from..self.stages.len() {
            let mut earlier = Vec::new();
            let flow = match self.stages.get_mut(at) {
                Some(stage) => stage.process(
                    record,
                    &mut Outlet {
                        ack,
                        before: &mut earlier,
                    },
                ),
                None => Flow::Next,
            };
            for held in earlier {
                self.go_on(at + 1, held, ack, before);
            }
            if flow != Flow::Next {
                return flow;
            }
        }
        Flow::Next
    }

    /// Takes a record that was held through the rest of the stages.
    fn go_on(&mut self, from: usize, mut record: Record, ack: &Ack, out: &mut Vec<Record>) {
        let reason = match self.run(from, &mut record, ack, out) {
            Flow::Next => {
                out.push(record);
                return;
            }
            Flow::Held => return,
            Flow::Drop(reason) => Arc::from(reason),
            Flow::DropFor(reason) => reason,
        };
        self.dropped.with_label_values(&[&*reason]).inc();
        // Dropped by the configuration is taken for good.
        record.acks.drain(..).for_each(Ack::delivered);
    }
}

impl Stage for Match {
    fn process(&mut self, record: &mut Record, outlet: &mut Outlet<'_>) -> Flow {
        if !self.is_for(record) {
            return Flow::Next;
        }
        if let Some(reason) = &self.drop {
            return Flow::DropFor(reason.clone());
        }
        record.extract_labels();
        self.run(0, record, outlet.ack, outlet.before)
    }

    fn deadline(&self) -> Option<Instant> {
        self.stages.iter().filter_map(|stage| stage.deadline()).min()
    }

    fn may_wait(&self) -> bool {
        self.stages.iter().any(|stage| stage.may_wait())
    }

    fn waits_until(&self) -> Option<Instant> {
        self.stages.iter().filter_map(|stage| stage.waits_until()).max()
    }

    fn release(&mut self, now: Option<Instant>, out: &mut Vec<Record>) {
        for at in 0..self.stages.len() {
            let mut due = Vec::new();
            if let Some(stage) = self.stages.get_mut(at) {
                stage.release(now, &mut due);
            }
            for record in due {
                self.go_on(at + 1, record, &Ack::none(), out);
            }
        }
    }
}
