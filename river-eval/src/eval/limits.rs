//! How deep and how big what an expression builds may be.

/// Nesting of an expression: parentheses, lists, objects, calls and fields inside each other. Chains of operators do not
/// count, however long they are. Keeps the recursive walk within a thread's stack of 2 MiB, debug builds included.
pub const MAX_EXPRESSION_DEPTH: u32 = 256;

/// Nesting of a value: lists and objects inside each other.
pub const MAX_VALUE_DEPTH: u32 = 512;

/// Bytes of one text that the standard library or `+` may make.
pub const MAX_TEXT_BYTES: usize = 64 << 20;

/// Items of one list that the standard library may make.
pub const MAX_LIST_ITEMS: usize = 1 << 20;

/// What one expression may build over all, intermediate results included: bytes of text, and
/// [`ITEM_COST_BYTES`] for each item of a list or field of an object.
pub const MAX_BUILT_BYTES: usize = 256 << 20;

/// What an item counts towards [`MAX_BUILT_BYTES`].
pub const ITEM_COST_BYTES: usize = 32;

/// Warnings that a [`Context`](super::Context) keeps until they are taken; more are counted.
pub const MAX_WARNINGS: usize = 1_000;

/// Pairs of objects that one call of `array.combine_maps` may compare.
pub const MAX_COMPARISONS: usize = 1 << 24;
