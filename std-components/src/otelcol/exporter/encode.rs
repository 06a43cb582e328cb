//! OTLP's requests and answers on the wire. The requests of all signals have one form, a list in field 1, and so have the answers.

use super::protocol::Taken;
use crate::signals::OtlpData;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use prost::encoding::message::{encode_repeated, encoded_len_repeated};
use serde::ser::SerializeMap;
use serde_json::Value;
use std::time::Duration;

/// How many bytes the request takes as protobuf.
pub(crate) fn proto_len(data: &OtlpData) -> usize {
    match data {
        OtlpData::Traces(all) => encoded_len_repeated(1, all),
        OtlpData::Metrics(all) => encoded_len_repeated(1, all),
        OtlpData::Logs(all) => encoded_len_repeated(1, all),
    }
}

/// The request as protobuf, without a copy of the messages.
pub(super) fn proto(data: &OtlpData) -> Vec<u8> {
    let mut out = Vec::with_capacity(proto_len(data));
    match data {
        OtlpData::Traces(all) => encode_repeated(1, all, &mut out),
        OtlpData::Metrics(all) => encode_repeated(1, all, &mut out),
        OtlpData::Logs(all) => encode_repeated(1, all, &mut out),
    }
    out
}

/// The request as OTLP's JSON.
pub(super) fn json(data: &OtlpData) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&Json(data))
}

/// A request whose only field is the list.
struct Json<'a>(&'a OtlpData);

impl serde::Serialize for Json<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut request = serializer.serialize_map(Some(1))?;
        match self.0 {
            OtlpData::Traces(all) => request.serialize_entry("resourceSpans", all)?,
            OtlpData::Metrics(all) => request.serialize_entry("resourceMetrics", all)?,
            OtlpData::Logs(all) => request.serialize_entry("resourceLogs", all)?,
        }
        request.end()
    }
}

/// What an answer says of the request; an answer that is none says nothing.
pub(super) fn taken_proto(body: &[u8]) -> Taken {
    let answer = ExportTraceServiceResponse::decode(body).unwrap_or_default();
    answer
        .partial_success
        .map_or_else(Taken::default, |partial| Taken {
            rejected: u64::try_from(partial.rejected_spans).unwrap_or(0),
            message: partial.error_message,
        })
}

/// The same of JSON.
pub(super) fn taken_json(body: &[u8]) -> Taken {
    let answer: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let partial = &answer["partialSuccess"];
    // Numbers of 64 bits are strings in protobuf's JSON, and not everybody knows.
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    let rejected = ["rejectedSpans", "rejectedDataPoints", "rejectedLogRecords"]
        .iter()
        .find_map(|name| number(&partial[*name]));
    Taken {
        rejected: rejected.unwrap_or(0),
        message: partial["errorMessage"].as_str().unwrap_or_default().to_owned(),
    }
}

/// `google.rpc.Status`: what a peer says when it refuses.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    pub(super) message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<Delay>,
}

/// `google.protobuf.Duration`.
#[derive(Clone, PartialEq, Message)]
struct Delay {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

impl Status {
    /// The wait that the peer asks for; `None` where it says nothing of trying again.
    pub(super) fn retry_delay(&self) -> Option<Duration> {
        let info = self
            .details
            .iter()
            .find(|detail| detail.type_url.ends_with("google.rpc.RetryInfo"))?;
        let info = RetryInfo::decode(&*info.value).ok()?;
        let delay = info.retry_delay.unwrap_or_default();
        let seconds = u64::try_from(delay.seconds).unwrap_or(0);
        let nanos = u32::try_from(delay.nanos).unwrap_or(0).min(999_999_999);
        Some(Duration::new(seconds, nanos))
    }
}

/// A refusal with a wish to wait, for tests of those who read it.
#[cfg(test)]
pub(super) fn status_with_retry(message: &str, seconds: i64) -> Vec<u8> {
    let info = RetryInfo {
        retry_delay: Some(Delay { seconds, nanos: 0 }),
    };
    let status = Status {
        code: 8,
        message: message.into(),
        details: vec![Any {
            type_url: "type.googleapis.com/google.rpc.RetryInfo".into(),
            value: info.encode_to_vec(),
        }],
    };
    status.encode_to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otelcol::exporter::testing::spans;
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;

    #[test]
    fn requests_read_as_the_protocols_own_messages() {
        let data = spans(&["one", "two"]);
        let OtlpData::Traces(all) = data.clone() else {
            unreachable!()
        };
        let wanted = ExportTraceServiceRequest { resource_spans: all };
        let written = proto(&data);
        assert_eq!(written.len(), proto_len(&data));
        assert_eq!(ExportTraceServiceRequest::decode(&*written).unwrap(), wanted);
        let read: ExportTraceServiceRequest = serde_json::from_slice(&json(&data).unwrap()).unwrap();
        assert_eq!(read, wanted);
    }

    #[test]
    fn partial_success_is_understood_in_both_forms() {
        let wanted = Taken {
            rejected: 3,
            message: "too old".into(),
        };
        let proto = [
            0x0a, 0x0b, 0x08, 3, 0x12, 7, b't', b'o', b'o', b' ', b'o', b'l', b'd',
        ];
        assert_eq!(taken_proto(&proto), wanted);
        let json = br#"{"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"too old"}}"#;
        assert_eq!(taken_json(json), wanted);
        assert_eq!(taken_json(b"{}"), Taken::default());
        assert_eq!(taken_proto(b"<html>"), Taken::default());
    }

    #[test]
    fn the_wish_to_wait_is_read() {
        let status = Status::decode(&*status_with_retry("slow down", 7)).unwrap();
        assert_eq!(status.retry_delay(), Some(Duration::from_secs(7)));
        assert_eq!(Status::default().retry_delay(), None);
    }
}
