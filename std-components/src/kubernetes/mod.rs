//! The way to a Kubernetes API server: whose arguments, which credentials, what its refusals mean.
//!
//! Invariants: requests go through [`HttpClient`](crate::http_client::HttpClient), so authorisation, TLS, proxies and OAuth 2.0 are those of every other
//! peer, and files with tokens and certificates are read again when they change; a refusal for want of permission names verb and resource and prints the rule that grants
//! it; retries are bounded from below and above.

mod access;
mod arguments;
mod cluster;
mod kubeconfig;
#[cfg(feature = "loki")]
pub mod pod;
mod service;
#[cfg(test)]
mod tests;

#[cfg(feature = "loki")]
pub(crate) use access::chain;
pub use access::{Access, ApiError, Problem};
pub use arguments::{ApiServer, ClientArguments};
pub use cluster::{Cluster, InCluster, retries};
