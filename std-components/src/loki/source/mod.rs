//! Components that take in log entries from outside.

mod account;
pub(super) mod api;
mod cursors;
pub(super) mod docker;
pub(super) mod file;
pub(super) mod journal;
#[cfg(feature = "kubernetes")]
pub(super) mod kubernetes;
#[cfg(feature = "kubernetes")]
pub(super) mod kubernetes_events;
#[cfg(feature = "kubernetes")]
mod kubetail;
#[cfg_attr(
    not(feature = "kubernetes"),
    expect(dead_code, reason = "some of it is for the logs of pods only")
)]
mod marks;
#[cfg(feature = "kubernetes")]
pub(super) mod podlogs;
pub(super) mod syslog;
#[cfg(test)]
#[cfg(feature = "kubernetes")]
mod testing;

/// Nanoseconds since 1970.
fn now() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::SystemTime::UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}
