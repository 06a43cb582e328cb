use super::arguments::{AttachMetadata, Role};
use super::objects::{Object, Watched};
use super::world::World;
use super::*;
use crate::component::testing::{arguments, mistakes};
use crate::component::{ExportSink, HealthState};
use crate::kubernetes_api::{ApiServer, Fault};
use serde_json::{Value as Json, json};

/// Targets as people read them: names without what all begin with.
fn shown(targets: &[Value]) -> String {
    let mut text = String::new();
    for target in targets {
        let Value::Object(labels) = target else {
            panic!("{target:?}")
        };
        for (name, value) in labels.iter() {
            let Value::String(value) = value else {
                panic!("{value:?}")
            };
            text.push_str(&format!("{}={value} ", name.replace("__meta_kubernetes_", "~")));
        }
        text.push('\n');
    }
    text
}

fn object(kind: Kind, object: Json) -> Object {
    fn read<T: Watched>(object: Json) -> Object {
        serde_json::from_str::<T>(&object.to_string()).unwrap().any()
    }
    match kind {
        Kind::Node => read::<objects::Node>(object),
        Kind::Namespace => read::<objects::Namespace>(object),
        Kind::Pod => read::<objects::Pod>(object),
        Kind::Service => read::<objects::Service>(object),
        Kind::Endpoints => read::<objects::Endpoints>(object),
        Kind::EndpointSlice => read::<objects::EndpointSlice>(object),
        Kind::Ingress => read::<objects::Ingress>(object),
    }
}

fn world(role: Role, node: bool, namespace: bool, all: impl IntoIterator<Item = (Kind, Json)>) -> World {
    let mut world = World::new(role, AttachMetadata { node, namespace });
    for (kind, json) in all {
        world.put(kind, 0, 0, object(kind, json));
    }
    world.refresh();
    world
}

fn found(role: Role, all: impl IntoIterator<Item = (Kind, Json)>) -> String {
    shown(&world(role, false, false, all).targets(|_| true))
}

fn node() -> (Kind, Json) {
    let json = json!({
        "metadata": {"name": "n1", "labels": {"topology.kubernetes.io/zone": "a"}, "annotations": {"é/x": "y"}, "managedFields": [{"manager": "kubelet"}]},
        "spec": {"providerID": "aws:///n1", "podCIDR": "10.0.0.0/24"},
        "status": {
            "conditions": [{"type": "Ready", "status": "True", "lastHeartbeatTime": "2026-01-01T00:00:00Z"}, {"type": "DiskPressure", "status": "Unknown"}],
            "addresses": [{"type": "Hostname", "address": "n1.example"}, {"type": "InternalIP", "address": "10.1.0.1"}, {"type": "InternalIP", "address": "fd00::1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}}
        }
    });
    (Kind::Node, json)
}

fn pod() -> (Kind, Json) {
    let json = json!({
        "metadata": {
            "namespace": "shop", "name": "web-0", "uid": "u-1", "labels": {"app": "web"}, "annotations": {"prometheus.io/scrape": "true"},
            "ownerReferences": [{"kind": "Node", "name": "not-me"}, {"kind": "ReplicaSet", "name": "web", "controller": true}],
            "resourceVersion": "7"
        },
        "spec": {
            "nodeName": "n1",
            "containers": [
                {"name": "nginx", "image": "nginx:1", "ports": [{"name": "http", "containerPort": 80, "protocol": "TCP"}, {"containerPort": 443, "protocol": "TCP"}]},
                {"name": "sidecar", "image": "side:2", "ports": null}
            ],
            "initContainers": [{"name": "init", "image": "init:3"}]
        },
        "status": {
            "podIP": "10.2.0.1", "hostIP": "10.1.0.1", "phase": "Running",
            "conditions": [{"type": "Initialized", "status": "True"}, {"type": "Ready", "status": "False"}],
            "containerStatuses": [{"name": "sidecar", "containerID": "containerd://2"}, {"name": "nginx", "containerID": "containerd://1"}]
        }
    });
    (Kind::Pod, json)
}

fn service(kind: &str) -> (Kind, Json) {
    let json = json!({
        "metadata": {"namespace": "shop", "name": "web", "labels": {"app": "web"}},
        "spec": {
            "type": kind, "clusterIP": "10.3.0.1", "externalName": "web.example",
            "ports": [{"name": "http", "port": 80, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]
        },
        "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}, {"hostname": "lb.example"}, {"ip": "192.0.2.2"}]}}
    });
    (Kind::Service, json)
}

#[test]
fn nodes() {
    insta::assert_snapshot!(found(Role::Node, [node()]), @"__address__=10.1.0.1:10250 ~node_address_Hostname=n1.example ~node_address_InternalIP=10.1.0.1 ~node_annotation___x=y ~node_annotationpresent___x=true ~node_condition_diskpressure=unknown ~node_condition_ready=true ~node_label_topology_kubernetes_io_zone=a ~node_labelpresent_topology_kubernetes_io_zone=true ~node_name=n1 ~node_provider_id=aws:///n1 instance=n1");
    let unreachable = (Kind::Node, json!({"metadata": {"name": "n2"}}));
    assert_eq!(found(Role::Node, [unreachable]), "");
    let v6 = json!({"metadata": {"name": "n3"}, "status": {"addresses": [{"type": "ExternalIP", "address": "fd00::1"}]}});
    assert!(found(Role::Node, [(Kind::Node, v6)]).starts_with("__address__=[fd00::1]:0 "));
}

#[test]
fn pods() {
    insta::assert_snapshot!(found(Role::Pod, [pod()]), @"
    __address__=10.2.0.1:80 ~namespace=shop ~pod_annotation_prometheus_io_scrape=true ~pod_annotationpresent_prometheus_io_scrape=true ~pod_container_id=containerd://1 ~pod_container_image=nginx:1 ~pod_container_init=false ~pod_container_name=nginx ~pod_container_port_name=http ~pod_container_port_number=80 ~pod_container_port_protocol=TCP ~pod_controller_kind=ReplicaSet ~pod_controller_name=web ~pod_host_ip=10.1.0.1 ~pod_ip=10.2.0.1 ~pod_label_app=web ~pod_labelpresent_app=true ~pod_name=web-0 ~pod_node_name=n1 ~pod_phase=Running ~pod_ready=false ~pod_uid=u-1 
    __address__=10.2.0.1:443 ~namespace=shop ~pod_annotation_prometheus_io_scrape=true ~pod_annotationpresent_prometheus_io_scrape=true ~pod_container_id=containerd://1 ~pod_container_image=nginx:1 ~pod_container_init=false ~pod_container_name=nginx ~pod_container_port_name= ~pod_container_port_number=443 ~pod_container_port_protocol=TCP ~pod_controller_kind=ReplicaSet ~pod_controller_name=web ~pod_host_ip=10.1.0.1 ~pod_ip=10.2.0.1 ~pod_label_app=web ~pod_labelpresent_app=true ~pod_name=web-0 ~pod_node_name=n1 ~pod_phase=Running ~pod_ready=false ~pod_uid=u-1 
    __address__=10.2.0.1 ~namespace=shop ~pod_annotation_prometheus_io_scrape=true ~pod_annotationpresent_prometheus_io_scrape=true ~pod_container_id=containerd://2 ~pod_container_image=side:2 ~pod_container_init=false ~pod_container_name=sidecar ~pod_controller_kind=ReplicaSet ~pod_controller_name=web ~pod_host_ip=10.1.0.1 ~pod_ip=10.2.0.1 ~pod_label_app=web ~pod_labelpresent_app=true ~pod_name=web-0 ~pod_node_name=n1 ~pod_phase=Running ~pod_ready=false ~pod_uid=u-1 
    __address__=10.2.0.1 ~namespace=shop ~pod_annotation_prometheus_io_scrape=true ~pod_annotationpresent_prometheus_io_scrape=true ~pod_container_id= ~pod_container_image=init:3 ~pod_container_init=true ~pod_container_name=init ~pod_controller_kind=ReplicaSet ~pod_controller_name=web ~pod_host_ip=10.1.0.1 ~pod_ip=10.2.0.1 ~pod_label_app=web ~pod_labelpresent_app=true ~pod_name=web-0 ~pod_node_name=n1 ~pod_phase=Running ~pod_ready=false ~pod_uid=u-1
    ");
    let starting = json!({"metadata": {"namespace": "shop", "name": "web-1"}, "spec": {"containers": [{"name": "a"}]}, "status": {"phase": "Pending"}});
    assert_eq!(found(Role::Pod, [(Kind::Pod, starting)]), "");
}

#[test]
fn pods_get_labels_of_node_and_namespace() {
    let namespace = (
        Kind::Namespace,
        json!({"metadata": {"name": "shop", "labels": {"team": "red"}, "annotations": {"cost-centre": "7"}}}),
    );
    let mut known = world(Role::Pod, true, true, [pod(), node(), namespace]);
    let all = shown(&known.targets(|_| true));
    let first: String = all
        .lines()
        .next()
        .unwrap()
        .split_inclusive(' ')
        .filter(|label| label.starts_with("~n"))
        .collect();
    insta::assert_snapshot!(first, @"~namespace=shop ~namespace_annotation_cost_centre=7 ~namespace_annotationpresent_cost_centre=true ~namespace_label_team=red ~namespace_labelpresent_team=true ~node_annotation___x=y ~node_annotationpresent___x=true ~node_label_topology_kubernetes_io_zone=a ~node_labelpresent_topology_kubernetes_io_zone=true ~node_name=n1");
    // Without its node a pod was left out by a selector of nodes.
    assert!(known.remove(Kind::Node, ("".into(), "n1".into())));
    assert!(known.refresh());
    assert!(known.targets(|_| true).is_empty());
}

#[test]
fn services() {
    insta::assert_snapshot!(found(Role::Service, [service("ClusterIP")]), @"
    __address__=web.shop.svc:80 ~namespace=shop ~service_cluster_ip=10.3.0.1 ~service_label_app=web ~service_labelpresent_app=true ~service_name=web ~service_port_name=http ~service_port_number=80 ~service_port_protocol=TCP ~service_type=ClusterIP 
    __address__=web.shop.svc:53 ~namespace=shop ~service_cluster_ip=10.3.0.1 ~service_label_app=web ~service_labelpresent_app=true ~service_name=web ~service_port_name= ~service_port_number=53 ~service_port_protocol=UDP ~service_type=ClusterIP
    ");
    let kinds = ["LoadBalancer", "ExternalName"].map(|kind| found(Role::Service, [service(kind)]));
    let differ: String = (kinds.iter().flat_map(|all| all.lines().next()))
        .flat_map(|line| line.split_inclusive(' '))
        .filter(|label| label.contains("_ip=") || label.contains("external") || label.contains("_type="))
        .collect();
    insta::assert_snapshot!(differ, @"~service_cluster_ip=10.3.0.1 ~service_loadbalancer_ip=192.0.2.1,192.0.2.2 ~service_type=LoadBalancer ~service_external_name=web.example ~service_type=ExternalName");
}

#[test]
fn endpoints() {
    let json = json!({
        "metadata": {"namespace": "shop", "name": "web", "labels": {"of": "web"}},
        "subsets": [{
            "addresses": [{"ip": "10.2.0.1", "nodeName": "n1", "targetRef": {"kind": "Pod", "namespace": "shop", "name": "web-0"}}],
            "notReadyAddresses": [{"ip": "10.9.0.9", "hostname": "h", "targetRef": {"kind": "Node", "name": "n1"}}],
            "ports": [{"name": "http", "port": 80, "protocol": "TCP"}]
        }]
    });
    let all = [(Kind::Endpoints, json.clone()), pod(), service("ClusterIP")];
    insta::assert_snapshot!(found(Role::Endpoints, all), @"
    __address__=10.2.0.1:80 ~endpoint_address_target_kind=Pod ~endpoint_address_target_name=web-0 ~endpoint_node_name=n1 ~endpoint_port_name=http ~endpoint_port_protocol=TCP ~endpoint_ready=true ~endpoints_label_of=web ~endpoints_labelpresent_of=true ~endpoints_name=web ~namespace=shop ~pod_annotation_prometheus_io_scrape=true ~pod_annotationpresent_prometheus_io_scrape=true ~pod_container_image=nginx:1 ~pod_container_init=false ~pod_container_name=nginx ~pod_container_port_name=http ~pod_container_port_number=80 ~pod_container_port_protocol=TCP ~pod_controller_kind=ReplicaSet ~pod_controller_name=web ~pod_host_ip=10.1.0.1 ~pod_ip=10.2.0.1 ~pod_label_app=web ~pod_labelpresent_app=true ~pod_name=web-0 ~pod_node_name=n1 ~pod_phase=Running ~pod_ready=false ~pod_uid=u-1 ~service_label_app=web ~service_labelpresent_app=true ~service_name=web 
    __address__=10.9.0.9:80 ~endpoint_address_target_kind=Node ~endpoint_address_target_name=n1 ~endpoint_hostname=h ~endpoint_port_name=http ~endpoint_port_protocol=TCP ~endpoint_ready=false ~endpoints_label_of=web ~endpoints_labelpresent_of=true ~endpoints_name=web ~namespace=shop ~service_label_app=web ~service_labelpresent_app=true ~service_name=web 
    __address__=10.2.0.1:443 ~endpoints_label_of=web ~endpoints_labelpresent_of=true ~endpoints_name=web ~namespace=shop ~pod_annotation_prometheus_io_scrape=true ~pod_annotationpresent_prometheus_io_scrape=true ~pod_container_image=nginx:1 ~pod_container_init=false ~pod_container_name=nginx ~pod_container_port_name= ~pod_container_port_number=443 ~pod_container_port_protocol=TCP ~pod_controller_kind=ReplicaSet ~pod_controller_name=web ~pod_host_ip=10.1.0.1 ~pod_ip=10.2.0.1 ~pod_label_app=web ~pod_labelpresent_app=true ~pod_name=web-0 ~pod_node_name=n1 ~pod_phase=Running ~pod_ready=false ~pod_uid=u-1 ~service_label_app=web ~service_labelpresent_app=true ~service_name=web
    ");
    let attached = world(Role::Endpoints, true, false, [(Kind::Endpoints, json), node()]);
    let attached = shown(&attached.targets(|_| true));
    assert_eq!(
        attached
            .matches("~node_label_topology_kubernetes_io_zone=a")
            .count(),
        2,
        "{attached}"
    );
    assert_eq!(
        found(
            Role::Endpoints,
            [(
                Kind::Endpoints,
                json!({"metadata": {"name": "x"}, "subsets": null})
            )]
        ),
        ""
    );
}

#[test]
fn endpoint_slices() {
    let json = json!({
        "metadata": {"namespace": "shop", "name": "web-abc", "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4",
        "endpoints": [
            {"addresses": ["10.2.0.1"], "conditions": {"ready": true, "serving": true, "terminating": false}, "nodeName": "n1", "zone": "a",
             "targetRef": {"kind": "Pod", "namespace": "shop", "name": "web-0"}, "deprecatedTopology": {"kubernetes.io/hostname": "n1"}},
            {"addresses": ["10.9.0.9"], "conditions": {}, "hostname": "h"}
        ],
        "ports": [{"name": "http", "port": 80, "protocol": "TCP", "appProtocol": "http"}]
    });
    let all = [(Kind::EndpointSlice, json), pod(), service("ClusterIP")];
    insta::assert_snapshot!(found(Role::EndpointSlice, all), @"
    __address__=10.2.0.1:80 ~endpointslice_address_target_kind=Pod ~endpointslice_address_target_name=web-0 ~endpointslice_address_type=IPv4 ~endpointslice_endpoint_conditions_ready=true ~endpointslice_endpoint_conditions_serving=true ~endpointslice_endpoint_conditions_terminating=false ~endpointslice_endpoint_node_name=n1 ~endpointslice_endpoint_topology_kubernetes_io_hostname=n1 ~endpointslice_endpoint_topology_present_kubernetes_io_hostname=true ~endpointslice_endpoint_zone=a ~endpointslice_label_kubernetes_io_service_name=web ~endpointslice_labelpresent_kubernetes_io_service_name=true ~endpointslice_name=web-abc ~endpointslice_port=80 ~endpointslice_port_app_protocol=http ~endpointslice_port_name=http ~endpointslice_port_protocol=TCP ~namespace=shop ~pod_annotation_prometheus_io_scrape=true ~pod_annotationpresent_prometheus_io_scrape=true ~pod_container_image=nginx:1 ~pod_container_init=false ~pod_container_name=nginx ~pod_container_port_name=http ~pod_container_port_number=80 ~pod_container_port_protocol=TCP ~pod_controller_kind=ReplicaSet ~pod_controller_name=web ~pod_host_ip=10.1.0.1 ~pod_ip=10.2.0.1 ~pod_label_app=web ~pod_labelpresent_app=true ~pod_name=web-0 ~pod_node_name=n1 ~pod_phase=Running ~pod_ready=false ~pod_uid=u-1 ~service_label_app=web ~service_labelpresent_app=true ~service_name=web 
    __address__=10.9.0.9:80 ~endpointslice_address_type=IPv4 ~endpointslice_endpoint_hostname=h ~endpointslice_label_kubernetes_io_service_name=web ~endpointslice_labelpresent_kubernetes_io_service_name=true ~endpointslice_name=web-abc ~endpointslice_port=80 ~endpointslice_port_app_protocol=http ~endpointslice_port_name=http ~endpointslice_port_protocol=TCP ~namespace=shop ~service_label_app=web ~service_labelpresent_app=true ~service_name=web 
    __address__=10.2.0.1:443 ~endpointslice_address_type=IPv4 ~endpointslice_label_kubernetes_io_service_name=web ~endpointslice_labelpresent_kubernetes_io_service_name=true ~endpointslice_name=web-abc ~namespace=shop ~pod_annotation_prometheus_io_scrape=true ~pod_annotationpresent_prometheus_io_scrape=true ~pod_container_image=nginx:1 ~pod_container_init=false ~pod_container_name=nginx ~pod_container_port_name= ~pod_container_port_number=443 ~pod_container_port_protocol=TCP ~pod_controller_kind=ReplicaSet ~pod_controller_name=web ~pod_host_ip=10.1.0.1 ~pod_ip=10.2.0.1 ~pod_label_app=web ~pod_labelpresent_app=true ~pod_name=web-0 ~pod_node_name=n1 ~pod_phase=Running ~pod_ready=false ~pod_uid=u-1 ~service_label_app=web ~service_labelpresent_app=true ~service_name=web
    ");
    let empty = json!({"metadata": {"name": "x"}, "addressType": "IPv6", "endpoints": null, "ports": null});
    assert_eq!(found(Role::EndpointSlice, [(Kind::EndpointSlice, empty)]), "");
}

#[test]
fn ingresses() {
    let json = json!({
        "metadata": {"namespace": "shop", "name": "front", "annotations": {"a": "b"}},
        "spec": {
            "ingressClassName": "nginx",
            "tls": [{"hosts": ["*.example.com"]}],
            "rules": [
                {"host": "shop.example.com", "http": {"paths": [{"path": "/a"}, {"path": ""}]}},
                {"host": "a.shop.example.com"},
                {"host": "example.com", "http": {"paths": [{}]}}
            ]
        }
    });
    insta::assert_snapshot!(found(Role::Ingress, [(Kind::Ingress, json)]), @"
    __address__=shop.example.com ~ingress_annotation_a=b ~ingress_annotationpresent_a=true ~ingress_class_name=nginx ~ingress_host=shop.example.com ~ingress_name=front ~ingress_path=/a ~ingress_scheme=https ~namespace=shop 
    __address__=shop.example.com ~ingress_annotation_a=b ~ingress_annotationpresent_a=true ~ingress_class_name=nginx ~ingress_host=shop.example.com ~ingress_name=front ~ingress_path=/ ~ingress_scheme=https ~namespace=shop 
    __address__=a.shop.example.com ~ingress_annotation_a=b ~ingress_annotationpresent_a=true ~ingress_class_name=nginx ~ingress_host=a.shop.example.com ~ingress_name=front ~ingress_path=/ ~ingress_scheme=http ~namespace=shop 
    __address__=example.com ~ingress_annotation_a=b ~ingress_annotationpresent_a=true ~ingress_class_name=nginx ~ingress_host=example.com ~ingress_name=front ~ingress_path=/ ~ingress_scheme=http ~namespace=shop
    ");
}

#[test]
fn changes_around_an_object_change_its_targets() {
    let endpoints = json!({
        "metadata": {"namespace": "shop", "name": "web"},
        "subsets": [{"addresses": [{"ip": "10.2.0.1", "targetRef": {"kind": "Pod", "namespace": "shop", "name": "web-0"}}], "ports": [{"port": 80, "protocol": "TCP"}]}]
    });
    let mut world = world(
        Role::Endpoints,
        false,
        false,
        [(Kind::Endpoints, endpoints.clone())],
    );
    assert_eq!(world.targets(|_| true).len(), 1);
    // The pod comes after the endpoints that lead to it.
    world.put(Kind::Pod, 0, 0, object(Kind::Pod, pod().1));
    assert!(world.refresh());
    assert_eq!(world.targets(|_| true).len(), 2, "and its other port");
    // The same once more, as a list after 410 brings it.
    world.put(Kind::Pod, 0, 1, object(Kind::Pod, pod().1));
    world.put(Kind::Endpoints, 1, 1, object(Kind::Endpoints, endpoints));
    assert!(!world.refresh(), "nothing has changed");
    world.put(Kind::Service, 2, 0, object(Kind::Service, service("ClusterIP").1));
    assert!(world.refresh());
    assert!(shown(&world.targets(|_| true)).contains("~service_name=web"));
    assert_eq!(world.sweep(Kind::Pod, 0, 2), 1, "a list without the pod");
    assert!(world.refresh());
    assert_eq!(world.targets(|_| true).len(), 1);
}

#[test]
fn arguments_are_checked() {
    let all = [
        "role = \"pods\"",
        "role = \"pod\"\nselectors {\n role = \"job\"\n}",
        "role = \"pod\"\nbearer_token = \"a\"\nbearer_token_file = \"b\"",
        "kubeconfig_file = \"x\"",
    ]
    .map(mistakes::<Arguments>);
    insta::assert_snapshot!(all.join("\n"), @r#"
    role: "pods" is no Kubernetes discovery role (did you mean "pod"?)
    role: "job" is no Kubernetes discovery role (one of node, pod, service, endpoints, endpointslice, ingress)
    at most one of basic_auth, authorization, oauth2, bearer_token & bearer_token_file must be configured (bearer_token is configured too: remove one of them)
    missing required attribute "role" (add `role = …` to this block)
    "#);
}

struct Run {
    exports: Arc<ExportSink>,
    component: Arc<Kubernetes>,
    changed: Arc<Notify>,
    stop: CancellationToken,
    _folder: tempfile::TempDir,
}

impl Drop for Run {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Run {
    fn start(api: &ApiServer, body: &str, updates: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (context, exports) = Context::for_test("discovery.kubernetes.x", folder.path());
        let component = Arc::new(Kubernetes::build(context, plan(api, body), updates));
        let changed = Arc::new(Notify::new());
        let wake = changed.clone();
        exports.on_change(Arc::new(move || wake.notify_one()));
        let stop = CancellationToken::new();
        tokio::spawn(component.clone().run(stop.clone()));
        Self {
            exports,
            component,
            changed,
            stop,
            _folder: folder,
        }
    }

    fn names(&self) -> String {
        let Value::Object(fields) = self.exports.get() else {
            return String::new();
        };
        let Value::List(targets) = &fields["targets"] else {
            panic!("{fields:?}")
        };
        let name = |target: &Value| match target {
            Value::Object(labels) => format!("{:?}", labels["__meta_kubernetes_pod_name"]),
            other => panic!("{other:?}"),
        };
        let names: Vec<_> = targets.iter().map(name).collect();
        names.join(" ").replace("String(\"", "").replace("\")", "")
    }

    async fn until(&self, wanted: &str) {
        let wait = async {
            while self.names() != wanted {
                self.changed.notified().await;
            }
        };
        if tokio::time::timeout(Duration::from_secs(20), wait).await.is_err() {
            panic!("{:?} and not {wanted:?}; {:?}", self.names(), self.health());
        }
    }

    async fn unhealthy(&self) -> String {
        while self.health().0 != HealthState::Unhealthy {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.health().1
    }

    fn health(&self) -> (HealthState, String) {
        let health = self.component.context.health.get();
        (health.state, health.message)
    }
}

const SOON: Duration = Duration::from_millis(20);

fn plan(api: &ApiServer, body: &str) -> Plan {
    let body = format!("api_server = {:?}\n{body}", api.url());
    let nowhere = InCluster {
        host: None,
        port: None,
        folder: "/nonexistent".into(),
    };
    Plan::new(&arguments(&body), &nowhere, "x").unwrap()
}

fn small(namespace: &str, name: &str, node: &str) -> Json {
    json!({
        "metadata": {"namespace": namespace, "name": name},
        "spec": {"nodeName": node, "containers": [{"name": "main", "image": "i"}]},
        "status": {"podIP": "10.0.0.1", "phase": "Running"},
    })
}

#[tokio::test]
async fn follows_the_cluster_through_cuts_and_expired_versions() {
    let api = ApiServer::start().await;
    api.page(2);
    api.apply_all(
        "pods",
        (0..5).map(|number| small("shop", &format!("web-{number}"), "n1")),
    );
    // An hour between updates: the first export does not wait for it.
    let patient = Run::start(&api, "role = \"pod\"", Duration::from_secs(3600));
    patient.until("web-0 web-1 web-2 web-3 web-4").await;
    assert_eq!(patient.health().0, HealthState::Healthy);
    drop(patient);

    let run = Run::start(&api, "role = \"pod\"", SOON);
    run.until("web-0 web-1 web-2 web-3 web-4").await;
    api.open(1, |stream| stream.resource == "pods").await;
    api.delete("pods", "shop", "web-2");
    api.apply("pods", small("admin", "a", "n1"));
    run.until("a web-0 web-1 web-3 web-4").await;
    api.cut(|_| true);
    api.apply("pods", small("shop", "web-9", "n1"));
    run.until("a web-0 web-1 web-3 web-4 web-9").await;
    // While the history is forgotten, one comes and one goes.
    api.fault(2, Fault::Status(500), |request| request.verb == "list");
    api.expire("pods");
    api.delete("pods", "shop", "web-0");
    api.apply("pods", small("shop", "web-5", "n1"));
    run.until("a web-1 web-3 web-4 web-5 web-9").await;
    let events = &run.component.metrics.events;
    assert!(events.with_label_values(&["pod", "delete"]).get() >= 2);
    assert!(run.component.metrics.failures.get() >= 1);
}

#[tokio::test]
async fn only_the_pods_of_the_node_are_asked_for() {
    let api = ApiServer::start().await;
    api.apply("pods", small("shop", "here", "n1"));
    api.apply("pods", small("shop", "there", "n2"));
    let run = Run::start(
        &api,
        "role = \"pod\"\nselectors {\n role = \"pod\"\n field = \"spec.nodeName=n1\"\n}",
        SOON,
    );
    run.until("here").await;
    let list = api.requests(1, |request| request.verb == "list").await.remove(0);
    assert_eq!(list.query("fieldSelector"), "spec.nodeName=n1");
    assert_eq!((list.query("resourceVersion"), list.query("limit")), ("0", ""));
    api.apply("pods", small("shop", "new", "n1"));
    api.apply("pods", small("shop", "other", "n2"));
    run.until("here new").await;
}

#[tokio::test]
async fn a_missing_permission_is_named_and_the_last_targets_stay() {
    let api = ApiServer::start().await;
    for namespace in ["admin", "shop"] {
        api.apply("pods", small(namespace, namespace, "n1"));
    }
    api.deny("list", "namespaces");
    let body = "role = \"pod\"\nnamespaces {\n names = [\"shop\", \"admin\"]\n}";
    let run = Run::start(
        &api,
        &format!("{body}\nattach_metadata {{\n namespace = true\n}}"),
        SOON,
    );
    let message = run.unhealthy().await.replace(&api.url(), "API");
    insta::assert_snapshot!(message, @r#"API does not permit to get, list, watch namespaces (403 namespaces is forbidden: User "system:serviceaccount:monitoring:alloy" cannot list resource "namespaces" in API group "" at the cluster scope); grant it with this rule in a ClusterRole: - {apiGroups: [""], resources: ["namespaces"], verbs: ["get", "list", "watch"]}"#);
    assert_eq!(run.names(), "");
    api.allow("list", "namespaces");
    run.until("admin shop").await;
    assert_eq!(run.health(), (HealthState::Healthy, "listed and watching".into()));

    // Other arguments: what was exported stays until the new lists are there.
    api.deny("list", "pods");
    *run.component.plan.lock() = Arc::new(plan(&api, "role = \"pod\""));
    run.component.changed.notify_one();
    let message = run.unhealthy().await;
    assert!(
        message.contains(
            r#"in a ClusterRole: - {apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"]}"#
        ),
        "{message}"
    );
    assert_eq!(run.names(), "admin shop");
    api.apply("pods", small("third", "third", "n1"));
    api.allow("list", "pods");
    run.until("admin shop third").await;
}

#[test]
fn namespaces_and_selectors_decide_what_is_watched() {
    let folder = tempfile::tempdir().unwrap();
    let pod = InCluster {
        host: None,
        port: None,
        folder: folder.path().into(),
    };
    let watches = |body: &str| {
        let arguments: Arguments = arguments(&format!("api_server = \"http://127.0.0.1:9\"\n{body}"));
        Plan::new(&arguments, &pod, "x").map(|plan| format!("{:?}", plan.watches()))
    };
    let own = "role = \"endpoints\"\nnamespaces {\n own_namespace = true\n}";
    let refused = watches(own).unwrap_err();
    assert_eq!(refused.attribute, Some("namespaces"));
    std::fs::write(folder.path().join("namespace"), "monitoring\n").unwrap();
    let both = "role = \"pod\"\nnamespaces {\n own_namespace = true\n names = [\"shop\", \"monitoring\", \"shop\"]\n}\nattach_metadata {\n node = true\n}";
    let nodes = "role = \"node\"\nnamespaces {\n names = [\"shop\"]\n}\nattach_metadata {\n node = true\n namespace = true\n}";
    let all = [own, both, nodes, "role = \"ingress\""].map(|body| watches(body).unwrap());
    insta::assert_snapshot!(all.join("\n"), @r#"
    [(Endpoints, Some("monitoring")), (Service, Some("monitoring")), (Pod, Some("monitoring"))]
    [(Node, None), (Pod, Some("monitoring")), (Pod, Some("shop"))]
    [(Node, None)]
    [(Ingress, None)]
    "#);
}
