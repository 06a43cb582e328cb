//! Requests and their answers.

use super::objects::{Change, kind_of, status};
use super::selectors::matches;
use super::streams::{Closed, Writer};
use super::{Fault, Request, Shared, logs};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::Arc;

/// The user that refusals name.
const USER: &str = "system:serviceaccount:monitoring:alloy";

pub(super) async fn answer(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap) -> Response {
    let Some(request) = understand(&uri, &headers) else {
        return match uri.path() {
            "/version" => {
                let (minor, patch) = shared.change(|state| {
                    state.versions_told += 1;
                    state.release.unwrap_or((33, 0))
                });
                let version = json!({
                    "major": "1", "minor": minor.to_string(), "gitVersion": format!("v1.{minor}.{patch}"), "gitCommit": "", "gitTreeState": "",
                    "buildDate": "", "goVersion": "", "compiler": "", "platform": "",
                });
                object(200, &version)
            }
            "/healthz" | "/readyz" | "/livez" => "ok".into_response(),
            _ => failure(
                404,
                "NotFound",
                "the server could not find the requested resource",
            ),
        };
    };
    let (fault, denied) = shared.change(|state| {
        state.seen.push(request.clone());
        let fault = state
            .faults
            .iter_mut()
            .find(|(left, _, of)| *left > 0 && of(&request));
        let fault = fault.map(|(left, fault, _)| {
            *left -= 1;
            fault.clone()
        });
        let key = (request.verb.to_owned(), request.resource.clone());
        (fault, state.denied.contains(&key))
    });
    match fault {
        Some(Fault::Status(code)) => return failure(code, "InternalError", "a fault of the test"),
        Some(Fault::Cut) => {
            let cut = futures_util::stream::once(async { Err::<Vec<u8>, _>(std::io::Error::other("cut")) });
            return Body::from_stream(cut).into_response();
        }
        Some(Fault::Hang) => std::future::pending().await,
        None => {}
    }
    if denied {
        return forbidden(&request);
    }
    match (request.verb, request.resource.as_str()) {
        (_, "pods/log") => logs::answer(&shared, &request),
        ("watch", _) => watch(&shared, request),
        ("list", _) => list(&shared, &request),
        _ => get(&shared, &request),
    }
}

/// What a path and its query ask for.
fn understand(uri: &Uri, headers: &HeaderMap) -> Option<Request> {
    let steps: Vec<_> = uri.path().trim_matches('/').split('/').collect();
    let (group, rest) = match *steps.as_slice() {
        ["api", "v1", ref rest @ ..] => ("", rest),
        ["apis", group, _, ref rest @ ..] => (group, rest),
        _ => return None,
    };
    let (namespace, resource, name) = match *rest {
        ["namespaces", namespace, "pods", name, "log"] => (namespace, "pods/log", name),
        ["namespaces", namespace, resource, name] => (namespace, resource, name),
        ["namespaces", namespace, resource] => (namespace, resource, ""),
        [resource, name] => ("", resource, name),
        [resource] => ("", resource, ""),
        _ => return None,
    };
    let query: std::collections::BTreeMap<String, String> = axum::extract::Query::try_from_uri(uri).ok()?.0;
    let watches = query
        .get("watch")
        .is_some_and(|watch| watch == "true" || watch == "1");
    Some(Request {
        verb: match (name.is_empty(), watches) {
            (_, true) => "watch",
            (true, false) => "list",
            (false, false) => "get",
        },
        resource: resource.into(),
        group: group.into(),
        namespace: namespace.into(),
        name: name.into(),
        uri: uri.to_string(),
        query,
        headers: headers
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into()))
            .collect(),
    })
}

pub(super) fn object(code: u16, object: &Value) -> Response {
    let kind = [("content-type", "application/json")];
    (StatusCode::from_u16(code).unwrap(), kind, object.to_string()).into_response()
}

pub(super) fn failure(code: u16, reason: &str, message: &str) -> Response {
    object(code, &status(code, reason, message))
}

fn forbidden(request: &Request) -> Response {
    let (verb, resource) = (request.verb, &request.resource);
    let (group, namespace) = (&request.group, &request.namespace);
    let plural = resource.split('/').next().unwrap_or_default();
    let what = match request.name.as_str() {
        "" => plural.to_owned(),
        name => format!("{plural} {name:?}"),
    };
    let scope = match namespace.as_str() {
        "" => "at the cluster scope".to_owned(),
        namespace => format!("in the namespace {namespace:?}"),
    };
    let message = format!(
        "{what} is forbidden: User {USER:?} cannot {verb} resource {resource:?} in API group {group:?} {scope}"
    );
    failure(403, "Forbidden", &message)
}

/// Whether only the metadata is asked for.
fn is_partial(request: &Request) -> bool {
    request
        .headers
        .get("accept")
        .is_some_and(|accept| accept.contains("as=PartialObjectMetadata"))
}

fn shown(request: &Request, object: &Value) -> Value {
    if is_partial(request) {
        return json!({
            "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"],
        });
    }
    object.clone()
}

fn wanted(request: &Request, object: &Value) -> bool {
    let (labels, fields) = (request.query("labelSelector"), request.query("fieldSelector"));
    matches(object, &request.namespace, labels, fields)
}

fn get(shared: &Shared, request: &Request) -> Response {
    let state = shared.state.lock();
    // Of `/api/v1/namespaces/NAME` the name is the namespace's own.
    let key = (request.namespace.clone(), request.name.clone());
    let found = state.objects.resources.get(&request.resource);
    match found.and_then(|resource| resource.objects.get(&key)) {
        Some(found) => object(200, &shown(request, found)),
        None => failure(
            404,
            "NotFound",
            &format!("{} {:?} not found", request.resource, request.name),
        ),
    }
}

fn list(shared: &Shared, request: &Request) -> Response {
    let state = shared.state.lock();
    let empty = Default::default();
    let resource = state.objects.resources.get(&request.resource).unwrap_or(&empty);
    // A continue token is the version of the first page and the last key that was given out.
    let token = request.query("continue");
    let (version, after) = match serde_json::from_str::<(u64, String, String)>(token) {
        Ok((version, _, _)) if version < resource.oldest => {
            let message = "The provided continue parameter is too old to display a consistent list result.";
            return failure(410, "Expired", message);
        }
        Ok((version, namespace, name)) => (version, Some((namespace, name))),
        Err(_) => (state.objects.version, None),
    };
    let asked = request.query("limit").parse().unwrap_or(0);
    let limit = [asked, state.page].into_iter().filter(|limit| *limit > 0).min();
    let rest: Vec<_> = resource
        .objects
        .iter()
        .filter(|(key, object)| after.as_ref().is_none_or(|after| *key > after) && wanted(request, object))
        .collect();
    let page = &rest[..limit.unwrap_or(usize::MAX).min(rest.len())];
    let mut metadata = json!({"resourceVersion": version.to_string()});
    if let Some((key, _)) = page.last().filter(|_| page.len() < rest.len()) {
        metadata["continue"] = json!([version, key.0, key.1]).to_string().into();
        metadata["remainingItemCount"] = (rest.len() - page.len()).into();
    }
    let (kind, api_version) = match is_partial(request) {
        true => ("PartialObjectMetadata", "meta.k8s.io/v1"),
        false => kind_of(&request.resource),
    };
    let item = |object: &Value| {
        let mut object = shown(request, object);
        // As the API does: only objects of custom resources carry their kind in a list.
        if let Some(object) = object.as_object_mut().filter(|_| request.resource != "podlogs") {
            object.remove("kind");
            object.remove("apiVersion");
        }
        object
    };
    let items: Vec<_> = page.iter().map(|(_, object)| item(object)).collect();
    object(
        200,
        &json!({"kind": format!("{kind}List"), "apiVersion": api_version, "metadata": metadata, "items": items}),
    )
}

fn watch(shared: &Arc<Shared>, request: Request) -> Response {
    let (writer, body) = Writer::open(shared, &request);
    tokio::spawn(async move {
        let _ = follow(writer, &request).await;
    });
    ([("content-type", "application/json")], body).into_response()
}

fn event(kind: &str, object: &Value) -> String {
    format!("{}\n", json!({"type": kind, "object": object}))
}

fn gone(asked: u64, oldest: u64) -> String {
    let message = format!("too old resource version: {asked} ({oldest})");
    event("ERROR", &status(410, "Expired", &message))
}

fn bookmark(request: &Request, version: u64, ends_list: bool) -> String {
    let (kind, api_version) = kind_of(&request.resource);
    let mut metadata = json!({"resourceVersion": version.to_string(), "creationTimestamp": null});
    if ends_list {
        metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
    }
    let object =
        json!({"kind": kind, "apiVersion": api_version, "metadata": metadata, "spec": {}, "status": {}});
    event("BOOKMARK", &shown(request, &object))
}

async fn follow(mut writer: Writer, request: &Request) -> Result<(), Closed> {
    let lists = request.query("sendInitialEvents") == "true";
    let bookmarks = request.query("allowWatchBookmarks") == "true";
    let asked: u64 = request.query("resourceVersion").parse().unwrap_or(0);
    let shared = writer.shared().clone();
    // What is there first, where that is asked for, then what has happened since the version.
    let (first, mut place, opened) = {
        let mut state = shared.state.lock();
        let version = state.objects.version;
        let resource = state
            .objects
            .resources
            .entry(request.resource.clone())
            .or_default();
        let end = resource.history.len();
        if lists || asked == 0 {
            let objects = resource.objects.values().filter(|object| wanted(request, object));
            let mut first: Vec<_> = objects
                .map(|object| event("ADDED", &shown(request, object)))
                .collect();
            if lists && bookmarks {
                first.push(bookmark(request, version, true));
            }
            (Ok(first), end, end)
        } else if asked < resource.oldest {
            (Err(gone(asked, resource.oldest)), end, end)
        } else {
            let start = resource
                .history
                .iter()
                .position(|happened| happened.version > asked);
            (Ok(Vec::new()), start.unwrap_or(end), end)
        }
    };
    match first {
        Ok(first) => {
            for line in first {
                writer.send(line).await?;
            }
        }
        Err(gone) => return writer.send(gone).await,
    }
    loop {
        let (lines, is_over) = {
            let state = shared.state.lock();
            let history = state.objects.resources.get(&request.resource);
            let history = history.map_or(&[][..], |resource| &resource.history[place..]);
            let mut lines = Vec::new();
            let mut is_over = false;
            for happened in history {
                let is_new = place >= opened;
                place += 1;
                match &happened.change {
                    Change::Object { before, after } => {
                        let before = before.as_ref().filter(|object| wanted(request, object));
                        let after = after.as_ref().filter(|object| wanted(request, object));
                        match (before, after) {
                            (None, Some(after)) => lines.push(event("ADDED", &shown(request, after))),
                            (Some(_), Some(after)) => lines.push(event("MODIFIED", &shown(request, after))),
                            (Some(before), None) => lines.push(event("DELETED", &shown(request, before))),
                            (None, None) => {}
                        }
                    }
                    Change::Bookmark if is_new && bookmarks => {
                        lines.push(bookmark(request, happened.version, false));
                    }
                    Change::Expire if is_new => {
                        lines.push(gone(asked, happened.version));
                        is_over = true;
                    }
                    Change::Bookmark | Change::Expire => {}
                }
            }
            (lines, is_over)
        };
        // Sending takes notice of changes, too: what has happened meanwhile is looked for before waiting.
        let nothing = lines.is_empty();
        for line in lines {
            writer.send(line).await?;
        }
        if is_over {
            return Ok(());
        }
        if nothing {
            writer.changed().await?;
        }
    }
}
