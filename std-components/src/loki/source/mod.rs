//! Components that take in log entries from outside.

pub(super) mod api;
pub(super) mod file;
