//! Every mistake is told at its place: byte offsets of hand-built bodies.

use super::*;

#[derive(Debug, PartialEq, crate::Arguments)]
#[river(validate = Tls::check)]
struct Tls {
    ca_file: Option<String>,
    ca_pem: Option<String>,
}

impl Tls {
    fn check(&self, checks: &mut Checks<'_, '_>) {
        if self.ca_file.is_some() && self.ca_pem.is_some() {
            checks.attribute("ca_pem", "only one of ca_file and ca_pem may be given");
        }
    }
}

/// Takes blocks of every kind.
#[derive(Debug, PartialEq, crate::Arguments)]
#[river(validate = Holder::check)]
struct Holder {
    #[river(squash)]
    tls: Tls,
    #[river(block, name = "auth.kubernetes")]
    auth: Box<Named>,
    #[river(block, default)]
    queue: Queue,
    #[river(block, name = "rule")]
    rules: Vec<Queue>,
    #[river(alternatives)]
    steps: Vec<Step>,
    #[river(default)]
    labels: Vec<String>,
}

impl Holder {
    fn check(&self, checks: &mut Checks<'_, '_>) {
        for (nth, rule) in self.rules.iter().enumerate() {
            if rule.size == 0 {
                checks.block_attribute(("rule", nth), "size", "size must be above zero");
            }
        }
        if self.rules.is_empty() && checks.is_block_written("queue") {
            checks.here("a queue needs rules");
        }
    }
}

#[derive(Debug, PartialEq, crate::Arguments)]
struct Queue {
    #[river(default = 7)]
    size: u64,
}

#[derive(Debug, PartialEq, crate::Arguments)]
enum Step {
    Wait(Nothing),
}

/// A body whose n-th part stands at the bytes `10 n..` (names) and `10 n + 5..` (values, labels) of the file.
#[derive(Default)]
struct Written {
    body: BodyValue,
    at: u32,
}

impl Written {
    fn from(at: u32) -> Self {
        Self {
            at,
            ..Self::default()
        }
    }

    fn next(&mut self) -> (Span, Span) {
        let at = self.at * 10;
        self.at += 1;
        let span = |start| Span::new(Default::default(), start, start + 3);
        (span(at), span(at + 5))
    }

    fn attribute(mut self, name: &str, value: Value) -> Self {
        let (name_span, value_span) = self.next();
        self.body.attributes.push(crate::AttributeValue {
            name: name.into(),
            name_span,
            value,
            value_span,
        });
        self
    }

    fn block(mut self, name: &str, label: Option<&str>, body: Written) -> Self {
        let (name_span, label_span) = self.next();
        self.body.blocks.push(crate::BlockValue {
            name: name.into(),
            name_span,
            label: label.map(|label| (label.into(), label_span)),
            body: body.body,
        });
        self
    }

    /// The mistakes, each with the first byte of its place.
    fn mistakes(&self) -> String {
        let place = Span::new(Default::default(), 900, 910);
        let mistakes = Holder::decode_labelled(&self.body, None, place).unwrap_err();
        let line = |mistake: &Diagnostic| {
            let secondary: Vec<u32> = mistake.secondary.iter().map(|label| label.span.start).collect();
            let start = mistake.primary.span.start;
            format!("{start} {secondary:?} {} {}", mistake.code.id, mistake.message)
        };
        mistakes.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

fn auth() -> Written {
    Written::default().block("auth.kubernetes", Some("here"), Written::default())
}

#[test]
fn blocks_of_every_kind_are_read() {
    let written = auth()
        .block(
            "rule",
            None,
            Written::default().attribute("size", Value::string("3")),
        )
        .block("wait", None, Written::default());
    let holder = Holder::decode(&written.body).unwrap();
    assert_eq!(holder.auth.name, "here");
    assert_eq!((holder.queue.size, holder.rules[0].size), (7, 3));
    assert_eq!(holder.steps, [Step::Wait(Nothing {})]);
    let names: Vec<_> = Holder::schema()
        .blocks
        .iter()
        .map(|block| block.name.clone())
        .collect();
    assert_eq!(names, ["auth.kubernetes", "queue", "rule", "wait"]);
}

#[test]
fn every_mistake_stands_at_its_place() {
    let written = Written::default()
        .attribute("ca_file", Value::list([]))
        .attribute("ca_file", Value::string("b"))
        .attribute("wait", Value::Int(1))
        .attribute("rule", Value::Int(1))
        .block("auth.kubernetes", None, Written::default())
        .block("auth.kubernetes", Some("two"), Written::default())
        .block(
            "queue",
            Some("label"),
            Written::from(50).attribute("sise", Value::Int(1)),
        )
        .block("labels", None, Written::default())
        .block("wiat", None, Written::default());
    insta::assert_snapshot!(written.mistakes(), @r#"
    10 [0] AR0106 attribute "ca_file" may only be provided once
    5 [] AR0108 ca_file: expected string, got array
    50 [40] AR0107 block "auth.kubernetes" may only be provided once
    40 [] AR0109 this block must have a label
    500 [] AR0100 unrecognized attribute name "sise"
    65 [] AR0110 this block does not take a label
    30 [] AR0102 "rule" must be a block, not an attribute
    20 [] AR0102 "wait" must be a block, not an attribute
    70 [] AR0103 "labels" must be an attribute, not a block
    80 [] AR0101 unrecognized block name "wiat"
    "#);
}

#[test]
fn what_is_missing_stands_at_the_blocks_name() {
    insta::assert_snapshot!(Written::default().mistakes(), @r#"900 [] AR0105 missing required block "auth.kubernetes""#);
}

#[test]
fn checks_point_into_squashed_bodies_and_blocks() {
    let squashed = auth()
        .attribute("ca_file", Value::string("a"))
        .attribute("ca_pem", Value::string("b"));
    insta::assert_snapshot!(squashed.mistakes(), @"25 [] AR0111 only one of ca_file and ca_pem may be given");
    let rules = auth()
        .block("rule", None, Written::from(50).attribute("size", Value::Int(1)))
        .block("rule", None, Written::from(60).attribute("size", Value::Int(0)));
    insta::assert_snapshot!(rules.mistakes(), @"605 [] AR0111 size must be above zero");
    let queue = auth().block("queue", None, Written::default());
    insta::assert_snapshot!(queue.mistakes(), @"900 [] AR0111 a queue needs rules");
}
