//! What commands write to the standard streams.

use super::{OK, usage};
use std::io::Write;
use std::process::ExitCode;

/// Writes to standard output and flushes it.
///
/// # Errors
/// Where it cannot be written; a reader that went away (`| head`) is no mistake of the caller's.
pub(crate) fn write(text: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

/// Writes to standard output and gives the exit status that follows from it.
pub(crate) fn write_or_usage(text: &str) -> ExitCode {
    match write(text) {
        Ok(()) => OK,
        Err(_) => usage(),
    }
}

/// Says on standard error why a command could not do something.
pub(crate) fn complain(command: &str, message: &str) {
    // There is nowhere left to say that stderr is closed.
    drop(writeln!(std::io::stderr(), "alloy-rs {command}: {message}"));
}
