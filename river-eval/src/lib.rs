//! Values, typed decoding, standard library, component graph and incremental evaluation.
#![forbid(unsafe_code)]
