//! Connections for gRPC: where an endpoint is, and TCP or TLS to it.
//!
//! tonic's own TLS settings know neither `insecure_skip_verify` nor `server_name` next to a CA of one's own, and read no files again; so the connection
//! is made here, by the same rustls configuration as that of the HTTP clients.

use crate::http_client::{TlsArguments, tls};
use http::Uri;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;
use tonic::codegen::Service;

/// The port of a target that names none, as in gRPC.
const DEFAULT_PORT: u16 = 443;

/// A target: `host:port`, as gRPC and the collector take it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) host: String,
    pub(super) port: u16,
    /// Whether its scheme says that there is no TLS (`http`) or that there is (`https`).
    pub(super) tls: Option<bool>,
}

impl Target {
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (tls, rest) = match text.split_once("://") {
            Some(("http", rest)) => (Some(false), rest),
            Some(("https", rest)) => (Some(true), rest),
            // `dns:///host:port`; a name server of one's own cannot be asked.
            Some(("dns" | "passthrough", rest)) => match rest.strip_prefix('/') {
                Some(rest) => (None, rest),
                None => return Err("a target of gRPC with a name server of its own is not supported".into()),
            },
            Some((scheme, _)) => {
                return Err(format!(
                    "targets of gRPC with the scheme {scheme:?} are not supported"
                ));
            }
            None if text.starts_with("unix:") => {
                return Err("Unix sockets are not supported".into());
            }
            None => (None, text),
        };
        let rest = rest.trim_end_matches('/');
        let uri: Uri = format!("http://{rest}")
            .parse()
            .map_err(|_| "not a host and a port".to_owned())?;
        let host = uri.host().filter(|host| !host.is_empty());
        match host {
            Some(host) if uri.path() == "/" && uri.query().is_none() && !rest.contains('@') => Ok(Self {
                host: host.trim_matches(['[', ']']).to_owned(),
                port: uri.port_u16().unwrap_or(DEFAULT_PORT),
                tls,
            }),
            _ => Err("not a host and a port".into()),
        }
    }

    /// `host:port`, an IPv6 address in brackets.
    pub(super) fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// Makes connections to one target.
#[derive(Clone)]
pub(super) struct Connect {
    pub(super) target: Target,
    /// `None` for plain TCP.
    pub(super) tls: Option<TlsArguments>,
}

type Stream = TokioIo<Either<TcpStream, TlsStream<TcpStream>>>;

impl Connect {
    async fn connect(self) -> io::Result<Stream> {
        let tcp = TcpStream::connect((self.target.host.as_str(), self.target.port)).await?;
        tcp.set_nodelay(true)?;
        let Some(arguments) = self.tls else {
            return Ok(TokioIo::new(Either::Left(tcp)));
        };
        // For each connection, which are rare: certificates' files may have changed.
        let mut config = tls::configuration(Some(&arguments), true)
            .map_err(|error| io::Error::other(error.to_string()))?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        let name = ServerName::try_from(self.target.host)
            .map_err(|_| io::Error::other("the endpoint's host is no name that a certificate could have"))?;
        let stream = TlsConnector::from(Arc::new(config)).connect(name, tcp).await?;
        Ok(TokioIo::new(Either::Right(stream)))
    }
}

impl Service<Uri> for Connect {
    type Response = Stream;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        Box::pin(self.clone().connect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_as_grpc_reads_them() {
        let read = |text| Target::parse(text).map(|target| (target.authority(), target.tls));
        assert_eq!(read("tempo:4317"), Ok(("tempo:4317".into(), None)));
        assert_eq!(read("http://tempo:4317/"), Ok(("tempo:4317".into(), Some(false))));
        assert_eq!(read("https://tempo"), Ok(("tempo:443".into(), Some(true))));
        assert_eq!(read("dns:///tempo:4317"), Ok(("tempo:4317".into(), None)));
        assert_eq!(read("[::1]:4317"), Ok(("[::1]:4317".into(), None)));
        for wrong in [
            "",
            "http://tempo:4317/v1/traces",
            "unix:///run/otlp.sock",
            "ftp://tempo",
            "user:secret@tempo:4317",
            "dns://8.8.8.8/tempo",
        ] {
            assert!(Target::parse(wrong).is_err(), "{wrong}");
        }
    }
}
