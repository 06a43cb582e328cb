//! What Loki's answers mean: which are worth another try, which need a smaller request, which say that entries will never be taken.
//!
//! Loki takes what it can of a request and refuses the rest with the reason of one of the refused entries; where its text tells how many it ignored,
//! only those count as dropped.

use super::metrics::Reason;
use std::time::Duration;

/// What becomes of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It has been taken.
    Taken,
    /// To be tried again, after this long if the peer has said so. With a reason it is given up after `max_backoff_retries` whoever waits.
    Retry(Option<Duration>, Option<Reason>),
    /// It is too large as a whole: to be sent in parts.
    Split,
    /// It makes no sense to send it again. So many entries were ignored, if that is known.
    Refused(Reason, Option<u64>),
}

/// Texts of refusals of single entries, lower case, with the reason they stand for. Loki's wording has changed little from 1.x to 3.x.
const TEXTS: [(&str, Reason); 22] = [
    ("entry too far behind", Reason::TooFarBehind),
    ("too far behind", Reason::TooFarBehind),
    ("out of order", Reason::OutOfOrder),
    ("timestamp too old", Reason::TooOld),
    ("greater_than_max_sample_age", Reason::TooOld),
    ("timestamp too new", Reason::TooNew),
    ("too far in the future", Reason::TooNew),
    ("max entry size", Reason::LineTooLong),
    ("line too long", Reason::LineTooLong),
    ("label names; limit", Reason::LabelNames),
    ("label name too long", Reason::LabelName),
    ("label value too long", Reason::LabelValue),
    ("duplicate label name", Reason::DuplicateLabels),
    ("at least one label pair is required", Reason::MissingLabels),
    ("missing labels", Reason::MissingLabels),
    ("error parsing labels", Reason::InvalidLabels),
    ("invalid label", Reason::InvalidLabels),
    ("structured metadata", Reason::StructuredMetadata),
    ("active stream limit", Reason::StreamLimit),
    ("maximum number of streams", Reason::StreamLimit),
    ("stream limit exceeded", Reason::StreamLimit),
    ("rate limit", Reason::RateLimited),
];

/// Texts that mean that the request is too large as a whole, lower case. They come with different statuses from Loki and what stands before it.
const TOO_LARGE: [&str; 4] = [
    "request entity too large",
    "message size too large",
    "message larger than max",
    "request body too large",
];

/// Judges an answer.
pub(super) fn judge(status: u16, text: &str, asked: Option<Duration>, retries_429: bool) -> Verdict {
    if (200..300).contains(&status) {
        return Verdict::Taken;
    }
    let lower = text.to_lowercase();
    if status == 413 || TOO_LARGE.iter().any(|text| lower.contains(text)) {
        return Verdict::Split;
    }
    let reason = TEXTS
        .iter()
        .find(|(text, _)| lower.contains(text))
        .map(|(_, reason)| *reason);
    match status {
        429 => match reason {
            // Others of the request were taken, and it may be hours until a stream ends.
            Some(Reason::StreamLimit) if retries_429 => Verdict::Retry(asked, reason),
            Some(Reason::StreamLimit) => Verdict::Refused(Reason::StreamLimit, ignored(text)),
            _ if retries_429 => Verdict::Retry(asked, None),
            _ => Verdict::Refused(Reason::RateLimited, ignored(text)),
        },
        // Not what is sent is wrong here but how: with the right password or URL it will be taken.
        401 | 403 | 404 | 405 | 407 | 408 | 425 if reason.is_none() => Verdict::Retry(asked, None),
        400..500 => Verdict::Refused(reason.unwrap_or(Reason::IngesterError), ignored(text)),
        _ => Verdict::Retry(asked, None),
    }
}

/// How many entries Loki says that it has ignored: it writes `total ignored: 3 out of 100` for each stream.
fn ignored(text: &str) -> Option<u64> {
    let mut sum = None;
    for part in text.split("total ignored: ").skip(1) {
        let digits = part.split(|character: char| !character.is_ascii_digit()).next()?;
        let number: u64 = digits.parse().ok()?;
        sum = Some(sum.unwrap_or(0) + number);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(status: u16, text: &str) -> Option<Reason> {
        match judge(status, text, None, true) {
            Verdict::Refused(reason, _) => Some(reason),
            _ => None,
        }
    }

    #[test]
    fn refusals_are_told_apart() {
        let told = [
            (
                "entry with timestamp 2023-11-14 22:13:20 +0000 UTC ignored, reason: 'entry too far behind, entry timestamp is: 2023-11-14T22:13:20Z, oldest acceptable timestamp is: 2023-11-15T00:00:00Z',",
                Reason::TooFarBehind,
            ),
            (
                "entry with timestamp 2023-11-14 22:13:20 +0000 UTC ignored, reason: 'entry out of order' for stream: {app=\"a\"}",
                Reason::OutOfOrder,
            ),
            (
                "entry for stream '{app=\"a\"}' has timestamp too old: 2010-01-01T00:00:00Z, oldest acceptable timestamp is: 2023-01-01T00:00:00Z",
                Reason::TooOld,
            ),
            (
                "entry for stream '{app=\"a\"}' has timestamp too new: 2099-01-01T00:00:00Z",
                Reason::TooNew,
            ),
            (
                "Max entry size '262144' bytes exceeded for stream '{app=\"a\"}' while adding an entry with length '300000' bytes",
                Reason::LineTooLong,
            ),
            (
                "entry for stream '{}' has 16 label names; limit 15",
                Reason::LabelNames,
            ),
            ("stream '{}' has label name too long: 'x'", Reason::LabelName),
            ("stream '{}' has label value too long: 'x'", Reason::LabelValue),
            (
                "stream '{}' has duplicate label name: 'a'",
                Reason::DuplicateLabels,
            ),
            (
                "error at least one label pair is required per stream",
                Reason::MissingLabels,
            ),
            (
                "error parsing labels {a=} with error: 1:4: parse error",
                Reason::InvalidLabels,
            ),
            ("something else", Reason::IngesterError),
        ];
        for (text, expected) in told {
            assert_eq!(reason(400, text), Some(expected), "{text}");
        }
    }

    #[test]
    fn limits_are_waited_for_and_requests_that_are_too_large_split() {
        let second = Some(Duration::from_secs(1));
        let text = "Ingestion rate limit exceeded for user fake (limit: 4194304 bytes/sec)";
        assert_eq!(judge(429, text, second, true), Verdict::Retry(second, None));
        assert_eq!(
            judge(429, text, None, false),
            Verdict::Refused(Reason::RateLimited, None)
        );
        let text =
            "Maximum active stream limit exceeded when trying to create stream {a=\"b\"}, user: 'fake'";
        assert_eq!(
            judge(429, text, None, true),
            Verdict::Retry(None, Some(Reason::StreamLimit))
        );
        assert_eq!(judge(413, "", None, true), Verdict::Split);
        let text =
            "rpc error: code = ResourceExhausted desc = grpc: received message larger than max (5 vs. 4)";
        assert_eq!(judge(500, text, None, true), Verdict::Split);
        assert_eq!(judge(503, "", None, true), Verdict::Retry(None, None));
        assert_eq!(
            judge(401, "no credentials", None, true),
            Verdict::Retry(None, None)
        );
    }

    #[test]
    fn only_what_was_ignored_counts() {
        let text = "entry with timestamp 1 ignored, reason: 'entry too far behind',\nuser 'fake', total ignored: 3 out of 100 for stream: {a=\"b\"}\nuser 'fake', total ignored: 2 out of 2 for stream: {a=\"c\"}";
        assert_eq!(
            judge(400, text, None, true),
            Verdict::Refused(Reason::TooFarBehind, Some(5))
        );
    }
}
