//! The exporters against scripted peers: what is retried, what is not, what a source hears of it.

use super::testing::spans;
use super::{Exporter, Exports, Grpc, Http, Protocol};
use crate::component::testing::arguments;
use crate::component::{CancellationToken, Component, Context, ExportSink};
use crate::http_client::testing::{Peer, Reply};
use crate::signals::{Ack, Fanout, OtlpBatch, OtlpConsumer, OtlpData, Outcome};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use parking_lot::Mutex;
use prost::Message;
use river_eval::{FromValue, Shared, Value};
use std::collections::VecDeque;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tonic::codec::CompressionEncoding;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Request, Response, Status};

/// A running exporter.
struct Rig<P: Protocol> {
    exporter: Arc<Exporter<P>>,
    to: Fanout<OtlpBatch>,
    context: Context<Exports>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

fn consumer(sink: &ExportSink) -> Shared<OtlpConsumer> {
    let Value::Object(exports) = sink.get() else {
        panic!("nothing is exported")
    };
    Shared::from_value(exports.get("input").unwrap()).unwrap()
}

impl<P: Protocol> Rig<P> {
    fn start(text: &str) -> Self {
        let folder = std::env::temp_dir();
        let (context, sink) = Context::for_test(&format!("{}.t", P::NAME), &folder);
        let exporter = Arc::new(Exporter::<P>::new(context.clone(), arguments(text)).unwrap());
        let stop = CancellationToken::new();
        let (running, told) = (exporter.clone(), stop.clone());
        let task = tokio::spawn(async move { running.run(told).await.unwrap() });
        Self {
            exporter,
            to: Fanout::new(vec![consumer(&sink)]),
            context,
            stop,
            task,
        }
    }

    /// Sends spans; what comes says how it ended.
    async fn send(&self, names: &[&str]) -> oneshot::Receiver<Outcome> {
        let (tell, told) = oneshot::channel();
        let tell = Mutex::new(Some(tell));
        let ack = Ack::new(move |outcome| {
            if let Some(tell) = tell.lock().take() {
                let _ = tell.send(outcome);
            }
        });
        let data = spans(names);
        self.to.send(OtlpBatch { data, ack }).await;
        told
    }

    /// The samples of a page that begin so.
    fn metrics(&self, beginning: &str) -> Vec<String> {
        let mut page = String::new();
        self.context.services.metrics.render(&mut page).unwrap();
        page.lines()
            .filter(|line| line.starts_with(beginning))
            .map(|line| line.rsplit_once(' ').unwrap().1.to_owned())
            .collect()
    }

    async fn end(self) {
        self.stop.cancel();
        tokio::time::timeout(Duration::from_secs(10), self.task)
            .await
            .expect("drains")
            .unwrap();
    }
}

async fn outcome(told: oneshot::Receiver<Outcome>) -> Outcome {
    tokio::time::timeout(Duration::from_secs(10), told)
        .await
        .expect("ends in time")
        .unwrap()
}

fn names(request: &ExportTraceServiceRequest) -> Vec<&str> {
    request
        .resource_spans
        .iter()
        .flat_map(|resource| &resource.scope_spans)
        .flat_map(|scope| &scope.spans)
        .map(|span| span.name.as_str())
        .collect()
}

const QUICK: &str = r#"retry_on_failure { initial_interval = "10ms" }"#;

#[tokio::test]
async fn over_http_a_passing_failure_is_retried_and_the_source_hears_of_the_end() {
    let script = [
        Reply::Status(503, "not now"),
        Reply::Header(429, "Retry-After", "0"),
    ];
    let peer = Peer::start(script, Reply::Status(200, "")).await;
    let rig = Rig::<Http>::start(&format!(
        "client {{\n endpoint = {:?}\n headers = {{ \"X-Scope-OrgID\" = \"one\" }}\n}}\n{QUICK}",
        peer.url("/")
    ));
    let told = rig.send(&["a", "b"]).await;
    assert_eq!(outcome(told).await, Outcome::Delivered);
    let seen = peer.requests(3).await;
    let last = &seen[2];
    assert_eq!(last.path, "/v1/traces");
    assert_eq!(last.header("content-type"), "application/x-protobuf");
    assert_eq!(last.header("content-encoding"), "gzip");
    assert_eq!(last.header("x-scope-orgid"), "one");
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(&*last.body)
        .read_to_end(&mut plain)
        .unwrap();
    let request = ExportTraceServiceRequest::decode(&*plain).unwrap();
    assert_eq!(names(&request), ["a", "b"]);
    assert_eq!(rig.metrics("otelcol_exporter_sent_spans_total"), ["2"]);
    assert_eq!(rig.metrics("otelcol_exporter_send_failed_spans_total"), ["0"]);
    rig.end().await;
}

#[tokio::test]
async fn what_is_refused_for_good_is_counted_and_not_sent_again() {
    let peer = Peer::start([Reply::Status(400, "no such thing")], Reply::Status(200, "")).await;
    let rig = Rig::<Http>::start(&format!(
        "encoding = \"json\"\nclient {{\n endpoint = {:?}\n compression = \"none\"\n}}",
        peer.url("")
    ));
    let told = rig.send(&["bad"]).await;
    assert_eq!(outcome(told).await, Outcome::Delivered);
    let told = rig.send(&["good"]).await;
    assert_eq!(outcome(told).await, Outcome::Delivered);
    let seen = peer.requests(2).await;
    assert_eq!(seen.len(), 2);
    let request: ExportTraceServiceRequest = serde_json::from_slice(&seen[1].body).unwrap();
    assert_eq!(names(&request), ["good"]);
    assert_eq!(rig.metrics("otelcol_exporter_send_failed_spans_total"), ["1"]);
    assert_eq!(rig.metrics("otelcol_exporter_sent_spans_total"), ["1"]);
    rig.end().await;
}

#[tokio::test]
async fn a_full_queue_gives_batches_back_or_makes_the_sender_wait() {
    let peer = Peer::start([], Reply::Hang).await;
    let start = |block| {
        Rig::<Http>::start(&format!(
            "client {{ endpoint = {:?} }}\nsending_queue {{\n queue_size = 1\n block_on_overflow = {block}\n}}",
            peer.url("")
        ))
    };
    let rig = start(false);
    let _held = rig.send(&["held"]).await;
    peer.requests(1).await;
    let told = rig.send(&["too", "much"]).await;
    assert_eq!(outcome(told).await, Outcome::Failed);
    assert_eq!(rig.metrics("otelcol_exporter_enqueue_failed_spans_total"), ["2"]);
    rig.task.abort();

    let rig = start(true);
    let _held = rig.send(&["held"]).await;
    peer.requests(2).await;
    let mut told = rig.send(&["waits"]).await;
    let wait = tokio::time::timeout(Duration::from_millis(50), &mut told).await;
    assert!(wait.is_err(), "it is neither sent nor given back");
    // Another endpoint: what waits in the queue goes there, and what is held is sent again once its time is over.
    assert_eq!(rig.metrics("otelcol_exporter_enqueue_failed_spans_total"), ["0"]);
    rig.task.abort();
}

#[tokio::test]
async fn at_a_stop_what_waits_gets_one_more_attempt_and_then_goes_back() {
    let peer = Peer::start([], Reply::Status(503, "")).await;
    let rig = Rig::<Http>::start(&format!("client {{ endpoint = {:?} }}", peer.url("")));
    let told = rig.send(&["a"]).await;
    peer.requests(1).await;
    rig.end().await;
    assert_eq!(outcome(told).await, Outcome::Failed);
    assert_eq!(peer.seen().len(), 2);
}

#[tokio::test]
async fn an_update_sends_what_waits_to_the_new_endpoint() {
    let dead = Peer::start([], Reply::Status(503, "")).await;
    let alive = Peer::start([], Reply::Status(200, "")).await;
    let rig = Rig::<Http>::start(&format!("client {{ endpoint = {:?} }}", dead.url("")));
    let told = rig.send(&["a"]).await;
    dead.requests(1).await;
    let settings = format!("client {{ endpoint = {:?} }}", alive.url(""));
    rig.exporter.update(arguments(&settings)).unwrap();
    // The wait of five seconds ends with the change.
    assert_eq!(outcome(told).await, Outcome::Delivered);
    assert_eq!(alive.seen().len(), 1);
    rig.end().await;
}

#[tokio::test]
async fn small_batches_are_joined_where_the_arguments_say_so() {
    let peer = Peer::start([], Reply::Status(200, "")).await;
    let rig = Rig::<Http>::start(&format!(
        "client {{\n endpoint = {:?}\n compression = \"none\"\n}}\nsending_queue {{ batch {{\n min_size = 3\n max_size = 3\n flush_timeout = \"100ms\"\n}} }}",
        peer.url("")
    ));
    let mut told = Vec::new();
    for name in ["a", "b", "c", "d"] {
        told.push(rig.send(&[name]).await);
    }
    for told in told {
        assert_eq!(outcome(told).await, Outcome::Delivered);
    }
    let seen = peer.seen();
    let sent: Vec<_> = seen
        .iter()
        .map(|seen| ExportTraceServiceRequest::decode(seen.body.clone()).unwrap())
        .collect();
    let sent: Vec<_> = sent.iter().map(names).collect();
    assert_eq!(sent, [vec!["a", "b", "c"], vec!["d"]]);
    rig.end().await;
}

/// The tenant's header and the spans' names of a request.
type Export = (Option<String>, Vec<String>);

/// A gRPC peer that answers by a script, then takes everything.
#[derive(Clone, Default)]
struct Traces {
    script: Arc<Mutex<VecDeque<Result<ExportTraceServiceResponse, Status>>>>,
    seen: Arc<Mutex<Vec<Export>>>,
}

#[tonic::async_trait]
impl TraceService for Traces {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let tenant = request.metadata().get("x-scope-orgid");
        let tenant = tenant.map(|tenant| tenant.to_str().unwrap().to_owned());
        let names = names(request.get_ref()).into_iter().map(str::to_owned).collect();
        self.seen.lock().push((tenant, names));
        let answer = self
            .script
            .lock()
            .pop_front()
            .unwrap_or_else(|| Ok(Default::default()));
        answer.map(Response::new)
    }
}

impl Traces {
    async fn start(
        script: impl IntoIterator<Item = Result<ExportTraceServiceResponse, Status>>,
    ) -> (Self, SocketAddr) {
        let traces = Self {
            script: Arc::new(Mutex::new(script.into_iter().collect())),
            ..Self::default()
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = TraceServiceServer::new(traces.clone()).accept_compressed(CompressionEncoding::Gzip);
        let server = tonic::transport::Server::builder().add_service(service);
        tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
        (traces, address)
    }
}

#[tokio::test]
async fn over_grpc_a_passing_failure_is_retried_and_partial_success_is_counted() {
    let partial = ExportTraceServiceResponse {
        partial_success: Some(ExportTracePartialSuccess {
            rejected_spans: 1,
            error_message: "too old".into(),
        }),
    };
    let script = [Err(Status::new(Code::Unavailable, "not now")), Ok(partial)];
    let (peer, address) = Traces::start(script).await;
    let rig = Rig::<Grpc>::start(&format!(
        "client {{\n endpoint = \"{address}\"\n headers = {{ \"X-Scope-OrgID\" = \"one\" }}\n tls {{ insecure = true }}\n}}\n{QUICK}"
    ));
    let told = rig.send(&["a", "b"]).await;
    assert_eq!(outcome(told).await, Outcome::Delivered);
    let names = vec!["a".to_owned(), "b".to_owned()];
    let wanted = (Some("one".to_owned()), names);
    assert_eq!(*peer.seen.lock(), [wanted.clone(), wanted]);
    assert_eq!(rig.metrics("otelcol_exporter_sent_spans_total"), ["1"]);
    assert_eq!(rig.metrics("otelcol_exporter_send_failed_spans_total"), ["1"]);
    rig.end().await;
}

#[tokio::test]
async fn over_grpc_what_is_refused_for_good_is_not_sent_again() {
    let (peer, address) = Traces::start([Err(Status::invalid_argument("no such thing"))]).await;
    let rig = Rig::<Grpc>::start(&format!(
        "client {{\n endpoint = \"{address}\"\n tls {{ insecure = true }}\n}}"
    ));
    let told = rig.send(&["a"]).await;
    assert_eq!(outcome(told).await, Outcome::Delivered);
    // Metrics go to a service that this peer does not have.
    let (tell, told) = oneshot::channel();
    let tell = Mutex::new(Some(tell));
    let ack = Ack::new(move |outcome| {
        if let Some(tell) = tell.lock().take() {
            let _ = tell.send(outcome);
        }
    });
    let data = OtlpData::Logs(vec![opentelemetry_proto::tonic::logs::v1::ResourceLogs {
        scope_logs: vec![opentelemetry_proto::tonic::logs::v1::ScopeLogs {
            log_records: vec![Default::default()],
            ..Default::default()
        }],
        ..Default::default()
    }]);
    rig.to.send(OtlpBatch { data, ack }).await;
    assert_eq!(outcome(told).await, Outcome::Delivered);
    assert_eq!(peer.seen.lock().len(), 1);
    assert_eq!(rig.metrics("otelcol_exporter_send_failed_spans_total"), ["1"]);
    assert_eq!(
        rig.metrics("otelcol_exporter_send_failed_log_records_total"),
        ["1"]
    );
    rig.end().await;
}

#[tokio::test]
async fn over_grpc_tls_the_peers_certificate_is_checked() {
    let key = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    let tls = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![key.cert.der().clone()],
            rustls::pki_types::PrivateKeyDer::try_from(key.signing_key.serialize_der()).unwrap(),
        )
        .unwrap();
    let mut tls = tls;
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(tls));
    let (peer, plain) = Traces::start([]).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // TLS before the plain peer.
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let mut inner = tokio::net::TcpStream::connect(plain).await.unwrap();
                drop(tokio::io::copy_bidirectional(&mut stream, &mut inner).await);
            });
        }
    });
    let client = |more: &str| {
        format!(
            "client {{\n endpoint = \"localhost:{}\"\n tls {{ ca_pem = {:?}\n {more} }}\n}}\n{QUICK}",
            address.port(),
            key.cert.pem()
        )
    };
    let rig = Rig::<Grpc>::start(&client("server_name = \"other.example\""));
    let told = rig.send(&["a"]).await;
    let failing = async {
        loop {
            if let Some(error) = rig.exporter.lanes[0].look().last_error {
                break error;
            }
            tokio::task::yield_now().await;
        }
    };
    let error = tokio::time::timeout(Duration::from_secs(10), failing)
        .await
        .unwrap();
    assert!(error.contains("certificate"), "{error}");
    assert!(peer.seen.lock().is_empty());
    rig.exporter.update(arguments(&client(""))).unwrap();
    assert_eq!(outcome(told).await, Outcome::Delivered);
    assert_eq!(peer.seen.lock().len(), 1);
    rig.end().await;
}
