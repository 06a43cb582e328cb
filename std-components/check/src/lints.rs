//! Lints: what works, but is unwise or probably not meant. One file for each subject.

mod cardinality;
mod cluster;
mod deprecated;
mod interpolation;
mod nowhere;
mod placeholder;
mod secrets;
mod tls;
mod urls;

pub use cardinality::CardinalityLint;
pub use cluster::ClusterLint;
pub use deprecated::DeprecatedLint;
pub use interpolation::InterpolationLint;
pub use nowhere::NowhereLint;
pub use placeholder::PlaceholderLint;
pub use secrets::SecretLint;
pub use tls::TlsLint;
pub use urls::UrlLint;
