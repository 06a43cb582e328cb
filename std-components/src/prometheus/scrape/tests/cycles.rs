//! What a sequence of pages makes.

use crate::prometheus::scrape::cycle::{Cycle, Failure, Made, Page, Settings};
use crate::prometheus::scrape::exposition::Format;
use crate::prometheus::scrape::merge::Limits;
use crate::signals::{Labels, is_stale_nan};
use std::fmt::Write;

fn settings() -> Settings {
    Settings {
        honor_labels: false,
        honor_timestamps: true,
        track_timestamps_staleness: false,
        sample_limit: 0,
        limits: Limits::default(),
        utf8_names: false,
        metadata: false,
        type_and_unit_labels: false,
        extra_metrics: false,
        timeout_seconds: 10.0,
    }
}

fn cycle(settings: Settings) -> Cycle {
    Cycle::new(&Labels::from_pairs([("job", "j")]), settings)
}

fn page(cycle: &mut Cycle, text: &str, at: i64) -> Made {
    let page = Page {
        bytes: text.as_bytes(),
        format: Format::Text,
    };
    cycle.scrape(Ok(page), at, || 0.5)
}

/// Without the scrape's own series but `up`, `scrape_samples_scraped` and `scrape_series_added`.
fn show(made: &Made) -> String {
    let mut out = String::new();
    for sample in &made.samples {
        let name = sample.labels.get("__name__").unwrap();
        if ["scrape_duration_seconds", "scrape_samples_post_metric_relabeling"].contains(&name) {
            continue;
        }
        let rest: Vec<String> = sample
            .labels
            .iter()
            .filter(|(name, value)| *name != "__name__" && (*name, *value) != ("job", "j"))
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let value = if is_stale_nan(sample.value) {
            "STALE".to_owned()
        } else {
            sample.value.to_string()
        };
        let _ = writeln!(out, "{name}{{{}}} {value} @{}", rest.join(","), sample.timestamp);
    }
    if let Some(failure) = &made.failure {
        let _ = writeln!(out, "FAILED {failure}");
    }
    out
}

#[test]
fn a_series_that_vanishes_ends_once() {
    let mut cycle = cycle(settings());
    insta::assert_snapshot!(show(&page(&mut cycle, "a 1\nb 2\n", 10)), @r"
    a{} 1 @10
    b{} 2 @10
    up{} 1 @10
    scrape_samples_scraped{} 2 @10
    scrape_series_added{} 2 @10
    ");
    insta::assert_snapshot!(show(&page(&mut cycle, "b 3\n", 20)), @r"
    b{} 3 @20
    a{} STALE @20
    up{} 1 @20
    scrape_samples_scraped{} 1 @20
    scrape_series_added{} 0 @20
    ");
    insta::assert_snapshot!(show(&page(&mut cycle, "b 3\na 1\n", 30)), @r"
    b{} 3 @30
    a{} 1 @30
    up{} 1 @30
    scrape_samples_scraped{} 2 @30
    scrape_series_added{} 1 @30
    ");
    assert_eq!(cycle.cached(), 2);
}

#[test]
fn a_failed_scrape_ends_everything_and_says_so_once() {
    let mut cycle = cycle(settings());
    page(&mut cycle, "a 1\nb 2\n", 10);
    insta::assert_snapshot!(show(&page(&mut cycle, "a 1\nc 2\nb{ 2\n", 20)), @r#"
    a{} STALE @20
    b{} STALE @20
    up{} 0 @20
    scrape_samples_scraped{} 2 @20
    scrape_series_added{} 1 @20
    FAILED line 3: expected label name, got "2" while parsing: "b{ 2"
    "#);
    let refused = cycle.scrape(Err(Failure::Fetch("connection refused".into())), 30, || 0.1);
    insta::assert_snapshot!(show(&refused), @r"
    up{} 0 @30
    scrape_samples_scraped{} 0 @30
    scrape_series_added{} 0 @30
    FAILED connection refused
    ");
    insta::assert_snapshot!(show(&page(&mut cycle, "a 1\n", 40)), @r"
    a{} 1 @40
    up{} 1 @40
    scrape_samples_scraped{} 1 @40
    scrape_series_added{} 0 @40
    ");
}

#[test]
fn series_with_times_of_their_own_end_without_a_marker_unless_asked() {
    for track in [false, true] {
        let mut cycle = cycle(Settings {
            track_timestamps_staleness: track,
            ..settings()
        });
        let made = page(&mut cycle, "a 1 5\n", 10);
        assert_eq!(made.samples[0].timestamp, 5);
        let ended = page(&mut cycle, "", 20);
        assert_eq!(show(&ended).contains("STALE"), track);
    }
    let mut cycle = cycle(Settings {
        honor_timestamps: false,
        ..settings()
    });
    assert_eq!(page(&mut cycle, "a 1 5\n", 10).samples[0].timestamp, 10);
    assert!(show(&page(&mut cycle, "", 20)).contains("a{} STALE @20"));
}

#[test]
fn a_target_that_goes_takes_its_own_series_along() {
    let mut cycle = cycle(settings());
    assert!(cycle.end(5).is_empty(), "nothing was sent yet");
    page(&mut cycle, "a 1\n", 10);
    let ended = cycle.end(20);
    assert_eq!(ended.len(), 6);
    assert!(
        ended
            .iter()
            .all(|sample| is_stale_nan(sample.value) && sample.timestamp == 20)
    );
}

#[test]
fn labels_of_page_and_target() {
    let text = "a{job=\"own\",exported_job=\"x\"} 1\nb{job=\"\"} 2\n";
    insta::assert_snapshot!(show(&page(&mut cycle(settings()), text, 1)), @r"
    a{exported_exported_job=own,exported_job=x} 1 @1
    b{} 2 @1
    up{} 1 @1
    scrape_samples_scraped{} 2 @1
    scrape_series_added{} 2 @1
    ");
    let honor = Settings {
        honor_labels: true,
        ..settings()
    };
    let made = page(&mut cycle(honor), text, 1);
    assert_eq!(made.samples[0].labels.get("job"), Some("own"));
    assert_eq!(
        made.samples[1].labels.get("job"),
        None,
        "an empty label keeps the target's away"
    );
}

#[test]
fn limits_fail_the_whole_scrape() {
    let with = |change: fn(&mut Settings)| {
        let mut settings = settings();
        change(&mut settings);
        show(&page(&mut cycle(settings), "a 1\nb{label=\"value\"} 2\n", 1))
    };
    insta::assert_snapshot!(with(|settings| settings.sample_limit = 1), @r"
    up{} 0 @1
    scrape_samples_scraped{} 2 @1
    scrape_series_added{} 2 @1
    FAILED sample limit exceeded
    ");
    assert!(!with(|settings| settings.sample_limit = 2).contains("FAILED"));
    insta::assert_snapshot!(with(|settings| settings.limits.count = 2), @r"
    up{} 0 @1
    scrape_samples_scraped{} 2 @1
    scrape_series_added{} 2 @1
    FAILED label_limit exceeded (metric: b, number of labels: 3, limit: 2)
    ");
    assert!(with(|settings| settings.limits.name = 8).contains("up{} 1"));
    assert!(with(|settings| settings.limits.value = 4).contains("label_value_length_limit exceeded"));
    assert!(with(|settings| settings.limits.name = 4).contains("label_name_length_limit exceeded"));
}

#[test]
fn a_series_given_twice_counts_once() {
    let made = page(&mut cycle(settings()), "a 1\na 2\n", 1);
    assert_eq!(made.duplicates, 1);
    assert_eq!(made.samples[0].value, 1.0);
    assert!(show(&made).contains("scrape_samples_scraped{} 2"));
}

#[test]
fn the_same_series_in_other_words_does_not_end() {
    let mut cycle = cycle(settings());
    page(&mut cycle, "a{x=\"1\",y=\"2\"} 1\n", 1);
    assert!(!show(&page(&mut cycle, "a{y=\"2\",x=\"1\"} 1\n", 2)).contains("STALE"));
}

#[test]
fn changed_settings_end_what_is_made_otherwise() {
    let mut cycle = cycle(settings());
    let text = "a{job=\"own\"} 1\nb 1\n";
    page(&mut cycle, text, 1);
    cycle.configure(Settings {
        honor_labels: true,
        ..settings()
    });
    insta::assert_snapshot!(show(&page(&mut cycle, text, 2)), @r"
    a{job=own} 1 @2
    b{} 1 @2
    a{exported_job=own} STALE @2
    up{} 1 @2
    scrape_samples_scraped{} 2 @2
    scrape_series_added{} 2 @2
    ");
}

#[test]
fn invalid_names_fail_unless_utf8_is_allowed() {
    let text = "{\"a.b\"} 1\n";
    assert!(show(&page(&mut cycle(settings()), text, 1)).contains("FAILED"));
    let utf8 = Settings {
        utf8_names: true,
        ..settings()
    };
    assert!(show(&page(&mut cycle(utf8), text, 1)).contains("a.b{} 1"));
}

#[test]
fn extra_series_and_labels_of_metadata() {
    let mut cycle = cycle(Settings {
        extra_metrics: true,
        metadata: true,
        type_and_unit_labels: true,
        ..settings()
    });
    let made = page(&mut cycle, "# HELP a x\n# TYPE a counter\na 1\n", 1);
    assert_eq!(made.samples[0].labels.get("__type__"), Some("counter"));
    let families = made.metadata.unwrap();
    assert_eq!((&*families[0].family, &*families[0].help), ("a", "x"));
    let find = |name: &str| {
        made.samples
            .iter()
            .find(|sample| sample.labels.get("__name__") == Some(name))
            .unwrap()
            .value
    };
    assert_eq!(find("scrape_timeout_seconds"), 10.0);
    assert_eq!(find("scrape_body_size_bytes"), 32.0);
}
