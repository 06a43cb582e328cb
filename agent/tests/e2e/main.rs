//! End-to-end tests: the built program with real files, real peers and real signals.
#![expect(missing_docs, reason = "tests")]

mod workspace;
