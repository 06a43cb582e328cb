//! End-to-end tests: the built program with real files, real peers and real signals.

mod workspace;
