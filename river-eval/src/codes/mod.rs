//! The codes of this crate's findings, a file for each subject.

pub mod eval;
