//! The alloy-rs command.
fn main() {}
