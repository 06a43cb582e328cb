//! `/debug/pprof`: a CPU profile of the working agent that `go tool pprof` reads, one at a time, and what else stands there.

use crate::harness::{Agent, Home, client, program};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Makes the agent work until told otherwise: its whole metrics page, again and again.
fn work(agent: &Agent, done: &Arc<AtomicBool>) -> tokio::task::JoinHandle<()> {
    let (url, done) = (agent.url("/metrics"), done.clone());
    tokio::spawn(async move {
        let client = client();
        while !done.load(Ordering::Relaxed) {
            drop(client.get(&url).send().await.unwrap().bytes().await);
        }
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cpu_profile_is_one_that_go_reads_and_there_is_one_at_a_time() {
    let home = Home::with("prometheus.exporter.self \"own\" { }\n");
    let agent = home.start().await;
    let done = Arc::new(AtomicBool::new(false));
    let working: Vec<_> = (0..4).map(|_| work(&agent, &done)).collect();
    let url = agent.url("/debug/pprof/profile?seconds=3");
    let client = client();
    // Whichever comes first is served, and the other is told to wait.
    let (one, other) = tokio::join!(client.get(&url).send(), client.get(&url).send());
    done.store(true, Ordering::Relaxed);
    for working in working {
        working.await.unwrap();
    }
    let (one, other) = (one.unwrap(), other.unwrap());
    let (answer, refused) = if one.status() == 429 {
        (other, one)
    } else {
        (one, other)
    };
    assert_eq!(refused.status(), 429);
    let said = refused.text().await.unwrap();
    assert!(said.contains("already in use"), "{said}");
    let status = answer.status();
    let profile = answer.bytes().await.unwrap();
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&profile));
    // gzip, as everybody expects it.
    assert_eq!(profile.get(..2), Some(&[0x1f, 0x8b][..]));

    let path = home.path("cpu.pprof");
    std::fs::write(&path, &profile).unwrap();
    let read = Command::new("go")
        .args(["tool", "pprof", "-top", "-nodecount=400"])
        .arg(&path)
        .output();
    let Ok(read) = read else {
        eprintln!("skipped: go is not installed, so nobody reads the profile");
        return;
    };
    let told = String::from_utf8_lossy(&read.stdout);
    assert!(
        read.status.success(),
        "{told}{}",
        String::from_utf8_lossy(&read.stderr)
    );
    assert!(told.contains("Type: cpu"), "{told}");
    // Where its time goes: a runtime's thread, from its beginning to our own code.
    for name in ["tokio::runtime", "alloy_rs::"] {
        assert!(told.contains(name), "{name} is missing:\n{told}");
    }
}

#[tokio::test]
async fn what_else_stands_there() {
    let home = Home::with("prometheus.exporter.self \"own\" { }\n");
    let agent = home.start().await;
    for path in ["/debug/pprof", "/debug/pprof/"] {
        let index = agent.get(path).await;
        assert_eq!(index.status, 200);
        assert!(index.body.contains("profile?seconds=30"), "{}", index.body);
    }
    let command_line = agent.get("/debug/pprof/cmdline").await.body;
    let program = program(&[]);
    let name = program.get_program().to_string_lossy().into_owned();
    assert_eq!(command_line.split('\0').next(), Some(name.as_str()));
    for (path, status) in [
        ("/debug/pprof/goroutine", 501),
        ("/debug/pprof/what", 404),
        ("/debug/pprof/profile?seconds=0", 400),
        ("/debug/pprof/profile?seconds=100000", 400),
    ] {
        assert_eq!(agent.get(path).await.status, status, "{path}");
    }
}
