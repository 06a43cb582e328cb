//! Tests of the checker against a small catalog of its own.
