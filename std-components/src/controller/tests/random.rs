//! Any sequence of edits and reloads ends where a fresh start on the last configuration ends.

use super::sources;
use crate::component::{
    BuildError, CancellationToken, Component, Context, HealthState, Registration, RunError, Services,
};
use crate::controller::{Controller, Options};
use parking_lot::Mutex;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use river_eval::Checks;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

#[derive(Clone, Debug, river_eval::Arguments)]
#[river(validate = check)]
struct Arguments {
    /// What it works on.
    #[river(default = 0)]
    value: i64,
    /// After how long it has its result, in milliseconds.
    #[river(default = 0)]
    takes: u64,
    /// Texts to show.
    #[river(default)]
    #[expect(dead_code, reason = "shown by the API only")]
    notes: Vec<String>,
}

#[derive(Debug, river_eval::Exports)]
struct Exports {
    /// Twice the value, once it is worked out; before, the value. Below 900, so that no sum of two comes near to what is refused.
    result: i64,
}

/// Exports a result some time after it got a value.
struct Worker {
    context: Context<Exports>,
    arguments: Mutex<Arguments>,
    changed: Notify,
    updates: crate::component::metrics::IntCounter,
}

fn check(arguments: &Arguments, checks: &mut Checks<'_, '_>) {
    if arguments.value > 4000 {
        checks.attribute("value", "too large");
    }
}

impl Component for Worker {
    const NAME: &'static str = "test.worker";
    type Arguments = Arguments;
    type Exports = Exports;

    fn new(context: Context<Exports>, arguments: Arguments) -> Result<Self, BuildError> {
        context.export(&Exports {
            result: arguments.value % 900,
        });
        Ok(Self {
            updates: context.metrics.counter("test_updates_total", "Updates."),
            context,
            arguments: Mutex::new(arguments),
            changed: Notify::new(),
        })
    }

    fn update(&self, arguments: Arguments) -> Result<(), BuildError> {
        self.updates.inc();
        *self.arguments.lock() = arguments;
        self.changed.notify_one();
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        loop {
            let arguments = self.arguments.lock().clone();
            let work = async {
                tokio::time::sleep(Duration::from_millis(arguments.takes)).await;
                self.context.export(&Exports {
                    result: arguments.value * 2 % 900,
                });
                self.context
                    .health
                    .healthy(format!("worked on {}", arguments.value));
                self.changed.notified().await;
            };
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = work => {}
                () = self.changed.notified() => {}
            }
        }
    }
}

static WORKER: Registration = Registration::of::<Worker>();

/// A component's value: a number, or made of others' results.
#[derive(Clone, Debug)]
struct Block {
    number: i64,
    of: Vec<usize>,
    takes: u64,
    notes: usize,
    /// Written above or below the others.
    first: bool,
}

/// What stands in a configuration, by name.
type Text = BTreeMap<usize, Block>;

const NAMES: usize = 7;

fn block() -> impl Strategy<Value = Block> {
    let number = prop_oneof![9 => 0_i64..40, 1 => Just(5000)];
    let of = prop::collection::vec(0..NAMES, 0..3);
    (number, of, 0_u64..30, 0_usize..3, any::<bool>()).prop_map(|(number, of, takes, notes, first)| Block {
        number,
        of,
        takes,
        notes,
        first,
    })
}

fn text() -> impl Strategy<Value = Text> {
    prop::collection::btree_map(0..NAMES, block(), 0..NAMES)
}

/// What is done to the configuration before a reload.
#[derive(Clone, Debug)]
enum Edit {
    /// All of it is written anew.
    All(Text),
    /// A block is added or changed.
    Put(usize, Block),
    /// A block is taken away.
    Take(usize),
    /// Nothing.
    None,
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        1 => text().prop_map(Edit::All),
        5 => (0..NAMES, block()).prop_map(|(at, block)| Edit::Put(at, block)),
        3 => (0..NAMES).prop_map(Edit::Take),
        1 => Just(Edit::None),
    ]
}

fn apply(text: &mut Text, edit: Edit) {
    match edit {
        Edit::All(new) => *text = new,
        Edit::Put(at, block) => drop(text.insert(at, block)),
        Edit::Take(at) => drop(text.remove(&at)),
        Edit::None => {}
    }
}

/// References only go to higher numbers, most to blocks that exist; some do not, and the load is rejected.
fn write(text: &Text) -> String {
    let mut out = String::new();
    let written = |(name, block): (&usize, &Block)| {
        let mut value = block.number.to_string();
        for of in &block.of {
            if of > name && (text.contains_key(of) || block.number % 7 == 0) {
                // Writing to a String cannot fail.
                let _ = write!(value, " + test.worker.w{of}.result");
            }
        }
        let notes = vec!["\"n\""; block.notes].join(", ");
        format!(
            "test.worker \"w{name}\" {{\n\tvalue = {value}\n\ttakes = {}\n\tnotes = [{notes}]\n}}\n",
            block.takes
        )
    };
    let blocks = |first: bool| text.iter().filter(move |(_, block)| block.first == first);
    out.extend(blocks(true).chain(blocks(false)).map(written));
    out
}

fn controller() -> Controller {
    let options = Options {
        services: Services::default(),
        components: vec![&WORKER],
        ..Options::default()
    };
    Controller::new(options).unwrap()
}

/// Everything that a user sees of the running components, without times.
fn seen(controller: &Controller) -> BTreeMap<String, String> {
    let describe = |id: String| {
        let info = controller.component(&id).unwrap();
        let what = format!(
            "{} {} arguments {} exports {} to {:?} by {:?}",
            info.health.state,
            info.health.message,
            info.arguments,
            info.exports,
            info.references_to,
            info.referenced_by,
        );
        (id, what)
    };
    let ids = controller
        .components()
        .into_iter()
        .map(|info| info.local_id.to_string());
    ids.map(describe).collect()
}

/// Long enough for everything to come to rest: the longest chain of works, and the rounds of evaluation between them.
async fn rest() {
    tokio::time::sleep(Duration::from_secs(5)).await;
}

/// Counters and counts of histograms with their values.
fn counts(controller: &Controller) -> BTreeMap<String, f64> {
    let mut page = String::new();
    controller.metrics().render(&mut page).unwrap();
    let mut types = BTreeMap::new();
    let mut counts = BTreeMap::new();
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(
                types.insert(name.to_owned(), kind.to_owned()).is_none(),
                "{name} twice"
            );
        } else if !line.starts_with('#') {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let value: f64 = value.parse().unwrap();
            let name = series.split('{').next().unwrap();
            let family = ["_bucket", "_count", "_sum"]
                .iter()
                .find_map(|suffix| {
                    name.strip_suffix(suffix)
                        .filter(|family| types.contains_key(*family))
                })
                .unwrap_or(name);
            if types[family] != "gauge" {
                assert!(
                    counts.insert(series.to_owned(), value).is_none(),
                    "{series} twice"
                );
            }
        }
    }
    counts
}

/// Loads each configuration, and compares the end with a fresh start on the last one that was taken.
async fn compare(edits: Vec<(Edit, u64)>) {
    let controller_of_edits = controller();
    let mut text = Text::new();
    let mut taken = String::new();
    for (edit, pause) in edits {
        apply(&mut text, edit);
        let written = write(&text);
        // A rejected text stays as it is until the next edit, as a user's file does.
        if controller_of_edits.load(sources(&written)).await.is_ok() {
            taken = written;
        }
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
    rest().await;
    let fresh = controller();
    fresh.load(sources(&taken)).await.unwrap();
    rest().await;
    assert_eq!(seen(&controller_of_edits), seen(&fresh), "{taken}");
    assert!(fresh.unhealthy().is_empty());
    controller_of_edits.shutdown().await;
    fresh.shutdown().await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn edits_and_reloads_end_where_a_fresh_start_ends(
        edits in prop::collection::vec((edit(), prop_oneof![Just(0), 0_u64..60]), 1..12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(compare(edits));
    }
}

#[tokio::test(start_paused = true)]
async fn counters_never_fall_over_a_thousand_reloads_and_the_page_stays_whole() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let edits = edit();
    let controller = controller();
    let mut text = Text::new();
    let mut before = counts(&controller);
    let (mut taken, mut rejected) = (0, 0);
    for _ in 0..1000 {
        let running: Vec<_> = controller
            .components()
            .into_iter()
            .map(|info| info.local_id)
            .collect();
        apply(&mut text, edits.new_tree(&mut runner).unwrap().current());
        let stopped = match controller.load(sources(&write(&text))).await {
            Ok(report) => {
                taken += 1;
                report.stopped
            }
            Err(_) => {
                rejected += 1;
                Vec::new()
            }
        };
        tokio::time::sleep(Duration::from_millis(20)).await;
        let now = counts(&controller);
        for (series, value) in &before {
            // Metrics go with their component.
            let gone = stopped.iter().any(|id| series.contains(&format!("\"{id}\"")));
            match now.get(series) {
                Some(now) => assert!(now >= value, "{series}: {value}, then {now}"),
                None => assert!(gone, "{series} is gone, of {running:?}"),
            }
        }
        before = now;
    }
    assert!(
        taken > 300 && rejected > 100,
        "{taken} taken, {rejected} rejected"
    );
    let evaluated = before
        .iter()
        .find(|(series, _)| series.starts_with("alloy_component_evaluation_seconds_count"));
    assert!(evaluated.unwrap().1 > &1000.0);
    assert_eq!(controller.unhealthy().len(), 0);
    assert!(
        controller
            .components()
            .iter()
            .all(|info| info.health.state == HealthState::Healthy.as_str())
    );
    controller.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_reload_evaluates_what_changed_and_what_depends_on_it_and_nothing_else() {
    let mut text = String::new();
    for team in 0..300 {
        let _ = write!(
            text,
            "test.worker \"a{team}\" {{ value = {team} }}\ntest.worker \"b{team}\" {{ value = test.worker.a{team}.result }}\ntest.worker \"c{team}\" {{ value = test.worker.b{team}.result + 1 }}\n"
        );
    }
    let controller = controller();
    controller.load(sources(&text)).await.unwrap();
    rest().await;
    let evaluated = async |text: &str| {
        let before = controller.evaluations();
        let report = controller.load(sources(text)).await.unwrap();
        assert_eq!((report.started.len(), report.stopped.len()), (0, 0));
        rest().await;
        (report.updated.len(), controller.evaluations() - before)
    };
    assert_eq!(evaluated(&text).await, (0, 0));
    assert_eq!(
        evaluated(&format!("// A comment moves everything.\n\n{text}")).await,
        (0, 0)
    );
    let shown = text.replace("{ value = 7 }", "{\n\tvalue = 7\n\tnotes = [\"x\"]\n}");
    // Its export is the same: its dependants are left alone. Its layout differs, so that its text is evaluated; no other is.
    assert_eq!(evaluated(&shown).await, (1, 1));
    // Itself, then its dependant as its result comes, then that one's.
    assert_eq!(evaluated(&text.replace("value = 7 ", "value = 8 ")).await, (1, 3));
    controller.shutdown().await;
}
