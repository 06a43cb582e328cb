//! `loki.write` against a peer that decodes what it gets and answers by a script.

use super::testing::decode;
use super::*;
use crate::component::testing::{arguments, mistakes};
use crate::component::{HealthState, Services};
use crate::http_client::testing::{Peer, Reply};
use crate::signals::{Ack, Entry, Fanout, Labels, LogsReceiver, Outcome};
use river_eval::{FromValue, Shared, Value};
use std::time::Duration;
use tokio::sync::mpsc;

pub(super) const OK: Reply = Reply::Status(204, "");
pub(super) const DOWN: Reply = Reply::Status(503, "no room");

pub(super) struct Running {
    out: Fanout<LogBatch>,
    write: Arc<Write>,
    pub(super) context: Context<Exports>,
    pub(super) stop: CancellationToken,
    pub(super) task: tokio::task::JoinHandle<Result<(), RunError>>,
    pub(super) told: mpsc::UnboundedReceiver<(u64, Outcome)>,
    tell: mpsc::UnboundedSender<(u64, Outcome)>,
}

impl Running {
    fn start(text: &str) -> Self {
        Self::start_in(text, std::path::Path::new("/proc/nonexistent"))
    }

    pub(super) fn start_in(text: &str, storage: &std::path::Path) -> Self {
        let (context, exports) = Context::for_test("loki.write.out", storage);
        let write = Arc::new(Write::new(context.clone(), arguments(text)).unwrap());
        let Value::Object(fields) = exports.get() else {
            panic!("no exports")
        };
        let receiver = Shared::<LogsReceiver>::from_value(fields.get("receiver").unwrap()).unwrap();
        let stop = CancellationToken::new();
        let task = tokio::spawn(Component::run(write.clone(), stop.clone()));
        let (tell, told) = mpsc::unbounded_channel();
        Self {
            out: Fanout::new(vec![receiver]),
            write,
            context,
            stop,
            task,
            told,
            tell,
        }
    }

    fn batch(&self, number: u64, entries: Vec<Entry>) -> LogBatch {
        let tell = self.tell.clone();
        LogBatch {
            entries,
            ack: Ack::new(move |outcome| {
                let _ = tell.send((number, outcome));
            }),
        }
    }

    pub(super) async fn send(&self, number: u64, entries: Vec<Entry>) {
        self.out.send(self.batch(number, entries)).await;
    }

    pub(super) async fn told(&mut self) -> (u64, Outcome) {
        tokio::time::timeout(Duration::from_secs(20), self.told.recv())
            .await
            .expect("the source is told in time")
            .unwrap()
    }

    pub(super) fn metric(&self, line: &str) -> String {
        let mut page = String::new();
        let services: &Services = &self.context.services;
        services.metrics.render(&mut page).unwrap();
        let found = page.lines().find(|one| {
            let (name, labels) = line.split_once('{').unwrap_or((line, ""));
            one.starts_with(name)
                && labels
                    .trim_end_matches('}')
                    .split(',')
                    .all(|label| one.contains(label))
        });
        found
            .and_then(|one| one.rsplit(' ').next())
            .unwrap_or("absent")
            .to_owned()
    }
}

pub(super) fn entry(labels: &[(&str, &str)], line: &str) -> Entry {
    Entry {
        labels: Labels::from_pairs(labels.iter().copied()),
        timestamp: 1_700_000_000_000_000_001,
        line: line.into(),
        metadata: None,
    }
}

pub(super) fn app(line: &str) -> Entry {
    entry(&[("app", "a")], line)
}

pub(super) fn endpoint(peer: &Peer, more: &str) -> String {
    format!(
        "endpoint {{\n url = \"{}\"\n batch_wait = \"10ms\"\n min_backoff_period = \"1ms\"\n max_backoff_period = \"5ms\"\n {more}\n}}\n",
        peer.url("/loki/api/v1/push")
    )
}

#[tokio::test]
async fn entries_arrive_by_tenant_and_stream() {
    let peer = Peer::start([], OK).await;
    let text = endpoint(
        &peer,
        "tenant_id = \"usual\"\n headers = { \"X-Extra\" = \"1\" }\n basic_auth { \n username = \"u\" \n password = \"p\" \n}",
    ) + "external_labels = { cluster = \"c\", app = \"outer\" }";
    let mut running = Running::start(&text);
    let mut with_metadata = app("one");
    with_metadata.metadata = Some(Arc::new([("trace".into(), "t1".into())]));
    running
        .send(
            1,
            vec![
                with_metadata,
                entry(&[("job", "j"), ("__path__", "/x")], "two"),
                app("three"),
                entry(&[("app", "a"), ("__tenant_id__", "other")], "four"),
            ],
        )
        .await;
    assert_eq!(running.told().await, (1, Outcome::Delivered));
    let mut seen = peer.requests(2).await;
    seen.sort_by_key(|seen| seen.header("x-scope-orgid").to_owned());
    assert_eq!(seen[0].header("x-scope-orgid"), "other");
    assert_eq!(decode(&seen[0].body).lines(), ["four"]);
    let usual = &seen[1];
    assert_eq!(usual.header("x-scope-orgid"), "usual");
    assert_eq!(usual.header("content-type"), "application/x-protobuf");
    assert_eq!(usual.header("content-encoding"), "snappy");
    assert_eq!(
        (usual.header("x-extra"), usual.header("authorization")),
        ("1", "Basic dTpw")
    );
    let streams = decode(&usual.body).streams;
    let labels: Vec<_> = streams.iter().map(|stream| stream.labels.as_str()).collect();
    assert_eq!(
        labels,
        [
            r#"{app="a", cluster="c"}"#,
            r#"{app="outer", cluster="c", job="j"}"#
        ]
    );
    assert_eq!(streams[0].entries[0].metadata[0].value, "t1");
    assert_eq!(streams[0].entries[1].line, "three");
    assert_eq!(
        running.metric("loki_write_sent_entries_total{tenant=\"usual\"}"),
        "3"
    );
    assert_eq!(
        running.metric("loki_write_dropped_entries_total{tenant=\"usual\",reason=\"ingester_error\"}"),
        "0"
    );
}

#[tokio::test]
async fn trouble_is_retried_and_acknowledged_only_when_over() {
    let peer = Peer::start(
        [DOWN, Reply::Status(429, "slow down"), Reply::Status(500, "")],
        OK,
    )
    .await;
    let mut running = Running::start(&endpoint(&peer, ""));
    running.send(1, vec![app("a")]).await;
    assert_eq!(running.told().await, (1, Outcome::Delivered));
    let bodies: Vec<_> = peer.seen().iter().map(|seen| seen.body.clone()).collect();
    assert_eq!(bodies.len(), 4);
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    assert_eq!(running.metric("loki_write_batch_retries_total"), "3");
}

#[tokio::test]
async fn what_loki_refuses_is_dropped_and_counted() {
    let peer = Peer::start([Reply::Status(400, "entry too far behind")], OK).await;
    let mut running = Running::start(&endpoint(&peer, ""));
    running.send(1, vec![app("a"), app("b")]).await;
    assert_eq!(running.told().await, (1, Outcome::Delivered));
    assert_eq!(
        running.metric("loki_write_dropped_entries_total{reason=\"ingester_error\"}"),
        "2"
    );
    let peer = Peer::start([Reply::Status(429, "")], OK).await;
    let mut running = Running::start(&endpoint(&peer, "retry_on_http_429 = false"));
    running.send(1, vec![app("a")]).await;
    assert_eq!(running.told().await, (1, Outcome::Delivered));
    assert_eq!(
        running.metric("loki_write_dropped_entries_total{reason=\"rate_limited\"}"),
        "1"
    );
}

#[tokio::test]
async fn retries_end_only_for_sources_that_cannot_wait() {
    let peer = Peer::start([], DOWN).await;
    let mut running = Running::start(&endpoint(&peer, "max_backoff_retries = 2"));
    let nobody = LogBatch {
        entries: vec![app("nobody waits")],
        ack: Ack::none(),
    };
    running.out.send(nobody).await;
    peer.requests(2).await;
    running.send(1, vec![app("file")]).await;
    peer.requests(8).await;
    assert_eq!(
        running.metric("loki_write_dropped_entries_total{reason=\"ingester_error\"}"),
        "1"
    );
    assert!(running.told.try_recv().is_err());
    peer.otherwise(OK);
    assert_eq!(running.told().await, (1, Outcome::Delivered));
}

#[tokio::test]
async fn a_dead_endpoint_stops_its_source_in_bounded_memory_and_loses_nothing() {
    let peer = Peer::start([], DOWN).await;
    let mut running = Running::start(&endpoint(&peer, "queue_config { \n capacity = \"4KiB\" \n}"));
    let line = "x".repeat(1000);
    let mut sent = 0;
    // Queue, a batch under way and the channel take some; then sending blocks.
    while tokio::time::timeout(
        Duration::from_millis(300),
        running.send(sent, vec![app(&format!("{sent} {line}"))]),
    )
    .await
    .is_ok()
    {
        sent += 1;
        assert!(
            sent < 20,
            "a queue of 4 KiB and a channel of 4 batches took {sent} KiB"
        );
    }
    // The batch whose sending was given up goes back to its source.
    assert_eq!(running.told().await, (sent, Outcome::Failed));
    peer.otherwise(OK);
    for _ in 0..sent {
        assert_eq!(running.told().await.1, Outcome::Delivered);
    }
    let mut lines = Vec::new();
    for seen in peer.seen() {
        for line in decode(&seen.body).lines() {
            let number: u64 = line.split(' ').next().unwrap().parse().unwrap();
            if !lines.contains(&number) {
                lines.push(number);
            }
        }
    }
    assert_eq!(lines, (0..sent).collect::<Vec<_>>(), "all, in order");
}

#[tokio::test]
async fn without_blocking_a_full_queue_drops_and_counts() {
    let peer = Peer::start([], Reply::Hang).await;
    let mut running = Running::start(&endpoint(
        &peer,
        "queue_config { \n capacity = \"1KiB\" \n block_on_overflow = false \n}",
    ));
    running.send(1, vec![app(&"x".repeat(2000))]).await;
    running.send(2, vec![app("late")]).await;
    assert_eq!(running.told().await, (2, Outcome::Delivered));
    assert_eq!(
        running.metric("loki_write_dropped_entries_total{reason=\"queue_is_full\"}"),
        "1"
    );
}

#[tokio::test]
async fn every_endpoint_has_its_own_share() {
    let (well, ill) = (Peer::start([], OK).await, Peer::start([], DOWN).await);
    let mut running =
        Running::start(&(endpoint(&well, "name = \"well\"") + &endpoint(&ill, "name = \"ill\"")));
    for number in 0..5 {
        running.send(number, vec![app("a")]).await;
    }
    let mut taken = 0;
    while taken < 5 {
        let requests = well.requests(1).await;
        taken = requests.iter().map(|seen| decode(&seen.body).lines().len()).sum();
        tokio::task::yield_now().await;
    }
    assert!(running.told.try_recv().is_err(), "the ill one has taken nothing");
    ill.otherwise(OK);
    for _ in 0..5 {
        assert_eq!(running.told().await.1, Outcome::Delivered);
    }
}

#[tokio::test]
async fn what_is_packed_once_and_what_is_not_arrives_at_each_endpoint_in_order() {
    let peers = [
        Peer::start([], OK).await,
        Peer::start([DOWN, Reply::Status(413, "too large")], OK).await,
        Peer::start([], OK).await,
    ];
    let text = endpoint(&peers[0], "")
        + &endpoint(&peers[1], "batch_size = \"100KiB\"").replace("\"10ms\"", "\"1h\"")
        + &endpoint(&peers[2], "tenant_id = \"other\"");
    let mut running = Running::start(&text);
    // Large and small by turns, so that what is packed stands before and behind what is not.
    let (mut number, batches) = (0_u64, 12);
    for batch in 0..batches {
        let lines = if batch % 3 == 0 { 1 } else { 70 };
        let entries = (0..lines).map(|_| {
            number += 1;
            let stream = if number.is_multiple_of(5) { "b" } else { "a" };
            entry(&[("app", stream)], &format!("{number} {}", "x".repeat(1000)))
        });
        running.send(batch, entries.collect()).await;
    }
    running.stop.cancel();
    for _ in 0..batches {
        assert_eq!(running.told().await.1, Outcome::Delivered);
    }
    for (at, peer) in peers.iter().enumerate() {
        let mut streams: [Vec<u64>; 2] = [Vec::new(), Vec::new()];
        let untaken = if at == 1 { 2 } else { 0 };
        for seen in peer.seen().into_iter().skip(untaken) {
            assert_eq!(seen.header("x-scope-orgid"), if at == 2 { "other" } else { "" });
            for line in decode(&seen.body).lines() {
                let number: u64 = line.split(' ').next().unwrap().parse().unwrap();
                streams[usize::from(number.is_multiple_of(5))].push(number);
            }
        }
        let wanted = |is_b: bool| {
            (1..=number)
                .filter(|number| number.is_multiple_of(5) == is_b)
                .collect::<Vec<_>>()
        };
        assert_eq!(streams, [wanted(false), wanted(true)], "endpoint {at}");
    }
    assert_eq!(
        running.metric("loki_write_ledger_delivered_entries_total{endpoint=\"endpoint-1\"}"),
        number.to_string()
    );
    assert!(peers[1].seen().len() > peers[0].seen().len());
}

#[tokio::test]
async fn a_stop_sends_what_waits() {
    let peer = Peer::start([], OK).await;
    let mut running = Running::start(&endpoint(&peer, "").replace("10ms", "1h"));
    running.send(1, vec![app("last words")]).await;
    running.stop.cancel();
    running.task.await.unwrap().unwrap();
    assert_eq!(running.told.recv().await, Some((1, Outcome::Delivered)));
    assert_eq!(decode(&peer.seen()[0].body).lines(), ["last words"]);
}

#[tokio::test]
async fn a_stop_before_a_dead_endpoint_is_bounded_and_tells_the_source() {
    let peer = Peer::start([], Reply::Hang).await;
    let mut running = Running::start(&endpoint(&peer, "queue_config { \n drain_timeout = \"50ms\" \n}"));
    running.send(1, vec![app("a")]).await;
    peer.requests(1).await;
    running.stop.cancel();
    tokio::time::timeout(Duration::from_secs(5), running.task)
        .await
        .expect("a bounded stop")
        .unwrap()
        .unwrap();
    assert_eq!(running.told.recv().await, Some((1, Outcome::Failed)));
}

#[tokio::test]
async fn a_corrected_url_gets_what_waits() {
    let (wrong, right) = (Peer::start([], DOWN).await, Peer::start([], OK).await);
    let mut running = Running::start(
        &endpoint(&wrong, "")
            .replace("\"5ms\"", "\"1h\"")
            .replace("\"1ms\"", "\"1h\""),
    );
    running.send(1, vec![app("kept")]).await;
    wrong.requests(1).await;
    running.write.update(arguments(&endpoint(&right, ""))).unwrap();
    assert_eq!(running.told().await, (1, Outcome::Delivered));
    assert_eq!(decode(&right.seen()[0].body).lines(), ["kept"]);
}

#[tokio::test]
async fn streams_beyond_the_limit_are_dropped() {
    let peer = Peer::start([], OK).await;
    let mut running = Running::start(&(endpoint(&peer, "") + "max_streams = 1"));
    running
        .send(1, vec![app("kept"), entry(&[("app", "b")], "dropped")])
        .await;
    assert_eq!(running.told().await, (1, Outcome::Delivered));
    assert_eq!(decode(&peer.requests(1).await[0].body).lines(), ["kept"]);
    assert_eq!(
        running.metric("loki_write_dropped_entries_total{reason=\"stream_limited\"}"),
        "1"
    );
}

#[tokio::test]
async fn batches_are_cut_at_their_size() {
    let peer = Peer::start([], OK).await;
    let mut running = Running::start(&endpoint(&peer, "batch_size = \"25B\"").replace("10ms", "1h"));
    let entries = (0..5).map(|_| app("0123456789")).collect();
    running.send(1, entries).await;
    let seen = peer.requests(2).await;
    assert!(seen.iter().all(|seen| decode(&seen.body).lines().len() == 2));
    running.stop.cancel();
    assert_eq!(running.told().await, (1, Outcome::Delivered));
    assert_eq!(decode(&peer.seen()[2].body).lines().len(), 1);
}

#[tokio::test]
async fn a_tenant_that_no_header_may_hold_is_no_endless_retry() {
    let peer = Peer::start([], OK).await;
    let mut running = Running::start(&endpoint(&peer, ""));
    running
        .send(1, vec![entry(&[("a", "b"), ("__tenant_id__", "x\ny")], "a")])
        .await;
    assert_eq!(running.told().await, (1, Outcome::Delivered));
    assert!(peer.seen().is_empty());
}

#[tokio::test]
async fn nothing_to_send_to_takes_everything() {
    let mut running = Running::start("");
    running.send(1, vec![app("a")]).await;
    assert_eq!(running.told().await, (1, Outcome::Delivered));
    assert_ne!(running.context.health.get().state, HealthState::Unhealthy);
}

#[test]
fn mistakes_are_told() {
    insta::assert_snapshot!(mistakes::<Arguments>("endpoint { url = \"loki:3100\" }"), @r#"not an HTTP URL: its scheme is "loki", expected http or https (write the whole push URL, such as "http://loki:3100/loki/api/v1/push")"#);
    let twice = "endpoint { \n name = \"a\" \n url = \"http://x\" \n}\n".repeat(2);
    insta::assert_snapshot!(mistakes::<Arguments>(&twice), @r#"another endpoint is named "a" too"#);
}
