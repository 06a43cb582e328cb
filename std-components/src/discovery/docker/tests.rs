//! `discovery.docker` against a scripted daemon on a Unix socket.

use super::*;
use crate::component::{HealthState, testing};
use crate::docker::testing::Api;
use river_eval::Value;
use std::path::Path;
use tokio::sync::Notify;

const CONTAINERS: &str = r#"[
    {"Id": "web", "Names": ["/web", "/alias"], "Image": "nginx:1", "ImageID": "sha256:1",
     "Labels": {"com.example/team-name": "a", "plain": "b"},
     "Ports": [{"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
               {"PrivatePort": 443, "Type": "tcp"}, {"PrivatePort": 53, "Type": "udp"}],
     "HostConfig": {"NetworkMode": "front"},
     "NetworkSettings": {"Networks": {
        "zeta": {"NetworkID": "n2", "IPAddress": "10.2.0.2"},
        "front": {"NetworkID": "n1", "IPAddress": "10.1.0.2"},
        "absent": null}}},
    {"Id": "side", "Names": ["/side"], "Labels": null, "Ports": null,
     "HostConfig": {"NetworkMode": "container:web"}, "NetworkSettings": {"Networks": {}}},
    {"Id": "six", "Names": ["/six"], "HostConfig": {"NetworkMode": "front"},
     "NetworkSettings": {"Networks": {"front": {"NetworkID": "n1", "IPAddress": "", "GlobalIPv6Address": "fd00::2"}}}},
    {"Id": "host", "Names": ["/host"], "HostConfig": {"NetworkMode": "host"},
     "NetworkSettings": {"Networks": {"host": {"NetworkID": "n3", "IPAddress": ""}}}},
    {"Id": "nameless", "Names": []}
]"#;

const NETWORKS: &str = r#"[
    {"Id": "n1", "Name": "front", "Scope": "local", "Internal": false, "Ingress": false, "Labels": {"tier.one": "x"}},
    {"Id": "n2", "Name": "zeta", "Scope": "swarm", "Internal": true, "Ingress": true, "Labels": null},
    {"Id": "n3", "Name": "host", "Scope": "local"}
]"#;

fn told(value: &Value) -> String {
    let Value::Object(fields) = value else {
        panic!("{value:?}")
    };
    let targets = fields["targets"].items().unwrap();
    let line = |target: &Value| {
        let Value::Object(labels) = target else {
            panic!("{target:?}")
        };
        let mut labels: Vec<String> = labels
            .iter()
            .map(|(name, value)| match value {
                Value::String(value) => format!("{}={value}", name.replace("__meta_docker_", "")),
                other => panic!("{other:?}"),
            })
            .collect();
        labels.sort();
        labels.join(" ")
    };
    targets.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn containers_become_targets() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("docker.sock");
    let api = Api::default();
    api.containers(CONTAINERS);
    api.networks(NETWORKS);
    api.listen(&socket);
    let (context, exports) = Context::for_test("discovery.docker.x", Path::new("/nonexistent"));
    let health = context.health.clone();
    let body = format!(
        r#"
        host = "unix://{}"
        refresh_interval = "1s"
        host_networking_host = "node"
        filter {{
            name   = "label"
            values = ["a=b", "c"]
        }}
        filter {{
            name   = "name"
            values = []
        }}"#,
        socket.display()
    );
    let component = Arc::new(Docker::new(context, testing::arguments(&body)).unwrap());
    let changed = Arc::new(Notify::new());
    let wake = changed.clone();
    exports.on_change(Arc::new(move || wake.notify_one()));
    let stop = CancellationToken::new();
    let run = tokio::spawn(component.clone().run(stop.clone()));
    changed.notified().await;
    insta::assert_snapshot!(told(&exports.get()), @"
    __address__=10.1.0.2:443 container_id=web container_image=nginx:1 container_image_id=sha256:1 container_label_com_example_team_name=a container_label_plain=b container_name=/web container_network_mode=front network_id=n1 network_ingress=false network_internal=false network_ip=10.1.0.2 network_label_tier_one=x network_name=front network_scope=local port_private=443
    __address__=10.1.0.2:80 container_id=side container_name=/side container_network_mode=container:web network_id=n1 network_ingress=false network_internal=false network_ip=10.1.0.2 network_label_tier_one=x network_name=front network_scope=local
    __address__=10.1.0.2:80 container_id=web container_image=nginx:1 container_image_id=sha256:1 container_label_com_example_team_name=a container_label_plain=b container_name=/web container_network_mode=front network_id=n1 network_ingress=false network_internal=false network_ip=10.1.0.2 network_label_tier_one=x network_name=front network_scope=local port_private=80 port_public=8080 port_public_ip=0.0.0.0
    __address__=[fd00::2]:80 container_id=six container_name=/six container_network_mode=front network_id=n1 network_ingress=false network_internal=false network_ip=fd00::2 network_label_tier_one=x network_name=front network_scope=local
    __address__=node container_id=host container_name=/host container_network_mode=host network_id=n3 network_ingress=false network_internal=false network_ip= network_name=host network_scope=local
    ");
    insta::assert_snapshot!(api.asked()[0], @"containers?filters=%7B%22label%22%3A%7B%22a%3Db%22%3Atrue%2C%22c%22%3Atrue%7D%7D");

    api.broken(Some((500, "the daemon is out of order")));
    while health.get().state != HealthState::Unhealthy {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let message = health
        .get()
        .message
        .replace(&socket.display().to_string(), "SOCKET");
    insta::assert_snapshot!(message, @"cannot list the containers at unix://SOCKET: 500 Internal Server Error: the daemon is out of order. The last targets stay in use, and it is tried again");
    assert_eq!(
        told(&exports.get()).lines().count(),
        5,
        "the last good targets stay"
    );

    api.broken(None);
    let all = body.replace(
        "refresh_interval",
        "match_first_network = false\nport = 9\nrefresh_interval",
    );
    Component::update(&*component, testing::arguments(&all)).unwrap();
    changed.notified().await;
    let addresses: Vec<String> = told(&exports.get())
        .lines()
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect();
    insta::assert_snapshot!(addresses.join("\n"), @"
    __address__=10.1.0.2:443
    __address__=10.1.0.2:80
    __address__=10.1.0.2:9
    __address__=10.2.0.2:443
    __address__=10.2.0.2:80
    __address__=10.2.0.2:9
    __address__=[fd00::2]:9
    __address__=node
    ");
    stop.cancel();
    run.await.unwrap().unwrap();
}

#[test]
fn what_is_no_daemon_is_told() {
    let mistakes = testing::mistakes::<Arguments>("host = \"/run/docker.sock\"\nrefresh_interval = \"0s\"");
    insta::assert_snapshot!(mistakes, @"
    it has no scheme: write unix:///var/run/docker.sock, or http:// or https:// with a host and port
    refresh_interval must be greater than 0 (leave it out for the default)
    ");
}
