//! Tests of the catalogs against the facts that they were made from.

mod round_trip;
