//! A source that reads from an API server, as it runs in a test, and what it hands on.

use crate::component::testing::arguments;
use crate::component::{CancellationToken, Component, Context, RunError};
use crate::kubernetes_api::ApiServer;
use crate::signals::{Entry, Fanout, Inlet, LogBatch, LogsReceiver, inlet};
use river_eval::Shared;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// A source that runs.
pub(super) struct Running<C: Component> {
    pub(super) source: Arc<C>,
    pub(super) inlet: Inlet<LogBatch>,
    pub(super) stop: CancellationToken,
    task: JoinHandle<Result<(), RunError>>,
}

impl<C: Component> Running<C> {
    /// A source with this label that asks the API server. `text` is what else its block holds, `complete` sets what a text cannot say.
    pub(super) fn start(
        label: &str,
        api: &ApiServer,
        storage: &Path,
        text: &str,
        complete: impl FnOnce(&mut C::Arguments, Fanout<LogBatch>),
    ) -> Self {
        let (context, _) = Context::for_test(&format!("{}.{label}", C::NAME), storage);
        let (receiver, inlet): (Shared<LogsReceiver>, _) = inlet("loki.echo.out");
        let mut arguments: C::Arguments = arguments(&body(api, text));
        complete(&mut arguments, Fanout::new(vec![receiver]));
        let source = Arc::new(C::new(context, arguments).unwrap());
        let stop = CancellationToken::new();
        let task = tokio::spawn(Component::run(source.clone(), stop.clone()));
        Self {
            source,
            inlet,
            stop,
            task,
        }
    }

    pub(super) async fn batch(&mut self) -> LogBatch {
        let batch = tokio::time::timeout(Duration::from_secs(20), self.inlet.next()).await;
        batch.expect("lines come in time").unwrap()
    }

    /// Takes so many entries for good; what is told of each.
    pub(super) async fn take(&mut self, count: usize, tell: impl Fn(&Entry) -> String) -> Vec<String> {
        let mut told = Vec::new();
        while told.len() < count {
            let batch = self.batch().await;
            told.extend(batch.entries.iter().map(&tell));
            batch.ack.delivered();
        }
        told
    }

    /// Takes so many lines for good.
    pub(super) async fn lines(&mut self, count: usize) -> Vec<String> {
        self.take(count, |entry| entry.line.to_string()).await
    }

    /// Nothing more comes, although there would have been time for it.
    pub(super) async fn is_quiet(&mut self) {
        let more = tokio::time::timeout(Duration::from_millis(300), self.inlet.next()).await;
        if let Ok(Some(batch)) = more {
            panic!("more has come: {:?}", batch.entries);
        }
    }

    pub(super) async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap().unwrap();
    }

    /// The debug information as the API hands it out.
    pub(super) fn info(&self) -> String {
        let info = self.source.debug_info();
        serde_json::to_string(&river_eval::ui_json::UiBody(&info)).unwrap()
    }
}

/// The body of a block of which the client asks the API server.
pub(super) fn body(api: &ApiServer, more: &str) -> String {
    let server = api.url();
    format!("forward_to = []\n client {{\n api_server = {server:?}\n }}\n {more}")
}
