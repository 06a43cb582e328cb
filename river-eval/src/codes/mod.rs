//! The diagnostic codes of this crate, a list for each room.

pub mod check;
pub mod decode;
pub mod eval;
pub mod graph;
