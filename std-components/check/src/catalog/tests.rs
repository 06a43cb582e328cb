use super::{Catalog, Release, Target, bundled, release, releases, runs_here};
use insta::assert_snapshot;
use river_eval::Value;
use river_eval::schema::{BodySchema, Type};

/// Attributes and blocks, all the way down; `depth` bounds what recurs.
fn count(body: &BodySchema, depth: usize) -> (usize, usize) {
    let mut counts = (body.attributes.len(), 0);
    for block in body.blocks.iter().filter(|_| depth > 0) {
        let (attributes, blocks) = count(block.body.get(), depth - 1);
        counts.0 += attributes;
        counts.1 += blocks + 1;
    }
    counts
}

#[test]
fn the_newest_release_comes_first_and_each_is_found_by_its_version() {
    let versions: Vec<_> = releases().iter().map(Release::version).collect();
    assert_eq!(versions, ["1.15.0", "1.11.3"]);
    let old = release("v1.11.3").unwrap();
    assert_eq!(old.title(), "Grafana Alloy v1.11.3");
    assert_eq!(old.component_names().len(), 168);
    assert_eq!(Release::newest().component_names().len(), 179);
    assert_eq!(old.config_block_names().len(), 9);
    assert!(release("1.0").is_none());
    assert_snapshot!(
        Release::from_text("@catalog 2 1.20.0 \"x\"\n").unwrap_err(),
        @r#"expected a catalog of format 1, its first line is "@catalog 2 1.20.0 \"x\""; make it anew with this version's converter (docs/catalog.md)"#
    );
}

#[test]
fn every_line_of_a_catalog_is_understood() {
    for (version, text) in [
        ("1.15.0", include_str!("../../data/1.15.0.catalog")),
        ("1.11.3", include_str!("../../data/1.11.3.catalog")),
    ] {
        let release = release(version).unwrap();
        let mut exports = 0;
        for name in release.component_names() {
            let component = release.component(name).unwrap();
            exports += component.exports.len();
            // The lines that stand in the section of the component itself, against what was made of them.
            let section = text
                .split("\n@")
                .find(|section| section.split(['\n', ' ']).take(2).eq(["component", name]));
            let own = section
                .unwrap()
                .lines()
                .skip(1)
                .filter(|line| !line.starts_with("\t\t"));
            let group = |line: &str| {
                let group = format!("\n@group {}", line.strip_prefix("\t& ")?);
                let (_, lines) = text.split_once(&group)?;
                let lines = lines.lines().skip(1).take_while(|line| !line.starts_with('@'));
                Some(lines.filter(|line| !line.starts_with("\t\t")).count())
            };
            let own = own.map(|line| group(line).unwrap_or(1)).sum::<usize>();
            assert_eq!(
                own,
                component.arguments.attributes.len()
                    + component.arguments.blocks.len()
                    + component.exports.len(),
                "{version} {name}"
            );
            count(&component.arguments, 12);
        }
        let of_text = text.lines().filter(|line| line.starts_with("\t< ")).count();
        assert_eq!(exports, of_text);
    }
}

#[test]
fn components_come_with_types_defaults_and_shared_bodies() {
    let write = Release::newest().component("loki.write").unwrap();
    assert!(write.labelled && !write.community);
    let endpoint = write.arguments.block("endpoint").unwrap();
    assert!(endpoint.repeated && !endpoint.required);
    let body = endpoint.body.get();
    assert!(body.attribute("url").unwrap().required);
    assert_eq!(
        body.attribute("batch_wait").unwrap().default,
        Some(Value::string("1s"))
    );
    assert_eq!(
        body.attribute("http_headers").unwrap().ty,
        Type::Map(Box::new(Type::List(Box::new(Type::Secret))))
    );
    let oauth2 = body.block("oauth2").unwrap().body.get();
    let version = oauth2
        .block("tls_config")
        .unwrap()
        .body
        .get()
        .attribute("min_version")
        .unwrap();
    assert_eq!(
        version.ty,
        Type::Text {
            name: "TLS version",
            words: &["TLS10", "TLS11", "TLS12", "TLS13"]
        }
    );
    assert_eq!(write.exports[0].ty, Type::Capsule("loki.LogsReceiver"));
}

#[test]
fn stages_hold_stages() {
    let process = Release::newest().component("loki.process").unwrap();
    let mut body = &process.arguments;
    for _ in 0..20 {
        let stage = body.block("stage.match").unwrap();
        assert!(stage.alternative && stage.repeated);
        body = stage.body.get();
    }
    assert!(body.block("stage.json").is_some());
}

#[test]
fn two_types_of_one_name_keep_their_words() {
    let process = Release::newest().component("loki.process").unwrap();
    let words = |path: &[&str]| {
        let mut body = &process.arguments;
        for name in path {
            body = body.block(name).unwrap().body.get();
        }
        match &body.attribute("source_type").unwrap().ty {
            Type::Text { words, .. } => words.to_vec(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(words(&["stage.labels"]), ["extracted", "structured_metadata"]);
    let cut = ["", "line", "label", "structured_metadata", "extracted"];
    assert_eq!(words(&["stage.truncate", "rule"]), cut);
    assert_eq!(words(&["stage.match", "stage.truncate", "rule"]), cut);
}

#[test]
fn defaults_have_the_kind_of_their_type() {
    let newest = Release::newest();
    let unix = newest.component("prometheus.exporter.unix").unwrap();
    let exclude = unix
        .arguments
        .block("systemd")
        .unwrap()
        .body
        .get()
        .attribute("unit_exclude")
        .unwrap();
    assert_eq!(
        exclude.default,
        Some(Value::string(r".+\.(automount|device|mount|scope|slice)"))
    );
    let sampling = newest.component("otelcol.processor.tail_sampling").unwrap();
    let cache = sampling.arguments.attribute("decision_cache").unwrap();
    assert!(matches!(&cache.ty, Type::Object(body) if body.attributes.len() == 2));
    assert!(matches!(&cache.default, Some(Value::Object(fields)) if fields.len() == 2));
    let filter = newest.component("loki.secretfilter").unwrap();
    assert_eq!(
        filter.arguments.attribute("rate").unwrap().default,
        Some(Value::Float(1.0))
    );
    let json = newest.component("loki.process").unwrap();
    let source = json
        .arguments
        .block("stage.json")
        .unwrap()
        .body
        .get()
        .attribute("source")
        .unwrap();
    assert_eq!(source.default, Some(Value::Null));
}

#[test]
fn what_a_release_says_beside_the_schema() {
    let newest = Release::newest();
    assert_eq!(newest.carried_from("pyroscope.ebpf"), Some("1.11.3"));
    assert_eq!(newest.carried_from("loki.write"), None);
    assert!(newest.validates("import.git") && !newest.validates("logging"));
    let community: Vec<_> = newest
        .component_names()
        .into_iter()
        .filter(|name| newest.component(name).unwrap().community)
        .collect();
    assert_eq!(community.len(), 5, "{community:?}");
    assert!(newest.config_block("import.git").unwrap().labelled);
    assert!(!newest.config_block("logging").unwrap().labelled);
}

#[test]
fn reference_texts_of_own_components_serve_in_every_catalog() {
    assert!(runs_here("loki.write") && !runs_here("otelcol.receiver.otlp"));
    let own = bundled().component("loki.write").unwrap();
    let text = own
        .arguments
        .block("endpoint")
        .unwrap()
        .body
        .get()
        .attribute("url")
        .unwrap()
        .doc;
    assert!(!text.is_empty());
    for release in releases() {
        let theirs = release.component("loki.write").unwrap();
        let endpoint = theirs.arguments.block("endpoint").unwrap();
        assert_eq!(endpoint.body.get().attribute("url").unwrap().doc, text);
        assert_eq!(theirs.exports[0].doc, own.exports[0].doc);
    }
}

#[test]
fn the_settings_of_an_http_client_are_told_wherever_they_stand() {
    let http = Release::newest().component("discovery.puppetdb").unwrap();
    assert!(!http.arguments.attribute("http_headers").unwrap().doc.is_empty());
    let tls = http.arguments.block("tls_config").unwrap();
    assert!(!tls.doc.is_empty());
    assert!(!tls.body.get().attribute("ca_file").unwrap().doc.is_empty());
    assert_eq!(http.arguments.attribute("refresh_interval").unwrap().doc, "");
}

#[test]
fn targets_are_named_as_on_the_command_line() {
    assert_eq!("grafana-alloy".parse(), Ok(Target::newest()));
    let old: Target = "grafana-alloy@v1.11.3".parse().unwrap();
    assert_eq!(old.to_string(), "grafana-alloy@1.11.3");
    assert_eq!(old.catalog().component_names().len(), 168);
    let own: Target = "alloy-rs".parse().unwrap();
    assert!(own.catalog().title().starts_with("alloy-rs v"));
    assert_snapshot!(
        "grafana-alloy@1.2".parse::<Target>().unwrap_err(),
        @r#"unknown target "grafana-alloy@1.2"; there are alloy-rs, grafana-alloy@1.15.0, grafana-alloy@1.11.3, and grafana-alloy for the newest release"#
    );
}

proptest::proptest! {
    /// Whatever a text says, reading it ends.
    #[test]
    fn any_text_is_read(lines in proptest::collection::vec(line(), 0..30)) {
        let text = format!("@catalog 1 0.0.0 \"Ä\"\n{}\n", lines.join("\n"));
        let release = Release::from_text(Box::leak(text.into_boxed_str())).unwrap();
        for name in release.component_names() {
            if let Some(component) = release.component(name) {
                count(&component.arguments, 3);
            }
        }
    }
}

/// Lines of a catalog, in any order and with anything in them.
fn line() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::{Just, any, prop_oneof};
    use proptest::strategy::Strategy as _;
    let known = [
        "@component a.b experimental",
        "@body b",
        "@group g",
        "@group g kind",
        "@text t \"a\" \"b",
        "\t& g",
        "\t\t& g",
        "\t> x! -> b",
        "\tx object:b",
        "\t> é*",
        "\t\ty! text:t = \"",
        "\t\ty list:map:int8 = [1",
        "\t< r! capsule:c",
        "\t",
        "@",
        "\té",
    ];
    prop_oneof![
        6 => proptest::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => Just(String::new()),
    ]
}
