//! The page in a real browser: the graph is drawn, health and rates change while one looks, a refused reload is told and drawn in place,
//! entries are shown as they pass.

use crate::browser::{Browser, DESKTOP, PHONE};
use crate::harness::{Agent, Home, until};
use std::io::Write;

fn config(home: &Home) -> String {
    format!(
        r#"livedebugging {{ enabled = true }}

local.file "flag" {{
	filename       = "{flag}"
	detector       = "poll"
	poll_frequency = "100ms"
}}

loki.source.file "app" {{
	targets    = [{{"__path__" = "{log}", "job" = "app"}}]
	forward_to = [loki.process.app.receiver]
}}

loki.process "app" {{
	forward_to = [loki.echo.out.receiver]
	stage.static_labels {{ values = {{ stage = "seen" }} }}
}}

loki.echo "out" {{ }}
"#,
        flag = home.path("flag").display(),
        log = home.path("app.log").display(),
    )
}

fn home() -> Home {
    let home = Home::new();
    home.write("flag", "up");
    home.write("app.log", "");
    home.write("config.alloy", &config(&home));
    home
}

fn append(home: &Home, lines: &str) {
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .open(home.path("app.log"))
        .unwrap();
    file.write_all(lines.as_bytes()).unwrap();
}

/// A browser that opens a page of an agent which runs the home's configuration; `None` where there is no browser.
async fn look_at(home: &Home, path: &str) -> Option<(Browser, Agent)> {
    let browser = Browser::start(DESKTOP).await?;
    let agent = home.start().await;
    browser.open(&agent.url(path)).await;
    Some((browser, agent))
}

async fn listed(browser: &Browser) {
    browser
        .wait_for(
            "the components are listed",
            "return document.querySelectorAll('.components tbody tr').length === 4",
        )
        .await;
}

#[tokio::test]
async fn the_graph_is_drawn_and_shows_health_and_rates_as_they_change() {
    let home = home();
    let Some((browser, _agent)) = look_at(&home, "/graph").await else {
        return;
    };
    browser
        .wait_for(
            "the graph is drawn",
            "return document.querySelector('.canvas').dataset.drawn",
        )
        .await;
    let drawn = browser
        .run("return [document.querySelectorAll('.node').length, document.querySelectorAll('.edges .edge').length, document.querySelectorAll('.edges .loki_log').length]")
        .await;
    assert_eq!(drawn, serde_json::json!([4, 2, 2]));
    // From left to right, as data flows.
    let lefts = browser
        .run("return ['loki.source.file', 'loki.process', 'loki.echo'].map(name => [...document.querySelectorAll('.node')].find(node => node.querySelector('.name').textContent === name).getBoundingClientRect().left)")
        .await;
    let lefts: Vec<f64> = serde_json::from_value(lefts).unwrap();
    assert!(lefts.is_sorted_by(|a, b| a < b), "{lefts:?}");

    let flag = "return [...document.querySelectorAll('.node')].find(node => node.getAttribute('aria-label')?.startsWith('local.file.flag')).dataset.state";
    let state = |wanted: &str| format!("{flag} === '{wanted}'");
    browser.wait_for("the file is healthy", &state("healthy")).await;
    std::fs::remove_file(home.path("flag")).unwrap();
    browser
        .wait_for(
            "the missing file is seen without a reload of the page",
            &state("unhealthy"),
        )
        .await;
    home.write("flag", "up");
    browser
        .wait_for("the file is healthy again", &state("healthy"))
        .await;

    let rate = "return [...document.querySelectorAll('.rate')].map(text => text.textContent).find(Boolean)";
    let rate = until("a rate stands on an edge", async || {
        append(&home, "one\ntwo\n");
        let value = browser.run(rate).await;
        value.as_str().map(str::to_owned)
    })
    .await;
    assert!(rate.ends_with("/s"), "{rate}");
    browser.assert_no_errors().await;
}

#[tokio::test]
async fn a_refused_reload_is_told_on_all_pages_and_drawn_in_its_place() {
    let home = home();
    let Some((browser, agent)) = look_at(&home, "/").await else {
        return;
    };
    listed(&browser).await;
    assert_eq!(
        browser
            .run("return document.getElementById('banner').hidden")
            .await,
        true
    );

    let broken = config(&home).replace("stage.static_labels", "stage.static_label");
    home.write("config.alloy", &broken);
    assert_eq!(agent.post("/-/reload").await.status, 400);
    let told = browser
        .wait_for("the banner", "const banner = document.getElementById('banner'); return banner.hidden ? '' : banner.textContent")
        .await;
    assert!(told.as_str().unwrap().contains("was refused"), "{told}");
    browser.click("#banner").await;
    browser
        .wait_for(
            "the finding is drawn",
            "return document.querySelectorAll('.file .finding.error').length",
        )
        .await;
    // Below its line, with the words that it is about marked.
    let place = browser
        .run("const finding = document.querySelector('.file .finding.error'); return [finding.previousElementSibling.querySelector('.line-number').textContent, [...finding.previousElementSibling.querySelectorAll('mark')].map(mark => mark.textContent).join(''), finding.textContent]")
        .await;
    let line = broken
        .lines()
        .position(|line| line.contains("static_label"))
        .unwrap()
        + 1;
    assert_eq!(place[0], line.to_string());
    assert!(place[1].as_str().unwrap().contains("static_label"), "{place}");
    assert!(place[2].as_str().unwrap().starts_with("error[AR"), "{place}");

    home.write("config.alloy", &config(&home));
    browser.click(".toolbar button").await;
    browser
        .wait_for(
            "the banner goes",
            "return document.getElementById('banner').hidden && !document.querySelector('.finding')",
        )
        .await;
    // The answer 400 of a reload is none of the page's own; nothing else was wrong.
    browser.assert_no_errors().await;
}

#[tokio::test]
async fn entries_are_shown_before_and_after_a_component_as_they_pass() {
    let home = home();
    let Some((browser, _agent)) = look_at(&home, "/debug/loki.process.app").await else {
        return;
    };
    browser
        .wait_for(
            "the stream is open",
            "return document.querySelector('.toolbar [role=status]').textContent === 'waiting for data'",
        )
        .await;
    append(&home, "first line\nsecond line\n");
    browser
        .wait_for(
            "both sides of both lines",
            "return document.querySelectorAll('.item').length === 4",
        )
        .await;
    let sides = browser
        .run("return [...document.querySelectorAll('.item')].map(item => item.querySelector('.direction').textContent + ' ' + item.querySelector('.entry').textContent).sort()")
        .await;
    assert_eq!(
        sides,
        serde_json::json!([
            "IN first line",
            "IN second line",
            "OUT first line",
            "OUT second line"
        ])
    );
    let after = browser
        .run("return [...document.querySelectorAll('.item.out .about')].every(about => about.textContent.includes('stage=\"seen\"'))")
        .await;
    assert_eq!(after, true);

    // The list scrolls by itself, inside of the window.
    append(&home, &"more\n".repeat(100));
    browser
        .wait_for(
            "the newest entries are in sight",
            "const list = document.querySelector('.live'); return document.querySelectorAll('.item').length === 204 && list.scrollTop > 0 && list.scrollTop + list.clientHeight >= list.scrollHeight - 2 && list.getBoundingClientRect().bottom <= innerHeight",
        )
        .await;
    browser.write("input[type=search]", "second").await;
    browser
        .wait_for(
            "the filter",
            "return document.querySelectorAll('.item').length === 2",
        )
        .await;
    // Paused, what passes is not shown.
    browser.click(".toolbar button").await;
    append(&home, "second, unseen\n");
    browser
        .wait_for(
            "it is counted",
            "return document.querySelector('.toolbar [role=status]').textContent === 'paused, 206 items seen'",
        )
        .await;
    assert_eq!(
        browser
            .run("return document.querySelectorAll('.item').length")
            .await,
        2
    );
    browser.assert_no_errors().await;
}

#[tokio::test]
async fn a_component_shows_all_that_is_known_of_it() {
    let Some(browser) = Browser::start(DESKTOP).await else {
        return;
    };
    let home = home();
    let agent = home.start().await;
    append(&home, "a line\n");
    browser.open(&agent.url("/")).await;
    listed(&browser).await;
    // Without a mouse: find it by name.
    browser.write("body", "/").await;
    browser.write("#finder-input", "source file\u{e007}").await;
    let text = browser
        .wait_for("its configuration", "return document.querySelector('.component .code .line') && document.querySelector('main').innerText")
        .await;
    let text = text.as_str().unwrap();
    for part in [
        "loki.source.file.app",
        "forward_to = [loki.process.app.receiver]",
        "targets_info",
        "started component",
        "loki_source_file_read_lines_total",
        "Refers to",
        "loki.source.file \"app\" {",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(
        browser.run("return location.pathname").await == "/component/loki.source.file.app",
        "{text}"
    );
    browser.assert_no_errors().await;
}

#[tokio::test]
async fn the_graph_leads_into_modules_and_back() {
    let Some(browser) = Browser::start(DESKTOP).await else {
        return;
    };
    let home = Home::with(
        "declare \"pipeline\" {\n\targument \"to\" { }\n\tloki.relabel \"inner\" { forward_to = argument.to.value }\n}\n\
         pipeline \"one\" { to = [loki.echo.out.receiver] }\nloki.echo \"out\" { }\n",
    );
    let agent = home.start().await;
    browser.open(&agent.url("/graph")).await;
    let drawn = "return document.querySelector('.canvas').dataset.drawn";
    browser.wait_for("the graph is drawn", drawn).await;
    browser.click(".node:has(.module) .box").await;
    browser.click(".panel a[href='graph/pipeline.one']").await;
    browser
        .wait_for(
            "the module is drawn",
            "return [...document.querySelectorAll('.node .name')].map(name => name.textContent).join() === 'loki.relabel'",
        )
        .await;
    assert_eq!(
        browser.run("return location.pathname").await,
        "/graph/pipeline.one"
    );
    browser.click(".node .box").await;
    browser.click(".panel .actions a").await;
    browser
        .wait_for(
            "the component of the module",
            "return document.querySelector('.component h1')?.textContent === 'loki.relabel.inner' && document.querySelector('.component .code .line')",
        )
        .await;
    browser.click(".crumbs a[href='graph/pipeline.one']").await;
    browser
        .wait_for(
            "the module's graph again",
            "return document.querySelectorAll('.node').length === 1",
        )
        .await;
    browser.assert_no_errors().await;
}

/// `count` pipelines of five components that end in eight sinks.
fn large(count: usize) -> String {
    let mut text: String = (0..8)
        .map(|sink| format!("loki.echo \"sink{sink}\" {{ }}\n"))
        .collect();
    for number in 0..count {
        text.push_str(&format!(
            "local.file_match \"p{number}\" {{ path_targets = [{{\"__path__\" = \"/nonexistent/{number}.log\"}}] }}\n\
             loki.source.file \"p{number}\" {{\n\ttargets = local.file_match.p{number}.targets\n\tforward_to = [loki.process.p{number}.receiver]\n}}\n\
             loki.process \"p{number}\" {{ forward_to = [loki.relabel.p{number}.receiver] }}\n\
             loki.relabel \"p{number}\" {{ forward_to = [loki.echo.sink{}.receiver] }}\n",
            number % 8
        ));
    }
    text
}

#[tokio::test]
async fn three_hundred_components_can_be_read_and_searched() {
    let Some(browser) = Browser::start(DESKTOP).await else {
        return;
    };
    let home = Home::with(&large(73));
    let agent = home.start().await;
    browser.open(&agent.url("/graph")).await;
    browser
        .wait_for(
            "the graph is drawn",
            "return document.querySelector('.canvas').dataset.drawn",
        )
        .await;
    let boxes = browser
        .run("return [...document.querySelectorAll('.node')].map(node => { const { left, top, right, bottom } = node.querySelector('.box').getBoundingClientRect(); return [left, top, right, bottom]; })")
        .await;
    let boxes: Vec<[f64; 4]> = serde_json::from_value(boxes).unwrap();
    assert_eq!(boxes.len(), 300);
    for (at, [left, top, right, bottom]) in boxes.iter().enumerate() {
        assert!(
            *left >= 0.0 && *top >= 0.0 && *right <= 1440.0 && *bottom <= 900.0,
            "{:?} is out of sight",
            boxes[at]
        );
        for other in &boxes[at + 1..] {
            let apart = *right <= other[0] || other[2] <= *left || *bottom <= other[1] || other[3] <= *top;
            assert!(apart, "{:?} on {other:?}", boxes[at]);
        }
    }
    // Letters of a size that can be read.
    let letters = browser
        .run("const label = [...document.querySelectorAll('.node text')].find(text => getComputedStyle(text).display !== 'none'); return label.getBoundingClientRect().height")
        .await;
    assert!(letters.as_f64().unwrap() >= 9.0, "{letters}");
    browser
        .write(".graph input[type=search]", "process p42\u{e007}")
        .await;
    let panel = browser
        .wait_for(
            "what was searched for is chosen",
            "const panel = document.querySelector('.panel'); return panel.hidden ? '' : panel.innerText",
        )
        .await;
    assert!(panel.as_str().unwrap().starts_with("loki.process.p42"), "{panel}");
    browser.assert_no_errors().await;
}

#[tokio::test]
async fn every_page_fits_a_phone_and_nothing_jumps() {
    let Some(browser) = Browser::start(PHONE).await else {
        return;
    };
    let home = home();
    // Nothing in these names where a line would be broken by itself.
    let (file, label) = (format!("{}/config.alloy", "x".repeat(120)), "y".repeat(120));
    home.write(
        &file,
        &format!("{}\nloki.echo \"{label}\" {{ }}\n", config(&home)),
    );
    let agent = home.start_with(&file, &[], &[]).await;
    append(&home, "a line\n");
    let long = format!("/component/loki.echo.{label}");
    for (path, ready) in [
        ("/", ".components tbody tr"),
        ("/graph", ".canvas[data-drawn] .node.healthy"),
        ("/component/loki.process.app", ".component .code .line"),
        (&long, ".component .code .line"),
        ("/debug/loki.process.app", ".live"),
        ("/config", ".file .line"),
        ("/clustering", "tbody td"),
    ] {
        browser.open(&agent.url(path)).await;
        browser
            .wait_for(
                path,
                &format!("return Boolean(document.querySelector('{ready}'))"),
            )
            .await;
        let too_wide = browser
            .run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
            .await;
        assert_eq!(too_wide, 0, "{path} is wider than a phone");
        let shift = browser
            .run("let sum = 0; const seen = new PerformanceObserver(() => {}); seen.observe({ type: 'layout-shift', buffered: true }); for (const entry of seen.takeRecords()) if (!entry.hadRecentInput) sum += entry.value; return sum")
            .await;
        // Below 0.1 is what browsers' makers call good.
        assert!(shift.as_f64().unwrap() < 0.1, "{path} jumps: {shift}");
    }
    browser.assert_no_errors().await;
}
