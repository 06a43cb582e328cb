//! `prometheus.echo`: prints the samples that it is sent, for people to look at.

mod print;

use crate::component::{BuildError, CancellationToken, Component, Context, RunError};
use crate::signals::{Batch, Inlet, MetricBatch, MetricsReceiver, inlet};
use parking_lot::Mutex;
use print::{Format, Printer};
use river_eval::Shared;
use std::io::Write;
use std::sync::Arc;

/// The arguments of `prometheus.echo`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(super) struct Arguments {
    /// `text` for the Prometheus text format, `openmetrics` for OpenMetrics.
    #[river(default = "text".to_owned())]
    format: String,
}

/// The reference prints as text whatever it does not know, and so the configuration is not refused.
fn warn(id: &str, arguments: &Arguments) {
    if Format::of(&arguments.format).is_none() {
        let format = &arguments.format;
        tracing::warn!(
            component_id = id,
            format,
            "unknown format, using text; write \"text\" or \"openmetrics\""
        );
    }
}

/// The exports of `prometheus.echo`.
#[derive(Clone, Debug, river_eval::Exports)]
pub(super) struct Exports {
    /// Takes the samples.
    receiver: Shared<MetricsReceiver>,
}

type Output = Box<dyn Write + Send>;

/// `prometheus.echo`.
pub(super) struct Echo {
    context: Context<Exports>,
    arguments: Mutex<Arguments>,
    inlet: tokio::sync::Mutex<Inlet<MetricBatch>>,
    /// Makes what is printed to: standard output.
    output: fn() -> Output,
}

impl Component for Echo {
    const NAME: &'static str = "prometheus.echo";
    type Arguments = Arguments;
    type Exports = Exports;

    fn new(context: Context<Exports>, arguments: Arguments) -> Result<Self, BuildError> {
        let id = context.id.to_string();
        warn(&id, &arguments);
        let (receiver, inlet) = inlet(&id);
        context.export(&Exports { receiver });
        Ok(Self {
            context,
            arguments: Mutex::new(arguments),
            inlet: tokio::sync::Mutex::new(inlet),
            output: || Box::new(std::io::stdout()),
        })
    }

    fn update(&self, arguments: Arguments) -> Result<(), BuildError> {
        warn(&self.context.id.to_string(), &arguments);
        *self.arguments.lock() = arguments;
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        let mut inlet = self.inlet.lock().await;
        self.context.health.healthy("printing samples");
        let mut printer = Printer::default();
        loop {
            let batch = tokio::select! {
                biased;
                batch = inlet.next() => batch,
                () = stop.cancelled() => None,
            };
            let Some(batch) = batch else { break };
            printer = self.print(printer, batch).await?;
        }
        while let Some(batch) = inlet.try_next() {
            printer = self.print(printer, batch).await?;
        }
        Ok(())
    }
}

impl Echo {
    /// Prints a batch off the reactor: a terminal or a pipe may make it wait, and then its source waits too.
    async fn print(&self, mut printer: Printer, batch: MetricBatch) -> Result<Printer, RunError> {
        let format = Format::of(&self.arguments.lock().format).unwrap_or_default();
        let id = self.context.id.to_string();
        let output = self.output;
        let printed = tokio::task::spawn_blocking(move || {
            let text = printer.page(&id, &batch, format);
            let mut output = output();
            let written = output.write_all(text.as_bytes()).and_then(|()| output.flush());
            (printer, batch, written)
        })
        .await;
        let (printer, batch, written) =
            printed.map_err(|error| RunError(format!("printing broke off: {error}")))?;
        match written {
            Ok(()) => self.context.health.healthy("printing samples"),
            // Nobody reads any more: the samples have been shown to all that there are.
            Err(error) => self.context.health.unhealthy(format!(
                "standard output cannot be written: {error}; run the agent with its output open"
            )),
        }
        batch.delivered();
        Ok(printer)
    }
}
