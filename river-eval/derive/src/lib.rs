//! Derive macros of `river-eval`.
