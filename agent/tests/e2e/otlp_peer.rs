//! OTLP receivers of the real protocol: HTTP by axum, gRPC by tonic; both decode with the protocol's own messages and keep the spans.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tonic::codec::CompressionEncoding;
use tonic::{Request, Response, Status};

/// A span with the resource that it came with.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) span: Span,
    pub(crate) resource: Vec<KeyValue>,
}

impl Taken {
    /// An attribute's text.
    pub(crate) fn attribute(&self, name: &str) -> Option<String> {
        text_of(&self.span.attributes, name)
    }

    /// An attribute of the resource.
    pub(crate) fn resource(&self, name: &str) -> Option<String> {
        text_of(&self.resource, name)
    }
}

fn text_of(attributes: &[KeyValue], name: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        other => Some(format!("{other:?}")),
    }
}

/// A receiver; it ends with the test's runtime.
#[derive(Clone, Default)]
pub(crate) struct OtlpPeer {
    taken: Arc<Mutex<Vec<Taken>>>,
}

impl OtlpPeer {
    /// All spans up to now.
    pub(crate) fn spans(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }

    fn take(&self, request: ExportTraceServiceRequest) {
        let mut taken = self.taken.lock().unwrap();
        for resource in request.resource_spans {
            let attributes = resource.resource.unwrap_or_default().attributes;
            for span in resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                taken.push(Taken {
                    span,
                    resource: attributes.clone(),
                });
            }
        }
    }

    /// Serves OTLP over HTTP.
    pub(crate) async fn http() -> (Self, SocketAddr) {
        let peer = Self::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = axum::Router::new()
            .route("/v1/traces", post(traces))
            .with_state(peer.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (peer, address)
    }

    /// Serves OTLP over gRPC.
    pub(crate) async fn grpc() -> (Self, SocketAddr) {
        let peer = Self::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = TraceServiceServer::new(peer.clone()).accept_compressed(CompressionEncoding::Gzip);
        let server = tonic::transport::Server::builder().add_service(service);
        let incoming = tonic::transport::server::TcpIncoming::from(listener);
        tokio::spawn(server.serve_with_incoming(incoming));
        (peer, address)
    }
}

async fn traces(State(peer): State<OtlpPeer>, headers: HeaderMap, body: axum::body::Bytes) -> Vec<u8> {
    assert_eq!(headers["content-type"], "application/x-protobuf");
    assert_eq!(headers["content-encoding"], "gzip");
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(&*body)
        .read_to_end(&mut plain)
        .unwrap();
    peer.take(ExportTraceServiceRequest::decode(&*plain).unwrap());
    ExportTraceServiceResponse::default().encode_to_vec()
}

#[tonic::async_trait]
impl TraceService for OtlpPeer {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.take(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}
