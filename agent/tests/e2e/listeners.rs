//! Components that listen, over reloads of the whole agent: renamed or moved, they hand their sockets over, and nobody who connects is refused.

use crate::harness::{Home, PATIENCE, client, until};
use crate::loki_endpoint::LokiEndpoint;
use std::collections::BTreeSet;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

fn free_port() -> SocketAddr {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap()
}

/// The pipeline with its listeners under these names, `syslog` in a module or not.
fn config(url: &str, api: (&str, SocketAddr), syslog: (&str, SocketAddr), in_module: bool) -> String {
    let source = |to: &str| {
        format!(
            "loki.source.syslog \"{}\" {{\n\tforward_to = [{to}]\n\tlistener {{\n\t\taddress = \"{}\"\n\t}}\n}}\n",
            syslog.0, syslog.1
        )
    };
    let syslog = match in_module {
        false => source("loki.write.out.receiver"),
        true => format!(
            "declare \"take\" {{\n\targument \"to\" {{ }}\n\n{}}}\n\ntake \"in\" {{\n\tto = [loki.write.out.receiver]\n}}\n",
            source("argument.to.value[0]")
        ),
    };
    format!(
        r#"
loki.source.api "{api}" {{
	forward_to = [loki.write.out.receiver]

	http {{
		listen_address = "{host}"
		listen_port    = {port}
	}}
}}

{syslog}

loki.write "out" {{
	endpoint {{
		url        = "{url}"
		batch_wait = "10ms"
	}}
}}
"#,
        api = api.0,
        host = api.1.ip(),
        port = api.1.port(),
    )
}

/// Connects again and again until told to stop; tells how often, and what went wrong.
fn connect_all_the_time(
    at: SocketAddr,
    stop: Arc<AtomicBool>,
) -> std::thread::JoinHandle<(u32, Vec<String>)> {
    std::thread::spawn(move || {
        let (mut count, mut wrong) = (0, Vec::new());
        while !stop.load(Ordering::Relaxed) {
            match TcpStream::connect_timeout(&at, PATIENCE) {
                Ok(_) => count += 1,
                Err(error) => wrong.push(error.to_string()),
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        (count, wrong)
    })
}

#[tokio::test]
async fn renamed_and_moved_they_refuse_nobody() {
    let mut loki = LokiEndpoint::start().await;
    loki.up().await;
    let (api, syslog) = (free_port(), free_port());
    let home = Home::with(&config(&loki.url(), ("a", api), ("a", syslog), false));
    let agent = home.start().await;
    let is_up = async |at: SocketAddr| {
        until("it listens", async || TcpStream::connect(at).ok()).await;
    };
    is_up(api).await;
    is_up(syslog).await;

    let stop = Arc::new(AtomicBool::new(false));
    let connecting = [api, syslog].map(|at| connect_all_the_time(at, stop.clone()));
    // Requests all the time: each has to be answered, and those that are taken arrive.
    let pushing = tokio::spawn({
        let stop = stop.clone();
        async move {
            let mut taken = BTreeSet::new();
            let mut number = 0;
            while !stop.load(Ordering::Relaxed) {
                let body = format!(
                    r#"{{"streams": [{{"stream": {{"app": "push"}}, "values": [["{number}", "push {number}"]]}}]}}"#
                );
                let request = client()
                    .post(format!("http://{api}/loki/api/v1/push"))
                    .header("Content-Type", "application/json")
                    .body(body);
                // A request that is cut off or answered 503 is sent again by whoever pushes; a refusal is none.
                match request.send().await {
                    Ok(answer) if answer.status() == 204 => {
                        taken.insert(format!("push {number}"));
                    }
                    Ok(answer) => assert_eq!(answer.status(), 503),
                    Err(error) => assert!(!error.is_connect(), "{error:?}"),
                }
                number += 1;
            }
            taken
        }
    });
    let mut sent = BTreeSet::new();
    for (round, (name, in_module)) in [("b", false), ("b", true), ("c", true), ("a", false)]
        .into_iter()
        .enumerate()
    {
        home.write(
            "config.alloy",
            &config(&loki.url(), (name, api), (name, syslog), in_module),
        );
        assert_eq!(agent.get("/-/reload").await.status, 200);
        // A message of its own after each reload goes through the component of now.
        let line = format!("round {round}");
        let mut stream = TcpStream::connect(syslog).unwrap();
        writeln!(stream, "<13>1 - - - - - - {line}").unwrap();
        until("the message arrives", async || {
            loki.texts().contains(&line).then_some(())
        })
        .await;
        sent.insert(line);
    }
    stop.store(true, Ordering::Relaxed);
    for thread in connecting {
        let (count, wrong) = thread.join().unwrap();
        assert!(wrong.is_empty(), "refused: {wrong:?}");
        assert!(count > 20, "it connected {count} times only");
    }
    let taken = pushing.await.unwrap();
    assert!(taken.len() > 5, "{taken:?}");
    let texts: BTreeSet<String> = loki.texts().into_iter().collect();
    let missing: Vec<_> = taken.union(&sent).filter(|text| !texts.contains(*text)).collect();
    assert!(missing.is_empty(), "answered 204 and not there: {missing:?}");
}
