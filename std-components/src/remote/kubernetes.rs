//! `remote.kubernetes.secret` and `remote.kubernetes.configmap`: what an object of the cluster holds, asked for every `poll_frequency`.
//!
//! The API server is asked before the component is built, so that what refers to a key never sees it missing: a load waits for the answer, and is
//! refused where there is none, as in the reference. From then on the last good answer stays.

use super::polling::{self, Polling};
use crate::component::{BuildError, CancellationToken, Component, Context, RunError};
use crate::kubernetes::{Access, ApiError, ClientArguments, Cluster, InCluster};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use river_eval::{Checks, OptionalSecret};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

/// The arguments of `remote.kubernetes.secret` and `remote.kubernetes.configmap`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check)]
pub(super) struct Arguments {
    /// The namespace that the object is in.
    namespace: String,
    /// The name of the object.
    name: String,
    /// How often to ask for it.
    #[river(default = Duration::from_secs(60))]
    poll_frequency: Duration,
    /// How long an answer may take.
    #[river(default = Duration::from_secs(15))]
    poll_timeout: Duration,
    /// How the API server is reached; left out, the service account of the pod is used.
    #[river(block, default)]
    client: ClientArguments,
}

fn check(arguments: &Arguments, checks: &mut Checks<'_, '_>) {
    for (attribute, text) in [("namespace", &arguments.namespace), ("name", &arguments.name)] {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':');
        if text.is_empty() || !text.chars().all(fits) {
            checks
                .attribute(
                    attribute,
                    format!("{text:?} cannot be the {attribute} of an object"),
                )
                .help = Some("such names have letters, digits, \"-\" and \".\" only".into());
        }
    }
    if arguments.poll_frequency.is_zero() {
        checks.attribute("poll_frequency", "poll_frequency must be greater than 0");
    }
    if arguments.poll_timeout.is_zero() {
        checks.attribute("poll_timeout", "poll_timeout must be greater than 0");
    }
}

/// The exports of `remote.kubernetes.secret` and `remote.kubernetes.configmap`.
#[derive(Clone, Debug, river_eval::Exports)]
pub(super) struct Exports {
    /// What the object holds, by key.
    data: Data,
}

type Data = BTreeMap<String, OptionalSecret>;

/// An object as it was read.
#[derive(Clone)]
struct Answer {
    data: Data,
    /// Keys whose values cannot be exported, and why.
    left_out: Vec<String>,
}

/// A kind of object.
pub(super) trait Kind: Send + Sync + 'static {
    /// The component's name.
    const NAME: &'static str;
    /// The kind in messages.
    const WORD: &'static str;
    /// The kind in the API's paths.
    const PLURAL: &'static str;
    /// A value as it is exported.
    ///
    /// # Errors
    /// What is wrong with it, without quoting it.
    fn value(text: String) -> Result<OptionalSecret, &'static str>;
}

/// Secrets.
pub(super) struct Secret;

impl Kind for Secret {
    const NAME: &'static str = "remote.kubernetes.secret";
    const WORD: &'static str = "secret";
    const PLURAL: &'static str = "secrets";

    fn value(text: String) -> Result<OptionalSecret, &'static str> {
        let bytes = STANDARD.decode(text).map_err(|_| "is not base64")?;
        let text = String::from_utf8(bytes).map_err(|_| "is not UTF-8 text, which is what a value can be")?;
        Ok(OptionalSecret::secret(text))
    }
}

/// Config maps.
pub(super) struct ConfigMap;

impl Kind for ConfigMap {
    const NAME: &'static str = "remote.kubernetes.configmap";
    const WORD: &'static str = "configmap";
    const PLURAL: &'static str = "configmaps";

    fn value(text: String) -> Result<OptionalSecret, &'static str> {
        Ok(OptionalSecret::plain(text))
    }
}

/// What is asked, and how.
struct Question<K> {
    arguments: Arguments,
    cluster: Cluster,
    kind: PhantomData<fn(K)>,
}

impl<K: Kind> Question<K> {
    fn new(arguments: Arguments, pod: &InCluster) -> Result<Self, BuildError> {
        let cluster = arguments.client.cluster(pod).map_err(|mut error| {
            // It is about the block.
            error.attribute = None;
            error
        })?;
        Ok(Self {
            arguments,
            cluster,
            kind: PhantomData,
        })
    }

    fn target(&self) -> String {
        let Arguments { namespace, name, .. } = &self.arguments;
        format!("{} {namespace}/{name} of {}", K::WORD, self.cluster.server())
    }

    async fn answer(&self) -> Result<Answer, String> {
        #[derive(Deserialize)]
        struct Held {
            #[serde(default)]
            data: Option<BTreeMap<String, String>>,
        }
        let Arguments { namespace, name, .. } = &self.arguments;
        let path = format!("/api/v1/namespaces/{namespace}/{}/{name}", K::PLURAL);
        let request = http::Request::get(path)
            .body(Vec::new())
            .map_err(|error| format!("{}: {error}", self.target()))?;
        // As text: what the client itself cannot parse it writes into the log.
        let answer = self.cluster.client().request_text(request).await;
        let answer = answer.map_err(|error| {
            let access = Access::get("", K::PLURAL, Some(namespace));
            ApiError::new(&self.cluster.server(), &access, &error).to_string()
        })?;
        let held: Held = serde_json::from_str(&answer)
            .map_err(|_| format!("{} came in a form that is not understood", self.target()))?;
        let mut answer = Answer {
            data: Data::new(),
            left_out: Vec::new(),
        };
        for (key, text) in held.data.unwrap_or_default() {
            match K::value(text) {
                Ok(value) => {
                    answer.data.insert(key, value);
                }
                Err(reason) => answer.left_out.push(format!("the value of key {key:?} {reason}")),
            }
        }
        Ok(answer)
    }
}

impl<K: Kind> polling::Question for Question<K> {
    type Answer = Answer;
    const STAYS: &'static str = "the last data stay in use";

    fn frequency(&self) -> Duration {
        self.arguments.poll_frequency
    }

    async fn ask(&self) -> Result<Answer, String> {
        let timeout = self.arguments.poll_timeout;
        match tokio::time::timeout(timeout, self.answer()).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("no answer for {} within {timeout:?}", self.target())),
        }
    }
}

/// `remote.kubernetes.secret` or `remote.kubernetes.configmap`.
pub(super) struct Remote<K> {
    context: Context<Exports>,
    polling: Polling<Question<K>>,
    /// What was left out last, to say it once.
    left_out: Mutex<Vec<String>>,
}

impl<K: Kind> Remote<K> {
    fn build(context: Context<Exports>, arguments: Arguments, pod: &InCluster) -> Result<Self, BuildError> {
        let question = Arc::new(Question::<K>::new(arguments, pod)?);
        let asked = question.clone();
        let fetches = context.services.fetches.clone();
        let answer = fetches.get(&context.id.to_string(), &question.arguments, || async move {
            polling::Question::ask(&*asked).await
        });
        match answer {
            Some(Ok(answer)) => {
                let remote = Self {
                    context,
                    polling: Polling::new(question),
                    left_out: Mutex::default(),
                };
                remote.export(answer);
                Ok(remote)
            }
            Some(Err(reason)) => Err(BuildError::new(format!("polling failed: {reason}"))),
            None => Err(BuildError::new(format!(
                "{} has not been asked for yet; a check asks no peers",
                question.target()
            ))),
        }
    }

    fn export(&self, answer: Answer) {
        let mut told = self.left_out.lock();
        if *told != answer.left_out {
            for reason in &answer.left_out {
                tracing::warn!(component_id = %self.context.id, "{reason}; it is left out");
            }
            *told = answer.left_out;
        }
        drop(told);
        self.context.export(&Exports { data: answer.data });
        self.context.health.healthy(format!("got {}", K::WORD));
    }
}

impl<K: Kind> Component for Remote<K> {
    const NAME: &'static str = K::NAME;
    type Arguments = Arguments;
    type Exports = Exports;

    fn new(context: Context<Exports>, arguments: Arguments) -> Result<Self, BuildError> {
        Self::build(context, arguments, &InCluster::from_environment())
    }

    fn update(&self, arguments: Arguments) -> Result<(), BuildError> {
        self.polling
            .update(Question::new(arguments, &InCluster::from_environment())?);
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        let export = |_: &Question<K>, answer: Answer| self.export(answer);
        self.polling.run(&self.context, stop, export).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::testing::{arguments, mistakes};
    use crate::component::{ExportSink, HealthState};
    use crate::kubernetes_api::ApiServer;
    use river_eval::Value;
    use serde_json::json;
    use std::path::Path;

    /// As a load does it: what is wanted is fetched, and it is tried again.
    async fn built<K: Kind>(body: &str) -> Result<(Arc<Remote<K>>, Arc<ExportSink>), BuildError> {
        let (context, exports) = Context::for_test("remote.kubernetes.x.y", Path::new("/nonexistent"));
        let first = Remote::<K>::new(context.clone(), arguments(body));
        assert!(first.is_err(), "nobody has been asked");
        assert!(context.services.fetches.fetch().await);
        Remote::new(context, arguments(body)).map(|remote| (Arc::new(remote), exports))
    }

    fn body(api: &ApiServer, name: &str) -> String {
        format!(
            "namespace = \"shop\"\nname = {name:?}\npoll_frequency = \"20ms\"\nclient {{\n api_server = {:?}\n}}",
            api.url()
        )
    }

    fn data(exports: &ExportSink) -> Vec<(String, String)> {
        let Value::Object(fields) = exports.get() else {
            panic!("no exports")
        };
        let Value::Object(data) = &fields["data"] else {
            panic!("{fields:?}")
        };
        let each = |(key, value): (&river_eval::Str, &Value)| match value {
            Value::OptionalSecret(text) => (key.to_string(), format!("{text:?} {}", text.reveal())),
            other => panic!("{other:?}"),
        };
        data.iter().map(each).collect()
    }

    #[tokio::test]
    async fn a_secret_is_there_from_the_start_and_followed() {
        let api = ApiServer::start().await;
        let secret = |password: &str| {
            json!({
                "metadata": {"namespace": "shop", "name": "db"},
                "data": {"user": STANDARD.encode("me"), "password": STANDARD.encode(password), "binary": STANDARD.encode([0xff, 0xfe])}
            })
        };
        api.apply("secrets", secret("one"));
        let (remote, exports) = built::<Secret>(&body(&api, "db")).await.unwrap();
        let expected = [("password", "(secret) one"), ("user", "(secret) me")];
        assert_eq!(
            data(&exports),
            expected.map(|(key, value)| (key.into(), value.into()))
        );
        assert_eq!(remote.context.health.get().message, "got secret");
        let changed = Arc::new(tokio::sync::Notify::new());
        let wake = changed.clone();
        exports.on_change(Arc::new(move || wake.notify_one()));
        let stop = CancellationToken::new();
        let run = tokio::spawn(remote.clone().run(stop.clone()));
        api.apply("secrets", secret("two"));
        changed.notified().await;
        assert!(data(&exports).contains(&("password".into(), "(secret) two".into())));
        api.deny("get", "secrets");
        while remote.context.health.get().state != HealthState::Unhealthy {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let message = remote.context.health.get().message.replace(&api.url(), "API");
        insta::assert_snapshot!(message, @r#"polling failed: API does not permit to get secrets in namespace shop (403 secrets "db" is forbidden: User "system:serviceaccount:monitoring:alloy" cannot get resource "secrets" in API group "" in the namespace "shop"); grant it with this rule in a Role in namespace shop (or a ClusterRole): - {apiGroups: [""], resources: ["secrets"], verbs: ["get"]}; the last data stay in use, and it is tried again"#);
        assert_eq!(data(&exports).len(), 2, "the last data stay");
        stop.cancel();
        run.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_config_map_is_plain() {
        let api = ApiServer::start().await;
        let map = json!({"metadata": {"namespace": "shop", "name": "c"}, "data": {"a": "1"}, "binaryData": {"b": "AA=="}});
        api.apply("configmaps", map);
        let (_, exports) = built::<ConfigMap>(&body(&api, "c")).await.unwrap();
        assert_eq!(data(&exports), [("a".into(), "\"1\" 1".into())]);
        let refused = built::<ConfigMap>(&body(&api, "none")).await.err().unwrap();
        insta::assert_snapshot!(refused.message.replace(&api.url(), "API"), @r#"polling failed: API: not found, asked to get configmaps in namespace shop (404 configmaps "none" not found)"#);
    }

    #[test]
    fn what_cannot_be_asked_for_is_told() {
        let outer = "namespace = \"../x\"\nname = \"\"\npoll_frequency = \"0s\"\npoll_timeout = \"0s\"";
        insta::assert_snapshot!(mistakes::<Arguments>(outer), @r#"
        "../x" cannot be the namespace of an object (such names have letters, digits, "-" and "." only)
        "" cannot be the name of an object (such names have letters, digits, "-" and "." only)
        poll_frequency must be greater than 0
        poll_timeout must be greater than 0
        "#);
        let all =
            mistakes::<Arguments>("namespace = \"a\"\nname = \"b\"\nclient {\n bearer_token = \"x\"\n}");
        insta::assert_snapshot!(all, @"api_server must be set when custom HTTP client configuration is provided (without api_server and kubeconfig_file the service account of the pod is used, which needs no other arguments)");
        let (context, _) = Context::for_test("remote.kubernetes.secret.x", Path::new("/nonexistent"));
        let nowhere = InCluster {
            host: None,
            port: None,
            folder: "/nonexistent".into(),
        };
        let refused =
            Remote::<Secret>::build(context, arguments("namespace = \"a\"\nname = \"b\""), &nowhere);
        assert!(refused.err().unwrap().message.contains("KUBERNETES_SERVICE_HOST"));
    }
}
