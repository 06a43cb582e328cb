//! The `http` block: checks what it asks for and gives it to the running server.

use super::arguments::Arguments;
use super::auth::Auth;
use super::tls;
use super::{Access, Settings};
use river_eval::graph::Node;
use river_eval::{Arguments as _, BodyValue};
use river_syntax::{Diagnostic, Span};
use std_components::controller::ConfigBlock;
use std_components::controller::codes;

/// The `http` block.
pub(crate) struct HttpBlock(pub(crate) Access);

impl ConfigBlock for HttpBlock {
    fn name(&self) -> &'static str {
        "http"
    }

    fn check(&self, node: &Node, body: &BodyValue) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        let arguments = Arguments::decode(body)?;
        let mut warnings = Vec::new();
        let mut warn = |span, message: String, help: &str| {
            warnings.push(Diagnostic::warning(&codes::WITHOUT_EFFECT, span, message).with_help(help));
        };
        if let Some(tls) = &arguments.tls {
            for (attribute, message) in tls::left_out(tls) {
                let span = place(body, &["tls"], attribute).unwrap_or(node.block.name_span);
                warn(span, message, "the server starts without it");
            }
        }
        if let Some(auth) = &arguments.auth {
            let nobody = auth
                .filter
                .as_ref()
                .is_some_and(|filter| filter.paths.is_empty() && filter.authenticate_matching_paths);
            if auth.basic.is_some() && nobody {
                warn(
                    place(body, &["auth", "filter"], "paths").unwrap_or(node.block.name_span),
                    "the filter matches no path, so that nothing asks for the password".to_owned(),
                    "name the paths, or take the filter block away to protect all of them",
                );
            }
        }
        Ok(warnings)
    }

    fn prepare(&self, node: &Node, body: &BodyValue) -> Result<(), Box<Diagnostic>> {
        let Ok(Arguments { tls: Some(tls), .. }) = Arguments::decode(body) else {
            return Ok(());
        };
        tls::server(&tls).map(drop).map_err(|(attribute, reason)| {
            let span = place(body, &["tls"], attribute).unwrap_or(node.block.name_span);
            let finding = Diagnostic::error(&codes::CANNOT_SET_UP, span, format!("{attribute}: {reason}"));
            Box::new(finding.with_help(
                "the HTTP server needs a certificate and its key in PEM, in files that it may read",
            ))
        })
    }

    fn apply(&self, body: Option<&BodyValue>) {
        let arguments = match body.map(Arguments::decode) {
            Some(Ok(arguments)) => arguments,
            _ => Arguments::default(),
        };
        let tls = match arguments.tls.as_ref().map(tls::server).transpose() {
            Ok(tls) => tls,
            Err((attribute, reason)) => {
                // It could be read a moment ago.
                tracing::error!(
                    "the http block could not be applied, the server goes on as before: {attribute}: {reason}"
                );
                return;
            }
        };
        let auth = arguments.auth.as_ref().and_then(Auth::new);
        self.0.set(Settings { auth, tls });
    }
}

/// Where an attribute of a block within blocks is set, or the innermost of those blocks stands.
fn place(body: &BodyValue, blocks: &[&str], attribute: &str) -> Option<Span> {
    let mut at = body;
    let mut span = None;
    for name in blocks {
        let block = at.blocks.iter().find(|block| &*block.name == *name)?;
        span = Some(block.name_span);
        at = &block.body;
    }
    let attribute = at.attributes.iter().find(|found| &*found.name == attribute);
    attribute.map(|found| found.value_span).or(span)
}
