//! Random configurations with modules, loaded one after the other, with imports that change in between: the end is that of a fresh load of the last.

use super::*;

/// What a block of a module is.
#[derive(Clone, Debug)]
enum Part {
    Absent,
    Literal(u8),
    /// What the module is given.
    Given,
    /// What the block with this number exports.
    Follow(usize),
    /// An instance of the definition with this number, given what the block exports.
    Instance(usize, usize),
    /// An instance of the imported definition.
    Imported(usize),
    /// A list of this many modules.
    List(u8),
    Bad,
}

const BLOCKS: usize = 4;
const DEFINITIONS: usize = 3;

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        12 => Just(Part::Absent),
        12 => (0_u8..3).prop_map(Part::Literal),
        8 => Just(Part::Given),
        16 => (0..BLOCKS).prop_map(Part::Follow),
        24 => (0..DEFINITIONS, 0..BLOCKS).prop_map(|(of, given)| Part::Instance(of, given)),
        8 => (0..BLOCKS).prop_map(Part::Imported),
        8 => (0_u8..4).prop_map(Part::List),
        1 => Just(Part::Bad),
    ]
}

/// What a block refers to: mostly one that was written before it, so that most configurations have no circles.
fn referred(parts: &[Part], from: usize, to: usize, level: usize) -> String {
    if to < from || parts.len() == from + 2 {
        exported(parts, to, level)
    } else {
        "1".to_owned()
    }
}

/// What the block with this number exports, as it is written there.
fn exported(parts: &[Part], at: usize, level: usize) -> String {
    match parts.get(at) {
        Some(Part::Instance(of, _)) if level > 0 => format!("d{}.c{at}.out", of % level),
        Some(Part::Instance(..)) => "0".to_owned(),
        Some(Part::Imported(_)) => format!("lib.d.c{at}.out"),
        Some(Part::Absent | Part::List(_)) | None => "0".to_owned(),
        Some(_) => format!("test.copy.c{at}.out"),
    }
}

fn body(parts: &[Part], given: &str, level: usize) -> String {
    let mut text = String::new();
    for (at, part) in parts.iter().enumerate() {
        text += &match part {
            Part::Absent => String::new(),
            Part::Literal(value) => format!("test.copy \"c{at}\" {{ value = {value} }}\n"),
            Part::Given => format!("test.copy \"c{at}\" {{ value = {given} }}\n"),
            Part::Follow(to) => format!(
                "test.copy \"c{at}\" {{ value = {} }}\n",
                referred(parts, at, *to, level)
            ),
            // Of lower definitions only: others would use themselves.
            Part::Instance(of, to) if level > 0 => {
                format!(
                    "d{} \"c{at}\" {{ x = {} }}\n",
                    of % level,
                    referred(parts, at, *to, level)
                )
            }
            Part::Instance(..) => String::new(),
            Part::Imported(to) => format!("lib.d \"c{at}\" {{ x = {} }}\n", referred(parts, at, *to, level)),
            Part::List(count) => {
                let items: Vec<String> = (0..*count).map(|item| item.to_string()).collect();
                format!(
                    "foreach \"c{at}\" {{\n\tcollection = [{}]\n\tvar = \"each\"\n\ttemplate {{\n\t\ttest.copy \"n\" {{ value = each + {given} }}\n\t}}\n}}\n",
                    items.join(", ")
                )
            }
            Part::Bad => format!("test.copy \"c{at}\" {{ bad = true }}\n"),
        };
    }
    text
}

#[derive(Clone, Debug)]
struct Configuration {
    definitions: Vec<Vec<Part>>,
    root: Vec<Part>,
    library: Vec<Part>,
    /// Whether the library changes while the configuration before it runs.
    ahead: bool,
}

fn configuration() -> impl Strategy<Value = Configuration> {
    let parts = || prop::collection::vec(part(), BLOCKS);
    (
        prop::collection::vec(parts(), DEFINITIONS),
        parts(),
        prop::collection::vec(
            prop_oneof![
                (0_u8..3).prop_map(Part::Literal),
                Just(Part::Given),
                (0..BLOCKS).prop_map(Part::Follow)
            ],
            BLOCKS,
        ),
        any::<bool>(),
    )
        .prop_map(|(definitions, root, library, ahead)| Configuration {
            definitions,
            root,
            library,
            ahead,
        })
}

fn definition(name: &str, parts: &[Part], level: usize) -> String {
    format!(
        "declare \"{name}\" {{\nargument \"x\" {{ }}\n{}export \"out\" {{ value = {} }}\n}}\n",
        body(parts, "argument.x.value", level),
        exported(parts, BLOCKS - 1, level)
    )
}

impl Configuration {
    fn text(&self) -> String {
        let mut text = String::from("import.file \"lib\" { filename = \"lib\" }\n");
        for (at, parts) in self.definitions.iter().enumerate() {
            text += &definition(&format!("d{at}"), parts, at);
        }
        text + &body(&self.root, "7", DEFINITIONS)
    }

    fn library(&self) -> String {
        definition("d", &self.library, 0)
    }
}

fn engine_on(disk: &Disk) -> Engine<FakeHost> {
    let host = FakeHost {
        young: true,
        disk: disk.clone(),
        ..FakeHost::default()
    };
    Engine::new(host, Arc::default())
}

/// Every node with its arguments and exports.
fn state(engine: &Engine<FakeHost>) -> BTreeMap<String, String> {
    let of = |node: RunningNode<'_, Fake>| {
        let arguments: Vec<String> = (node.arguments.attributes.iter())
            .map(|attribute| format!("{}={:?}", attribute.name, attribute.value))
            .collect();
        (node.id().to_string(), format!("{arguments:?} {:?}", node.exports))
    };
    engine.nodes().map(of).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn any_sequence_of_changes_ends_like_a_fresh_load_of_the_last(
        configurations in prop::collection::vec(configuration(), 1..8),
    ) {
        let disk = Disk::default();
        let mut engine = engine_on(&disk);
        let mut accepted: Option<(String, String)> = None;
        let mut runs = false;
        for configuration in &configurations {
            let (text, library) = (configuration.text(), configuration.library());
            disk.borrow_mut().insert("lib".into(), library.clone());
            if configuration.ahead && runs {
                engine.exports_changed(["import.file.lib"]);
                let failed = engine.find("import.file.lib").unwrap().instance.failure.borrow().is_some();
                if let Some((_, running)) = accepted.as_mut().filter(|_| !failed) {
                    running.clone_from(&library);
                }
            } else if let Some((_, running)) = &accepted {
                // It has not been looked at.
                disk.borrow_mut().insert("lib".into(), running.clone());
            }
            let before = engine.evaluations();
            let got = engine.load(sources(&text));
            let found = disk.borrow().get("lib").cloned().unwrap_or_default();
            if let Ok(report) = &got {
                prop_assert_eq!(report.evaluated, engine.evaluations() - before);
                // An import that goes on uses what it read last.
                let used = accepted.take().map_or(found, |(_, running)| running);
                accepted = Some((text.clone(), used));
                runs = true;
                drop(got);
                let again = engine.load(sources(&text)).unwrap();
                // What an import has read and cannot use is looked at again.
                prop_assert!(again.evaluated == 0 || engine.failed() > 0, "{}", text);
            }
            if let Some((text, library)) = &accepted {
                let fresh_disk = Disk::default();
                fresh_disk.borrow_mut().insert("lib".into(), library.clone());
                let mut fresh = engine_on(&fresh_disk);
                let loaded = fresh.load(sources(text));
                prop_assert!(loaded.is_ok(), "{}\n{}", text, library);
                drop(loaded);
                prop_assert_eq!(state(&engine), state(&fresh), "{}\n{}", text, library);
                prop_assert_eq!(engine.host.alive.get(), fresh.host.alive.get());
            }
        }
        drop(engine.clear());
        prop_assert_eq!(engine.host.alive.get(), 0);
    }
}
