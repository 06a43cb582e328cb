//! Modules: definitions, instances, imports and lists, and what is evaluated when something in or around them changes.

use super::*;

fn young() -> Engine<FakeHost> {
    let host = FakeHost {
        young: true,
        ..FakeHost::default()
    };
    Engine::new(host, Arc::default()).with_module_path("/etc/alloy")
}

fn run(text: &str) -> Engine<FakeHost> {
    let mut engine = young();
    if let Err(error) = engine.load(sources(text)) {
        panic!("{}", told(&error));
    }
    engine.host.log.clear();
    engine
}

/// All findings, with the further places behind each.
fn told(error: &LoadError) -> String {
    let mut lines = String::new();
    for finding in &error.diagnostics {
        lines += &river_syntax::render::concise(&error.sources, finding);
        lines.push('\n');
        for label in &finding.secondary {
            let file = error.sources.get(label.span.file).unwrap();
            let at = file.line_column(label.span.start);
            lines += &format!("  {}:{}: {}\n", file.name(), at.line, label.text);
        }
    }
    lines
}

fn rejected(text: &str) -> String {
    told(&young().load(sources(text)).unwrap_err())
}

fn set(engine: &Engine<FakeHost>, id: &str, value: i64) {
    let exports = Value::object([("out", Value::Int(value))]);
    *engine.find(id).unwrap().instance.exports.borrow_mut() = exports;
}

const DOUBLE: &str = r#"
declare "double" {
	argument "of" { }
	argument "plus" {
		optional = true
		default  = 0
	}

	test.copy "twice" { value = argument.of.value * 2 }
	test.copy "sum" { value = test.copy.twice.out + argument.plus.value }
	test.copy "alone" { value = 1 }

	export "result" { value = test.copy.sum.out }
}

test.copy "src" { value = 3 }
double "d" { of = test.copy.src.out }
test.copy "end" { value = double.d.result }
"#;

#[test]
fn an_instance_runs_its_definition() {
    let mut engine = young();
    let report = engine.load(sources(DOUBLE)).unwrap();
    assert_eq!(
        report.started.iter().map(AsRef::as_ref).collect::<Vec<&str>>(),
        [
            "test.copy.src",
            "double.d",
            "double.d/test.copy.alone",
            "double.d/test.copy.twice",
            "double.d/test.copy.sum",
            "test.copy.end"
        ]
    );
    assert_eq!(out(&engine, "double.d"), r#"{"result":6}"#);
    assert_eq!(out(&engine, "test.copy.end"), r#"{"out":6}"#);
    assert_eq!(engine.module("double.d").unwrap().nodes().count(), 3);
    assert!(engine.module("double.e").is_none() && engine.find("double.d/test.copy.gone").is_none());
}

#[test]
fn a_load_of_the_same_evaluates_nothing_in_modules_either() {
    let mut engine = run(DOUBLE);
    let report = engine.load(sources(DOUBLE)).unwrap();
    assert_eq!((report.evaluated, report.unchanged), (0, 9));
    let report = engine.load(sources(&format!("// moved\n{DOUBLE}"))).unwrap();
    assert_eq!((report.evaluated, report.unchanged), (0, 9));
    assert!(engine.host.log.is_empty(), "{:?}", engine.host.log);
}

#[test]
fn a_changed_definition_touches_only_what_changed_in_it() {
    let mut engine = run(DOUBLE);
    let report = engine
        .load(sources(
            &DOUBLE.replace("argument.of.value * 2", "argument.of.value * 5"),
        ))
        .unwrap();
    assert_eq!(
        engine.host.log,
        [
            "update double.d/test.copy.twice",
            "update double.d/test.copy.sum",
            "update test.copy.end"
        ]
    );
    // The two that follow it, and the export between them.
    assert_eq!(report.evaluated, 4);
    assert_eq!(out(&engine, "test.copy.end"), r#"{"out":15}"#);
    let report = engine
        .load(sources(&DOUBLE.replace(
            "\ttest.copy \"alone\" { value = 1 }",
            "\ttest.copy \"other\" { value = 1 }",
        )))
        .unwrap();
    assert_eq!(
        report
            .stopped
            .iter()
            .map(|gone| gone.id.as_ref())
            .collect::<Vec<&str>>(),
        ["double.d/test.copy.alone"]
    );
    assert_eq!(
        report.started.iter().map(AsRef::as_ref).collect::<Vec<&str>>(),
        ["double.d/test.copy.other"]
    );
}

#[test]
fn changes_flow_in_and_out_of_a_module() {
    let mut engine = run(DOUBLE);
    set(&engine, "test.copy.src", 10);
    // The instance, the two that follow its argument, its export, and what uses it.
    assert_eq!(engine.exports_changed(["test.copy.src"]).evaluated, 5);
    assert_eq!(
        engine.host.log,
        [
            "update double.d/test.copy.twice",
            "update double.d/test.copy.sum",
            "update test.copy.end"
        ]
    );
    assert_eq!(out(&engine, "test.copy.end"), r#"{"out":20}"#);
    // From the inside: only what follows.
    set(&engine, "double.d/test.copy.sum", 7);
    assert_eq!(engine.exports_changed(["double.d/test.copy.sum"]).evaluated, 2);
    assert_eq!(out(&engine, "test.copy.end"), r#"{"out":7}"#);
    set(&engine, "double.d/test.copy.alone", 9);
    assert_eq!(engine.exports_changed(["double.d/test.copy.alone"]).evaluated, 0);
}

#[test]
fn an_argument_that_comes_and_goes_changes_what_uses_it() {
    let mut engine = run(DOUBLE);
    let with = DOUBLE.replace(
        "of = test.copy.src.out }",
        "of = test.copy.src.out\n\tplus = 100\n}",
    );
    let report = engine.load(sources(&with)).unwrap();
    assert_eq!(out(&engine, "test.copy.end"), r#"{"out":106}"#);
    // The instance, `sum`, then what follows: the export and `end`.
    assert_eq!(report.evaluated, 4);
    engine.load(sources(DOUBLE)).unwrap();
    assert_eq!(out(&engine, "test.copy.end"), r#"{"out":6}"#);
}

#[test]
fn a_removed_instance_stops_what_it_holds_after_what_uses_it() {
    let mut engine = run(DOUBLE);
    let report = engine.load(sources("test.copy \"src\" { value = 3 }")).unwrap();
    let stages: Vec<(&str, u32)> = report
        .stopped
        .iter()
        .map(|gone| (gone.id.as_ref(), gone.stage))
        .collect();
    let stage = |id: &str| stages.iter().find(|(gone, _)| *gone == id).unwrap().1;
    assert_eq!(stages.len(), 5);
    assert!(stage("test.copy.end") < stage("double.d/test.copy.sum"));
    assert!(stage("double.d/test.copy.sum") < stage("double.d/test.copy.twice"));
    drop(report);
    assert_eq!(engine.host.alive.get(), 1);
    engine.clear();
    assert_eq!(engine.host.alive.get(), 0);
}

#[test]
fn a_definition_sees_what_is_defined_around_it_and_nothing_that_runs_there() {
    let text = r#"
declare "inner" {
	argument "x" { }
	export "y" { value = argument.x.value + 1 }
}
declare "outer" {
	argument "x" { }
	declare "own" {
		argument "x" { }
		inner "deep" { x = argument.x.value * 10 }
		export "y" { value = inner.deep.y }
	}
	own "o" { x = argument.x.value }
	export "y" { value = own.o.y }
	export "folder" { value = module_path }
}
outer "a" { x = 4 }
"#;
    let engine = run(text);
    assert_eq!(out(&engine, "outer.a"), r#"{"y":41,"folder":"/etc/alloy"}"#);
    assert!(engine.find("outer.a/own.o/inner.deep").is_some());
    insta::assert_snapshot!(rejected(r#"
test.copy "src" { value = 1 }
declare "d" {
	declare "hidden" { }
	test.copy "a" { value = test.copy.src.out }
	test.copy "b" { value = argument.x.value }
}
d "one" { }
d "two" { }
hidden "h" { }
argument "x" { }
declare "e" {
	settings { }
}
e "x" { }
"#), @r#"
    a.alloy:5:26: error[AR0201]: component "test.copy.src.out" does not exist or is out of scope (did you mean test.copy.a?)
      a.alloy:9: in this instance of d
    a.alloy:6:26: error[AR0201]: component "argument.x.value" does not exist or is out of scope (a component is named in full: its name, its label, and what it exports)
      a.alloy:9: in this instance of d
    a.alloy:10:1: error[AR0200]: cannot find the definition of component name "hidden" (docs/components lists the components that this agent has)
    a.alloy:11:1: error[AR0214]: argument blocks only allowed inside a module (put it into the declare block of the custom component that it belongs to)
    a.alloy:13:2: error[AR0214]: settings block not allowed inside a module (it sets something of the whole process: move it to the top level of the configuration)
      a.alloy:15: in this instance of e
    "#);
}

#[test]
fn what_an_instance_is_given_has_to_fit() {
    insta::assert_snapshot!(rejected(r#"
declare "d" {
	argument "target" { }
	argument "count" {
		optional = true
		defualt  = 1
	}
}
d "a" { targte = 1 }
d "b" {
	target = 1
	rule { }
}
"#), @r#"
    a.alloy:6:3: error[AR0100]: unrecognized attribute name "defualt" (did you mean `default`?)
      a.alloy:10: in this instance of d
    a.alloy:9:1: error[AR0218]: missing required argument "target" to module (write target = …, or make it optional where it is declared)
      a.alloy:3: declared here
    a.alloy:9:9: error[AR0219]: Provided argument "targte" is not defined in the module (did you mean target?)
      a.alloy:2: the definition
      a.alloy:9: in this instance of d
    a.alloy:12:2: error[AR0219]: custom component "d" takes no blocks (give what it declares as arguments, as attributes)
      a.alloy:2: the definition
      a.alloy:10: in this instance of d
    "#);
}

#[test]
fn a_mistake_inside_tells_the_way_to_it_once() {
    insta::assert_snapshot!(rejected(r#"
declare "inner" {
	argument "x" { }
	test.copy "c" { value = 1 / argument.x.value }
}
declare "outer" {
	argument "x" { }
	inner "i" { x = argument.x.value }
}
outer "one" { x = 0 }
outer "two" { x = 0 }
outer "three" { x = 1 }
"#), @"
    a.alloy:4:30: error[AR0155]: divide by zero error
      a.alloy:8: in this instance of inner
      a.alloy:11: in this instance of outer
    ");
}

#[test]
fn a_definition_may_not_use_itself() {
    insta::assert_snapshot!(rejected(r#"
declare "a" {
	declare "nested" {
		b "x" { }
	}
	nested "n" { }
}
declare "b" {
	a "y" { }
}
declare "c" {
	c "z" { }
}
declare "declare" { }
declare "c" { }
a "one" { }
"#), @r#"
    a.alloy:4:3: error[AR0216]: cycle detected: declare.a, declare.b (an instance would hold instances of itself without end: take one of the uses away)
      a.alloy:9: b uses a
    a.alloy:12:2: error[AR0216]: declare "c" uses itself (an instance would hold instances of itself without end: take one of the uses away)
    a.alloy:14:9: error[AR0215]: 'declare' is not a valid label for a declare block (give the custom component another name)
    a.alloy:15:1: error[AR0215]: block declare.c is already declared (give one of them another label)
      a.alloy:11: declared here first
    "#);
    // A name that means something else inside is no circle.
    run(r#"
declare "a" {
	declare "b" { }
	b "x" { }
}
declare "b" {
	a "y" { }
}
b "one" { }
"#);
}

#[test]
fn a_list_of_modules_follows_its_collection() {
    let text = r#"
test.copy "base" { value = 100 }
foreach "all" {
	collection = ["a", "b", "a"]
	var        = "each"

	template {
		test.copy "c" { value = test.copy.base.out }
		test.copy "d" { value = each }
	}
}
"#;
    let mut engine = run(text);
    assert_eq!(
        out(&engine, "foreach.all/foreach_a_2/test.copy.d"),
        r#"{"out":"a"}"#
    );
    assert_eq!(
        out(&engine, "foreach.all/foreach_b_1/test.copy.c"),
        r#"{"out":100}"#
    );
    let report = engine.load(sources(text)).unwrap();
    assert_eq!(report.evaluated, 0);
    let report = engine
        .load(sources(&text.replace(r#"["a", "b", "a"]"#, r#"["c", "a"]"#)))
        .unwrap();
    let ids = |ids: Vec<&str>| ids.join(" ");
    assert_eq!(
        ids(report.started.iter().map(AsRef::as_ref).collect()),
        "foreach.all/foreach_c_1/test.copy.d foreach.all/foreach_c_1/test.copy.c"
    );
    assert_eq!(report.stopped.len(), 4);
    assert_eq!(report.evaluated, 3);
    // What is outside changes what uses it inside, and nothing else.
    engine.host.log.clear();
    set(&engine, "test.copy.base", 5);
    engine.exports_changed(["test.copy.base"]);
    assert_eq!(
        engine.host.log,
        [
            "update foreach.all/foreach_c_1/test.copy.c",
            "update foreach.all/foreach_a_1/test.copy.c"
        ]
    );
}

#[test]
fn a_definition_in_a_template_sees_the_variable() {
    let text = r#"
foreach "all" {
	collection = [{name = "a", value = 1}, {name = "b", value = 2}]
	var        = "each"
	id         = "name"

	template {
		declare "inner" {
			argument "x" { }
			test.copy "c" { value = each.value + argument.x.value }
			export "sum" { value = test.copy.c.out }
		}
		declare "outer" {
			inner "i" { x = 10 }
			foreach "again" {
				collection = [1]
				var        = "number"
				template {
					test.copy "deep" { value = each.value * 100 + number }
				}
			}
			export "sum" { value = inner.i.sum }
		}
		outer "o" { }
		test.copy "d" { value = outer.o.sum }
	}
}
"#;
    let mut engine = run(text);
    assert_eq!(
        out(&engine, "foreach.all/foreach_a_1/test.copy.d"),
        r#"{"out":11}"#
    );
    assert_eq!(
        out(&engine, "foreach.all/foreach_b_1/test.copy.d"),
        r#"{"out":12}"#
    );
    let deep = "foreach.all/foreach_b_1/outer.o/foreach.again/foreach_1_1/test.copy.deep";
    assert_eq!(out(&engine, deep), r#"{"out":201}"#);
    assert_eq!(engine.load(sources(text)).unwrap().evaluated, 0);
    // Another value of an item that stays reaches everything that uses it, and nothing is made anew.
    let changed = engine
        .load(sources(&text.replace("value = 2}", "value = 5}")))
        .unwrap();
    assert!(
        changed.started.is_empty() && changed.stopped.is_empty(),
        "{changed:?}"
    );
    assert_eq!(out(&engine, deep), r#"{"out":501}"#);
    assert_eq!(
        out(&engine, "foreach.all/foreach_a_1/test.copy.d"),
        r#"{"out":11}"#
    );
    assert_eq!(
        out(&engine, "foreach.all/foreach_b_1/outer.o/inner.i/test.copy.c"),
        r#"{"out":15}"#
    );
    // A definition outside of the template does not see it.
    let outside = "declare \"d\" {\n\ttest.copy \"c\" { value = each }\n}\nforeach \"all\" {\n\tcollection = [1]\n\tvar = \"each\"\n\ttemplate {\n\t\td \"x\" { }\n\t}\n}\n";
    let refused = engine.load(sources(outside)).unwrap_err();
    assert!(
        refused
            .diagnostics
            .iter()
            .any(|found| found.message.contains("\"each\" does not exist")),
        "{refused:?}"
    );
}

#[test]
fn a_definition_in_a_template_sees_what_is_around_the_foreach() {
    let text = r#"
test.copy "base" { value = 100 }
test.copy "own" { value = 1 }
declare "around" {
	argument "x" { }
	foreach "all" {
		collection = [1, 2]
		var        = "each"

		template {
			test.copy "beside" { value = 7 }
			declare "inner" {
				test.copy "c" { value = argument.x.value + each }
				declare "deeper" {
					argument "y" { }
					test.copy "d" { value = argument.x.value + argument.y.value }
				}
				deeper "d" { y = 1000 }
			}
			// The variable of this one hides the outer one, and not for what stands outside of it.
			foreach "again" {
				collection = [50]
				var        = "each"
				template {
					inner "i" { }
					test.copy "e" { value = each }
				}
			}
		}
	}
}
around "a" { x = test.copy.base.out }

foreach "root" {
	collection = ["k"]
	var        = "name"

	template {
		declare "sum" {
			test.copy "own" { value = 5 }
			test.copy "s" { value = test.copy.base.out + test.copy.own.out }
		}
		sum "s" { }
	}
}
"#;
    let mut engine = run(text);
    let of = |item: &str, inner: &str| {
        format!("around.a/foreach.all/foreach_{item}_1/foreach.again/foreach_50_1/{inner}")
    };
    let check = |engine: &Engine<FakeHost>, base: i64| {
        let is = |id: &str, value: i64| assert_eq!(out(engine, id), format!("{{\"out\":{value}}}"), "{id}");
        is(&of("1", "inner.i/test.copy.c"), base + 1);
        is(&of("2", "inner.i/test.copy.c"), base + 2);
        is(&of("2", "inner.i/deeper.d/test.copy.d"), base + 1000);
        is(&of("2", "test.copy.e"), 50);
        // What stands in the definition itself comes first.
        is("foreach.root/foreach_k_1/sum.s/test.copy.s", base + 5);
    };
    check(&engine, 100);
    assert_eq!(engine.load(sources(text)).unwrap().evaluated, 0);
    // What changes outside is followed in, by a running change and by a load.
    engine.host.log.clear();
    set(&engine, "test.copy.base", 5);
    engine.exports_changed(["test.copy.base"]);
    check(&engine, 5);
    assert!(
        engine.host.log.iter().all(|line| line.starts_with("update ")) && engine.host.log.len() == 5,
        "{:?}",
        engine.host.log
    );
    let report = engine
        .load(sources(&text.replace("value = 100", "value = 200")))
        .unwrap();
    assert!(
        report.started.is_empty() && report.stopped.is_empty(),
        "{report:?}"
    );
    check(&engine, 200);
    // Of the template's own components it sees nothing, and of a definition outside of the template nobody sees what is around an instance.
    for (seen, told) in [
        ("argument.x.value + each", "test.copy.beside"),
        ("test.copy.base.out + test.copy.own.out", "test.copy.nothing"),
    ] {
        let wrong = text.replace(seen, &format!("{told}.out"));
        let refused = engine.load(sources(&wrong)).unwrap_err();
        assert!(
            (refused.diagnostics.iter())
                .any(|found| found.message.contains(&format!("\"{told}.out\" does not exist"))),
            "{refused:?}"
        );
    }
    check(&engine, 200);
}

#[test]
fn a_collection_that_changes_while_it_runs_starts_and_stops() {
    let text = r#"
test.copy "list" { value = [1, 2] }
declare "plus" {
	argument "x" { }
	test.copy "c" { value = argument.x.value + 10 / argument.x.value }
}
foreach "all" {
	collection = test.copy.list.out
	var        = "each"

	template {
		plus "p" { x = each }
	}
}
"#;
    let mut engine = run(text);
    let give = |engine: &mut Engine<FakeHost>, values: &[i64]| {
        let list = Value::list(values.iter().map(|&value| Value::Int(value)));
        *engine
            .find("test.copy.list")
            .unwrap()
            .instance
            .exports
            .borrow_mut() = Value::object([("out", list)]);
        engine.exports_changed(["test.copy.list"])
    };
    let changes = give(&mut engine, &[2, 3]);
    assert_eq!(
        changes.started.iter().map(AsRef::as_ref).collect::<Vec<&str>>(),
        [
            "foreach.all/foreach_3_1/plus.p",
            "foreach.all/foreach_3_1/plus.p/test.copy.c"
        ]
    );
    assert_eq!(changes.stopped.len(), 2);
    drop(changes);
    // An item that cannot be used leaves everything as it was.
    let changes = give(&mut engine, &[0]);
    assert!(changes.started.is_empty() && changes.stopped.is_empty());
    let failure = |engine: &Engine<FakeHost>| {
        engine
            .find("foreach.all")
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
    assert_eq!(
        out(&engine, "foreach.all/foreach_3_1/plus.p/test.copy.c"),
        r#"{"out":6}"#
    );
    assert_eq!(give(&mut engine, &[3]).stopped.len(), 2);
    assert_eq!(failure(&engine), None);
}

#[test]
fn what_a_list_may_not_be() {
    insta::assert_snapshot!(rejected(r#"
foreach "none" {
	collection = []
	var        = "each"
}
foreach "some" {
	collection = [1]
	var        = "a b"
	template { }
	other { }
}
foreach "more" {
	collection = [1]
	var        = "a b"
	template { }
}
foreach "inside" {
	collection = [1]
	var        = "each"
	template {
		argument "x" { }
		test.copy "c" { value = each + inside.out }
	}
}
foreach {
	template { }
}
"#), @r#"
    a.alloy:2:1: error[AR0224]: the block template is missing in the foreach block (add template { … } with the components that every item gets)
    a.alloy:10:2: error[AR0224]: unrecognized block name "other" (the components of a foreach stand in its template block)
    a.alloy:14:15: error[AR0111]: "a b" cannot be the name of a variable (a name is letters, digits and _, and begins with a letter)
    a.alloy:21:3: error[AR0214]: argument blocks are not allowed in the template of a foreach (a template holds components, and declare, import and foreach blocks; it sees what is outside of the foreach)
      a.alloy:17: in this foreach
    a.alloy:22:34: error[AR0201]: component "inside.out" does not exist or is out of scope (a component is named in full: its name, its label, and what it exports)
      a.alloy:17: in this foreach
    a.alloy:25:1: error[AR0203]: block "foreach" must have a label (write one in double quotes: foreach "default" {)
    "#);
    let stable = told(
        &engine()
            .load(sources("foreach \"a\" { template { } }"))
            .unwrap_err(),
    );
    assert!(stable.contains("AR0210"), "{stable}");
}

const LIBRARY: &str = r#"
declare "plus" {
	argument "a" { }
	test.copy "c" { value = argument.a.value + 1 }
	export "sum" { value = test.copy.c.out }
}
declare "twice" {
	argument "a" { }
	plus "x" { a = argument.a.value }
	plus "y" { a = plus.x.sum }
	export "sum" { value = plus.y.sum }
	export "folder" { value = module_path }
}
"#;

const USER: &str = r#"
import.file "lib" { filename = module_path + "/lib/math.alloy" }
lib.twice "t" { a = 1 }
test.copy "end" { value = lib.twice.t.sum }
test.copy "other" { value = 1 }
"#;

fn with_disk(files: &[(&str, &str)]) -> Engine<FakeHost> {
    let engine = young();
    for (name, text) in files {
        engine
            .host
            .disk
            .borrow_mut()
            .insert((*name).to_owned(), (*text).to_owned());
    }
    engine
}

fn importing() -> Engine<FakeHost> {
    let mut engine = with_disk(&[("/etc/alloy/lib/math.alloy", LIBRARY)]);
    if let Err(error) = engine.load(sources(USER)) {
        panic!("{}", told(&error));
    }
    engine.host.log.clear();
    engine
}

#[test]
fn imported_definitions_are_used_by_their_namespace() {
    let mut engine = importing();
    assert_eq!(
        out(&engine, "lib.twice.t"),
        r#"{"sum":3,"folder":"/etc/alloy/lib"}"#
    );
    assert!(engine.find("lib.twice.t/plus.x/test.copy.c").is_some());
    let report = engine.load(sources(USER)).unwrap();
    assert_eq!(report.evaluated, 0);
    let report = engine.load(sources(&format!("//\n{USER}"))).unwrap();
    assert_eq!(report.evaluated, 0);
    // With one more file of its own the imported text has another number.
    let mut two = sources(USER);
    two.add("b.alloy", "test.copy \"b\" { value = 1 }");
    let report = engine.load(two).unwrap();
    assert_eq!(report.evaluated, 1);
}

#[test]
fn a_changed_import_evaluates_what_depends_on_it() {
    let mut engine = importing();
    let change = |engine: &mut Engine<FakeHost>, text: &str| {
        let name = "/etc/alloy/lib/math.alloy".to_owned();
        engine.host.disk.borrow_mut().insert(name, text.to_owned());
        engine.exports_changed(["import.file.lib"])
    };
    assert_eq!(change(&mut engine, LIBRARY).evaluated, 0);
    let changes = change(&mut engine, &LIBRARY.replace("value + 1", "value + 5"));
    assert!(changes.started.is_empty() && changes.stopped.is_empty());
    assert_eq!(
        engine.host.log,
        [
            "update lib.twice.t/plus.x/test.copy.c",
            "update lib.twice.t/plus.y/test.copy.c",
            "update test.copy.end"
        ]
    );
    assert_eq!(out(&engine, "test.copy.end"), r#"{"out":11}"#);
    // Places of texts are used again: the table does not grow.
    let files = engine.sources().len();
    for turn in 0..10 {
        change(
            &mut engine,
            &LIBRARY.replace("value + 1", &format!("value + {turn}")),
        );
    }
    assert!(engine.sources().len() <= files + 1, "{}", engine.sources().len());
}

#[test]
fn a_bad_import_keeps_the_old_one_and_says_why() {
    let mut engine = importing();
    let change = |engine: &mut Engine<FakeHost>, text: &str| {
        let name = "/etc/alloy/lib/math.alloy".to_owned();
        engine.host.disk.borrow_mut().insert(name, text.to_owned());
        engine.exports_changed(["import.file.lib"])
    };
    let failure = |engine: &Engine<FakeHost>| {
        engine
            .find("import.file.lib")
            .unwrap()
            .instance
            .failure
            .borrow()
            .clone()
    };
    let alive = engine.host.alive.get();
    for (bad, reason) in [
        ("declare \"twice\" {", "math.alloy:1:18: error[AR0"),
        (
            "declare \"other\" { }",
            "cannot find the definition of custom component \"lib.twice\" (lib declares other)",
        ),
        (
            "test.copy \"c\" { }",
            "only declare and import blocks are allowed in a module, got test.copy",
        ),
        (&LIBRARY.replace("value + 1", "value / 0"), "divide by zero"),
        (
            &LIBRARY
                .replace("\"a\" { }", "\"b\" { }")
                .replace("argument.a", "argument.b"),
            "Provided argument \"a\" is not defined in the module",
        ),
    ] {
        let changes = change(&mut engine, bad);
        assert!(changes.started.is_empty() && changes.stopped.is_empty());
        let failure = failure(&engine).unwrap_or_default();
        assert!(failure.contains(reason), "{bad}: {failure}");
        assert_eq!(out(&engine, "test.copy.end"), r#"{"out":3}"#);
        assert_eq!(engine.host.alive.get(), alive);
    }
    // A reload of the configuration's own files is not kept from being used by it.
    let report = engine
        .load(sources(
            &USER.replace("\"other\" { value = 1 }", "\"other\" { value = 2 }"),
        ))
        .unwrap();
    assert_eq!(report.updated.len(), 1);
    assert_eq!(out(&engine, "test.copy.end"), r#"{"out":3}"#);
    // Nor does that make what it has read any better.
    assert!(failure(&engine).is_some());
    assert_eq!(engine.failed(), 1);
    change(&mut engine, &LIBRARY.replace("value + 1", "value + 2"));
    assert_eq!(failure(&engine), None);
    assert_eq!(out(&engine, "test.copy.end"), r#"{"out":5}"#);
}

#[test]
fn of_two_bad_imports_each_says_its_own_mistake() {
    let mut engine = with_disk(&[
        ("/m/a.alloy", "declare \"x\" { }"),
        ("/m/b.alloy", "declare \"y\" { }"),
        ("/m/c.alloy", "declare \"z\" { }"),
    ]);
    let user = "import.file \"a\" { filename = \"/m/a.alloy\" }\nimport.file \"b\" { filename = \"/m/b.alloy\" }\nimport.file \"c\" { filename = \"/m/c.alloy\" }\na.x \"x\" { }\nb.y \"y\" { }\nc.z \"z\" { }\n";
    engine.load(sources(user)).unwrap();
    let write = |name: &str, text: &str| {
        engine
            .host
            .disk
            .borrow_mut()
            .insert(name.to_owned(), text.to_owned());
    };
    write("/m/a.alloy", "declare \"x\" {");
    write("/m/b.alloy", "declare \"y\" { } }");
    write("/m/c.alloy", "declare \"z\" { declare \"w\" { } }");
    engine.exports_changed(["import.file.a", "import.file.b", "import.file.c"]);
    let failure = |id: &str| {
        let found = engine.find(id).unwrap();
        found.instance.failure.borrow().clone().unwrap_or_default()
    };
    assert!(
        failure("import.file.a").starts_with("/m/a.alloy:"),
        "{}",
        failure("import.file.a")
    );
    assert!(
        failure("import.file.b").starts_with("/m/b.alloy:"),
        "{}",
        failure("import.file.b")
    );
    let beside = failure("import.file.c");
    assert!(
        beside.starts_with("something beside it keeps it from being used: /m/"),
        "{beside}"
    );
}

#[test]
fn an_import_may_read_what_a_component_exports() {
    let text = r#"
test.copy "text" { value = "declare \"one\" {\n\texport \"x\" { value = 1 }\n}" }
import.string "lib" { content = test.copy.text.out }
lib.one "a" { }
test.copy "end" { value = lib.one.a.x }
"#;
    let mut engine = run(text);
    assert_eq!(out(&engine, "test.copy.end"), r#"{"out":1}"#);
    let exports = Value::object([(
        "out",
        Value::string("declare \"one\" {\n\texport \"x\" { value = 2 }\n}"),
    )]);
    *engine
        .find("test.copy.text")
        .unwrap()
        .instance
        .exports
        .borrow_mut() = exports;
    let changes = engine.exports_changed(["test.copy.text"]);
    assert_eq!(changes.started, [Str::from("import.string.lib")]);
    assert_eq!(changes.stopped.len(), 1);
    assert_eq!(out(&engine, "test.copy.end"), r#"{"out":2}"#);
    let changes = engine.load(sources(&text.replace("lib.one \"a\"", "lib.tow \"a\"")));
    insta::assert_snapshot!(told(&changes.unwrap_err()), @r#"
    a.alloy:4:1: error[AR0217]: cannot find the definition of custom component "lib.tow" (lib declares one)
    a.alloy:5:27: error[AR0201]: component "lib.one.a.x" does not exist or is out of scope (did you mean lib.tow.a?)
    "#);
}

#[test]
fn imports_may_import_but_not_in_a_circle() {
    let files = [
        (
            "/m/a.alloy",
            "import.file \"b\" { filename = module_path + \"/b.alloy\" }\ndeclare \"x\" {\n\tb.y \"in\" { }\n\texport \"v\" { value = b.y.in.v }\n}",
        ),
        ("/m/b.alloy", "declare \"y\" {\n\texport \"v\" { value = 7 }\n}"),
    ];
    let user = "import.file \"a\" { filename = \"/m/a.alloy\" }\na.x \"one\" { }\ntest.copy \"end\" { value = a.x.one.v }\n";
    let mut engine = with_disk(&files);
    engine.load(sources(user)).unwrap();
    assert_eq!(out(&engine, "test.copy.end"), r#"{"out":7}"#);
    // What the inner one reads reaches the user.
    engine
        .host
        .disk
        .borrow_mut()
        .insert("/m/b.alloy".into(), files[1].1.replace('7', "8"));
    engine.exports_changed(["import.file.a/import.file.b"]);
    assert_eq!(out(&engine, "test.copy.end"), r#"{"out":8}"#);
    let mut engine = with_disk(&files);
    let circle = format!(
        "{}\nimport.file \"back\" {{ filename = \"/m/a.alloy\" }}",
        files[1].1
    );
    engine.host.disk.borrow_mut().insert("/m/b.alloy".into(), circle);
    insta::assert_snapshot!(told(&engine.load(sources(user)).unwrap_err()), @r#"
    /m/b.alloy:4:1: error[AR0221]: "back" is imported by what it imports: /m/a.alloy (move what both modules need into a third one)
      a.alloy:1: imported here
      /m/a.alloy:1: imported here
      /m/a.alloy:1: imported here as b
      a.alloy:1: imported here as a
    "#);
}

#[test]
fn an_import_inside_of_a_definition_is_its_own() {
    let engine = run(r#"
declare "d" {
	argument "value" { }
	import.string "lib" {
		content = string.format("declare \"c\" {\n\texport \"x\" { value = %d }\n}", argument.value.value)
	}
	lib.c "c" { }
	export "x" { value = lib.c.c.x }
}
d "one" { value = 1 }
d "two" { value = 2 }
"#);
    assert_eq!(out(&engine, "d.one"), r#"{"x":1}"#);
    assert_eq!(out(&engine, "d.two"), r#"{"x":2}"#);
}

#[test]
fn a_check_goes_on_around_an_import_that_is_not_here() {
    let text = "import.file \"lib\" { filename = \"/nowhere\" }\nlib.x \"a\" { }\ntest.copy \"b\" { value = lib.x.a.y }\ntest.copy \"c\" { value = 1 / 0 }\n";
    let mut engine = young();
    let error = engine.check(sources(text)).unwrap_err();
    insta::assert_snapshot!(told(&error), @"
    a.alloy:1:1: warning[AR0212]: no such module
    a.alloy:4:29: error[AR0155]: divide by zero error
    ");
    assert_eq!(engine.host.alive.get(), 0);
}

#[test]
fn modules_that_grow_without_end_are_refused() {
    let mut text = String::from("declare \"d0\" { }\n");
    for at in 1..40 {
        text += &format!("declare \"d{at}\" {{\n\td{} \"x\" {{ }}\n}}\n", at - 1);
    }
    text += "d39 \"top\" { }\n";
    let told = rejected(&text);
    assert!(
        told.contains("error[AR0223]: d8.x: modules are nested more than 32 deep"),
        "{told}"
    );
}
