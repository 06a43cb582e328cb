//! From a message to the function that answers it, and back.

use lsp_server::{ErrorCode, Request, RequestId, Response};
use serde::de::DeserializeOwned;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Why a request has no answer.
#[derive(Debug)]
pub(crate) struct Refusal {
    code: ErrorCode,
    message: String,
}

impl Refusal {
    /// The request made sense, and cannot be done: why.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self {
            code: ErrorCode::RequestFailed,
            message: message.into(),
        }
    }
}

/// A request on its way to whoever answers it.
#[derive(Debug)]
pub(crate) struct Dispatch<'s, S> {
    server: &'s mut S,
    request: Option<Request>,
    response: Option<Response>,
}

impl<'s, S> Dispatch<'s, S> {
    pub(crate) fn new(server: &'s mut S, request: Request) -> Self {
        Self {
            server,
            request: Some(request),
            response: None,
        }
    }

    /// Answers requests of one kind.
    pub(crate) fn on<R: lsp_types::request::Request>(
        mut self,
        answer: impl FnOnce(&mut S, R::Params) -> Result<R::Result, Refusal>,
    ) -> Self {
        let Some(request) = self.request.take_if(|request| request.method == R::METHOD) else {
            return self;
        };
        let Request { id, params, .. } = request;
        self.response = Some(match read::<R::Params>(params) {
            Err(error) => refuse(id, ErrorCode::InvalidParams, error.to_string()),
            Ok(params) => {
                let server = &mut *self.server;
                // A fault in one answer must not take the editor's server away.
                match catch_unwind(AssertUnwindSafe(|| answer(server, params))) {
                    Ok(Ok(result)) => result_of(id, &result),
                    Ok(Err(refusal)) => refuse(id, refusal.code, refusal.message),
                    Err(_) => refuse(
                        id,
                        ErrorCode::InternalError,
                        format!(
                            "{} failed; this is a fault of alloy-rs lsp, please report it",
                            R::METHOD
                        ),
                    ),
                }
            }
        });
        self
    }

    /// The response; where nobody answered, that the method is not known.
    pub(crate) fn finish(self) -> Option<Response> {
        self.response.or_else(|| {
            let request = self.request?;
            let message = format!("unknown method {}", request.method);
            Some(refuse(request.id, ErrorCode::MethodNotFound, message))
        })
    }
}

/// Some clients leave parameters out where all of them are optional.
fn read<P: DeserializeOwned>(params: serde_json::Value) -> Result<P, serde_json::Error> {
    match params {
        serde_json::Value::Null => {
            serde_json::from_value(serde_json::Value::Null).or_else(|_| serde_json::from_str("{}"))
        }
        params => serde_json::from_value(params),
    }
}

fn result_of(id: RequestId, result: &impl serde::Serialize) -> Response {
    match serde_json::to_value(result) {
        Ok(value) => Response {
            id,
            response_result: Ok(value),
        },
        Err(error) => refuse(id, ErrorCode::InternalError, error.to_string()),
    }
}

/// A response that says why there is none.
pub(crate) fn refuse(id: RequestId, code: ErrorCode, message: String) -> Response {
    Response::new_err(id, code as i32, message)
}
