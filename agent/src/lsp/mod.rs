//! `alloy-rs lsp`: a language server for editors, over standard input and output.
//!
//! One thread owns the documents and answers in the order of the messages, so that an answer never speaks of a text that the client does not have.
//! What only needs the text is answered from its lossless tree at once, in files with syntax errors, too; whole configurations are checked on a
//! second thread once typing pauses ([`check`]).
//!
//! Places: [`positions`]. Texts: [`documents`], [`workspace`]. The loop: [`server`]. One file for each thing that an editor can ask: [`features`].

mod answers;
mod capabilities;
mod check;
mod checks;
mod context;
mod dispatch;
mod documents;
mod features;
mod modules;
mod names;
mod positions;
mod resolve;
mod schema;
mod server;
mod settings;
mod tree;
mod types;
mod workspace;

use lsp_server::{Connection, ProtocolError};

/// Why a server ended otherwise than by the client's wish.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    /// The client does not keep to the protocol.
    #[error("{0}")]
    Protocol(#[from] ProtocolError),
    /// Standard input or output failed, or holds no messages.
    #[error("cannot read or write messages: {0}")]
    Io(#[from] std::io::Error),
    /// The client's parameters of `initialize` make no sense.
    #[error("cannot read the parameters of initialize: {0}")]
    Initialize(#[from] serde_json::Error),
    /// The client went without a goodbye.
    #[error("the client closed the connection without `shutdown` and `exit`")]
    Gone,
}

/// Serves one client on standard input and output until it says `exit`.
///
/// # Errors
/// Where the client is gone, or does not speak the protocol.
pub(crate) fn serve() -> Result<(), ServeError> {
    let (connection, threads) = Connection::stdio();
    let ended = server::run(&connection);
    // The threads end when nobody holds the other side of their channels.
    drop(connection);
    let transport = threads.join();
    // The transport's own fault explains why the server was left alone.
    transport?;
    ended
}
