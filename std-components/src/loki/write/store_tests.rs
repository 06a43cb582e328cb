//! `loki.write` with its log on disk, endpoints beside a dead one, Loki's refusals, and the account that has to be right all the time.

use super::testing::decode;
use super::tests::{DOWN, OK, Running, app, endpoint, entry};
use crate::http_client::testing::{Peer, Reply};
use crate::signals::Outcome;
use std::path::Path;
use std::time::Duration;

const WAL: &str = "wal { \n enabled = true \n drain_timeout = \"100ms\" \n}";

fn lines(peer: &Peer) -> Vec<String> {
    let seen = peer.seen();
    let decoded = seen.iter().map(|seen| decode(&seen.body));
    decoded
        .flat_map(|request| request.lines().into_iter().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// Each line once, in the order in which it came first: a dead peer has seen some that it did not take.
fn once(lines: Vec<String>) -> Vec<String> {
    let mut once = Vec::new();
    for line in lines {
        if !once.contains(&line) {
            once.push(line);
        }
    }
    once
}

async fn eventually(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..4000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it never happens: {what}");
}

fn number(running: &Running, line: &str) -> u64 {
    running.metric(line).parse().unwrap_or(0)
}

/// `seen = delivered + queued + dropped{reason}` of an endpoint; hands out what is queued.
fn ledger(running: &Running, endpoint: &str) -> u64 {
    let mut page = String::new();
    running.context.services.metrics.render(&mut page).unwrap();
    let label = format!("endpoint=\"{endpoint}\"");
    let sum = |name: &str| -> u64 {
        let lines = page
            .lines()
            .filter(|line| line.starts_with(name) && line.contains(&label));
        lines
            .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
            .sum()
    };
    let (seen, delivered) = (
        sum("loki_write_ledger_seen_entries_total"),
        sum("loki_write_ledger_delivered_entries_total"),
    );
    let (queued, dropped) = (
        sum("loki_write_ledger_queued_entries"),
        sum("loki_write_ledger_dropped_entries_total"),
    );
    assert_eq!(seen, delivered + queued + dropped, "{page}");
    queued
}

fn folder(storage: &Path) -> std::path::PathBuf {
    storage.join("loki.write.out/wal/endpoint-0")
}

#[tokio::test]
async fn what_is_in_the_log_is_taken_for_good_and_arrives_later() {
    let storage = tempfile::tempdir().unwrap();
    let peer = Peer::start([], DOWN).await;
    let mut running = Running::start_in(&(endpoint(&peer, "") + WAL), storage.path());
    for number in 0..20 {
        running.send(number, vec![app(&format!("line {number}"))]).await;
        assert_eq!(running.told().await, (number, Outcome::Delivered));
        assert_eq!(ledger(&running, "endpoint-0"), number + 1);
    }
    peer.otherwise(OK);
    eventually("all is sent", || ledger(&running, "endpoint-0") == 0).await;
    let expected: Vec<_> = (0..20).map(|number| format!("line {number}")).collect();
    assert_eq!(once(lines(&peer)), expected);
    assert_eq!(number(&running, "loki_write_sent_entries_total"), 20);
}

#[tokio::test]
async fn the_log_goes_on_after_a_restart() {
    let storage = tempfile::tempdir().unwrap();
    let peer = Peer::start([], DOWN).await;
    let text = endpoint(&peer, "") + WAL;
    for life in 0..3 {
        let mut running = Running::start_in(&text, storage.path());
        running.send(life, vec![app(&format!("life {life}"))]).await;
        assert_eq!(running.told().await, (life, Outcome::Delivered));
        eventually("earlier ones are queued", || {
            ledger(&running, "endpoint-0") == life + 1
        })
        .await;
        running.stop.cancel();
        (&mut running.task).await.unwrap().unwrap();
        assert_eq!(ledger(&running, "endpoint-0"), 0);
        let kept = "loki_write_ledger_dropped_entries_total{reason=\"kept\"}";
        assert_eq!(number(&running, kept), life + 1);
    }
    peer.otherwise(OK);
    // Without the block what is left is sent all the same.
    let mut running = Running::start_in(&endpoint(&peer, ""), storage.path());
    running.send(9, vec![app("memory")]).await;
    assert_eq!(running.told().await, (9, Outcome::Delivered));
    eventually("all is sent", || ledger(&running, "endpoint-0") == 0).await;
    assert_eq!(once(lines(&peer)), ["life 0", "life 1", "life 2", "memory"]);
}

#[tokio::test]
async fn tenants_and_many_records_are_put_together_again() {
    let storage = tempfile::tempdir().unwrap();
    let peer = Peer::start([], OK).await;
    let mut running = Running::start_in(&(endpoint(&peer, "") + WAL), storage.path());
    let line = "x".repeat(1000);
    let mut expected = [Vec::new(), Vec::new()];
    for number in 0..20 {
        let entries = (0..50)
            .map(|at| {
                let tenant = ["one", "two"][at % 2];
                let text = format!("{number}-{at} {line}");
                expected[at % 2].push(text.clone());
                entry(&[("app", "a"), ("__tenant_id__", tenant)], &text)
            })
            .collect();
        running.send(number, entries).await;
    }
    for _ in 0..20 {
        assert_eq!(running.told().await.1, Outcome::Delivered);
    }
    eventually("all is sent", || ledger(&running, "endpoint-0") == 0).await;
    let mut arrived = [Vec::new(), Vec::new()];
    for seen in peer.seen() {
        let tenant = usize::from(seen.header("x-scope-orgid") == "two");
        arrived[tenant].extend(decode(&seen.body).lines().into_iter().map(str::to_owned));
    }
    assert_eq!(arrived, expected);
}

#[tokio::test]
async fn what_is_taken_away_on_disk_is_counted_and_the_rest_goes_on() {
    let storage = tempfile::tempdir().unwrap();
    let peer = Peer::start([], DOWN).await;
    let text = endpoint(&peer, "") + WAL;
    let running = Running::start_in(&text, storage.path());
    let mut running = running;
    running.send(1, vec![app("a"), app("b")]).await;
    running.told().await;
    running.stop.cancel();
    (&mut running.task).await.unwrap().unwrap();
    for file in std::fs::read_dir(folder(storage.path())).unwrap() {
        let file = file.unwrap().path();
        if file.extension().is_some() {
            let mut bytes = std::fs::read(&file).unwrap();
            *bytes.last_mut().unwrap() ^= 1;
            std::fs::write(&file, bytes).unwrap();
        }
    }
    peer.otherwise(OK);
    let mut running = Running::start_in(&text, storage.path());
    running.send(2, vec![app("c")]).await;
    running.told().await;
    eventually("all is sent", || ledger(&running, "endpoint-0") == 0).await;
    let lost = "loki_write_dropped_entries_total{reason=\"wal_damaged\"}";
    assert_eq!(number(&running, lost), 2);
    assert_eq!(lines(&peer).last().unwrap(), "c");
}

#[tokio::test]
async fn what_is_too_old_is_dropped_and_counted() {
    let storage = tempfile::tempdir().unwrap();
    let peer = Peer::start([], DOWN).await;
    let text = endpoint(&peer, "") + &WAL.replace("enabled", "max_segment_age = \"40ms\" \n enabled");
    let mut running = Running::start_in(&text, storage.path());
    let expired = "loki_write_dropped_entries_total{reason=\"wal_expired\"}";
    let mut sent = 0;
    while number(&running, expired) == 0 {
        running.send(sent, vec![app(&sent.to_string())]).await;
        assert_eq!(running.told().await.1, Outcome::Delivered);
        sent += 1;
        ledger(&running, "endpoint-0");
        assert!(sent < 10_000);
    }
    peer.otherwise(OK);
    eventually("the rest is sent", || ledger(&running, "endpoint-0") == 0).await;
    let arrived = number(&running, "loki_write_sent_entries_total");
    assert_eq!(arrived + number(&running, expired), sent);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_makes_sources_wait() {
    let storage = tempfile::tempdir().unwrap();
    let peer = Peer::start([], OK).await;
    // A file stands where the folder has to be.
    std::fs::write(storage.path().join("loki.write.out"), "").unwrap();
    let mut running = Running::start_in(&(endpoint(&peer, "") + WAL), storage.path());
    running.send(1, vec![app("a")]).await;
    assert!(
        tokio::time::timeout(Duration::from_millis(200), running.told.recv())
            .await
            .is_err()
    );
    assert_eq!(ledger(&running, "endpoint-0"), 1);
    std::fs::remove_file(storage.path().join("loki.write.out")).unwrap();
    assert_eq!(running.told().await, (1, Outcome::Delivered));
}

#[tokio::test]
async fn a_dead_endpoint_is_in_nobodys_way_and_gets_everything_later() {
    let storage = tempfile::tempdir().unwrap();
    let (well, ill) = (Peer::start([], OK).await, Peer::start([], DOWN).await);
    let text = endpoint(
        &well,
        "name = \"well\"\n queue_config { \n capacity = \"4KiB\" \n}",
    ) + &endpoint(&ill, "name = \"ill\"\n queue_config { \n capacity = \"4KiB\" \n}");
    let mut running = Running::start_in(&text, storage.path());
    let line = "x".repeat(500);
    let mut expected = Vec::new();
    for number in 0..100 {
        let text = format!("{number} {line}");
        running.send(number, vec![app(&text)]).await;
        expected.push(text);
        ledger(&running, "well");
        ledger(&running, "ill");
    }
    // More than ten times what fits into memory, and all of it is taken for good while one is dead.
    for _ in 0..100 {
        assert_eq!(running.told().await.1, Outcome::Delivered);
    }
    assert_eq!(once(lines(&well)), expected);
    assert_eq!(ledger(&running, "well"), 0);
    assert_eq!(ledger(&running, "ill"), 100);
    ill.otherwise(OK);
    eventually("the ill one has all", || ledger(&running, "ill") == 0).await;
    assert_eq!(once(lines(&ill)), expected);
    // It is sent to from memory again.
    running.send(100, vec![app("well again")]).await;
    assert_eq!(running.told().await.1, Outcome::Delivered);
    assert_eq!(lines(&ill).last().unwrap(), "well again");
    assert_eq!(number(&running, "loki_write_retries_total"), 0);
}

#[tokio::test]
async fn a_request_that_is_too_large_is_sent_in_parts() {
    const LARGE: Reply = Reply::Status(413, "");
    let peer = Peer::start([LARGE, LARGE], OK).await;
    let mut running = Running::start_in(&endpoint(&peer, ""), Path::new("/proc/nonexistent"));
    let entries = (0..8).map(|at| app(&at.to_string())).collect();
    running.send(1, entries).await;
    assert_eq!(running.told().await, (1, Outcome::Delivered));
    let counts: Vec<_> = peer
        .seen()
        .iter()
        .map(|seen| decode(&seen.body).lines().len())
        .collect();
    assert_eq!(counts, [8, 4, 2, 2, 4]);
    assert_eq!(lines(&peer)[12..], ["0", "1", "2", "3", "4", "5", "6", "7"]);
    assert_eq!(number(&running, "loki_write_sent_entries_total"), 8);
    // A single entry that is too large can only be dropped.
    peer.otherwise(LARGE);
    running.send(2, vec![app("huge"), app("too")]).await;
    assert_eq!(running.told().await, (2, Outcome::Delivered));
    let large = "loki_write_ledger_dropped_entries_total{reason=\"request_too_large\"}";
    assert_eq!(number(&running, large), 2);
    assert_eq!(ledger(&running, "endpoint-0"), 0);
}

#[tokio::test]
async fn only_what_loki_ignored_counts_as_dropped() {
    const FAR: Reply = Reply::Status(
        400,
        "entry with timestamp 1 ignored, reason: 'entry too far behind',\nuser 'fake', total ignored: 1 out of 3 for stream: {app=\"a\"}",
    );
    let peer = Peer::start([FAR], OK).await;
    let mut running = Running::start_in(&endpoint(&peer, ""), Path::new("/proc/nonexistent"));
    running.send(1, vec![app("a"), app("b"), app("c")]).await;
    assert_eq!(running.told().await, (1, Outcome::Delivered));
    let far = "loki_write_ledger_dropped_entries_total{reason=\"too_far_behind\"}";
    assert_eq!(number(&running, far), 1);
    assert_eq!(number(&running, "loki_write_sent_entries_total"), 2);
    assert_eq!(ledger(&running, "endpoint-0"), 0);
}

#[tokio::test]
async fn a_stream_limit_is_not_waited_for_for_ever() {
    const LIMIT: Reply = Reply::Status(
        429,
        "Maximum active stream limit exceeded when trying to create stream {app=\"a\"}, reduce the number of active streams",
    );
    let peer = Peer::start([], LIMIT).await;
    let mut running = Running::start_in(
        &endpoint(&peer, "max_backoff_retries = 3"),
        Path::new("/proc/nonexistent"),
    );
    running.send(1, vec![app("a")]).await;
    assert_eq!(running.told().await, (1, Outcome::Delivered));
    let limit = "loki_write_ledger_dropped_entries_total{reason=\"stream_limit\"}";
    assert_eq!(number(&running, limit), 1);
    assert_eq!(peer.seen().len(), 3);
}

#[tokio::test]
async fn wrong_credentials_lose_nothing() {
    let peer = Peer::start(
        [
            Reply::Status(401, "no credentials provided"),
            Reply::Status(404, "404 page not found"),
        ],
        OK,
    )
    .await;
    let mut running = Running::start_in(&endpoint(&peer, ""), Path::new("/proc/nonexistent"));
    running.send(1, vec![app("a")]).await;
    assert_eq!(running.told().await, (1, Outcome::Delivered));
    assert_eq!(number(&running, "loki_write_sent_entries_total"), 1);
}
