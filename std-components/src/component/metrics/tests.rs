use super::*;
use std::time::{Duration, Instant};

fn page(hub: &MetricsHub) -> String {
    let mut page = String::new();
    hub.render(&mut page).unwrap();
    page
}

#[test]
fn a_family_is_headed_once_for_all_components() {
    let hub = MetricsHub::default();
    let one = ComponentMetrics::new(&hub, "loki.write.b", "/");
    let two = ComponentMetrics::new(&hub, "loki.write.a", "/");
    let inner = ComponentMetrics::new(&hub, "loki.write.a", "/node.one");
    for (metrics, count) in [(&one, 1), (&two, 2), (&inner, 3)] {
        let sent = metrics.counters("sent_total", "Sent \\ of\nall.", &["host", "tenant"]);
        sent.with_label_values(&["a:1", "quo\"ted"]).inc_by(count);
    }
    one.gauge("waiting", "Waiting.").set(-3);
    one.float_gauge("accessed", "Accessed.").set(1.5e9);
    insta::assert_snapshot!(page(&hub), @r#"
    # HELP accessed Accessed.
    # TYPE accessed gauge
    accessed{component_id="loki.write.b",component_path="/"} 1.5e+09
    # HELP sent_total Sent \\ of\nall.
    # TYPE sent_total counter
    sent_total{component_id="loki.write.a",component_path="/",host="a:1",tenant="quo\"ted"} 2
    sent_total{component_id="loki.write.b",component_path="/",host="a:1",tenant="quo\"ted"} 1
    sent_total{component_id="loki.write.a",component_path="/node.one",host="a:1",tenant="quo\"ted"} 3
    # HELP waiting Waiting.
    # TYPE waiting gauge
    waiting{component_id="loki.write.b",component_path="/"} -3
    "#);
}

#[test]
fn histograms_count_up_to_each_bound() {
    let hub = MetricsHub::default();
    let metrics = ComponentMetrics::new(&hub, "a.b.c", "/");
    let family = metrics.histograms("took_seconds", "Took.", &["zone"], [0.1, 1_048_576.0]);
    let took = family.with_label_values(&["x"]);
    for value in [0.05, 0.1, 0.2, 2e6, f64::NAN] {
        took.observe(value);
    }
    let ranges = |page: String| {
        page.lines()
            .filter(|line| !line.contains("_sum"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    insta::assert_snapshot!(ranges(page(&hub)), @r#"
    # HELP took_seconds Took.
    # TYPE took_seconds histogram
    took_seconds_bucket{component_id="a.b.c",component_path="/",zone="x",le="0.1"} 2
    took_seconds_bucket{component_id="a.b.c",component_path="/",zone="x",le="1.048576e+06"} 3
    took_seconds_bucket{component_id="a.b.c",component_path="/",zone="x",le="+Inf"} 5
    took_seconds_count{component_id="a.b.c",component_path="/",zone="x"} 5
    "#);
    assert_eq!(took.count(), 5);
}

#[test]
fn what_is_asked_for_twice_is_the_same_and_what_is_removed_is_gone() {
    let hub = MetricsHub::default();
    let metrics = ComponentMetrics::new(&hub, "a.b.c", "/");
    metrics.counter("a_total", "A.").inc();
    metrics.counter("a_total", "A.").inc();
    let by_path = metrics.gauges("size", "Size.", &["path"]);
    for path in ["c", "a", "b"] {
        by_path.with_label_values(&[path]).set(1);
    }
    assert!(by_path.remove_label_values(&["a"]));
    assert!(!by_path.remove_label_values(&["a"]));
    assert_eq!(metrics.counter("a_total", "A.").get(), 2);
    let paths = |page: &str| page.matches(",path=\"").count();
    assert_eq!(paths(&page(&hub)), 2);
}

#[test]
fn metrics_go_with_their_component_and_not_with_an_older_one_of_the_same_name() {
    let hub = MetricsHub::default();
    let old = ComponentMetrics::new(&hub, "a.b.c", "/");
    old.counter("a_total", "A.").inc_by(7);
    let new = ComponentMetrics::new(&hub, "a.b.c", "/");
    new.counter("a_total", "A.").inc();
    drop(old);
    let mut of_one = String::new();
    hub.render_component("a.b.c", "/", &mut of_one);
    assert!(
        of_one.ends_with("a_total{component_id=\"a.b.c\",component_path=\"/\"} 1\n"),
        "{of_one}"
    );
    hub.render_component("a.b.d", "/", &mut String::new());
    drop(new);
    assert_eq!(page(&hub), "");
}

#[test]
fn the_same_name_with_other_labels_works_unseen() {
    let hub = MetricsHub::default();
    let metrics = ComponentMetrics::new(&hub, "a.b.c", "/");
    metrics.counter("a_total", "A.").inc();
    let other = metrics.counters("a_total", "A.", &["path"]);
    other.with_label_values(&["x"]).inc();
    assert_eq!(other.with_label_values(&["x"]).get(), 1);
    assert!(!page(&hub).contains(",path="));
}

#[test]
fn open_metrics_forget_idle_series_and_share_by_name() {
    let hub = MetricsHub::default();
    let metrics = ComponentMetrics::new(&hub, "a.b", "/");
    let spec = |max_idle| OpenSpec {
        name: "m_total".to_owned(),
        help: "help".to_owned(),
        kind: OpenKind::Counter,
        bounds: Vec::new(),
        max_idle: Duration::from_secs(max_idle),
    };
    let page = || {
        let mut page = String::new();
        hub.render(&mut page).unwrap();
        page.lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    };
    let now = Instant::now();
    let past = now.checked_sub(Duration::from_secs(100)).unwrap();
    let first = metrics.open(spec(50));
    let labels = |value: &'static str| [("x", value), ("__y", "z")].into_iter();
    first.change(1, || labels("old"), Change::Add(1.0), past);
    first.change(2, || labels("new"), Change::Add(1.5), now);
    // Asked for again it is the same one; another key may stand for the same labels.
    let second = metrics.open(spec(50));
    second.change(3, || labels("new"), Change::Add(1.0), now);
    insta::assert_snapshot!(page(), @r#"
    m_total{component_id="a.b",component_path="/",x="new"} 2.5
    m_total{component_id="a.b",component_path="/",x="old"} 1
    "#);
    // The idle one was shown a last time; its key is not lost.
    insta::assert_snapshot!(page(), @r#"m_total{component_id="a.b",component_path="/",x="new"} 2.5"#);
    first.change(1, || labels("old"), Change::Add(1.0), now);
    insta::assert_snapshot!(page(), @r#"
    m_total{component_id="a.b",component_path="/",x="new"} 2.5
    m_total{component_id="a.b",component_path="/",x="old"} 1
    "#);
    // Another metric of the same component takes its place.
    let third = metrics.open(spec(60));
    assert_eq!(page(), "");
    third.change(1, || labels("x"), Change::Set(7.0), now);
    assert_eq!(page().lines().count(), 1);
    drop(third);
    assert_eq!(page(), "");
}

#[test]
fn a_summary_has_a_sum_and_a_count() {
    let hub = MetricsHub::default();
    let metrics = ComponentMetrics::new(&hub, "a.b", "/");
    let summary = metrics
        .summaries("s_seconds", "Help.", &["x"])
        .with_label_values(&["y"]);
    summary.observe(1.5);
    summary.observe(2.0);
    let mut page = String::new();
    hub.render(&mut page).unwrap();
    insta::assert_snapshot!(page, @r#"
    # HELP s_seconds Help.
    # TYPE s_seconds summary
    s_seconds_sum{component_id="a.b",component_path="/",x="y"} 3.5
    s_seconds_count{component_id="a.b",component_path="/",x="y"} 2
    "#);
}
