//! A source of log entries, built as the controller builds it, that sends into a test.

use river_eval::{IntoValue, Object, Shared, Str, Value};
use river_syntax::{FileId, parse_file};
use std::sync::Arc;
use std::time::Duration;
use std_components::component::{
    AnyComponent, CancellationToken, ComponentId, ExportSink, HealthCell, RunError, Services,
};
use std_components::signals::{Batch, Entry, Inlet, LogBatch, LogsReceiver, inlet};

/// How long anything that has to happen may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A running source.
pub(crate) struct Source {
    id: String,
    services: Services,
    component: Arc<dyn AnyComponent>,
    inlet: Inlet<LogBatch>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<Result<(), RunError>>,
}

/// Rules that keep every internal label of a source, without its underscores.
fn rules() -> Value {
    let text = "forward_to = []\n rule {\n action = \"labelmap\"\n regex = \"__(journal_.+|syslog_.+)\"\n}";
    let parse = parse_file(FileId(0), text);
    let (body, _) = river_eval::lower::file(&parse);
    let relabel = std_components::components()
        .find(|one| one.name == "loki.relabel")
        .unwrap();
    let exports = Arc::new(ExportSink::default());
    let built = (relabel.build)(
        ComponentId::root("loki.relabel.all"),
        Services::default(),
        HealthCell::default(),
        exports.clone(),
        &river_eval::evaluate_body(&body, &Object::new()).unwrap(),
        river_eval::eval::Stability::Experimental,
    );
    assert!(built.is_ok());
    let Value::Object(fields) = exports.get() else {
        panic!("no exports")
    };
    fields.get("rules").unwrap().clone()
}

fn body(text: &str, receiver: &Shared<LogsReceiver>) -> river_eval::BodyValue {
    let text = format!("forward_to = [out]\n{text}");
    let parse = parse_file(FileId(0), text);
    assert!(parse.errors.is_empty(), "{:?}", parse.errors);
    let (body, mistakes) = river_eval::lower::file(&parse);
    assert!(mistakes.is_empty(), "{mistakes:?}");
    let mut scope = Object::new();
    scope.insert(Str::from("out"), receiver.clone().into_value());
    scope.insert(Str::from("rules"), rules());
    river_eval::evaluate_body(&body, &scope).unwrap()
}

impl Source {
    /// Starts one.
    pub(crate) fn start(name: &str, storage: &std::path::Path, text: &str) -> Self {
        let (receiver, inlet): (Shared<LogsReceiver>, _) = inlet("loki.echo.out");
        let registration = std_components::components().find(|one| one.name == name).unwrap();
        let services = Services {
            storage: storage.into(),
            ..Services::default()
        };
        let component = (registration.build)(
            ComponentId::root(format!("{name}.in")),
            services.clone(),
            HealthCell::default(),
            Arc::new(ExportSink::default()),
            &body(text, &receiver),
            river_eval::eval::Stability::Experimental,
        );
        let Ok(component) = component else {
            panic!("it cannot be built")
        };
        let stop = CancellationToken::new();
        Self {
            id: format!("{name}.in"),
            services,
            task: tokio::spawn(component.clone().run(stop.clone())),
            component,
            inlet,
            stop,
        }
    }

    /// What the debug information says of an attribute.
    pub(crate) fn debug(&self, attribute: &str) -> Option<Value> {
        let info = self.component.debug_info();
        let found = info.attributes.into_iter().find(|one| &*one.name == attribute);
        found.map(|one| one.value)
    }

    /// The next entries, taken for good.
    pub(crate) async fn entries(&mut self, count: usize) -> Vec<Entry> {
        let mut entries = Vec::new();
        while entries.len() < count {
            let batch = tokio::time::timeout(PATIENCE, self.inlet.next()).await;
            let batch =
                batch.unwrap_or_else(|_| panic!("{} of {count} entries in time: {entries:?}", entries.len()));
            self.account();
            let mut batch = batch.unwrap();
            entries.append(&mut batch.entries);
            batch.delivered();
        }
        entries
    }

    /// The next entries' lines.
    pub(crate) async fn lines(&mut self, count: usize) -> Vec<String> {
        let entries = self.entries(count).await;
        entries.iter().map(|entry| entry.line.to_string()).collect()
    }

    /// What the metrics say of lines, of which seen = delivered + queued + dropped at any time.
    pub(crate) fn account(&self) -> [u64; 4] {
        let mut text = String::new();
        self.services.metrics.render_component(&self.id, "/", &mut text);
        let sum = |part: &str| -> u64 {
            let lines = text
                .lines()
                .filter(|line| !line.starts_with('#') && line.contains(part));
            lines
                .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
                .sum()
        };
        let parts = [
            "_ledger_seen_",
            "_ledger_delivered_",
            "_ledger_queued_",
            "_ledger_dropped_",
        ]
        .map(sum);
        assert!(
            parts[0] > 0 && parts[0] == parts[1] + parts[2] + parts[3],
            "{text}"
        );
        parts
    }

    /// The next batch, which the test has to let go.
    pub(crate) async fn batch(&mut self) -> LogBatch {
        tokio::time::timeout(PATIENCE, self.inlet.next())
            .await
            .unwrap()
            .unwrap()
    }

    /// Nothing comes for a while.
    pub(crate) async fn is_silent(&mut self) {
        let more = tokio::time::timeout(Duration::from_millis(600), self.inlet.next()).await;
        assert!(more.is_err(), "{more:?}");
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        tokio::time::timeout(PATIENCE, self.task)
            .await
            .unwrap()
            .unwrap()
            .unwrap();
    }

    /// Ends it as the death of the process does.
    pub(crate) fn kill(self) {
        self.task.abort();
    }
}
