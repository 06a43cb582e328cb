//! A family of metrics: what all of its samples share is kept once, each component's numbers apart.

use super::cells::{Cell, Ranges};
use crate::text::go_float::push_float;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What the values of a family are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    FloatGauge,
    Histogram,
    /// Sum and count only.
    Summary,
}

/// A component, as the labels of its metrics name it.
pub(super) struct Owner {
    pub(super) id: Box<str>,
    path: Box<str>,
    /// The label values that were asked for last: families are mostly asked for the same ones in a row, which then share them.
    last: Mutex<Option<Values>>,
}

impl Owner {
    pub(super) fn new(id: &str, path: &str) -> Self {
        Self {
            id: id.into(),
            path: path.into(),
            last: Mutex::new(None),
        }
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    fn values<V: AsRef<str>>(&self, values: &[V]) -> Values {
        let mut last = self.last.lock();
        match &*last {
            Some(last) if compare(last, values).is_eq() => last.clone(),
            _ => {
                let new: Values = values.iter().map(|value| value.as_ref().into()).collect();
                *last = Some(new.clone());
                new
            }
        }
    }
}

/// An owner's place among others.
struct ByName(Arc<Owner>);

impl Ord for ByName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (&self.0.path, &self.0.id).cmp(&(&other.0.path, &other.0.id))
    }
}

impl PartialOrd for ByName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for ByName {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for ByName {}

type Values = Arc<[Box<str>]>;

fn compare<V: AsRef<str>>(known: &[Box<str>], wanted: &[V]) -> std::cmp::Ordering {
    known
        .iter()
        .map(|value| &**value)
        .cmp(wanted.iter().map(AsRef::as_ref))
}

/// A family.
pub(super) struct Family {
    name: Box<str>,
    help: Box<str>,
    kind: Kind,
    /// Names of the labels in the order in which values are given.
    labels: Box<[Box<str>]>,
    /// The labels as they are printed, by name, `component_id` and `component_path` among them.
    printed: Box<[(Box<str>, Source)]>,
    bounds: Arc<[f64]>,
    members: Mutex<BTreeMap<ByName, Arc<Member>>>,
}

/// Where a printed label's value comes from.
#[derive(Clone, Copy)]
enum Source {
    Id,
    Path,
    Value(usize),
}

impl Family {
    pub(super) fn new(name: &str, help: &str, labels: &[&str], kind: Kind, bounds: &[f64]) -> Self {
        let own = labels
            .iter()
            .enumerate()
            .map(|(at, name)| ((*name).into(), Source::Value(at)));
        let mut printed: Vec<(Box<str>, Source)> = [
            ("component_id".into(), Source::Id),
            ("component_path".into(), Source::Path),
        ]
        .into_iter()
        .chain(own)
        .collect();
        printed.sort_by(|(a, _), (b, _)| a.cmp(b));
        Self {
            name: name.into(),
            help: help.into(),
            kind,
            labels: labels.iter().map(|name| (*name).into()).collect(),
            printed: printed.into(),
            bounds: bounds.into(),
            members: Mutex::default(),
        }
    }

    /// Whether it was made with these.
    pub(super) fn is(&self, kind: Kind, labels: &[&str], bounds: &[f64]) -> bool {
        self.kind == kind && compare(&self.labels, labels).is_eq() && *self.bounds == *bounds
    }

    /// A component's part: the one that it has, or a new one. One with the same id that is on its way out gives its place up.
    pub(super) fn join(family: &Arc<Self>, owner: &Arc<Owner>) -> Arc<Member> {
        let mut members = family.members.lock();
        let key = ByName(owner.clone());
        if let Some(known) = members.get(&key)
            && Arc::ptr_eq(&known.owner, owner)
        {
            return known.clone();
        }
        let member = Arc::new(Member {
            owner: owner.clone(),
            family: Arc::downgrade(family),
            kind: family.kind,
            bounds: family.bounds.clone(),
            children: Mutex::default(),
        });
        // A key that is there stays with the owner that it was made of, who is on the way out.
        members.remove(&key);
        members.insert(key, member.clone());
        member
    }

    /// Appends the family with the samples of the components that are wanted (by id and path); nothing where there are none.
    pub(super) fn render(&self, out: &mut String, wanted: &impl Fn(&str, &str) -> bool) {
        let members: Vec<Arc<Member>> = {
            let members = self.members.lock();
            let wanted = members
                .values()
                .filter(|member| wanted(&member.owner.id, &member.owner.path));
            wanted.cloned().collect()
        };
        let mut headed = false;
        for member in members {
            let children = member.children.lock().clone();
            if !headed && !children.is_empty() {
                self.head(out);
                headed = true;
            }
            for child in &children {
                self.sample(out, &member.owner, child);
            }
        }
    }

    fn head(&self, out: &mut String) {
        out.push_str("# HELP ");
        out.push_str(&self.name);
        out.push(' ');
        push_escaped(out, &self.help, false);
        out.push_str("\n# TYPE ");
        out.push_str(&self.name);
        out.push_str(match self.kind {
            Kind::Counter => " counter\n",
            Kind::Gauge | Kind::FloatGauge => " gauge\n",
            Kind::Histogram => " histogram\n",
            Kind::Summary => " summary\n",
        });
    }

    fn sample(&self, out: &mut String, owner: &Owner, child: &Child) {
        let start = |out: &mut String, suffix: &str| {
            out.push_str(&self.name);
            out.push_str(suffix);
            self.push_labels(out, owner, &child.values);
        };
        match &child.cell {
            Cell::Counter(cell) => {
                start(out, "");
                finish(out, format_args!("{}", cell.load(Ordering::Relaxed)));
            }
            Cell::Gauge(cell) => {
                start(out, "");
                finish(out, format_args!("{}", cell.load(Ordering::Relaxed)));
            }
            Cell::Float(cell) => {
                start(out, "");
                out.push_str("} ");
                push_float(out, cell.get());
                out.push('\n');
            }
            Cell::Ranges(ranges) => {
                let mut count = 0;
                let bounds = self.bounds.iter().copied().chain([f64::INFINITY]);
                for (bound, own) in bounds.zip(&ranges.counts) {
                    count += own.load(Ordering::Relaxed);
                    if self.kind == Kind::Summary {
                        continue;
                    }
                    start(out, "_bucket");
                    out.push_str(",le=\"");
                    push_float(out, bound);
                    out.push('"');
                    finish(out, format_args!("{count}"));
                }
                start(out, "_sum");
                out.push_str("} ");
                push_float(out, ranges.sum.get());
                out.push('\n');
                start(out, "_count");
                finish(out, format_args!("{count}"));
            }
        }
    }

    /// Opens the braces and leaves them open.
    fn push_labels(&self, out: &mut String, owner: &Owner, values: &[Box<str>]) {
        let mut before = '{';
        for (name, source) in &self.printed {
            let value = match source {
                Source::Id => &*owner.id,
                Source::Path => &*owner.path,
                Source::Value(at) => values.get(*at).map_or("", |value| value),
            };
            out.push(before);
            before = ',';
            out.push_str(name);
            out.push_str("=\"");
            push_escaped(out, value, true);
            out.push('"');
        }
    }
}

fn finish(out: &mut String, value: fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "}} {value}");
}

pub(super) fn push_escaped(out: &mut String, text: &str, quotes: bool) {
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '"' if quotes => out.push_str("\\\""),
            c => out.push(c),
        }
    }
}

/// The number of one set of label values.
#[derive(Clone, Debug)]
struct Child {
    values: Values,
    cell: Cell,
}

/// A component's part of a family.
pub(super) struct Member {
    owner: Arc<Owner>,
    family: std::sync::Weak<Family>,
    kind: Kind,
    bounds: Arc<[f64]>,
    /// In order of their values.
    children: Mutex<Vec<Child>>,
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Member({}, {:?})", self.owner.id, self.kind)
    }
}

impl Member {
    /// The number with these label values, made where there is none.
    pub(super) fn cell<V: AsRef<str>>(&self, values: &[V]) -> Cell {
        let mut children = self.children.lock();
        match children.binary_search_by(|child| compare(&child.values, values)) {
            Ok(at) => children
                .get(at)
                .map_or_else(|| self.new_cell(), |child| child.cell.clone()),
            Err(at) => {
                let cell = self.new_cell();
                if children.is_empty() {
                    // Most have one and never more.
                    children.reserve_exact(1);
                }
                children.insert(
                    at,
                    Child {
                        values: self.owner.values(values),
                        cell: cell.clone(),
                    },
                );
                cell
            }
        }
    }

    fn new_cell(&self) -> Cell {
        match self.kind {
            Kind::Counter => Cell::Counter(Arc::default()),
            Kind::Gauge => Cell::Gauge(Arc::default()),
            Kind::FloatGauge => Cell::Float(Arc::default()),
            Kind::Histogram | Kind::Summary => Cell::Ranges(Arc::new(Ranges::new(self.bounds.len()))),
        }
    }

    /// Forgets the number with these label values; whether there was one.
    pub(super) fn remove<V: AsRef<str>>(&self, values: &[V]) -> bool {
        let mut children = self.children.lock();
        match children.binary_search_by(|child| compare(&child.values, values)) {
            Ok(at) => {
                children.remove(at);
                // Files and pods come and go, some of them many at once.
                if children.len() < children.capacity() / 4 {
                    let twice = children.len() * 2;
                    children.shrink_to(twice);
                }
                true
            }
            Err(_) => false,
        }
    }

    /// The upper bounds of a histogram's ranges.
    pub(super) fn bounds(&self) -> &Arc<[f64]> {
        &self.bounds
    }

    /// Takes it out of its family, unless a newer one has its place.
    pub(super) fn leave(self: &Arc<Self>) {
        let Some(family) = self.family.upgrade() else {
            return;
        };
        let key = ByName(self.owner.clone());
        let mut members = family.members.lock();
        if members.get(&key).is_some_and(|member| Arc::ptr_eq(member, self)) {
            members.remove(&key);
        }
    }
}
