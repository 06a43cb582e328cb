//! Tests of the whole crate against material that other programs made.

mod vectors;
