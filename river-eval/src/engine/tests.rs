//! The engine with a host whose components copy their `value` to their export `out`.

use super::*;
use crate::body::BodyValue;
use crate::codes::graph as codes;
use crate::eval::Stability;
use crate::graph::{BlockSpec, Blocks, NodeKind};
use crate::value::Value;
use proptest::prelude::*;
use river_syntax::Diagnostic;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

mod modules;
mod random;

/// Texts by name.
type Disk = Rc<RefCell<BTreeMap<String, String>>>;

#[derive(Default)]
struct FakeHost {
    alive: Rc<Cell<usize>>,
    log: Vec<String>,
    /// Whether experimental blocks are allowed.
    young: bool,
    /// What `import.file` finds, by name.
    disk: Disk,
}

#[derive(Debug)]
struct Fake {
    exports: RefCell<Value>,
    failure: RefCell<Option<String>>,
    alive: Rc<Cell<usize>>,
    /// Of an import: where it reads, and for a text itself the text.
    reads: Option<(Disk, String, bool)>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.alive.set(self.alive.get() - 1);
    }
}

fn attribute(body: &BodyValue, name: &str) -> Option<Value> {
    let found = body.attributes.iter().find(|attribute| &*attribute.name == name);
    found.map(|attribute| attribute.value.clone())
}

fn export(body: &BodyValue) -> Value {
    Value::object([("out", attribute(body, "value").unwrap_or_default())])
}

impl Blocks for FakeHost {
    fn spec(&self, name: &str) -> Option<BlockSpec> {
        let stability = match name {
            "test.copy" | "settings" | "import.string" | "import.file" => Stability::GenerallyAvailable,
            "test.young" => Stability::Experimental,
            _ => return None,
        };
        let config = name == "settings";
        Some(BlockSpec {
            kind: if config {
                NodeKind::Config
            } else if name.starts_with("import.") {
                NodeKind::Import
            } else {
                NodeKind::Component
            },
            labelled: !config,
            stability,
        })
    }

    fn names(&self) -> Vec<&str> {
        vec!["test.copy", "test.young", "settings"]
    }

    fn min_stability(&self) -> Stability {
        if self.young {
            Stability::Experimental
        } else {
            Stability::GenerallyAvailable
        }
    }
}

impl Host for FakeHost {
    type Instance = Fake;

    fn check(&mut self, at: At<'_>, body: &BodyValue) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        match attribute(body, "bad") {
            Some(_) => Err(vec![Diagnostic::error(
                &codes::CANNOT_BUILD,
                at.node.block.name_span,
                "bad",
            )]),
            None => Ok(Vec::new()),
        }
    }

    fn build(&mut self, at: At<'_>, body: &BodyValue, _: &mut Vec<Diagnostic>) -> Result<Fake, Refused> {
        self.check(at, body).map_err(Refused::Configuration)?;
        let missing = |what: &str| {
            let finding = Diagnostic::error(&codes::CANNOT_BUILD, at.node.block.name_span, what.to_owned());
            Refused::World(finding.into())
        };
        if attribute(body, "missing_file").is_some() {
            return Err(missing("no such file"));
        }
        let text = |name: &str| match attribute(body, name) {
            Some(Value::String(text)) => text.to_string(),
            other => panic!("{other:?}"),
        };
        let reads = match at.node.block.name.as_ref() {
            "import.string" => Some((self.disk.clone(), text("content"), true)),
            "import.file" => {
                let name = text("filename");
                if !self.disk.borrow().contains_key(&name) {
                    return Err(missing("no such module"));
                }
                Some((self.disk.clone(), name, false))
            }
            _ => None,
        };
        self.log.push(format!("build {}", at.id()));
        self.alive.set(self.alive.get() + 1);
        Ok(Fake {
            exports: RefCell::new(export(body)),
            failure: RefCell::default(),
            alive: self.alive.clone(),
            reads,
        })
    }

    fn exports(&self, instance: &Fake) -> Value {
        instance.exports.borrow().clone()
    }

    fn content(&self, instance: &Fake) -> Option<Content> {
        let (disk, what, is_text) = instance.reads.as_ref()?;
        let text = match is_text {
            true => what.clone(),
            false => disk.borrow().get(what).cloned().unwrap_or_default(),
        };
        let folder = what.rsplit_once('/').map_or("", |(folder, _)| folder);
        Some(Content {
            key: (!is_text).then(|| what.as_str().into()),
            module_path: (!is_text).then(|| folder.into()),
            files: [(if *is_text { "" } else { what }.into(), text.into())].into(),
            is_secret: false,
        })
    }

    fn update(&mut self, at: At<'_>, instance: &Fake, body: &BodyValue) -> Result<(), Box<Diagnostic>> {
        if attribute(body, "stubborn").is_some() {
            let finding = Diagnostic::error(&codes::UPDATE_FAILED, at.node.block.name_span, "stubborn");
            return Err(finding.into());
        }
        self.log.push(format!("update {}", at.id()));
        *instance.exports.borrow_mut() = export(body);
        Ok(())
    }

    fn evaluated(&mut self, _: At<'_>, instance: &Fake, failure: Option<&str>) {
        *instance.failure.borrow_mut() = failure.map(str::to_owned);
    }
}

fn sources(text: &str) -> Sources {
    let mut sources = Sources::new();
    sources.add("a.alloy", text);
    sources
}

fn engine() -> Engine<FakeHost> {
    Engine::new(FakeHost::default(), Arc::default())
}

fn loaded(text: &str) -> Engine<FakeHost> {
    let mut engine = engine();
    engine.load(sources(text)).unwrap();
    engine.host.log.clear();
    engine
}

/// The ids and how often each was evaluated.
fn evaluations(engine: &Engine<FakeHost>) -> String {
    let counts = engine
        .nodes()
        .map(|node| format!("{}={}", node.id(), node.evaluations));
    counts.collect::<Vec<_>>().join(" ")
}

fn out(engine: &Engine<FakeHost>, id: &str) -> String {
    serde_json::to_string(engine.find(id).unwrap().exports).unwrap()
}

/// A source, two that follow it, one that follows one of them, and one that stands alone.
const CHAIN: &str = r#"
test.copy "last" { value = test.copy.mid.out }
test.copy "mid" { value = test.copy.src.out + 0 }
test.copy "src" { value = 1 }
test.copy "sign" { value = test.copy.src.out > 0 }
test.copy "alone" { value = 7 }
"#;

#[test]
fn what_is_referred_to_comes_first() {
    let mut engine = engine();
    let report = engine.load(sources(CHAIN)).unwrap();
    let at = |id: &str| {
        report
            .started
            .iter()
            .position(|started| **started == *id)
            .unwrap()
    };
    assert!(at("test.copy.src") < at("test.copy.mid") && at("test.copy.mid") < at("test.copy.last"));
    assert_eq!((report.evaluated, report.unchanged), (5, 0));
    assert_eq!(out(&engine, "test.copy.last"), r#"{"out":1}"#);
}

#[test]
fn a_load_that_changes_nothing_evaluates_nothing() {
    let mut engine = loaded(CHAIN);
    let report = engine.load(sources(CHAIN)).unwrap();
    assert_eq!((report.evaluated, report.unchanged), (0, 5));
    // Layout, comments and order change places, not blocks.
    let blocks: Vec<&str> = CHAIN.trim().lines().rev().collect();
    let report = engine
        .load(sources(&format!("// moved\n\n{}", blocks.join("\n\n"))))
        .unwrap();
    assert_eq!((report.evaluated, report.unchanged), (0, 5));
    assert!(engine.host.log.is_empty(), "{:?}", engine.host.log);
}

#[test]
fn a_changed_attribute_evaluates_its_block_and_what_comes_out_different() {
    let mut engine = loaded(CHAIN);
    let report = engine
        .load(sources(&CHAIN.replace("value = 1", "value = 2")))
        .unwrap();
    // `sign` is evaluated and comes out equal; `alone` is not evaluated.
    assert_eq!(
        engine.host.log,
        [
            "update test.copy.src",
            "update test.copy.mid",
            "update test.copy.last"
        ]
    );
    assert_eq!(report.updated, [Str::from("test.copy.src")]);
    assert_eq!(
        evaluations(&engine),
        "test.copy.last=2 test.copy.mid=2 test.copy.src=2 test.copy.sign=2 test.copy.alone=1"
    );
    assert_eq!(out(&engine, "test.copy.last"), r#"{"out":2}"#);
}

#[test]
fn changed_exports_reach_direct_dependants_and_stop_where_nothing_changes() {
    let mut engine = loaded(CHAIN);
    let set = |engine: &Engine<FakeHost>, value| {
        let exports = Value::object([("out", Value::Int(value))]);
        *engine
            .find("test.copy.src")
            .unwrap()
            .instance
            .exports
            .borrow_mut() = exports;
    };
    set(&engine, 1);
    assert_eq!(
        engine.exports_changed(["test.copy.src"]).evaluated,
        0,
        "an equal export changes nothing"
    );
    set(&engine, 5);
    assert_eq!(
        engine
            .exports_changed(["test.copy.src", "test.copy.gone"])
            .evaluated,
        3
    );
    assert_eq!(engine.host.log, ["update test.copy.mid", "update test.copy.last"]);
    assert_eq!(out(&engine, "test.copy.last"), r#"{"out":5}"#);
    assert_eq!(engine.exports_changed(["test.copy.src"]).evaluated, 0);
}

#[test]
fn a_node_with_two_ways_to_a_change_is_evaluated_once() {
    let mut engine = loaded(
        r#"
test.copy "end" { value = test.copy.l.out + test.copy.r.out }
test.copy "l" { value = test.copy.src.out }
test.copy "r" { value = test.copy.src.out }
test.copy "src" { value = 1 }
"#,
    );
    let exports = Value::object([("out", Value::Int(4))]);
    *engine
        .find("test.copy.src")
        .unwrap()
        .instance
        .exports
        .borrow_mut() = exports;
    assert_eq!(engine.exports_changed(["test.copy.src"]).evaluated, 3);
    assert_eq!(out(&engine, "test.copy.end"), r#"{"out":8}"#);
}

#[test]
fn a_rejected_load_changes_nothing_and_tells_everything() {
    let mut engine = loaded(CHAIN);
    let broken = format!(
        "{CHAIN}\ntest.copy \"new\" {{ value = 1 }}\ntest.copy \"x\" {{ bad = true }}\ntest.copy \"y\" {{ value = 1 / 0 }}\ntest.copy \"z\" {{ value = nothing.here }}\n"
    )
    .replace("value = 1 }", "value = 3 }");
    let alive = engine.host.alive.get();
    let error = engine.load(sources(&broken)).unwrap_err();
    let codes: Vec<_> = error.diagnostics.iter().map(|finding| finding.code.id).collect();
    assert_eq!(codes, ["AR0212", "AR0155", "AR0201"]);
    assert_eq!(engine.host.alive.get(), alive, "what was built for it is gone");
    assert_eq!(
        engine.host.log,
        ["build test.copy.new"],
        "nothing that runs was touched"
    );
    assert_eq!(out(&engine, "test.copy.last"), r#"{"out":1}"#);
    let report = engine.load(sources(CHAIN)).unwrap();
    assert_eq!((report.evaluated, report.unchanged), (0, 5));
}

#[test]
fn a_text_that_cannot_be_parsed_is_told_alone() {
    let mut engine = loaded(CHAIN);
    let error = engine
        .load(sources("test.copy \"a\" { value = test.copy.b.out"))
        .unwrap_err();
    assert!(
        error.diagnostics.iter().all(|finding| finding.code.id < "AR0100"),
        "{error:?}"
    );
}

#[test]
fn a_failed_evaluation_keeps_the_last_good_arguments_and_is_tried_again() {
    let mut engine = loaded(
        "test.copy \"src\" { value = 2 }\ntest.copy \"part\" { value = 10 / test.copy.src.out }\ntest.copy \"end\" { value = test.copy.part.out }\n",
    );
    let set = |engine: &mut Engine<FakeHost>, value| {
        let exports = Value::object([("out", Value::Int(value))]);
        *engine
            .find("test.copy.src")
            .unwrap()
            .instance
            .exports
            .borrow_mut() = exports;
        engine.exports_changed(["test.copy.src"]).evaluated
    };
    assert_eq!(set(&mut engine, 0), 1);
    let failure = |engine: &Engine<FakeHost>| {
        engine
            .find("test.copy.part")
            .unwrap()
            .instance
            .failure
            .borrow()
            .clone()
    };
    assert!(
        failure(&engine).unwrap().contains("divide by zero"),
        "{:?}",
        failure(&engine)
    );
    assert_eq!(out(&engine, "test.copy.end"), r#"{"out":5}"#);
    assert_eq!(set(&mut engine, 5), 2);
    assert_eq!(failure(&engine), None);
    assert_eq!(out(&engine, "test.copy.end"), r#"{"out":2}"#);
    // Back to arguments that it already has: nothing new to give, and it is well again.
    set(&mut engine, 0);
    set(&mut engine, 5);
    assert_eq!(failure(&engine), None);
}

#[test]
fn a_refused_update_is_told_and_tried_again_by_the_next_load() {
    let mut engine = loaded("test.copy \"a\" { value = 1 }");
    let stubborn = "test.copy \"a\" {\n\tvalue    = 2\n\tstubborn = true\n}";
    for _ in 0..2 {
        let report = engine.load(sources(stubborn)).unwrap();
        assert_eq!(report.warnings.len(), 1);
        assert_eq!(report.evaluated, 1);
        assert_eq!(out(&engine, "test.copy.a"), r#"{"out":1}"#);
    }
    let report = engine.load(sources("test.copy \"a\" { value = 2 }")).unwrap();
    assert_eq!(
        (report.warnings.len(), out(&engine, "test.copy.a").as_str()),
        (0, r#"{"out":2}"#)
    );
}

#[test]
fn what_is_gone_stops_before_what_it_refers_to() {
    let mut engine = loaded(CHAIN);
    let report = engine.load(sources("test.copy \"alone\" { value = 7 }")).unwrap();
    let stages: Vec<_> = report
        .stopped
        .iter()
        .map(|gone| (&*gone.id, gone.stage))
        .collect();
    let expected = [
        ("test.copy.last", 0),
        ("test.copy.sign", 0),
        ("test.copy.mid", 1),
        ("test.copy.src", 2),
    ];
    assert_eq!(stages, expected);
    assert_eq!(report.unchanged, 1);
    drop(report);
    assert_eq!(engine.host.alive.get(), 1);
    assert_eq!(engine.clear().len(), 1);
    assert_eq!(engine.host.alive.get(), 0);
}

#[test]
fn files_are_one_configuration_and_only_changed_ones_are_parsed() {
    let two = |second: &str| {
        let mut sources = Sources::new();
        sources.add("a.alloy", "test.copy \"a\" { value = test.copy.b.out }");
        sources.add("b.alloy", second);
        sources
    };
    let mut engine = engine();
    engine.load(two("test.copy \"b\" { value = 1 }")).unwrap();
    let parsed = engine.running.files.clone();
    engine.load(two("test.copy \"b\" { value = 2 }")).unwrap();
    assert!(Arc::ptr_eq(&parsed[0], &engine.running.files[0]));
    assert!(!Arc::ptr_eq(&parsed[1], &engine.running.files[1]));
    assert_eq!(out(&engine, "test.copy.a"), r#"{"out":2}"#);
}

#[test]
fn a_check_warns_of_what_this_machine_lacks_and_goes_on_around_it() {
    let mut engine = loaded(CHAIN);
    let text = "test.copy \"a\" { missing_file = true }\ntest.copy \"b\" {\n\tvalue = test.copy.a.out\n\tother = [1][0]\n}\n";
    let findings = engine.check(sources(text)).unwrap();
    assert_eq!(findings.len(), 1);
    assert!(!findings[0].is_error() && findings[0].message == "no such file");
    // What does not depend on the missing file is checked still.
    let error = engine
        .check(sources(&text.replace("[1][0]", "[1][3]")))
        .unwrap_err();
    assert_eq!(
        error
            .diagnostics
            .iter()
            .filter(|finding| finding.is_error())
            .count(),
        1
    );
    assert_eq!(
        engine.host.alive.get(),
        5,
        "what was built for the check is gone, what runs is not"
    );
    let error = engine.load(sources(text)).unwrap_err();
    assert!(error.diagnostics[0].is_error());
}

/// A component of a random configuration: a literal, or another one's export; `Bad` makes the configuration wrong.
#[derive(Clone, Debug)]
enum Piece {
    Absent,
    Literal(u8),
    Follow(usize),
    Bad,
}

fn piece() -> impl Strategy<Value = Piece> {
    prop_oneof![
        3 => Just(Piece::Absent),
        4 => (0_u8..3).prop_map(Piece::Literal),
        4 => (0_usize..6).prop_map(Piece::Follow),
        1 => Just(Piece::Bad),
    ]
}

fn write(pieces: &[Piece]) -> String {
    let mut text = String::new();
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Absent => {}
            Piece::Literal(value) => text += &format!("test.copy \"c{at}\" {{ value = {value} }}\n"),
            Piece::Follow(to) => text += &format!("test.copy \"c{at}\" {{ value = test.copy.c{to}.out }}\n"),
            Piece::Bad => text += &format!("test.copy \"c{at}\" {{ bad = true }}\n"),
        }
    }
    text
}

fn state(engine: &Engine<FakeHost>) -> BTreeMap<String, (String, String)> {
    let of = |node: RunningNode<'_, Fake>| {
        let arguments = format!(
            "{:?}",
            node.arguments
                .attributes
                .iter()
                .map(|a| &a.value)
                .collect::<Vec<_>>()
        );
        (
            node.id().to_string(),
            (arguments, format!("{:?}", node.instance.exports.borrow())),
        )
    };
    engine.nodes().map(of).collect()
}

proptest! {
    #[test]
    fn any_sequence_of_loads_ends_like_a_fresh_load_of_the_last(
        configurations in prop::collection::vec(prop::collection::vec(piece(), 6), 1..12),
    ) {
        let mut engine = engine();
        let mut accepted = String::new();
        for pieces in &configurations {
            let text = write(pieces);
            let mut fresh = self::engine();
            let expected = fresh.load(sources(&text));
            let got = engine.load(sources(&text));
            prop_assert_eq!(got.is_ok(), expected.is_ok(), "{}", text);
            if got.is_ok() {
                accepted = text;
            }
        }
        let mut fresh = self::engine();
        fresh.load(sources(&accepted)).unwrap();
        prop_assert_eq!(state(&engine), state(&fresh));
        prop_assert_eq!(engine.host.alive.get(), fresh.host.alive.get());
    }
}
