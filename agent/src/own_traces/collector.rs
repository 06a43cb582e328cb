//! Asks a Jaeger collector again and again which traces are to be kept.

use super::sampler::Decider;
use super::strategy;
use std::time::Duration;
use std_components::controller::JaegerRemote;
use std_components::http_client::{HttpClientArguments, Poll, PollArguments};

/// How long an answer may take, as in the reference.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of an answer at the most.
const MAX_ANSWER_BYTES: u64 = 1024 * 1024;

/// Names that are told apart at the most where `max_operations` is 0 or less, as in the reference.
const MAX_OPERATIONS: usize = 2000;

/// Asks until it is aborted. While there is no answer, what held before holds on; why is told once.
pub(super) async fn ask(remote: JaegerRemote, decider: Decider) {
    let most = usize::try_from(remote.max_operations).unwrap_or_default();
    let most = if most == 0 { MAX_OPERATIONS } else { most };
    let separator = if remote.url.contains('?') { '&' } else { '?' };
    let arguments = PollArguments {
        url: format!("{}{separator}service=alloy", remote.url),
        poll_frequency: remote.refresh_interval,
        poll_timeout: TIMEOUT,
        method: "GET".into(),
        headers: Default::default(),
        body: String::new(),
        client: HttpClientArguments::default(),
    };
    let poll = match Poll::new(&arguments, MAX_ANSWER_BYTES) {
        Ok(poll) => poll,
        Err(error) => {
            tracing::error!(%error, "jaeger_remote cannot be asked which traces to keep; sampling_fraction decides");
            return;
        }
    };
    let mut told = None;
    loop {
        let answer = poll.ask().await;
        match answer.and_then(|answer| strategy::parse(&answer)) {
            Ok(strategy) => {
                decider.follow(strategy, most);
                told = None;
            }
            Err(reason) if told.as_ref() == Some(&reason) => {}
            Err(reason) => {
                tracing::warn!(
                    target = poll.target(),
                    "jaeger_remote does not say which traces to keep: {reason}; what held before holds on, and it is asked again"
                );
                told = Some(reason);
            }
        }
        tokio::time::sleep(remote.refresh_interval).await;
    }
}
