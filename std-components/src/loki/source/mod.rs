//! Components that take in log entries from outside.

pub(super) mod file;
