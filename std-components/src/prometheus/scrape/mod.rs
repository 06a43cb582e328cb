//! `prometheus.scrape`: reads the pages of targets on a schedule and sends their samples on.
//!
//! One cheap task a target; [`cycle`] is what a scrape makes and is pure; [`exposition`] reads pages; [`fetch`](self) gets them, an exporter's of this process
//! without a socket. An update keeps the loops, caches and schedule of targets that stay.

mod arguments;
mod component;
pub mod cycle;
pub mod exposition;
mod fetch;
pub mod merge;
mod metadata;
mod metrics;
mod target;
mod target_loop;

#[cfg(test)]
mod tests;

pub(super) use component::Scrape;
pub(super) use metadata::type_name;
