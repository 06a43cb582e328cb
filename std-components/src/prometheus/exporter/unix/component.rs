//! `prometheus.exporter.unix`: the component around the [`Exporter`].

use super::container::advice;
use super::{Exporter, UnixArguments};
use crate::component::{BuildError, CancellationToken, Component, Context, Page, RunError};
use crate::prometheus::exporter::Exports;
use parking_lot::Mutex;
use std::path::Path;
use std::sync::Arc;

/// A page is made by one scrape at a time: the collectors keep their buffers, and two at once would cost twice and tell the same.
struct UnixPage(Mutex<Exporter>);

impl Page for UnixPage {
    fn render(&self, _: &str, out: &mut String) -> Result<(), String> {
        self.0.lock().scrape(out);
        Ok(())
    }
}

/// `prometheus.exporter.unix`.
pub(crate) struct UnixExporter {
    context: Context<Exports>,
    page: Arc<UnixPage>,
    arguments: Mutex<UnixArguments>,
}

impl Component for UnixExporter {
    const NAME: &'static str = "prometheus.exporter.unix";
    type Arguments = UnixArguments;
    type Exports = Exports;

    fn new(context: Context<Exports>, arguments: UnixArguments) -> Result<Self, BuildError> {
        let exporter = Exporter::new(&context.id.to_string(), &arguments)?;
        context.export(&Exports::of_page(&context.id, "unix"));
        Ok(Self {
            context,
            page: Arc::new(UnixPage(Mutex::new(exporter))),
            arguments: Mutex::new(arguments),
        })
    }

    fn update(&self, arguments: UnixArguments) -> Result<(), BuildError> {
        let mut current = self.arguments.lock();
        // Collectors remember what their counters were; equal arguments keep them.
        if *current != arguments {
            *self.page.0.lock() = Exporter::new(&self.context.id.to_string(), &arguments)?;
            *current = arguments;
        }
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        self.context.health.healthy("started component");
        let in_kubernetes = std::env::var_os("KUBERNETES_SERVICE_HOST").is_some();
        let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let advice = advice(Path::new("/"), &mounts, in_kubernetes, &self.arguments.lock());
        if let Some(advice) = advice {
            tracing::warn!(component_id = %self.context.id, "{advice}");
        }
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
    use river_eval::{Arguments, BodyValue, Value};

    fn body(attribute: &str, value: &str) -> BodyValue {
        let mut body = BodyValue::default();
        body.attribute(attribute, Value::list([Value::string(value)]));
        body
    }

    #[test]
    fn the_page_changes_with_the_arguments() {
        let folder = tempfile::tempdir().unwrap();
        let (context, exports) = Context::for_test("prometheus.exporter.unix.here", folder.path());
        let arguments = UnixArguments::decode(&body("set_collectors", "loadavg")).unwrap();
        let exporter = UnixExporter::new(context, arguments).unwrap();
        assert!(matches!(exports.get(), Value::Object(_)));
        let page = exporter.page().unwrap();
        let render = || {
            let mut out = String::new();
            page.render("", &mut out).unwrap();
            out
        };
        assert!(render().contains("\nnode_load1 ") && !render().contains("node_uname_info"));
        let arguments = UnixArguments::decode(&body("set_collectors", "uname")).unwrap();
        exporter.update(arguments).unwrap();
        assert!(!render().contains("node_load1") && render().contains("\nnode_uname_info{"));
    }

    #[test]
    fn a_wrong_expression_is_refused_with_its_place() {
        let mut arguments = UnixArguments::default();
        arguments.vmstat.fields = "a(".into();
        let error = Exporter::new("prometheus.exporter.unix.here", &arguments).unwrap_err();
        insta::assert_snapshot!(error, @"fields is not a regular expression: unclosed group; see https://github.com/google/re2/wiki/Syntax");
    }

    #[test]
    fn an_unknown_collector_is_a_mistake_in_the_configuration() {
        let mistakes = UnixArguments::decode(&body("enable_collectors", "loadavgs")).unwrap_err();
        insta::assert_snapshot!(mistakes[0].message, @r#"there is no collector "loadavgs""#);
    }
}
