//! From a page of metrics through the whole agent into Debian's Prometheus, read back through its query API.

use crate::harness::{Home, until};
use crate::prometheus_peer::{Prometheus, Series};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

/// What a target answers, and how often it was asked.
struct Page {
    status: u16,
    text: String,
    scrapes: u32,
}

/// A program with a page of metrics that the test writes.
struct Target {
    address: SocketAddr,
    page: Arc<Mutex<Page>>,
    server: tokio::task::JoinHandle<()>,
}

impl Target {
    async fn start(page: &str) -> Self {
        let page = Arc::new(Mutex::new(Page {
            status: 200,
            text: page.to_owned(),
            scrapes: 0,
        }));
        let router = Router::new()
            .route("/metrics", get(show))
            .with_state(page.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self {
            address: listener.local_addr().unwrap(),
            page,
            server: tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }),
        }
    }

    fn shows(&self, status: u16, page: &str) {
        let mut shown = self.page.lock().unwrap();
        (shown.status, shown.text) = (status, page.to_owned());
    }

    fn scrapes(&self) -> u32 {
        self.page.lock().unwrap().scrapes
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn show(State(page): State<Arc<Mutex<Page>>>) -> (StatusCode, String) {
    let mut page = page.lock().unwrap();
    page.scrapes += 1;
    (StatusCode::from_u16(page.status).unwrap(), page.text.clone())
}

const PAGE: &str = "# HELP app_requests_total Requests.
# TYPE app_requests_total counter
app_requests_total{code=\"200\"} 42
app_requests_total{code=\"500\"} 0.5
# TYPE app_temperature gauge
app_temperature{place=\"a \\\"b\\\" \\\\ c\\nd\"} -1.25e-3
app_limit +Inf
";

fn config(target: SocketAddr, write: &str) -> String {
    format!(
        r#"
prometheus.exporter.unix "node" {{ }}

prometheus.scrape "node" {{
	targets         = prometheus.exporter.unix.node.targets
	scrape_interval = "500ms"
	scrape_timeout  = "500ms"
	forward_to      = [prometheus.remote_write.out.receiver]
}}

prometheus.scrape "app" {{
	targets         = [{{"__address__" = "{target}", "env" = "test"}}]
	scrape_interval = "200ms"
	scrape_timeout  = "200ms"
	forward_to      = [prometheus.relabel.app.receiver]
}}

prometheus.relabel "app" {{
	forward_to = [prometheus.remote_write.out.receiver]

	rule {{
		source_labels = ["code"]
		regex         = "5.."
		target_label  = "failed"
		replacement   = "yes"
	}}
}}

prometheus.remote_write "out" {{
	external_labels = {{"cluster" = "e2e"}}

	endpoint {{
		url = "{write}"

		queue_config {{
			batch_send_deadline = "50ms"
			max_backoff         = "500ms"
		}}
	}}
}}
"#
    )
}

/// Waits until a query answers with exactly one series.
async fn one(prometheus: &Prometheus, query: &str) -> Series {
    until(&format!("{query} is one series"), async || {
        match prometheus.query(query).await.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        }
    })
    .await
}

/// Waits until a query answers with nothing.
async fn none(prometheus: &Prometheus, query: &str) {
    until(&format!("{query} is nothing"), async || {
        prometheus.query(query).await.is_empty().then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_a_target_shows_is_read_back_until_it_goes_away() {
    let Some(prometheus) = Prometheus::start().await else {
        return;
    };
    let target = Target::start(PAGE).await;
    let home = Home::with(&config(target.address, &prometheus.write_url()));
    let mut agent = home.start().await;

    let ok = one(&prometheus, "app_requests_total{code=\"200\"}").await;
    assert_eq!(ok.value, 42.0);
    let address = target.address.to_string();
    let expected = [
        ("__name__", "app_requests_total"),
        ("cluster", "e2e"),
        ("code", "200"),
        ("env", "test"),
        ("instance", &address),
        ("job", "prometheus.scrape.app"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(ok.labels, expected.into());
    let failed = one(&prometheus, "app_requests_total{failed=\"yes\"}").await;
    assert_eq!((failed.value, failed.label("code")), (0.5, "500"));
    let temperature = one(&prometheus, "app_temperature").await;
    assert_eq!(temperature.value, -0.001_25);
    assert_eq!(temperature.label("place"), "a \"b\" \\ c\nd");
    assert_eq!(one(&prometheus, "app_limit").await.value, f64::INFINITY);
    let own = "{job=\"prometheus.scrape.app\"}";
    assert_eq!(one(&prometheus, &format!("up{own}")).await.value, 1.0);
    assert_eq!(
        one(&prometheus, &format!("scrape_samples_scraped{own}"))
            .await
            .value,
        4.0
    );
    assert_eq!(
        one(
            &prometheus,
            &format!("scrape_samples_post_metric_relabeling{own}")
        )
        .await
        .value,
        4.0
    );

    // A series that is no longer shown ends at once, and the others go on with new values.
    target.shows(200, "app_requests_total{code=\"200\"} 43\n");
    until("the new value is there", async || {
        (one(&prometheus, "app_requests_total{code=\"200\"}").await.value == 43.0).then_some(())
    })
    .await;
    none(&prometheus, "app_temperature").await;

    // A page that cannot be read: the target is down, its series end, and the log says why.
    target.shows(200, "app_requests_total{code=\"200\" 44\n");
    until("up is 0", async || {
        (one(&prometheus, &format!("up{own}")).await.value == 0.0).then_some(())
    })
    .await;
    none(&prometheus, "app_requests_total").await;
    until("the log tells of the page", async || {
        let log = agent.stderr();
        let told =
            |line: &str| line.contains("component_id=prometheus.scrape.app") && line.contains(&address);
        log.lines().any(told).then_some(())
    })
    .await;

    target.shows(500, "");
    until("up is still 0", async || {
        let down = one(&prometheus, &format!("up{own}")).await.value == 0.0;
        down.then_some(())
    })
    .await;
    target.shows(200, PAGE);
    until("the target is up again", async || {
        (one(&prometheus, &format!("up{own}")).await.value == 1.0).then_some(())
    })
    .await;

    // A target that the configuration no longer has: its series end. (Those of an agent that stops do not: it is expected back.)
    one(&prometheus, "app_limit").await;
    let other = Target::start("other 1\n").await;
    home.write("config.alloy", &config(other.address, &prometheus.write_url()));
    let answer = agent.post("/-/reload").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    one(&prometheus, "other").await;
    none(&prometheus, "app_limit").await;
    none(&prometheus, &format!("up{{instance=\"{address}\"}}")).await;
    agent.stop().await;
}

#[tokio::test]
async fn what_is_scraped_while_prometheus_is_down_arrives_later() {
    let Some(mut prometheus) = Prometheus::start().await else {
        return;
    };
    let target = Target::start("before 1\n").await;
    // The small target alone: what waits is kept in memory, as far as the queue's capacity goes.
    let config = config(target.address, &prometheus.write_url());
    let small = config.replace("= prometheus.exporter.unix.node.targets", "= []");
    assert_ne!(small, config);
    let home = Home::with(&small);
    let agent = home.start().await;
    one(&prometheus, "before").await;

    prometheus.down();
    target.shows(200, "during 2\n");
    let told = |line: &str| {
        line.contains("level=warn")
            && line.contains("component_id=prometheus.remote_write.out")
            && line.contains(&prometheus.write_url())
    };
    until("the log tells that Prometheus is away", async || {
        agent.stderr().lines().any(told).then_some(())
    })
    .await;
    until("the component is unhealthy", async || {
        let answer = agent.get("/-/healthy").await;
        let is_told = answer.status == 500 && answer.body.contains("prometheus.remote_write.out");
        is_told.then_some(())
    })
    .await;
    let scrapes = target.scrapes();
    until("some pages were scraped meanwhile", async || {
        (target.scrapes() >= scrapes + 3).then_some(())
    })
    .await;
    target.shows(200, "after 3\n");
    let scrapes = target.scrapes();
    until("the next page was scraped", async || {
        (target.scrapes() >= scrapes + 2).then_some(())
    })
    .await;

    prometheus.up().await;
    one(&prometheus, "after").await;
    let during = one(&prometheus, "last_over_time(during[10m])").await;
    assert_eq!(during.value, 2.0);
    let count = one(&prometheus, "count_over_time(during[10m])").await;
    assert!(count.value >= 3.0, "{count:?}");
    none(&prometheus, "during").await;
    until("the component is healthy again", async || {
        (agent.get("/-/healthy").await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_machines_own_metrics_arrive() {
    let Some(prometheus) = Prometheus::start().await else {
        return;
    };
    let target = Target::start("").await;
    let home = Home::with(&config(target.address, &prometheus.write_url()));
    let agent = home.start().await;
    let memory = one(&prometheus, "node_memory_MemTotal_bytes").await;
    let meminfo = std::fs::read_to_string("/proc/meminfo").unwrap();
    let total = meminfo
        .lines()
        .find_map(|line| {
            line.strip_prefix("MemTotal:")?
                .strip_suffix("kB")?
                .trim()
                .parse::<f64>()
                .ok()
        })
        .unwrap();
    assert_eq!(memory.value, total * 1024.0);
    assert_eq!(memory.label("job"), "integrations/unix");
    assert_eq!(memory.label("cluster"), "e2e");
    let uname = one(&prometheus, "node_uname_info").await;
    assert_eq!(
        uname.label("release"),
        std::fs::read_to_string("/proc/sys/kernel/osrelease")
            .unwrap()
            .trim()
    );
    assert_eq!(one(&prometheus, "up{job=\"integrations/unix\"}").await.value, 1.0);
    // Every family of the exporter's own page is there: nothing got lost on the way.
    let page = agent
        .get("/api/v0/component/prometheus.exporter.unix.node/metrics")
        .await
        .body;
    let mut names: Vec<&str> = page
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split(['{', ' ']).next())
        .collect();
    names.dedup();
    assert!(names.len() > 100, "{names:?}");
    let arrived: Vec<String> = prometheus
        .query("count by (__name__) ({job=\"integrations/unix\"})")
        .await
        .iter()
        .map(|series| series.label("__name__").to_owned())
        .collect();
    let missing: Vec<_> = names
        .iter()
        .filter(|name| !arrived.iter().any(|arrived| arrived == *name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    let sent = agent
        .metric_sum("prometheus_remote_storage_samples_total", "")
        .await;
    assert!(sent > 100.0, "{sent}");
}
