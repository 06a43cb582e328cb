//! Tests of the whole crate against material that other programs made.

#![expect(clippy::unwrap_used, reason = "a broken vector file shall stop the test")]

mod seeds;
mod vectors;
