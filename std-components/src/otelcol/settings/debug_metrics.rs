//! The `debug_metrics` block.

/// How much the reference's components tell of themselves. Deprecated there; accepted so that configurations load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, river_eval::TextEnum)]
#[river(text = "metrics level")]
pub(crate) enum Level {
    /// Nothing.
    #[river(name = "none")]
    None,
    /// The least.
    #[river(name = "basic")]
    Basic,
    /// Some more.
    #[river(name = "normal")]
    Normal,
    /// Everything.
    #[river(name = "detailed")]
    Detailed,
}

/// The `debug_metrics` block. The metrics of this agent's exporters have few labels and are always there.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(crate) struct DebugMetrics {
    /// Whether certain metrics with many series are left out; here there are none of those.
    #[river(default = true)]
    pub(crate) disable_high_cardinality_metrics: bool,
    /// Deprecated, without effect.
    #[river(default = Level::Detailed)]
    pub(crate) level: Level,
}
