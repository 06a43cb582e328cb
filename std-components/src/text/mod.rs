//! Text forms that configurations share with Go programs: RE2 expressions, numbers and time layouts.

pub mod go_float;
pub mod go_time;
pub mod re2;
