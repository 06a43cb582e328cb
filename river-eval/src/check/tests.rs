//! Tests of the checker against a small catalog of its own.

use super::{Analysis, Catalog, Checked, Findings, Loader, Options, Rule, Target, Ty, analyze};
use crate::eval::Stability;
use crate::graph::ParsedFile;
use crate::schema::{
    AttributeSchema, BlockSchema, BodySchema, ComponentSchema, Experimental, LazyBody, Type,
};
use crate::value::Value;
use insta::assert_snapshot;
use river_syntax::{Diagnostic, Severity, Sources};
use std::sync::Arc;

/// `source.logs`, `write.logs`, `write.metrics`, `match.files`, `secret.file`, `bridge`, `early`, `shared`; config block `logging`.
struct Small;

fn attribute(name: &'static str, ty: Type, required: bool) -> AttributeSchema {
    AttributeSchema {
        name,
        ty,
        required,
        default: None,
        experimental: Default::default(),
        doc: "",
    }
}

fn list(of: Type) -> Type {
    Type::List(Box::new(of))
}

fn component(
    name: &'static str,
    attributes: Vec<AttributeSchema>,
    exports: Vec<AttributeSchema>,
) -> ComponentSchema {
    ComponentSchema {
        name,
        labelled: true,
        stability: match name {
            "early" => Stability::Experimental,
            _ => Stability::GenerallyAvailable,
        },
        community: name == "shared",
        arguments: BodySchema {
            attributes,
            blocks: Vec::new(),
        },
        exports,
        doc: "",
    }
}

const LOGS: Type = Type::Capsule("Logs");
const METRICS: Type = Type::Capsule("Metrics");

impl Catalog for Small {
    fn title(&self) -> &str {
        "the small catalog"
    }

    fn component(&self, name: &str) -> Option<Arc<ComponentSchema>> {
        let targets = || list(Type::Capsule("discovery.Target"));
        let mut found = match name {
            "source.logs" => component(
                "source.logs",
                vec![
                    attribute("targets", targets(), true),
                    attribute("forward_to", list(LOGS), true),
                    attribute("every", Type::Duration, false),
                    attribute("limit", Type::Number("uint"), false),
                    attribute("keep", Type::Bool, false),
                    attribute(
                        "mode",
                        Type::Text {
                            name: "mode",
                            words: &["fast", "slow"],
                        },
                        false,
                    ),
                    attribute("labels", Type::Map(Box::new(Type::String)), false),
                ],
                vec![],
            ),
            "write.logs" => component(
                "write.logs",
                vec![attribute("password", Type::Secret, false)],
                vec![attribute("receiver", LOGS, true)],
            ),
            "write.metrics" => component(
                "write.metrics",
                vec![],
                vec![attribute("receiver", METRICS, true)],
            ),
            "bridge" => component(
                "bridge",
                vec![attribute("forward_to", list(LOGS), true)],
                vec![attribute("input", METRICS, true)],
            ),
            "match.files" => component(
                "match.files",
                vec![attribute("path_targets", targets(), true)],
                vec![attribute("targets", targets(), true)],
            ),
            "secret.file" => component(
                "secret.file",
                vec![attribute("filename", Type::String, true)],
                vec![attribute("content", Type::Secret, true)],
            ),
            "early" => component("early", vec![], vec![]),
            "shared" => component("shared", vec![], vec![]),
            _ => return None,
        };
        if name == "write.logs" {
            found.arguments.blocks.push(BlockSchema {
                name: "endpoint".to_owned(),
                required: true,
                repeated: true,
                label: false,
                alternative: false,
                experimental: false,
                body: LazyBody::new(|| BodySchema {
                    attributes: vec![
                        attribute("url", Type::String, true),
                        AttributeSchema {
                            default: Some(Value::Bool(false)),
                            experimental: Experimental::Changed,
                            ..attribute("fast", Type::Bool, false)
                        },
                    ],
                    blocks: Vec::new(),
                }),
                doc: "",
            });
        }
        Some(Arc::new(found))
    }

    fn config_block(&self, name: &str) -> Option<Arc<ComponentSchema>> {
        let attributes = match name {
            "logging" => vec![attribute("level", Type::String, false)],
            "import.file" => vec![attribute("filename", Type::String, true)],
            "import.string" => vec![attribute("content", Type::String, true)],
            _ => return None,
        };
        let name = if name == "logging" { "logging" } else { "import" };
        Some(Arc::new(ComponentSchema {
            labelled: name == "import",
            ..component(name, attributes, vec![])
        }))
    }

    fn component_names(&self) -> Vec<&'static str> {
        vec![
            "bridge",
            "early",
            "match.files",
            "secret.file",
            "shared",
            "source.logs",
            "write.logs",
            "write.metrics",
        ]
    }

    fn config_block_names(&self) -> Vec<&'static str> {
        vec!["import.file", "import.string", "logging"]
    }

    fn capsule(&self, _: &str) -> Option<&'static str> {
        None
    }
}

/// Modules by path.
struct Modules(&'static [(&'static str, &'static str)]);

impl Loader for Modules {
    fn load(&self, path: &str, _: &str) -> Result<Vec<(String, Arc<str>)>, String> {
        match self.0.iter().find(|(name, _)| *name == path) {
            Some((name, text)) => Ok(vec![((*name).to_owned(), Arc::from(*text))]),
            None => Err("no such file or folder".to_owned()),
        }
    }
}

fn analysis(
    text: &str,
    modules: &'static [(&'static str, &'static str)],
    rules: &[&dyn Rule],
) -> (Sources, Analysis) {
    let mut sources = Sources::new();
    let file = sources.add("main.alloy", text);
    let parsed = Arc::new(ParsedFile::parse(file, &Arc::from(text)));
    let options = Options {
        catalog: &Small,
        min_stability: Stability::GenerallyAvailable,
        community: false,
        rules,
        loader: &Modules(modules),
    };
    let found = analyze(&mut sources, &[parsed], &options);
    (sources, found)
}

fn told(sources: &Sources, findings: &[Diagnostic]) -> String {
    let mut text = String::new();
    for finding in findings {
        let span = finding.primary.span;
        let source = sources.get(span.file).unwrap();
        let at = source.line_column(span.start);
        let severity = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        };
        text += &format!(
            "{}:{}:{} {severity} {} {} | {}\n",
            source.name(),
            at.line,
            at.column,
            finding.code.id,
            finding.message,
            finding.help.as_deref().unwrap_or_default()
        );
        for label in &finding.secondary {
            let source = sources.get(label.span.file).unwrap();
            let at = source.line_column(label.span.start);
            text += &format!("    {}:{}:{} {}\n", source.name(), at.line, at.column, label.text);
        }
    }
    text
}

fn check_with(text: &str, modules: &'static [(&'static str, &'static str)]) -> String {
    let (sources, found) = analysis(text, modules, &[]);
    told(&sources, &found.diagnostics)
}

fn check(text: &str) -> String {
    check_with(text, &[])
}

/// A body of `source.logs` in an otherwise right configuration.
fn check_source(lines: &str) -> String {
    check(&format!(
        "source.logs \"s\" {{\n targets = []\n forward_to = []\n{lines}\n}}\n"
    ))
}

#[test]
fn a_configuration_without_mistakes_is_quiet() {
    let text = r#"
        logging { level = "debug" }
        match.files "a" { path_targets = [{"__path__" = "/var/log/" + constants.hostname, n = 1}] }
        source.logs "s" {
            targets = array.concat(match.files.a.targets, [{"__path__" = sys.env("X")}])
            forward_to = [write.logs.w.receiver]
            every = string.format("%ds", 5)
            limit = "10"
            labels = {a = match.files.a.targets[0]["__path__"], b = coalesce(sys.env("B"), "b")}
        }
        secret.file "p" { filename = "/run/p" }
        write.logs "w" {
            password = secret.file.p.content
            endpoint { url = "http://a" }
            endpoint { url = sys.env("URL") }
        }
    "#;
    assert_eq!(check(text), "");
}

#[test]
fn names_and_counts_are_checked() {
    assert_snapshot!(check_source(" forward_too = []\n every = \"1s\"\n every = \"2s\"\n stage { }"), @r#"
    main.alloy:4:2 error AR0100 unrecognized attribute name "forward_too" | did you mean `forward_to`?
    main.alloy:6:2 error AR0106 attribute "every" may only be provided once | keep one of the two
        main.alloy:5:2 first set here
    main.alloy:7:2 error AR0101 unrecognized block name "stage" | nothing of the kind may stand here
    "#);
    assert_snapshot!(check("write.logs \"w\" {\n endpoint = { url = \"x\" }\n password { }\n}\nsource.logs \"s\" { }"), @r#"
    main.alloy:1:1 warning AR0253 write.logs.w is unused: nothing writes to its receiver | hand write.logs.w.receiver to a component that forwards, or take it away
    main.alloy:2:2 error AR0102 "endpoint" must be a block, not an attribute | write `endpoint { … }`, without `=`
    main.alloy:3:2 error AR0103 "password" must be an attribute, not a block | write `password = …`
    main.alloy:5:1 error AR0104 missing required attribute "targets" | add `targets = …` to this block
    main.alloy:5:1 error AR0104 missing required attribute "forward_to" | add `forward_to = …` to this block
    "#);
    assert_snapshot!(check("write.logs \"w\" {\n endpoint \"x\" { }\n}"), @r#"
    main.alloy:1:1 warning AR0253 write.logs.w is unused: nothing writes to its receiver | hand write.logs.w.receiver to a component that forwards, or take it away
    main.alloy:2:2 error AR0104 missing required attribute "url" | add `url = …` to this block
    main.alloy:2:11 error AR0110 this block does not take a label | take the quoted text before the brace away
    "#);
}

#[test]
fn values_are_checked_against_their_types() {
    assert_snapshot!(
        check_source(" every = \"15 s\"\n limit = -1\n keep = \"true\"\n mode = \"fats\"\n labels = {a = [1], b = true}"),
        @r#"
    main.alloy:4:10 error AR0108 every: "15 s" is not a duration: the unit is none of ns, us, ms, s, m, h | write a number with a unit: "250ms", "10s", "1m30s", "2h"
    main.alloy:5:10 error AR0108 limit: -1 is negative: a number from 0 to 18446744073709551615 is expected | 
    main.alloy:6:9 error AR0108 keep: expected bool, got string | write true without quotes
    main.alloy:7:9 error AR0108 mode: "fats" is no mode | did you mean "fast"?
    main.alloy:8:16 error AR0108 labels.a: expected string, got array | 
    main.alloy:8:25 error AR0108 labels.b: expected string, got bool |
    "#
    );
    assert_snapshot!(check_source(" limit = sys.env(\"N\")\n keep = sys.env(\"B\")\n every = 1 / 0\n mode = [sys.env(\"X\")]"), @"
    main.alloy:5:9 error AR0108 keep: expected bool, got string | 
    main.alloy:6:14 error AR0155 divide by zero error | 
    main.alloy:7:9 error AR0108 mode: expected string, got array |
    ");
}

#[test]
fn expressions_are_checked_where_only_types_are_known() {
    assert_snapshot!(
        check_source(" every = \"x\" + 3\n mode = sys.env(\"A\") + 1\n limit = -sys.env(\"A\")\n keep = sys.env(\"A\") && true"),
        @r#"
    main.alloy:4:16 error AR0153 both sides of + must be of one type, got a string and a number | make text of the other value: string.format("%v", value)
        main.alloy:4:10 a string
    main.alloy:5:24 error AR0153 both sides of + must be of one type, got a string and a number | make text of the other value: string.format("%v", value)
        main.alloy:5:9 a string
    main.alloy:6:11 error AR0152 - takes a number, not a string | 
    main.alloy:7:9 error AR0152 && takes bools, not a string | 
        main.alloy:7:22 this operator
    "#
    );
    assert_snapshot!(
        check_source(" mode = string.uper(\"x\")\n every = string.replace(\"x\", \"y\")\n limit = string.to_upper(3)\n keep = \"x\"(1)\n labels = string.split(sys.env(\"A\"), [])"),
        @r#"
    main.alloy:4:16 error AR0151 field "uper" does not exist | did you mean string.to_upper?
    main.alloy:5:10 error AR0160 string.replace takes 3 arguments, got 2 | call it as string.replace(text, old, new)
    main.alloy:6:26 warning AR0259 argument 1 of string.to_upper: expected string, got number | write "3" in double quotes if text was meant
    main.alloy:7:9 error AR0159 string is no function | only functions of the standard library can be called
    main.alloy:8:11 error AR0108 labels: expected object, got array | 
    main.alloy:8:38 error AR0161 argument 2 of string.split: expected string, got array |
    "#
    );
    assert_snapshot!(check_source(" mode = constants.hostnam\n every = env(\"X\")\n labels = [1][5]\n keep = {a = sys.env(\"A\")}.b"), @r#"
    main.alloy:4:19 error AR0151 field "hostnam" does not exist | did you mean constants.hostname?
    main.alloy:5:10 warning AR0165 env is deprecated, use sys.env | write sys.env
    main.alloy:6:15 error AR0156 index 5 is out of range of array with length 1 | 
    main.alloy:7:28 error AR0151 field "b" does not exist | did you mean a?
    "#);
}

#[test]
fn references_are_checked() {
    assert_snapshot!(check(r#"
match.files "logs" { path_targets = [] }
source.logs "s" {
 targets = match.files.logs.output
 forward_to = [write.logs.v.receiver, write.metrics.m.receiver, match.files.logs]
}
write.logs "w" {
 endpoint { url = secret.file.p.content }
 password = write.logs.w.receiver
}
write.metrics "m" { }
secret.file "p" { filename = nme }
"#), @r#"
    main.alloy:4:29 error AR0251 match.files.logs does not export "output" | it exports targets
    main.alloy:5:16 error AR0201 component "write.logs.v.receiver" does not exist or is out of scope | did you mean write.logs.w?
    main.alloy:5:39 error AR0250 forward_to[1]: expected a Logs, got a Metrics | a Logs is exported by write.logs
    main.alloy:5:65 error AR0108 forward_to[2]: expected a Logs, got object | 
    main.alloy:7:1 warning AR0253 write.logs.w is unused: nothing writes to its receiver | hand write.logs.w.receiver to a component that forwards, or take it away
    main.alloy:8:19 error AR0162 url: secrets may not be converted into strings | if the value is not sensitive, open it with convert.nonsensitive(…)
    main.alloy:9:13 error AR0206 component "write.logs.w" refers to itself (a cycle of one) | its arguments are evaluated before it exports anything; refer to the component that was meant
    main.alloy:12:30 error AR0201 component "nme" does not exist or is out of scope | write "nme" in double quotes if text was meant
    "#);
}

#[test]
fn heads_of_blocks_are_checked() {
    assert_snapshot!(check(r#"
early "a" { }
shared "a" { }
logging "x" { }
logging { }
logging { }
write.metrics { }
locals { a = 1 }
write.log "x" { }
argument "a" { }
template { }
level = 3
"#), @r#"
    main.alloy:2:1 error AR0210 component "early" is at stability level "experimental", which is below the minimum allowed stability level "generally-available". Use --stability.level command-line flag to enable "experimental" features | --stability.level=experimental allows it
    main.alloy:3:1 error AR0260 component "shared" is a community component, and these are not enabled | --feature.community-components.enabled allows it
    main.alloy:4:9 error AR0204 block "logging" does not take a label | take the label away
    main.alloy:6:1 error AR0208 block "logging" is given twice | join the two blocks
        main.alloy:5:1 declared here first
    main.alloy:7:1 error AR0203 component "write.metrics" must have a label | write one in double quotes: write.metrics "default" {
    main.alloy:8:1 error AR0200 cannot find the definition of component name "locals" | this language has no local variables: write the value where it is used, read it with sys.env("NAME"), or make it an argument of a declare block
    main.alloy:9:1 error AR0200 cannot find the definition of component name "write.log" | did you mean write.logs?
    main.alloy:10:1 error AR0257 block "argument" stands inside of a declare block only | wrap the module's blocks in declare "name" { … }
    main.alloy:11:1 error AR0257 block "template" stands inside of a foreach block only | move it into foreach "name" { … }
    main.alloy:12:1 error AR0207 attribute "level" stands outside of any block | it belongs into a logging block: logging { level = … }
    "#);
}

#[test]
fn circles_are_shown_as_a_path() {
    assert_snapshot!(check(r#"
match.files "a" { path_targets = match.files.b.targets }
match.files "b" { path_targets = match.files.c.targets }
match.files "c" { path_targets = match.files.a.targets }
match.files "d" { path_targets = match.files.d.targets }
"#), @r#"
    main.alloy:2:34 error AR0205 cycle detected: match.files.a, match.files.b, match.files.c | none of them can be evaluated first: take one of the references away
        main.alloy:3:34 match.files.b refers to match.files.c
        main.alloy:4:34 match.files.c refers to match.files.a
    main.alloy:5:1 warning AR0252 match.files.d is unused: nothing refers to what it exports | refer to match.files.d.targets, or take it away
    main.alloy:5:34 error AR0206 component "match.files.d" refers to itself (a cycle of one) | its arguments are evaluated before it exports anything; refer to the component that was meant
    "#);
}

#[test]
fn what_nobody_uses_is_told_once() {
    assert_snapshot!(check(r#"
match.files "a" { path_targets = [] }
write.metrics "m" { }
bridge "b" { forward_to = [] }
declare "d" { argument "x" { } }
source.logs "s" {
 targets = []
 forward_to = []
}
"#), @r#"
    main.alloy:2:1 warning AR0252 match.files.a is unused: nothing refers to what it exports | refer to match.files.a.targets, or take it away
    main.alloy:3:1 warning AR0253 write.metrics.m is unused: nothing writes to its receiver | hand write.metrics.m.receiver to a component that forwards, or take it away
    main.alloy:4:1 warning AR0253 bridge.b is unused: nothing writes to its input | hand bridge.b.input to a component that forwards, or take it away
    main.alloy:5:1 warning AR0252 declare "d" is unused | use it: d "default" { … }, or take it away
    main.alloy:5:15 warning AR0252 argument "x" is unused | refer to it as argument.x.value, or take it away
    "#);
}

#[test]
fn declares_have_rooms_of_their_own() {
    assert_snapshot!(check(r#"
write.logs "w" { endpoint { url = "x" } }
declare "logs" {
 argument "to" { }
 argument "every" { optional = true }
 declare "inner" {
  export "n" { value = 1 }
 }
 inner "i" { }
 source.logs "s" {
  targets = []
  forward_to = argument.too.value
  every = argument.every
  limit = inner.i.m
 }
 write.logs "v" { endpoint { url = write.logs.w.receiver } }
 export "out" { value = [write.logs.v.receiver] }
}
logs "a" {
 to = [write.logs.w.receiver]
 tow = 1
}
logs "b" { }
inner "c" { }
source.logs "s" {
 targets = logs.a.out
 forward_to = logs.a.out
}
"#), @r#"
    main.alloy:4:2 warning AR0252 argument "to" is unused | refer to it as argument.to.value, or take it away
    main.alloy:12:25 error AR0254 the module has no argument "too" | did you mean argument.to.value?
    main.alloy:13:11 error AR0251 argument "every" is used without .value | write argument.every.value
    main.alloy:14:19 error AR0251 inner.i does not export "m" | did you mean n?
    main.alloy:16:36 error AR0201 component "write.logs.w.receiver" does not exist or is out of scope | did you mean write.logs.v?
    main.alloy:21:2 error AR0100 unrecognized attribute name "tow" | did you mean `to`?
    main.alloy:23:1 error AR0104 missing required attribute "to" | add `to = …` to this block
        main.alloy:4:11 declared here without optional = true
    main.alloy:24:1 error AR0200 cannot find the definition of component name "inner" | the small catalog has no such component; `alloy-rs schema` lists all
    main.alloy:26:12 error AR0250 targets: expected a discovery.Target, got a Logs | a discovery.Target is exported by match.files
    "#);
    assert_snapshot!(check("declare \"d\" {\n d \"x\" { }\n}\nd \"a\" { }"), @r#"main.alloy:2:2 error AR0258 "d" is used inside of its own declare | a custom component cannot hold itself: take the use out"#);
}

#[test]
fn foreach_knows_the_type_of_its_items() {
    let text = r#"
match.files "a" { path_targets = [] }
write.logs "w" { endpoint { url = "x" } }
foreach "each" {
 collection = [1, 2]
 var = "item"
 template {
  source.logs "s" {
   targets = match.files.a.targets
   forward_to = [write.logs.w.receiver]
   keep = item
   limit = item
  }
 }
}
"#;
    assert_snapshot!(check(text), @r#"
    main.alloy:4:1 error AR0210 block "foreach" is at stability level "experimental", which is below the minimum allowed stability level "generally-available". Use --stability.level command-line flag to enable "experimental" features | --stability.level=experimental allows it
    main.alloy:11:11 error AR0108 keep: expected bool, got number |
    "#);
}

#[test]
fn a_declare_in_a_template_sees_the_variable_and_what_is_around_the_foreach() {
    let text = r#"
match.files "a" { path_targets = [] }
write.logs "w" { endpoint { url = "x" } }
foreach "each" {
 collection = [1, 2]
 var = "item"
 template {
  match.files "beside" { path_targets = [] }
  declare "inner" {
   source.logs "s" {
    targets = match.files.a.targets
    forward_to = [write.logs.w.receiver]
    keep = item
   }
   source.logs "t" {
    targets = match.files.beside.targets
    forward_to = []
   }
  }
  inner "i" { }
 }
}
declare "d" {
 argument "x" { }
 foreach "each" {
  collection = [1]
  var = "item"
  template {
   declare "inner" {
    argument "y" { }
    source.logs "s" {
     targets = argument.y.value
     forward_to = argument.x.value
    }
    source.logs "t" {
     targets = argument.z.value
     forward_to = []
    }
   }
   inner "i" { y = [] }
  }
 }
}
d "d" { x = [] }
"#;
    assert_snapshot!(check(text), @r#"
    main.alloy:4:1 error AR0210 block "foreach" is at stability level "experimental", which is below the minimum allowed stability level "generally-available". Use --stability.level command-line flag to enable "experimental" features | --stability.level=experimental allows it
    main.alloy:8:3 warning AR0252 match.files.beside is unused: nothing refers to what it exports | refer to match.files.beside.targets, or take it away
    main.alloy:13:12 error AR0108 keep: expected bool, got number | 
    main.alloy:16:15 error AR0201 component "match.files.beside.targets" does not exist or is out of scope | a component is named in full: its name, its label, and what it exports
    main.alloy:25:2 error AR0210 block "foreach" is at stability level "experimental", which is below the minimum allowed stability level "generally-available". Use --stability.level command-line flag to enable "experimental" features | --stability.level=experimental allows it
    main.alloy:36:25 error AR0254 the module has no argument "z" | did you mean argument.y.value?
    "#);
}

#[test]
fn imports_bring_declares_and_the_way_to_a_mistake() {
    let modules = &[
        (
            "m.alloy",
            "declare \"pipe\" {\n argument \"to\" { }\n source.logs \"s\" {\n  targets = [1]\n  forward_to = argument.to.value\n }\n}\nwrite.metrics \"m\" { }",
        ),
        ("a.alloy", "import.file \"b\" { filename = \"b.alloy\" }"),
        ("b.alloy", "import.file \"a\" { filename = \"a.alloy\" }"),
        ("broken.alloy", "declare \"x\" {"),
    ];
    assert_snapshot!(check_with(r#"
import.file "m" { filename = "m.alloy" }
m.pipe "p" { to = [] }
m.pip "q" { }
m.pipe "r" { }
"#, modules), @r#"
    main.alloy:4:1 error AR0200 import "m" declares no "pip" | did you mean m.pipe?
    main.alloy:5:1 error AR0104 missing required attribute "to" | add `to = …` to this block
        m.alloy:2:11 declared here without optional = true
    m.alloy:4:14 error AR0108 targets[0]: expected a discovery.Target, got number | 
        main.alloy:2:1 imported here as m
    m.alloy:8:1 error AR0257 block "write.metrics" cannot stand in a module that is imported | a module holds declare and import blocks; wrap the components in declare "name" { … }
        main.alloy:2:1 imported here as m
    "#);
    assert_snapshot!(check_with("import.file \"a\" { filename = \"a.alloy\" }\nimport.file \"n\" { filename = \"none.alloy\" }\nn.x \"x\" { anything = n.y.z.out }", modules), @r#"
    main.alloy:2:30 error AR0255 cannot import "none.alloy": no such file or folder | the path is looked up from the folder in which the agent is started, and from that of this file
    main.alloy:3:22 error AR0201 component "n.y.z.out" does not exist or is out of scope | a component is named in full: its name, its label, and what it exports
    b.alloy:1:1 error AR0256 cycle of imports: main.alloy imports a.alloy imports b.alloy imports a.alloy | move what both need into a file of its own
        a.alloy:1:1 imported here as b
        main.alloy:1:1 imported here as a
    "#);
    assert_snapshot!(check_with("import.file \"a\" { filename = \"broken.alloy\" }\na.y \"y\" { }\nmatch.files \"x\" { }", modules), @"
    broken.alloy:1:14 error AR0002 expected }, got the end of the file | add the missing `}`
        broken.alloy:1:13 this block is never closed
        main.alloy:1:1 imported here as a
    ");
    assert_eq!(
        check_with(
            "import.string \"s\" { content = sys.env(\"M\") }\ns.x \"x\" { y = 1 }\nsource.logs \"s\" {\n targets = []\n forward_to = s.x.x.out\n}",
            modules
        ),
        ""
    );
}

#[test]
fn a_broken_file_has_no_echo() {
    assert_snapshot!(check("match.files \"a\" {\n path_targets = [\n}\nsource.logs \"s\" {\n targets = match.files.b.targets\n forward_to = []\n}"), @"main.alloy:3:1 error AR0001 expected an expression, got `}` |");
}

/// Tells every known text of attributes called `mode`, one byte in.
struct Tattle;

impl Rule for Tattle {
    fn check(&self, block: &Checked<'_>, findings: &mut Findings<'_>) {
        block.visit(&mut |body| {
            for attribute in &body.attributes {
                for (key, text) in attribute.texts() {
                    let span = findings.inside(&text, 1..2);
                    findings.push(Diagnostic::warning(
                        &crate::codes::check::NUMBER_AS_TEXT,
                        span,
                        format!("{:?} {key:?} {:?}", body.path, &*text.text),
                    ));
                }
            }
        });
    }
}

#[test]
fn rules_see_known_texts_and_places_inside_of_them() {
    let (sources, found) = analysis(
        "source.logs \"s\" {\n targets = [{a = \"x\\ty\", b = sys.env(\"B\")}]\n forward_to = []\n mode = \"fa\" + \"st\"\n}",
        &[],
        &[&Tattle],
    );
    assert_snapshot!(told(&sources, &found.diagnostics), @r#"
    main.alloy:2:20 warning AR0259 ["source.logs"] Some("a") "x\ty" | 
    main.alloy:4:9 warning AR0259 ["source.logs"] None "fast" |
    "#);
}

#[test]
fn an_analysis_knows_what_names_refer_to() {
    let (sources, found) = analysis(
        "declare \"d\" {\n argument \"x\" { }\n export \"y\" { value = argument.x.value }\n}\nd \"a\" { x = [string.to_upper(\"u\")] }\nmatch.files \"m\" { path_targets = d.a.y }\nsource.logs \"s\" {\n targets = match.files.m.targets\n forward_to = []\n}",
        &[],
        &[],
    );
    let mut text = String::new();
    for reference in &found.references {
        let to = match &reference.target {
            Target::Node(scope, node) | Target::Argument(scope, node) | Target::Variable(scope, node) => {
                found.scopes[*scope].nodes[*node].id.to_string()
            }
            Target::Standard(name) => name.to_string(),
        };
        let label = reference.label.map_or("", |label| sources.slice(label));
        text += &format!(
            "{} -> {to} ({}) label {label:?} of {}\n",
            sources.slice(reference.span),
            sources.slice(reference.head),
            reference.ty
        );
    }
    assert_snapshot!(text, @r#"
    string.to_upper -> string.to_upper (string.to_upper) label "" of function
    argument.x.value -> argument.x (argument.x) label "x" of any
    d.a.y -> d.a (d.a) label "a" of any
    match.files.m.targets -> match.files.m (match.files.m) label "m" of list(capsule("discovery.Target"))
    argument.x.value -> argument.x (argument.x) label "x" of any
    "#);
    assert!(found.references.iter().all(|reference| reference.ty != Ty::Null));
}

#[test]
fn no_text_makes_the_checker_panic() {
    let modules: &[(&str, &str)] = &[];
    let pieces = [
        "declare \"d\" {",
        "d \"x\" {",
        "foreach \"f\" {",
        "template {",
        "}",
        "import.string \"s\" { content = \"declare `x` {}\" }",
        "source.logs \"s\" {",
        "targets = ",
        "[source.logs.s.x]",
        "argument.x.value",
        "{a = 1}",
        "\n",
        "var = \"d\"",
        "collection = d",
        "match.files \"m\" { path_targets = match.files.m }",
    ];
    let mut runner = proptest::test_runner::TestRunner::new(proptest::test_runner::Config::with_cases(300));
    runner
        .run(
            &proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..20),
            |parts| {
                drop(analysis(&parts.join(" "), modules, &[&Tattle]));
                Ok(())
            },
        )
        .unwrap();
}

#[test]
fn experimental_attributes_are_below_the_level() {
    let write = |fast: &str| {
        check(&format!(
            "write.logs \"w\" {{\n endpoint {{\n url = \"x\"\n fast = {fast}\n }}\n}}\n"
        ))
    };
    insta::assert_snapshot!(write("true"), @r#"
    main.alloy:1:1 warning AR0253 write.logs.w is unused: nothing writes to its receiver | hand write.logs.w.receiver to a component that forwards, or take it away
    main.alloy:4:9 error AR0210 attribute "fast" is an experimental feature, and must be enabled by setting the stability.level flag to experimental; it is generally-available | --stability.level=experimental allows it
    "#);
    assert!(!write("false").contains("AR0210") && !write("sys.env(\"X\") == \"1\"").contains("AR0210"));
}
