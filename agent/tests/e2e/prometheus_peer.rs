//! Debian's `prometheus`, started for a test and asked through its query API.

use crate::harness::{PATIENCE, client};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const BINARY: &str = "/usr/bin/prometheus";

/// Ports that are tried at the most: another program may take a free one before Prometheus does.
const ATTEMPTS: usize = 5;

/// A running Prometheus; ended when it goes out of scope.
#[derive(Debug)]
pub(crate) struct Prometheus {
    child: Child,
    address: String,
    client: reqwest::Client,
    storage: TempDir,
}

/// A series at a point in time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
}

impl Series {
    pub(crate) fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}

impl Prometheus {
    /// Takes remote writes; `None`, in words, where it is not installed.
    pub(crate) async fn start() -> Option<Self> {
        if !Path::new(BINARY).exists() {
            eprintln!("skipped: {BINARY} is missing (.ci/test installs it)");
            return None;
        }
        for _ in 0..ATTEMPTS {
            if let Some(peer) = Self::attempt().await {
                return Some(peer);
            }
        }
        panic!("prometheus ended {ATTEMPTS} times");
    }

    async fn attempt() -> Option<Self> {
        let storage = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        std::fs::write(storage.path().join("prometheus.yml"), "global: {}\n").unwrap();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap().to_string();
        drop(free);
        let mut peer = Self {
            child: spawn(storage.path(), &address),
            address,
            client: client(),
            storage,
        };
        peer.ready().await.then_some(peer)
    }

    /// Waits until it is ready; `false` where it ended instead.
    async fn ready(&mut self) -> bool {
        let began = Instant::now();
        loop {
            let ready = self.client.get(format!("http://{}/-/ready", self.address));
            if ready
                .send()
                .await
                .is_ok_and(|answer| answer.status().is_success())
            {
                return true;
            }
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            let told = || std::fs::read_to_string(self.storage.path().join("log")).unwrap();
            assert!(began.elapsed() < PATIENCE, "prometheus is not ready: {}", told());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Is no more; its data stays.
    pub(crate) fn down(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Is there again, with its data, at its address.
    pub(crate) async fn up(&mut self) {
        self.child = spawn(self.storage.path(), &self.address);
        assert!(self.ready().await, "prometheus starts again");
    }

    /// The URL for remote writes.
    pub(crate) fn write_url(&self) -> String {
        format!("http://{}/api/v1/write", self.address)
    }

    /// The answer to an instant query, now.
    pub(crate) async fn query(&self, query: &str) -> Vec<Series> {
        let mut url = reqwest::Url::parse(&format!("http://{}/api/v1/query", self.address)).unwrap();
        url.query_pairs_mut().append_pair("query", query);
        let text = self.client.get(url).send().await.unwrap().text().await.unwrap();
        let answer: Value = serde_json::from_str(&text).unwrap();
        let result = answer["data"]["result"].as_array();
        let result = result.unwrap_or_else(|| panic!("{query}: {answer}"));
        let series = result.iter().map(|one| {
            let labels = one["metric"].as_object().unwrap().iter();
            Series {
                labels: labels
                    .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
                    .collect(),
                value: one["value"][1].as_str().unwrap().parse().unwrap(),
            }
        });
        series.collect()
    }
}

fn spawn(storage: &Path, address: &str) -> Child {
    Command::new(BINARY)
        .arg(format!("--config.file={}/prometheus.yml", storage.display()))
        .arg(format!("--storage.tsdb.path={}/data", storage.display()))
        .arg(format!("--web.listen-address={address}"))
        .arg("--web.enable-remote-write-receiver")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(storage.join("log")).unwrap())
        .spawn()
        .unwrap()
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // Where it ended already, there is nothing to kill.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
