//! `prometheus.exporter.self`: this process's own metrics, those of `/metrics`.

use super::Exports;
use crate::component::{BuildError, CancellationToken, Component, Context, MetricsHub, Page, RunError};
use std::sync::Arc;

/// `prometheus.exporter.self` takes nothing.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(crate) struct Arguments {}

struct OwnPage(MetricsHub);

impl Page for OwnPage {
    fn render(&self, _: &str, out: &mut String) -> Result<(), String> {
        self.0.render(out).map_err(|error| error.to_string())
    }
}

/// `prometheus.exporter.self`.
pub(crate) struct SelfExporter {
    context: Context<Exports>,
    page: Arc<OwnPage>,
}

impl Component for SelfExporter {
    const NAME: &'static str = "prometheus.exporter.self";
    type Arguments = Arguments;
    type Exports = Exports;

    fn new(context: Context<Exports>, _: Arguments) -> Result<Self, BuildError> {
        context.export(&Exports::of_page(&context.id, "self"));
        Ok(Self {
            page: Arc::new(OwnPage(context.services.metrics.clone())),
            context,
        })
    }

    fn update(&self, _: Arguments) -> Result<(), BuildError> {
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        self.context.health.healthy("started component");
        stop.cancelled().await;
        Ok(())
    }

    fn page(&self) -> Option<Arc<dyn Page>> {
        Some(self.page.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_holds_what_components_register() {
        let folder = tempfile::tempdir().unwrap();
        let (context, _) = Context::for_test("prometheus.exporter.self.here", folder.path());
        let lines = context.metrics.counter("lines_total", "Lines.");
        lines.inc_by(3);
        let exporter = SelfExporter::new(context, Arguments {}).unwrap();
        let mut page = String::new();
        exporter.page().unwrap().render("", &mut page).unwrap();
        let line = r#"lines_total{component_id="prometheus.exporter.self.here",component_path="/"} 3"#;
        assert!(page.lines().any(|found| found == line), "{page}");
    }
}
