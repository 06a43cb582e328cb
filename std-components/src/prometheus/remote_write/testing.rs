//! Remote write's request as prost reads it, for tests: independent of the encoder here.

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    pub(crate) series: Vec<Series>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) metadata: Vec<FamilyMetadata>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Series {
    #[prost(message, repeated, tag = "1")]
    pub(crate) labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) samples: Vec<Point>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) exemplars: Vec<ExemplarPoint>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Label {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) value: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Point {
    #[prost(double, tag = "1")]
    pub(crate) value: f64,
    #[prost(int64, tag = "2")]
    pub(crate) timestamp: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ExemplarPoint {
    #[prost(message, repeated, tag = "1")]
    pub(crate) labels: Vec<Label>,
    #[prost(double, tag = "2")]
    pub(crate) value: f64,
    #[prost(int64, tag = "3")]
    pub(crate) timestamp: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct FamilyMetadata {
    #[prost(int32, tag = "1")]
    pub(crate) kind: i32,
    #[prost(string, tag = "2")]
    pub(crate) family: String,
    #[prost(string, tag = "4")]
    pub(crate) help: String,
    #[prost(string, tag = "5")]
    pub(crate) unit: String,
}

/// Reads a request's body.
pub(crate) fn decode(body: &[u8]) -> WriteRequest {
    use prost::Message;
    let plain = snap::raw::Decoder::new().decompress_vec(body).unwrap();
    WriteRequest::decode(plain.as_slice()).unwrap()
}

impl Series {
    /// `name=value` pairs, joined by commas.
    pub(crate) fn text(&self) -> String {
        let pairs: Vec<_> = self
            .labels
            .iter()
            .map(|label| format!("{}={}", label.name, label.value))
            .collect();
        pairs.join(",")
    }
}
