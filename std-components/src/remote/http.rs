//! `remote.http`: the text that a server holds, asked for every `poll_frequency`.
//!
//! Like an import it is asked before it is built, so that what refers to it never sees an empty value: a load waits for the answer, and is
//! refused where there is none, as in the reference. From then on the last good answer stays.

use super::polling::{self, Polling};
use crate::component::{BuildError, CancellationToken, Component, Context, RunError};
use crate::http_client::{Poll, PollArguments};
use river_eval::OptionalSecret;
use std::sync::Arc;
use std::time::Duration;

/// Bytes of an answer at the most: what is exported is copied into every expression that uses it.
const MAX_ANSWER_BYTES: u64 = 16 * 1024 * 1024;

/// The arguments of `remote.http`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(super) struct Arguments {
    #[river(squash)]
    poll: PollArguments,
    /// Whether the content is a secret, which is shown nowhere.
    #[river(default = false)]
    is_secret: bool,
}

/// The exports of `remote.http`.
#[derive(Clone, Debug, river_eval::Exports)]
pub(super) struct Exports {
    /// The content, without the white space around it.
    content: OptionalSecret,
}

/// What is asked, and how.
struct Question {
    poll: Poll,
    frequency: Duration,
    is_secret: bool,
}

impl Question {
    fn new(arguments: &Arguments) -> Result<Self, BuildError> {
        Ok(Self {
            poll: Poll::new(&arguments.poll, MAX_ANSWER_BYTES)?,
            frequency: arguments.poll.poll_frequency,
            is_secret: arguments.is_secret,
        })
    }
}

impl polling::Question for Question {
    type Answer = String;
    const STAYS: &'static str = "the last content stays in use";

    fn frequency(&self) -> Duration {
        self.frequency
    }

    async fn ask(&self) -> Result<String, String> {
        let answer = self.poll.ask().await;
        answer.map_err(|reason| format!("{}: {reason}", self.poll.target()))
    }
}

/// `remote.http`.
pub(super) struct RemoteHttp {
    context: Context<Exports>,
    polling: Polling<Question>,
}

impl Component for RemoteHttp {
    const NAME: &'static str = "remote.http";
    type Arguments = Arguments;
    type Exports = Exports;

    fn new(context: Context<Exports>, arguments: Arguments) -> Result<Self, BuildError> {
        let question = Arc::new(Question::new(&arguments)?);
        let poll = question.poll.clone();
        let fetches = context.services.fetches.clone();
        let asked = fetches.get(
            &context.id.to_string(),
            &arguments,
            || async move { poll.ask().await },
        );
        let target = question.poll.target();
        match asked {
            Some(Ok(text)) => {
                let remote = Self {
                    context,
                    polling: Polling::new(question.clone()),
                };
                remote.export(&question, &text);
                Ok(remote)
            }
            Some(Err(reason)) => Err(BuildError::at(
                "url",
                format!(
                    "polling {target} failed: {reason}; check the URL, the authentication and that the server runs"
                ),
            )),
            None => Err(BuildError::at(
                "url",
                format!("{target} has not been asked yet; a check asks no peers"),
            )),
        }
    }

    fn update(&self, arguments: Arguments) -> Result<(), BuildError> {
        self.polling.update(Question::new(&arguments)?);
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        let export = |question: &Question, text: String| self.export(question, &text);
        self.polling.run(&self.context, stop, export).await
    }
}

impl RemoteHttp {
    fn export(&self, question: &Question, text: &str) {
        let text = text.trim();
        let content = if question.is_secret {
            OptionalSecret::secret(text)
        } else {
            OptionalSecret::plain(text)
        };
        self.context.export(&Exports { content });
        self.context.health.healthy("polled endpoint");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::{ExportSink, HealthState, testing};
    use crate::http_client::testing::{Peer, Reply};
    use river_eval::Value;
    use std::path::Path;

    fn content(exports: &ExportSink) -> OptionalSecret {
        match exports.get() {
            Value::Object(fields) => match fields.get("content") {
                Some(Value::OptionalSecret(content)) => content.clone(),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }

    /// As a load does it: what is wanted is fetched, and it is tried again.
    async fn built(body: &str) -> Result<(Arc<RemoteHttp>, Arc<ExportSink>), BuildError> {
        let (context, exports) = Context::for_test("remote.http.x", Path::new("/nonexistent"));
        let first = RemoteHttp::new(context.clone(), testing::arguments(body));
        assert!(first.is_err(), "nobody has been asked");
        assert!(context.services.fetches.fetch().await);
        RemoteHttp::new(context, testing::arguments(body)).map(|remote| (Arc::new(remote), exports))
    }

    #[tokio::test]
    async fn the_content_is_there_from_the_start_follows_the_server_and_outlives_it() {
        let peer = Peer::start([Reply::Status(200, " one\n")], Reply::Status(200, "two")).await;
        let body = format!(
            r#"
            url            = "{}"
            method         = "POST"
            body           = "tell me"
            headers        = {{"X-Kind" = "test"}}
            poll_frequency = "2s"
            poll_timeout   = "1900ms"
            is_secret      = true
            client {{
                basic_auth {{
                    username = "me"
                    password = "pass"
                }}
            }}"#,
            peer.url("/value")
        );
        let (remote, exports) = built(&body).await.unwrap();
        assert_eq!(&**content(&exports).reveal(), "one");
        assert_eq!(format!("{:?}", content(&exports)), "(secret)");
        let seen = peer.requests(1).await.remove(0);
        assert_eq!((&*seen.body, seen.header("x-kind")), (&b"tell me"[..], "test"));
        assert!(seen.header("authorization").starts_with("Basic "));

        let changed = Arc::new(tokio::sync::Notify::new());
        let wake = changed.clone();
        exports.on_change(Arc::new(move || wake.notify_one()));
        let stop = CancellationToken::new();
        let run = tokio::spawn(remote.clone().run(stop.clone()));
        changed.notified().await;
        assert_eq!(&**content(&exports).reveal(), "two");
        peer.otherwise(Reply::Status(503, "not now"));
        while remote.context.health.get().state != HealthState::Unhealthy {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let message = remote.context.health.get().message;
        assert!(message.starts_with("polling failed: http://"), "{message}");
        assert!(message.contains("503"), "{message}");
        assert_eq!(
            &**content(&exports).reveal(),
            "two",
            "the last good content stays"
        );
        // It is asked again well before the next poll is due, and other arguments ask at once.
        peer.otherwise(Reply::Status(200, "three"));
        Component::update(&*remote, testing::arguments(&body.replace("\"2s\"", "\"1h\""))).unwrap();
        changed.notified().await;
        assert_eq!(&**content(&exports).reveal(), "three");
        stop.cancel();
        run.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn without_an_answer_it_is_refused_and_the_reason_holds_no_secret() {
        let peer = Peer::start([], Reply::Status(404, "gone")).await;
        let url = peer.url("/value").replace("http://", "http://me:geheim@");
        let refused = built(&format!("url = \"{url}\"")).await.err().unwrap();
        assert_eq!(refused.attribute, Some("url"));
        assert!(refused.message.contains("404 Not Found"), "{refused}");
        assert!(!refused.message.contains("geheim"), "{refused}");
    }

    #[test]
    fn what_cannot_be_polled_is_told() {
        let mistakes = testing::mistakes::<Arguments>(
            "url = \"http://x\"\npoll_frequency = \"1s\"\npoll_timeout = \"1s\"\nmethod = \"no method\"",
        );
        insta::assert_snapshot!(mistakes, @r#"
        poll_timeout must be less than poll_frequency
        "no method" is no HTTP method
        "#);
    }
}
