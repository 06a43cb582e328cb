//! Data and contexts for tests.

use crate::signals::OtlpData;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};

/// Spans of these names.
pub(crate) fn spans(names: &[&str]) -> OtlpData {
    let spans = names.iter().map(|name| Span {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        name: (*name).into(),
        ..Span::default()
    });
    OtlpData::Traces(vec![ResourceSpans {
        scope_spans: vec![ScopeSpans {
            spans: spans.collect(),
            ..ScopeSpans::default()
        }],
        ..ResourceSpans::default()
    }])
}
