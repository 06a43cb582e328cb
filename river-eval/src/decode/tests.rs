//! Decoding as a component's author and a configuration's author see it.

mod places;

use super::*;
use crate::{ByteSize, IntoValue, Secret, TextEnum, Value};
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, TextEnum)]
#[river(text = "relabel action")]
enum Action {
    Replace,
    LabelDrop,
}

#[derive(Debug, PartialEq, crate::Arguments)]
struct Auth {
    /// Who.
    username: String,
    password: Secret,
}

#[derive(Debug, PartialEq, crate::Arguments)]
struct Client {
    #[river(default = true)]
    follow_redirects: bool,
    #[river(block)]
    basic_auth: Option<Auth>,
}

#[derive(Debug, PartialEq, crate::Arguments)]
#[river(prefix = "stage")]
enum Stage {
    Drop(DropStage),
    Match(Box<MatchStage>),
}

#[derive(Debug, PartialEq, crate::Arguments)]
struct DropStage {
    #[river(default = ByteSize(1024))]
    longer_than: ByteSize,
}

#[derive(Debug, PartialEq, crate::Arguments)]
struct MatchStage {
    selector: String,
    #[river(alternatives)]
    stages: Vec<Stage>,
}

#[derive(Debug, PartialEq, crate::Arguments)]
struct Named {
    #[river(label)]
    name: String,
}

#[derive(Debug, PartialEq, crate::Arguments)]
#[river(validate = validate)]
struct Scrape {
    targets: Vec<String>,
    #[river(default = Duration::from_secs(60))]
    scrape_interval: Duration,
    #[river(default = Duration::from_secs(10))]
    scrape_timeout: Duration,
    #[river(default)]
    sample_limit: u32,
    #[river(default = Action::Replace)]
    action: Action,
    job_name: Option<String>,
    #[river(squash)]
    client: Client,
    #[river(alternatives)]
    stages: Vec<Stage>,
    #[river(block)]
    named: Vec<Named>,
}

fn validate(scrape: &Scrape, checks: &mut Checks<'_, '_>) {
    if scrape.scrape_timeout > scrape.scrape_interval {
        checks
            .attribute("scrape_timeout", "scrape_timeout is above scrape_interval")
            .help = Some("lower it".into());
    }
}

fn body(attributes: &[(&str, Value)]) -> BodyValue {
    let mut body = BodyValue::default();
    for (name, value) in attributes {
        body.attribute(*name, value.clone());
    }
    body
}

fn mistakes(body: &BodyValue) -> String {
    let mistakes = Scrape::decode(body).unwrap_err();
    let line = |mistake: &Diagnostic| {
        format!(
            "{}: {} ({})",
            mistake.code.id,
            mistake.message,
            mistake.help.as_deref().unwrap_or("-")
        )
    };
    mistakes.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn targets() -> Value {
    Value::list([Value::string("a:1")])
}

#[test]
fn defaults_stand_for_what_is_not_written() {
    let scrape = Scrape::decode(&body(&[("targets", targets())])).unwrap();
    assert_eq!(scrape.scrape_interval, Duration::from_secs(60));
    assert_eq!(scrape.action, Action::Replace);
    assert_eq!(
        (
            scrape.job_name,
            scrape.client.follow_redirects,
            scrape.client.basic_auth
        ),
        (None, true, None)
    );
}

#[test]
fn blocks_nest_and_alternatives_keep_their_order() {
    let mut inner = body(&[("selector", Value::string("{}"))]);
    inner.block("stage.drop", body(&[("longer_than", Value::string("1MiB"))]));
    let mut outer = body(&[("targets", targets())]);
    outer
        .block("stage.match", inner)
        .block("stage.drop", BodyValue::default());
    outer.block(
        "basic_auth",
        body(&[("username", Value::string("u")), ("password", Value::string("p"))]),
    );
    let scrape = Scrape::decode(&outer).unwrap();
    assert_eq!(
        scrape.stages,
        [
            Stage::Match(Box::new(MatchStage {
                selector: "{}".into(),
                stages: vec![Stage::Drop(DropStage {
                    longer_than: ByteSize(1 << 20)
                })]
            })),
            Stage::Drop(DropStage {
                longer_than: ByteSize(1024)
            }),
        ]
    );
    assert_eq!(scrape.client.basic_auth.unwrap().password.reveal().as_ref(), "p");
}

#[test]
fn every_mistake_is_told_at_once() {
    let mut wrong = body(&[
        ("targets", Value::string("a:1")),
        ("targets", targets()),
        ("scrape_intervall", Value::string("10s")),
        ("sample_limit", Value::Int(-1)),
        ("action", Value::string("label_dropp")),
        ("basic_auth", Value::string("u:p")),
        ("job_name", Value::Secret(Secret::new("s"))),
    ]);
    wrong
        .block("stage.drp", BodyValue::default())
        .block("named", BodyValue::default());
    insta::assert_snapshot!(mistakes(&wrong), @r#"
    AR0106: attribute "targets" may only be provided once (keep one of the two)
    AR0108: targets: expected array, got string (put the value in brackets: [ … ])
    AR0108: sample_limit: -1 is negative: a number from 0 to 4294967295 is expected (-)
    AR0108: action: "label_dropp" is no relabel action (did you mean "label_drop"?)
    AR0108: job_name: secrets may not be converted into strings (if the value is not sensitive, open it with convert.nonsensitive(…))
    AR0102: "basic_auth" must be a block, not an attribute (write `basic_auth { … }`, without `=`)
    AR0109: this block must have a label (write a name in quotes before the brace)
    AR0100: unrecognized attribute name "scrape_intervall" (did you mean `scrape_interval`?)
    AR0101: unrecognized block name "stage.drp" (did you mean `stage.drop`?)
    "#);
}

#[test]
fn validation_runs_on_values_that_fit() {
    let wrong = body(&[("targets", targets()), ("scrape_timeout", Value::string("2m"))]);
    insta::assert_snapshot!(mistakes(&wrong), @"AR0111: scrape_timeout is above scrape_interval (lower it)");
}

#[test]
fn an_item_of_a_list_is_named() {
    let wrong = body(&[("targets", Value::list([Value::string("a"), Value::Bool(true)]))]);
    insta::assert_snapshot!(mistakes(&wrong), @"AR0108: targets[1]: expected string, got bool (-)");
}

#[test]
fn the_schema_follows_the_struct() {
    let schema = Scrape::schema();
    let interval = schema
        .attributes
        .iter()
        .find(|attribute| attribute.name == "scrape_interval")
        .unwrap();
    assert_eq!(
        (interval.required, interval.default.clone()),
        (false, Some(Value::string("1m0s")))
    );
    let names: Vec<&str> = schema.blocks.iter().map(|block| block.name.as_str()).collect();
    assert_eq!(names, ["basic_auth", "stage.drop", "stage.match", "named"]);
    assert!(schema.blocks[1].alternative && schema.blocks[3].label && schema.blocks[3].repeated);
    assert_eq!(schema.blocks[0].body.get().attributes[0].doc, "Who.");
}

/// Words that differ from their variants, and a field whose name is a word of Rust.
#[derive(Clone, Copy, Debug, PartialEq, TextEnum)]
enum Role {
    #[river(name = "endpointslice")]
    EndpointSlice,
    Pod,
}

#[derive(Clone, Debug, crate::Exports)]
struct Discovered {
    /// What was found.
    targets: Vec<String>,
    r#type: Role,
    #[river(name = "password")]
    secret: Secret,
}

#[test]
fn exports_are_an_object_with_a_schema() {
    let exports = Discovered {
        targets: vec!["a:1".into()],
        r#type: Role::EndpointSlice,
        secret: Secret::new("hush"),
    };
    assert_eq!(
        serde_json::to_string(&exports.to_value()).unwrap(),
        r#"{"targets":["a:1"],"type":"endpointslice","password":"(secret)"}"#
    );
    let schema = <Discovered as Exports>::schema();
    assert_eq!(schema.attributes[0].doc, "What was found.");
    assert_eq!(
        schema.attributes[1].ty,
        crate::schema::Type::Text {
            name: "role",
            words: &["endpointslice", "pod"]
        }
    );
    assert!(!format!("{exports:?}").contains("hush"));
}

#[test]
fn a_word_is_taken_as_it_is_written() {
    use crate::FromValue;
    assert_eq!(Role::from_value(&Value::string("pod")), Ok(Role::Pod));
    let error = Role::from_value(&Value::string("Service")).unwrap_err();
    assert_eq!(
        (error.message.as_str(), error.help.as_deref()),
        (r#""Service" is no role"#, Some("one of endpointslice, pod"))
    );
    assert!(Role::from_value(&Value::string("Pod")).is_err());
}

#[derive(Debug, PartialEq, crate::Arguments)]
struct Young {
    #[river(default = 7, experimental)]
    size: u32,
    #[river(default = Action::Replace, experimental = Action::LabelDrop)]
    action: Action,
    #[river(experimental)]
    name: Option<String>,
    #[river(block, experimental)]
    client: Option<Client>,
    #[river(block)]
    inner: Vec<Inner>,
}

#[derive(Debug, PartialEq, crate::Arguments)]
struct Inner {
    #[river(default, experimental)]
    on: bool,
}

#[test]
fn experimental_values_need_their_stability() {
    let refused = |body: &BodyValue, allowed: Stability| match Young::decode_allowing(body, allowed) {
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes.into_iter().map(|mistake| mistake.message).collect(),
    };
    let on = |on: bool| body(&[("on", Value::Bool(on))]);
    let mut young = body(&[
        ("size", 8_u32.into_value()),
        ("action", Value::string("label_drop")),
        ("name", Value::string("a")),
    ]);
    young.block("client", BodyValue::default());
    young.block("inner", BodyValue::default());
    young.block("inner", on(true));
    assert_eq!(refused(&young, Stability::Experimental), Vec::<String>::new());
    insta::assert_snapshot!(refused(&young, Stability::PublicPreview).join("\n"), @r#"
    attribute "size" is an experimental feature, and must be enabled by setting the stability.level flag to experimental; it is public-preview
    attribute "action" is an experimental feature, and must be enabled by setting the stability.level flag to experimental; it is public-preview
    attribute "name" is an experimental feature, and must be enabled by setting the stability.level flag to experimental; it is public-preview
    block "client" is an experimental feature, and must be enabled by setting the stability.level flag to experimental; it is public-preview
    attribute "on" is an experimental feature, and must be enabled by setting the stability.level flag to experimental; it is public-preview
    "#);
    // What is written as it is anyway asks for nothing.
    let mut same = body(&[
        ("size", Value::string("7")),
        ("action", Value::string("replace")),
        ("name", Value::Null),
    ]);
    same.block("inner", on(false));
    assert_eq!(
        refused(&same, Stability::GenerallyAvailable),
        Vec::<String>::new()
    );
    let schema = Young::schema();
    let is_experimental = |name: &str, value: Value| schema.attribute(name).unwrap().is_experimental(&value);
    assert!(is_experimental("action", Value::string("label_drop")));
    assert!(!is_experimental("action", Value::string("replace")));
    assert!(is_experimental("size", 8_u32.into_value()) && !is_experimental("size", 7_u32.into_value()));
    assert!(schema.block("client").unwrap().experimental && !schema.block("inner").unwrap().experimental);
}
