//! Loads, updates, runs, changed exports and stops, in random orders of all tasks.

use super::sources;
use crate::component::{BuildError, CancellationToken, Component, Context, Registration, RunError, Services};
use crate::controller::{Controller, Options, tasks};
use crate::signals::{Ack, Batch, Entry, Fanout, Inlet, Labels, LogBatch, Outcome, Receiver, inlet};
use parking_lot::Mutex;
use river_eval::Shared;
use shuttle::future::yield_now;
use shuttle::rand::Rng;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::Notify;

/// What the components of one order did.
#[derive(Default)]
struct Seen {
    /// How many run under an id.
    running: BTreeMap<String, i32>,
    sent: u64,
    delivered: u64,
    failed: u64,
    taken: u64,
    updates: u64,
    runs: u64,
}

/// Of each order by itself, found by its storage folder.
static ALL: Mutex<Option<HashMap<PathBuf, Arc<Mutex<Seen>>>>> = Mutex::new(None);

fn seen(storage: &Path) -> Arc<Mutex<Seen>> {
    let mut all = ALL.lock();
    all.get_or_insert_default()
        .entry(storage.to_owned())
        .or_default()
        .clone()
}

#[derive(Clone, Debug, river_eval::Arguments)]
struct Arguments {
    /// What it works on.
    #[river(default = 0)]
    value: i64,
    /// Batches to send at each start and update.
    #[river(default = 0)]
    send: u64,
    /// Where it sends.
    #[river(default = Fanout::default())]
    forward_to: Fanout<LogBatch>,
}

#[derive(Debug, river_eval::Exports)]
struct Exports {
    /// Takes batches.
    receiver: Shared<Receiver<LogBatch>>,
    /// Twice the value, sooner or later.
    result: i64,
}

struct Step {
    context: Context<Exports>,
    receiver: Shared<Receiver<LogBatch>>,
    inlet: tokio::sync::Mutex<Inlet<LogBatch>>,
    arguments: Mutex<Arguments>,
    changed: Notify,
    seen: Arc<Mutex<Seen>>,
}

impl Step {
    fn export(&self, result: i64) {
        self.context.export(&Exports {
            receiver: self.receiver.clone(),
            result,
        });
    }

    async fn work(&self) {
        let arguments = self.arguments.lock().clone();
        for _ in 0..arguments.send {
            self.seen.lock().sent += 1;
            let seen = self.seen.clone();
            let ack = Ack::new(move |outcome| match outcome {
                Outcome::Delivered => seen.lock().delivered += 1,
                Outcome::Failed => seen.lock().failed += 1,
            });
            let entry = Entry {
                labels: Labels::default(),
                timestamp: 0,
                line: "x".into(),
                metadata: None,
            };
            let entries = vec![entry];
            arguments.forward_to.send(LogBatch { entries, ack }).await;
            pause().await;
        }
        self.export(arguments.value * 2);
    }

    async fn pass(&self, batch: LogBatch) {
        let to = self.arguments.lock().forward_to.clone();
        pause().await;
        if to.is_empty() {
            self.seen.lock().taken += 1;
            batch.delivered();
        } else {
            to.send(batch).await;
        }
    }
}

/// Lets others go first, now and then.
async fn pause() {
    if shuttle::rand::thread_rng().gen_bool(0.5) {
        yield_now().await;
    }
}

/// One of them for each run, so that two at a time are noticed.
struct Running<'s>(&'s Step);

impl<'s> Running<'s> {
    fn begin(step: &'s Step) -> Self {
        let mut seen = step.seen.lock();
        seen.runs += 1;
        let count = seen.running.entry(step.context.id.to_string()).or_default();
        *count += 1;
        assert_eq!(*count, 1, "{} runs twice", step.context.id);
        drop(seen);
        Self(step)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut seen = self.0.seen.lock();
        *seen.running.entry(self.0.context.id.to_string()).or_default() -= 1;
    }
}

impl Component for Step {
    const NAME: &'static str = "test.step";
    type Arguments = Arguments;
    type Exports = Exports;

    fn new(context: Context<Exports>, arguments: Arguments) -> Result<Self, BuildError> {
        let (receiver, inlet) = inlet(&context.id.to_string());
        let step = Self {
            seen: seen(&context.services.storage),
            context,
            receiver,
            inlet: tokio::sync::Mutex::new(inlet),
            arguments: Mutex::new(arguments.clone()),
            changed: Notify::new(),
        };
        step.export(arguments.value);
        Ok(step)
    }

    fn update(&self, arguments: Arguments) -> Result<(), BuildError> {
        self.seen.lock().updates += 1;
        *self.arguments.lock() = arguments;
        self.changed.notify_one();
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        let _running = Running::begin(&self);
        pause().await;
        // Fails at times, and is run again.
        if shuttle::rand::thread_rng().gen_bool(0.1) {
            return Err(RunError("no luck".into()));
        }
        let mut inlet = self.inlet.lock().await;
        self.work().await;
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = self.changed.notified() => self.work().await,
                batch = inlet.next() => match batch {
                    Some(batch) => self.pass(batch).await,
                    None => break,
                },
            }
        }
        pause().await;
        while let Some(batch) = inlet.try_next() {
            self.pass(batch).await;
        }
        Ok(())
    }
}

static STEP: Registration = Registration::of::<Step>();

/// A source, what it passes, and where that ends; what depends on a result beside it.
fn text(middle: &str, value: i64, sink: bool) -> String {
    let to_sink = if sink { "[test.step.sink.receiver]" } else { "[]" };
    let mut text = format!(
        "test.step \"source\" {{\n\tvalue = {value}\n\tsend = 3\n\tforward_to = [test.step.{middle}.receiver]\n}}\n\
         test.step \"{middle}\" {{\n\tvalue = test.step.source.result\n\tforward_to = {to_sink}\n}}\n"
    );
    // A circle of references would be refused: the source sends to what only reads its result in other configurations.
    text = text.replace("\tvalue = test.step.source.result\n", "");
    text.push_str("test.step \"result\" { value = test.step.source.result + 1 }\n");
    if sink {
        text.push_str("test.step \"sink\" { }\n");
    }
    text
}

/// The value that a component has been given, by the API.
fn value(controller: &Controller, id: &str) -> Option<i64> {
    let info = controller.component(id)?;
    let attributes = info.arguments.as_array()?.clone();
    let value = attributes
        .into_iter()
        .find(|attribute| attribute["name"] == "value")?;
    value["value"]["value"].as_i64()
}

async fn scenario() {
    static ORDERS: AtomicU64 = AtomicU64::new(0);
    let storage = PathBuf::from(format!("interleaved-{}", ORDERS.fetch_add(1, Ordering::Relaxed)));
    let options = Options {
        services: Services {
            storage: storage.clone(),
            ..Services::default()
        },
        components: vec![&STEP],
        ..Options::default()
    };
    let ended = Arc::new(AtomicBool::new(false));
    let starter = {
        let ended = ended.clone();
        shuttle::future::spawn(async move {
            while !ended.load(Ordering::Relaxed) {
                tasks::either::start();
                yield_now().await;
            }
        })
    };
    let controller = Arc::new(Controller::new(options).unwrap());
    let loads = |texts: Vec<String>| {
        let controller = controller.clone();
        shuttle::future::spawn(async move {
            for text in texts {
                controller.load(sources(&text)).await.unwrap();
                pause().await;
            }
        })
    };
    let one = loads(vec![text("a", 1, true), text("b", 2, false), text("a", 3, true)]);
    let two = loads(vec![String::new(), text("b", 4, true), text("b", 5, true)]);
    let reader = {
        let controller = controller.clone();
        shuttle::future::spawn(async move {
            for _ in 0..10 {
                let mut page = String::new();
                controller.metrics().render(&mut page).unwrap();
                for info in controller.components() {
                    // It may have gone in between.
                    let _ = controller.component(&info.local_id);
                }
                yield_now().await;
            }
        })
    };
    let early = shuttle::rand::thread_rng().gen_bool(0.3);
    if early {
        controller.shutdown().await;
    }
    one.await.unwrap();
    two.await.unwrap();
    reader.await.unwrap();
    if !early {
        controller.load(sources(&text("c", 20, true))).await.unwrap();
        // The result comes sooner or later, whatever happened before.
        let mut patience = 100_000;
        while value(&controller, "test.step.result") != Some(41) {
            patience -= 1;
            assert!(patience > 0, "{:?}", controller.component("test.step.result"));
            yield_now().await;
        }
        assert_eq!(value(&controller, "test.step.source"), Some(20));
        let mut ids: Vec<_> = controller
            .components()
            .into_iter()
            .map(|info| info.local_id)
            .collect();
        ids.sort();
        assert_eq!(
            ids.iter().map(|id| &**id).collect::<Vec<_>>(),
            [
                "test.step.c",
                "test.step.result",
                "test.step.sink",
                "test.step.source"
            ]
        );
    }
    controller.shutdown().await;
    assert!(controller.components().is_empty());
    ended.store(true, Ordering::Relaxed);
    starter.await.unwrap();
    // An early shutdown may have let nothing begin.
    let seen = ALL.lock().as_mut().and_then(|all| all.remove(&storage));
    let seen = seen.unwrap_or_default();
    let seen = seen.lock();
    let still: Vec<_> = seen.running.iter().filter(|(_, count)| **count != 0).collect();
    assert!(still.is_empty(), "{still:?}");
    // Every batch came to one end, and none was called delivered that was not.
    assert_eq!(seen.delivered + seen.failed, seen.sent);
    assert!(
        seen.delivered <= seen.taken,
        "{} of {}",
        seen.delivered,
        seen.taken
    );
    TOTALS.updates.fetch_add(seen.updates, Ordering::Relaxed);
    TOTALS.delivered.fetch_add(seen.delivered, Ordering::Relaxed);
    TOTALS.runs.fetch_add(seen.runs, Ordering::Relaxed);
}

/// Over all orders: shows that the orders did something.
#[derive(Default)]
struct Totals {
    updates: AtomicU64,
    delivered: AtomicU64,
    runs: AtomicU64,
}

static TOTALS: Totals = Totals {
    updates: AtomicU64::new(0),
    delivered: AtomicU64::new(0),
    runs: AtomicU64::new(0),
};

/// Orders that are tried.
const ORDERS: usize = 300;

#[test]
fn any_order_of_loads_updates_runs_and_stops_ends_well() {
    shuttle::check_random(|| shuttle::future::block_on(scenario()), ORDERS);
    let most = ORDERS as u64;
    assert!(TOTALS.updates.load(Ordering::Relaxed) > most);
    assert!(TOTALS.delivered.load(Ordering::Relaxed) > most);
    assert!(TOTALS.runs.load(Ordering::Relaxed) > 5 * most);
}
