//! Starts the built program in a folder of its own, waits for what it does, and never leaves it behind.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long anything that has to happen may take: the machine may be busy with other tests.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks at a condition.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Waits until `look` finds something; says `what` was missing otherwise.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "after {PATIENCE:?} still not: {what}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// A client without proxies: all peers are on this machine.
pub(crate) fn client() -> reqwest::Client {
    // A second installation fails, and the first one serves.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder()
        .no_proxy()
        .timeout(PATIENCE)
        .build()
        .unwrap()
}

/// The program with these arguments, away from the caller's settings.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alloy-rs"));
    command.args(arguments).stdin(Stdio::null());
    for name in [
        "LOKI_URL",
        "PROMETHEUS_URL",
        "LOG_PATH",
        "LOG_LEVEL",
        "LOG_FROM_START",
    ] {
        command.env_remove(name);
    }
    command
}

/// Runs the program in a folder and gives what it wrote.
pub(crate) fn run_in(folder: &Path, arguments: &[&str], stdin: &[u8]) -> Output {
    let mut child = program(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Whoever complains of its arguments does not read.
    drop(child.stdin.take().unwrap().write_all(stdin));
    child.wait_with_output().unwrap()
}

/// Exit status, standard output and standard error in one text, for snapshots.
pub(crate) fn told(folder: &Path, arguments: &[&str], stdin: &str) -> String {
    let output = run_in(folder, arguments, stdin.as_bytes());
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    format!(
        "{}\n{}---\n{}",
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr)
    )
}

/// A folder with a configuration, the agent's storage, and what it wrote.
#[derive(Debug)]
pub(crate) struct Home {
    folder: TempDir,
    starts: AtomicU32,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self {
            folder: TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap(),
            starts: AtomicU32::new(0),
        }
    }

    /// With this configuration in `config.alloy`.
    pub(crate) fn with(config: &str) -> Self {
        let home = Self::new();
        home.write("config.alloy", config);
        home
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, making its folder.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// This text with the folder's path replaced, for snapshots.
    pub(crate) fn anonymous(&self, text: &str) -> String {
        text.replace(self.folder.path().to_str().unwrap(), "HOME")
    }

    /// Starts `run` on a file or folder here, on a free port, and does not wait.
    pub(crate) fn spawn(&self, config: &str, more: &[&str], environment: &[(&str, &str)]) -> Agent {
        let number = self.starts.fetch_add(1, Ordering::Relaxed);
        let (config, storage) = (self.path(config), self.path("storage"));
        let mut command = program(&["run", config.to_str().unwrap()]);
        command.arg(format!("--storage.path={}", storage.display()));
        // The kernel chooses the port; the log says which, so that no other test can take it in between.
        if !more
            .iter()
            .any(|flag| flag.starts_with("--server.http.listen-addr"))
        {
            command.arg("--server.http.listen-addr=127.0.0.1:0");
        }
        let (stdout, stderr) = (
            self.path(&format!("stdout-{number}")),
            self.path(&format!("stderr-{number}")),
        );
        command
            .args(more)
            .envs(environment.iter().copied())
            .stdout(File::create(&stdout).unwrap())
            .stderr(File::create(&stderr).unwrap());
        Agent {
            child: command.spawn().unwrap(),
            stdout,
            stderr,
            address: None,
            client: client(),
        }
    }

    /// Starts `run config.alloy` and waits until it is ready.
    pub(crate) async fn start(&self) -> Agent {
        self.start_with("config.alloy", &[], &[]).await
    }

    /// Starts `run` and waits until it is ready.
    pub(crate) async fn start_with(
        &self,
        config: &str,
        more: &[&str],
        environment: &[(&str, &str)],
    ) -> Agent {
        let mut agent = self.spawn(config, more, environment);
        agent.ready().await;
        agent
    }
}

/// An answer over HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: String,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A running agent; killed when it goes out of scope.
#[derive(Debug)]
pub(crate) struct Agent {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
    address: Option<SocketAddr>,
    client: reqwest::Client,
}

impl Agent {
    /// Waits until `/-/ready` answers 200.
    pub(crate) async fn ready(&mut self) {
        self.listening().await;
        until("/-/ready answers 200", async || {
            self.assert_alive();
            (self.get("/-/ready").await.status == 200).then_some(())
        })
        .await;
    }

    /// Waits until the log tells the address of the HTTP server.
    pub(crate) async fn listening(&mut self) -> SocketAddr {
        let address = until("the log tells the address", async || {
            self.assert_alive();
            let log = self.stderr();
            let line = log
                .lines()
                .find(|line| line.contains("now listening for http traffic"))?;
            let address = line
                .split_whitespace()
                .find_map(|field| field.strip_prefix("addr="))?;
            // Half a line may have been read.
            address.parse().ok()
        })
        .await;
        self.address = Some(address);
        address
    }

    fn assert_alive(&mut self) {
        if let Some(status) = self.child.try_wait().unwrap() {
            panic!("the agent ended ({status}): {}", self.stderr());
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address.expect("the agent listens")
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.client.get(self.url(path))).await
    }

    pub(crate) async fn post(&self, path: &str) -> Answer {
        answer(self.client.post(self.url(path))).await
    }

    /// With an `Accept` header.
    pub(crate) async fn post_accepting(&self, path: &str, accept: &str) -> Answer {
        answer(self.client.post(self.url(path)).header("Accept", accept)).await
    }

    /// The value of a series of `/metrics`, told as there (`name{a="b"}`); `None` where there is none.
    pub(crate) async fn metric(&self, series: &str) -> Option<f64> {
        let page = self.get("/metrics").await;
        page.body
            .lines()
            .find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
    }

    /// The sum of all series of a name whose labels contain this text.
    pub(crate) async fn metric_sum(&self, name: &str, labels: &str) -> f64 {
        let page = self.get("/metrics").await;
        let values = page.body.lines().filter_map(|line| {
            let rest = line.strip_prefix(name)?;
            let (found, value) = rest.rsplit_once(' ')?;
            let ours = (found.starts_with('{') || found.is_empty()) && found.contains(labels);
            ours.then(|| value.parse::<f64>().unwrap())
        });
        values.sum()
    }

    /// What it wrote to standard output up to now.
    pub(crate) fn stdout(&self) -> String {
        String::from_utf8(std::fs::read(&self.stdout).unwrap()).unwrap()
    }

    /// What it wrote to standard error up to now.
    pub(crate) fn stderr(&self) -> String {
        String::from_utf8(std::fs::read(&self.stderr).unwrap()).unwrap()
    }

    /// Memory that it has in RAM.
    pub(crate) fn resident_kibibytes(&self) -> u64 {
        self.memory_kibibytes("VmRSS")
    }

    /// A kind of memory, by its name in `/proc/PID/status`.
    pub(crate) fn memory_kibibytes(&self, kind: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(kind)?.strip_prefix(':'))
            .unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// Whether it holds this very file open, whatever its name is by now.
    pub(crate) fn has_open(&self, file: &Path) -> bool {
        use std::os::unix::fs::MetadataExt;
        let Ok(wanted) = std::fs::metadata(file) else {
            return false;
        };
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id()))
            .unwrap()
            .filter_map(|entry| std::fs::metadata(entry.ok()?.path()).ok())
            .any(|open| (open.dev(), open.ino()) == (wanted.dev(), wanted.ino()))
    }

    /// Waits until it holds this file open.
    pub(crate) async fn opens(&self, file: &Path) {
        until(&format!("{} is open", file.display()), async || {
            self.has_open(file).then_some(())
        })
        .await;
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        until("the agent ends", async || self.child.try_wait().unwrap()).await
    }

    /// SIGTERM, and the end that has to follow: exit status 0.
    pub(crate) async fn stop(&mut self) {
        self.signal(Signal::SIGTERM);
        let status = self.ended().await;
        assert_eq!(status.code(), Some(0), "{}", self.stderr());
    }

    /// SIGKILL: nothing can be tidied up.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // Where it ended already, there is nothing to kill.
        drop(self.child.kill());
        drop(self.child.wait());
        let log = self.stderr();
        if std::thread::panicking() {
            eprintln!(
                "---- log of the agent\n{log}---- its standard output\n{}",
                self.stdout()
            );
        } else {
            assert!(!log.contains("panicked at"), "the agent panicked: {log}");
        }
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    Answer {
        status: response.status().as_u16(),
        content_type: response
            .headers()
            .get("content-type")
            .map_or("", |value| value.to_str().unwrap())
            .to_owned(),
        body: response.text().await.unwrap(),
    }
}
