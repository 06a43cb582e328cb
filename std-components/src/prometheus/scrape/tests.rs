//! Sequences of scrapes at given times, and the component against real peers.

mod cycles;
mod peers;
