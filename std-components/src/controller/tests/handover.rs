//! A component that listens is renamed, moved and changed under a client that connects all the time.

use super::sources;
use crate::component::{BuildError, CancellationToken, Component, Context, Registration, RunError, Services};
use crate::controller::{Controller, Options};
use parking_lot::Mutex;
use river_eval::Nothing;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::task::JoinSet;

#[derive(Debug, river_eval::Arguments)]
struct Arguments {
    /// Where it listens.
    address: String,
    /// What it answers.
    #[river(default)]
    #[expect(dead_code, reason = "changed by a reload, which must not matter")]
    word: String,
}

/// Answers each connection with its id.
struct Door {
    context: Context<Nothing>,
    address: Mutex<SocketAddr>,
    changed: Notify,
}

fn parse(arguments: &Arguments) -> Result<SocketAddr, BuildError> {
    let address = arguments.address.parse();
    address.map_err(|_| BuildError::at("address", "not an address"))
}

impl Component for Door {
    const NAME: &'static str = "test.door";
    type Arguments = Arguments;
    type Exports = Nothing;

    fn new(context: Context<Nothing>, arguments: Arguments) -> Result<Self, BuildError> {
        Ok(Self {
            context,
            address: Mutex::new(parse(&arguments)?),
            changed: Notify::new(),
        })
    }

    fn update(&self, arguments: Arguments) -> Result<(), BuildError> {
        *self.address.lock() = parse(&arguments)?;
        self.changed.notify_one();
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        let id = self.context.id.to_string();
        let listeners = &self.context.services.listeners;
        let mut answers = JoinSet::new();
        let mut address = *self.address.lock();
        let mut lease = listeners
            .tcp(&id, address)
            .await
            .map_err(|error| RunError(error.to_string()))?;
        self.context.health.healthy("listening");
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.changed.notified() => {
                    let wanted = *self.address.lock();
                    if wanted != address {
                        address = wanted;
                        lease = listeners.tcp(&id, address).await.map_err(|error| RunError(error.to_string()))?;
                    }
                }
                accepted = lease.accept() => {
                    let (mut stream, _) = accepted.map_err(|error| RunError(error.to_string()))?;
                    let id = id.clone();
                    answers.spawn(async move {
                        // A client that has gone does not matter.
                        drop(stream.write_all(id.as_bytes()).await);
                    });
                }
            }
        }
        drop(lease);
        while answers.join_next().await.is_some() {}
        Ok(())
    }
}

static DOOR: Registration = Registration::of::<Door>();

fn controller() -> Controller {
    let options = Options {
        services: Services::default(),
        components: vec![&DOOR],
        shutdown_timeout: Duration::from_secs(30),
        ..Options::default()
    };
    Controller::new(options).unwrap()
}

async fn free() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

/// Who answers at an address.
async fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// Waits until this component answers.
async fn answered_by(address: SocketAddr, id: &str) {
    while ask(address).await.unwrap_or_default() != id {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renamed_listener_refuses_nobody() {
    let address = free().await;
    let controller = controller();
    let door = |label: &str| format!("test.door \"{label}\" {{ address = \"{address}\" }}\n");
    controller.load(sources(&door("first"))).await.unwrap();
    answered_by(address, "test.door.first").await;

    let stop = Arc::new(AtomicBool::new(false));
    let client = {
        let stop = stop.clone();
        tokio::spawn(async move {
            let mut answers = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                answers.push(ask(address).await.map_err(|error| error.to_string()));
            }
            answers
        })
    };
    for turn in 0..10 {
        let name = format!("turn_{turn}");
        // Another word is an update in place, another name a hand-over.
        controller.load(sources(&door(&name))).await.unwrap();
        answered_by(address, &format!("test.door.{name}")).await;
        let same = door(&name).replace(" }", "\nword = \"x\"\n}");
        controller.load(sources(&same)).await.unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    let answers = client.await.unwrap();
    let wrong: Vec<_> = answers
        .iter()
        .filter(|answer| !answer.as_ref().is_ok_and(|id| id.starts_with("test.door.")))
        .collect();
    assert!(wrong.is_empty(), "of {} answers: {wrong:?}", answers.len());
    assert!(answers.len() >= 10);
    controller.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn two_that_want_the_same_address_are_told_apart() {
    let address = free().await;
    let controller = controller();
    let both = format!(
        "test.door \"a\" {{ address = \"{address}\" }}\ntest.door \"b\" {{ address = \"{address}\" }}\n"
    );
    controller.load(sources(&both)).await.unwrap();
    let unhealthy = loop {
        if let Some(found) = controller.unhealthy().pop() {
            break found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let holder = if &*unhealthy.0 == "test.door.a" {
        "test.door.b"
    } else {
        "test.door.a"
    };
    assert!(
        unhealthy.1.message.contains(&format!("{holder} listens there")),
        "{unhealthy:?}"
    );
    // Once the holder is gone, the other one comes up by itself.
    let left = both
        .lines()
        .find(|line| line.contains(&format!("\"{}\"", unhealthy.0.chars().last().unwrap())));
    controller.load(sources(left.unwrap())).await.unwrap();
    answered_by(address, &unhealthy.0).await;
    controller.shutdown().await;
}
