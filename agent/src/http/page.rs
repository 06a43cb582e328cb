//! The page: its files, built into the program.

use crate::runtime::Agent;
use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Nothing comes from elsewhere, nothing goes elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      base-uri 'self'; form-action 'none'; frame-ancestors 'self'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

macro_rules! files {
    ($($name:literal $kind:expr;)*) => {
        &[$(($name, $kind, include_str!(concat!("../../ui/", $name)))),*]
    };
}

/// Everything that the page loads.
const FILES: &[(&str, &str, &str)] = files! {
    "style.css" CSS;
    "app.js" JS;
    "dom.js" JS;
    "data.js" JS;
    "overview.js" JS;
    "graph.js" JS;
    "component.js" JS;
    "live.js" JS;
    "config.js" JS;
    "peers.js" JS;
    "river.js" JS;
    "value.js" JS;
};

const INDEX: &str = include_str!("../../ui/index.html");

/// The addresses of the page's views; those of the reference's UI, so that bookmarks go on working.
const VIEWS: &[&str] = &[
    "/",
    "/graph",
    "/graph/{*module}",
    "/component/{*id}",
    "/debug/{*id}",
    "/config",
    "/clustering",
];

/// The page's routes; `prefix` is where they will stand, without a slash at its end.
pub(super) fn routes(prefix: &str) -> Router<Arc<Agent>> {
    let mut routes = Router::new();
    for &(name, kind, text) in FILES {
        let file = File::new(kind, text.to_owned());
        routes = routes.route(
            &format!("/ui/{name}"),
            get(async move |headers: HeaderMap| file.answer(&headers)),
        );
    }
    let index = File::new(HTML, INDEX.replace("{{base}}", &format!("{prefix}/")));
    for view in VIEWS {
        let index = index.clone();
        routes = routes.route(view, get(async move |headers: HeaderMap| index.answer(&headers)));
    }
    routes
}

/// A file with what tells a browser that it has it already.
#[derive(Clone)]
struct File {
    kind: &'static str,
    text: Arc<str>,
    etag: String,
}

impl File {
    fn new(kind: &'static str, text: String) -> Self {
        let mut hasher = std::hash::DefaultHasher::new();
        text.hash(&mut hasher);
        Self {
            kind,
            text: text.into(),
            etag: format!("\"{:016x}\"", hasher.finish()),
        }
    }

    fn answer(&self, asked: &HeaderMap) -> Response {
        let known = asked
            .get(header::IF_NONE_MATCH)
            .is_some_and(|etag| etag.as_bytes() == self.etag.as_bytes());
        let mut answer = if known {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            self.text.to_string().into_response()
        };
        let headers = answer.headers_mut();
        for (name, value) in [
            (header::CONTENT_TYPE, self.kind),
            (header::ETAG, &self.etag),
            // Asked for each time, sent only after an update of the program.
            (header::CACHE_CONTROL, "no-cache"),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
        ] {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        answer
    }
}
