use super::*;

fn sources(text: &str) -> Sources {
    let mut sources = Sources::new();
    sources.add("a.alloy", text);
    sources
}

async fn planned(old: &str, new: &str) -> Result<String, PlanError> {
    let options = Options::default();
    let plan = plan((&options, sources(old)), (&options, sources(new)))?;
    let mut told = String::new();
    for change in &plan.changes {
        told.push_str(&format!("{:?} {}\n", change.action, change.id));
        for reason in &change.reasons {
            let line = match reason {
                Reason::Written(change) => format!("{} {:?}", change.path, change.kind),
                Reason::Evaluated { change, because } => format!("{} because of {because:?}", change.path),
                other => format!("{other:?}"),
            };
            told.push_str(&format!("  {line}\n"));
        }
    }
    told.push_str(&format!("unchanged: {}\n", plan.unchanged.join(" ")));
    for warning in &plan.warnings {
        told.push_str(&format!("{}\n", warning.message));
    }
    Ok(told)
}

const OLD: &str = r#"
discovery.relabel "a" {
	targets = [{__address__ = "a:1", x = "1"}]
}

prometheus.scrape "s" {
	targets    = discovery.relabel.a.output
	forward_to = [prometheus.relabel.r.receiver]
}

prometheus.relabel "r" {
	forward_to = []
}

loki.echo "gone" { }
"#;

#[tokio::test]
async fn equal_configurations_change_nothing() {
    let reformatted = OLD.replace("forward_to = []", "forward_to    =  [ ] // nobody");
    insta::assert_snapshot!(planned(OLD, OLD).await.unwrap(), @"unchanged: discovery.relabel.a prometheus.scrape.s prometheus.relabel.r loki.echo.gone");
    insta::assert_snapshot!(planned(OLD, &reformatted).await.unwrap(), @"unchanged: discovery.relabel.a prometheus.scrape.s prometheus.relabel.r loki.echo.gone");
}

#[tokio::test]
async fn what_changes_is_told_with_what_follows_from_it() {
    let new = OLD
        .replace("x = \"1\"", "x = \"2\"")
        .replace("loki.echo \"gone\"", "loki.echo \"new\"")
        .replace(
            "\tforward_to = []",
            "\tforward_to = []\n\n\trule {\n\t\taction = \"drop\"\n\t\tregex = \"x\"\n\t}",
        );
    insta::assert_snapshot!(planned(OLD, &new).await.unwrap(), @r#"
    Update discovery.relabel.a
      targets Changed
    Update prometheus.scrape.s
      targets because of ["discovery.relabel.a"]
    Update prometheus.relabel.r
      rule Added
    Start loki.echo.new
      New
    Stop loki.echo.gone
      Gone
    unchanged:
    "#);
}

#[tokio::test]
async fn another_component_of_the_same_label_is_stopped_and_started() {
    let new = OLD
        .replace("prometheus.relabel \"r\"", "prometheus.echo \"r\"")
        .replace("\tforward_to = []\n", "")
        .replace("prometheus.relabel.r", "prometheus.echo.r");
    insta::assert_snapshot!(planned(OLD, &new).await.unwrap(), @"
    Update prometheus.scrape.s
      forward_to Changed
    Start prometheus.echo.r
      New
    Stop prometheus.relabel.r
      Gone
    unchanged: discovery.relabel.a loki.echo.gone
    ");
}

#[tokio::test]
async fn modules_are_looked_into() {
    let old = r#"
declare "lib" {
	argument "to" { }

	loki.relabel "inner" {
		forward_to = argument.to.value
	}
}

lib "one" {
	to = [loki.echo.out.receiver]
}

loki.echo "out" { }
"#;
    let new = old.replace(
        "\t\tforward_to = argument.to.value",
        "\t\tforward_to = argument.to.value\n\t\tmax_cache_size = 10",
    );
    insta::assert_snapshot!(planned(old, &new).await.unwrap(), @"
    Update lib.one/loki.relabel.inner
      max_cache_size Added
    unchanged: lib.one loki.echo.out
    ");
}

#[tokio::test]
async fn what_this_machine_lacks_is_compared_all_the_same() {
    let old = r#"
local.file "token" {
	filename = "/does/not/exist"
}

loki.write "out" {
	endpoint {
		url          = "http://localhost"
		bearer_token = local.file.token.content
	}
}
"#;
    let new = old.replace("http://localhost", "http://other");
    insta::assert_snapshot!(planned(old, &new).await.unwrap(), @"
    Update loki.write.out
      endpoint > url Changed
    unchanged: local.file.token
    ");
}

#[tokio::test]
async fn a_configuration_that_would_be_rejected_has_no_plan() {
    let error = planned(OLD, "loki.echo \"a\" {\n\tx = 1\n}\n").await.unwrap_err();
    assert_eq!(error.which, Which::New);
    assert_eq!(error.error.diagnostics[0].code.id, "AR0100");
    let error = planned("loki.ecco \"a\" { }\n", OLD).await.unwrap_err();
    assert_eq!(error.which, Which::Old);
}
