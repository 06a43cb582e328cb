//! What `loki.source.file` is configured with.

use super::encoding::Encoding;
use crate::signals::{Fanout, LogBatch, Target};
use river_eval::Checks;
use std::time::Duration;

/// The arguments of `loki.source.file`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check)]
pub(in crate::loki) struct Arguments {
    /// The files to read: `__path__` of each is a file (a glob where `file_match` is enabled), its labels without those that begin with
    /// `__` are the entries' labels.
    pub(super) targets: Vec<Target>,
    /// Where entries go.
    pub(super) forward_to: Fanout<LogBatch>,
    /// The files' encoding by its IANA name; UTF-8 where empty. A byte order mark in a file has precedence.
    #[river(default)]
    pub(super) encoding: String,
    /// Whether a file without a stored position is read from its end on.
    #[river(default = false)]
    pub(super) tail_from_end: bool,
    /// A positions file of Promtail or the static mode to take over when this component has none of its own yet.
    #[river(default)]
    pub(super) legacy_positions_file: String,
    /// What to do with a file whose stored position cannot be read: `skip`, `restart_from_end`, `restart_from_beginning`.
    #[river(default = OnPositionsFileError::RestartFromBeginning)]
    pub(super) on_positions_file_error: OnPositionsFileError,
    /// Reads compressed files.
    #[river(block)]
    pub(super) decompression: Option<Decompression>,
    /// How often files are looked at where the kernel does not tell of changes.
    #[river(block, default)]
    pub(super) file_watch: FileWatch,
    /// Finds files by globs, without `local.file_match`.
    #[river(block, default)]
    pub(super) file_match: FileMatch,
}

/// What to do with a file whose stored position cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, river_eval::TextEnum)]
#[river(text = "action on a positions file error")]
pub(super) enum OnPositionsFileError {
    Skip,
    RestartFromEnd,
    RestartFromBeginning,
}

/// How files are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, river_eval::TextEnum)]
#[river(text = "compression format")]
pub(super) enum Format {
    /// gzip.
    Gz,
    /// zlib.
    Z,
    /// bzip2.
    Bz2,
    /// zstd.
    Zstd,
}

/// `decompression`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(super) struct Decompression {
    /// Whether files are decompressed.
    pub(super) enabled: bool,
    /// How long a new file rests before it is read, so that it is compressed to its end.
    #[river(default = Duration::ZERO)]
    pub(super) initial_delay: Duration,
    /// `gz`, `z` (zlib), `bz2` or `zstd`.
    pub(super) format: Format,
}

/// `file_watch`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(super) struct FileWatch {
    /// The time between two looks at a file that changes; changes that the kernel tells of are asked for as often.
    #[river(default = Duration::from_millis(250))]
    pub(super) min_poll_frequency: Duration,
    /// The time between two looks at a quiet file; the time doubles up to it.
    #[river(default = Duration::from_millis(250))]
    pub(super) max_poll_frequency: Duration,
}

/// `file_match`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(super) struct FileMatch {
    /// Whether `__path__` is a glob.
    #[river(default = false)]
    pub(super) enabled: bool,
    /// How often to look for files.
    #[river(default = Duration::from_secs(10))]
    pub(super) sync_period: Duration,
    /// Leaves out files that were modified longer ago than this; `0s` leaves out none.
    #[river(default = Duration::ZERO)]
    pub(super) ignore_older_than: Duration,
}

fn check(arguments: &Arguments, checks: &mut Checks<'_, '_>) {
    if arguments.file_match.sync_period.is_zero() {
        checks.block("file_match", 0, "sync_period must be above 0").help =
            Some("leave it out for the default, 10s".into());
    }
    if Encoding::named(&arguments.encoding).is_none() {
        checks
            .attribute(
                "encoding",
                format!("{:?} is no encoding that is known here", arguments.encoding),
            )
            .help =
            Some("an IANA name such as \"UTF-16LE\", \"ISO-8859-1\", \"Shift_JIS\"; empty for UTF-8".into());
    }
}

impl Arguments {
    /// How files are compressed, if they are.
    pub(super) fn compression(&self) -> Option<&Decompression> {
        self.decompression.as_ref().filter(|packed| packed.enabled)
    }
}
