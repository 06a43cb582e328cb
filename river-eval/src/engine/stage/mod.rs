//! The first half of a load: works out what every node would become, and changes nothing that runs.

mod custom;
mod foreach;
mod imports;
mod node;
mod values;

pub(super) use values::placed;

use super::env::Env;
use super::host::Content;
use super::module::{Inputs, Module};
use super::pending::Pending;
use super::sources::Table;
use super::{Entry, Host};
use crate::body::BodyValue;
use crate::codes::graph as codes;
use crate::eval::Context;
use crate::graph::{Graph, Node, NodeKind};
use crate::ir;
use crate::value::{Str, Value};
use river_syntax::{Diagnostic, Sources, Span};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Modules in one another at the most.
const MAX_DEPTH: u32 = 32;

/// Places on the way to a mistake that are told.
const MAX_HOPS: usize = 16;

/// Modules of one configuration at the most.
const MAX_MODULES: usize = 100_000;

/// What a node would become.
#[derive(Debug)]
pub(super) enum Staged<I> {
    /// The running entry with this number stays, with all that it holds; nothing was evaluated.
    Keep(u32),
    /// Something is known of it.
    Known(Box<Known<I>>),
    /// Nothing is known of it: it has a mistake, or what it refers to has.
    Unknown,
}

/// What a node would become.
#[derive(Debug)]
pub(super) struct Known<I> {
    /// The running entry that goes on; `None` for a new one.
    pub(super) old: Option<u32>,
    /// Whether its body was evaluated.
    pub(super) evaluated: bool,
    /// Built for it; takes the place of what runs.
    pub(super) instance: Option<I>,
    /// Other arguments than those that it has.
    pub(super) arguments: Option<Arc<BodyValue>>,
    /// What it exports as far as that is known before the commit.
    pub(super) exports: Value,
    /// Whether what depends on it has to be looked at again.
    pub(super) changed: bool,
    /// What an import brought.
    pub(super) content: Option<Arc<Content>>,
    /// The modules that it would hold.
    pub(super) modules: Vec<StagedModule<I>>,
}

/// What a module would become.
#[derive(Debug)]
pub(super) struct StagedModule<I> {
    /// The running module that goes on, by its place in the running entry; `None` for a new one.
    pub(super) old: Option<usize>,
    pub(super) id: Str,
    pub(super) env: Arc<Env>,
    pub(super) inputs: Inputs,
    pub(super) metrics: bool,
    pub(super) depth: u32,
    pub(super) nodes: Vec<Staged<I>>,
}

/// What staging is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Texts have changed, or nothing runs yet. Whether imports that have failed use what they read last, or what they used last.
    Load { newest: bool },
    /// To find mistakes only; what runs is not looked at.
    Check,
    /// The texts are the same, and something that decides what a module holds has changed.
    Refresh,
}

/// A module while it is staged.
#[derive(Clone, Copy)]
pub(super) struct Frame<'f, I> {
    pub(super) env: &'f Arc<Env>,
    pub(super) old: Option<&'f Module<I>>,
    pub(super) nodes: &'f [Staged<I>],
    pub(super) inputs: &'f Inputs,
    pub(super) id: &'f Str,
    pub(super) metrics: bool,
    pub(super) depth: u32,
    pub(super) pending: Option<&'f Pending>,
}

/// What a module is made of.
pub(super) struct Plan<'p, I> {
    pub(super) env: Env,
    pub(super) inputs: Inputs,
    pub(super) id: Str,
    pub(super) metrics: bool,
    pub(super) depth: u32,
    /// What runs, with its place in the running entry.
    pub(super) old: Option<(usize, &'p Module<I>)>,
    pub(super) pending: Option<&'p Pending>,
}

/// Stages modules.
pub(super) struct Stager<'e, H: Host> {
    pub(super) host: &'e mut H,
    pub(super) context: &'e Context,
    pub(super) evaluations: &'e mut u64,
    /// The texts that run.
    pub(super) before: &'e Sources,
    /// The texts of what is staged.
    pub(super) table: &'e mut Table,
    pub(super) purpose: Purpose,
    pub(super) diagnostics: Vec<Diagnostic>,
    graphs: HashMap<(usize, usize, Str), Kept>,
    modules: usize,
    /// Arguments that the module just staged lacks, with where they are declared.
    missing: Vec<(Str, Span)>,
    told: HashSet<(&'static str, Span, String)>,
}

/// A graph that was made, with what it was made of, so that their addresses stay theirs.
struct Kept {
    graph: Arc<Graph>,
    _block: Arc<ir::Block>,
    _parent: Arc<Graph>,
}

impl<'e, H: Host> Stager<'e, H> {
    pub(super) fn new(
        host: &'e mut H,
        context: &'e Context,
        evaluations: &'e mut u64,
        before: &'e Sources,
        table: &'e mut Table,
        purpose: Purpose,
    ) -> Self {
        Self {
            host,
            context,
            evaluations,
            before,
            table,
            purpose,
            diagnostics: Vec::new(),
            graphs: HashMap::new(),
            modules: 0,
            missing: Vec::new(),
            told: HashSet::new(),
        }
    }

    /// Stages all nodes of a module in order.
    pub(super) fn module(&mut self, plan: Plan<'_, H::Instance>) -> StagedModule<H::Instance> {
        let Plan {
            env,
            inputs,
            id,
            metrics,
            depth,
            old,
            pending,
        } = plan;
        let graph = env.graph.clone();
        let mut env = Arc::new(env);
        let mut nodes: Vec<Staged<H::Instance>> = Vec::new();
        nodes.resize_with(graph.nodes().len(), || Staged::Unknown);
        for &number in graph.order() {
            let Some(node) = graph.node(number) else { continue };
            if node.broken {
                continue;
            }
            let frame = Frame {
                env: &env,
                old: old.map(|(_, module)| module),
                nodes: &nodes,
                inputs: &inputs,
                id: &id,
                metrics,
                depth,
                pending,
            };
            let staged = self.node(&frame, number, node);
            if node.kind == NodeKind::Import
                && let Some(library) = library(&staged, frame.old)
            {
                Arc::make_mut(&mut env).libraries.insert(node.label(), library);
            }
            if let Some(slot) = nodes.get_mut(number as usize) {
                *slot = staged;
            }
        }
        StagedModule {
            old: old.map(|(at, _)| at),
            id,
            env,
            inputs,
            metrics,
            depth,
            nodes,
        }
    }

    /// Notes findings. One that was told for another instance of the same definition is not told again.
    pub(super) fn tell(&mut self, findings: impl IntoIterator<Item = Diagnostic>) {
        for finding in findings {
            let key = (finding.code.id, finding.primary.span, finding.message.clone());
            if self.told.insert(key) {
                self.diagnostics.push(finding);
            }
        }
    }

    /// Adds to all findings since `from` where what they speak of is used.
    pub(super) fn used_at(&mut self, from: usize, place: Span, text: &str) {
        for finding in self.diagnostics.iter_mut().skip(from) {
            if finding.primary.span == place {
                continue;
            }
            // Of a long way the innermost hops are kept, and the outermost one.
            finding.secondary.truncate(MAX_HOPS - 1);
            finding.secondary.push(river_syntax::Label {
                span: place,
                text: text.to_owned().into(),
            });
        }
    }

    /// Whether one more module fits; where it does not, that is told.
    fn has_room(&mut self, node: &Node, depth: u32) -> bool {
        self.modules += 1;
        if depth < MAX_DEPTH && self.modules <= MAX_MODULES {
            return true;
        }
        let message = if depth >= MAX_DEPTH {
            format!("{}: modules are nested more than {MAX_DEPTH} deep", node.id)
        } else {
            format!(
                "{}: the configuration holds more than {MAX_MODULES} modules",
                node.id
            )
        };
        self.tell([
            Diagnostic::error(&codes::MODULE_BOUND, node.block.name_span, message)
                .with_help("look for a definition that makes more of itself"),
        ]);
        false
    }

    /// The graph of a definition or a template, made once for all its instances; the running one where it is of the same text.
    fn graph_of(
        &mut self,
        block: &Arc<ir::Block>,
        parent: &Arc<Graph>,
        variable: Option<&Str>,
        running: Option<&Module<H::Instance>>,
    ) -> Arc<Graph> {
        if let Some(running) = running
            && running.graph().is_of(block, parent, variable)
        {
            return running.graph().clone();
        }
        let key = (
            Arc::as_ptr(block) as usize,
            Arc::as_ptr(parent) as usize,
            variable.cloned().unwrap_or_else(|| "".into()),
        );
        if let Some(kept) = self.graphs.get(&key) {
            return kept.graph.clone();
        }
        let (graph, mistakes) = match variable {
            Some(variable) => Graph::template(block, variable, parent, &*self.host),
            None => Graph::definition(block, parent, &*self.host),
        };
        self.tell(mistakes);
        let graph = Arc::new(graph);
        let kept = Kept {
            graph: graph.clone(),
            _block: block.clone(),
            _parent: parent.clone(),
        };
        self.graphs.insert(key, kept);
        graph
    }
}

/// What an import brought: of what is staged, or of what runs where that stays.
fn library<I>(staged: &Staged<I>, old: Option<&Module<I>>) -> Option<Arc<Env>> {
    match staged {
        Staged::Keep(number) => {
            let entry: &Entry<I> = old?.entries.get(*number as usize)?;
            Some(entry.modules.first()?.env.clone())
        }
        Staged::Known(known) => Some(known.modules.first()?.env.clone()),
        Staged::Unknown => None,
    }
}
