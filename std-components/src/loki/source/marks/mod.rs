//! How far logs without offsets have been taken, of which only times are known: marks, and what of a log is on its way.

mod flights;
#[cfg(feature = "kubernetes")]
mod kept;
mod mark;
#[cfg(feature = "kubernetes")]
mod sent;

pub(in crate::loki::source) use flights::Flights;
#[cfg(feature = "kubernetes")]
pub(in crate::loki::source) use kept::Kept;
pub(in crate::loki::source) use mark::{Mark, Resume};
#[cfg(feature = "kubernetes")]
pub(in crate::loki::source) use sent::{Budget, Sent, Stopped};
