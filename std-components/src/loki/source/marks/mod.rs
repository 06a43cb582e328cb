//! How far logs without offsets have been taken, of which only times are known: marks, and what of a log is on its way.

mod flights;
mod mark;

pub(in crate::loki::source) use flights::Flights;
pub(in crate::loki::source) use mark::{Mark, Resume};
