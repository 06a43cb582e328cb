//! Loki's push request as prost reads it, for tests: independent of the encoder here.

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct PushRequest {
    #[prost(message, repeated, tag = "1")]
    pub(crate) streams: Vec<Stream>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Stream {
    #[prost(string, tag = "1")]
    pub(crate) labels: String,
    #[prost(message, repeated, tag = "2")]
    pub(crate) entries: Vec<Entry>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Entry {
    #[prost(message, optional, tag = "1")]
    pub(crate) timestamp: Option<Timestamp>,
    #[prost(string, tag = "2")]
    pub(crate) line: String,
    #[prost(message, repeated, tag = "3")]
    pub(crate) metadata: Vec<Pair>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Timestamp {
    #[prost(int64, tag = "1")]
    pub(crate) seconds: i64,
    #[prost(int32, tag = "2")]
    pub(crate) nanos: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Pair {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) value: String,
}

/// Reads a request's body.
pub(crate) fn decode(body: &[u8]) -> PushRequest {
    use prost::Message;
    let plain = snap::raw::Decoder::new().decompress_vec(body).unwrap();
    PushRequest::decode(plain.as_slice()).unwrap()
}

impl PushRequest {
    /// All lines, stream by stream.
    pub(crate) fn lines(&self) -> Vec<&str> {
        self.streams
            .iter()
            .flat_map(|stream| &stream.entries)
            .map(|entry| entry.line.as_str())
            .collect()
    }
}
