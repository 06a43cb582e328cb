//! The target that an exporter exports.

use crate::component::{ComponentId, INTERNAL_ADDRESS};
use crate::signals::Target;

/// What every exporter exports.
#[derive(Clone, Debug, river_eval::Exports)]
pub(crate) struct Exports {
    /// One target: the exporter's page, inside this process.
    targets: Vec<Target>,
}

impl Exports {
    /// The page of the component with this id, for the job `integrations/NAME`, of this host.
    pub(super) fn of_page(id: &ComponentId, name: &str) -> Self {
        let id = id.to_string();
        let component = id
            .rsplit_once('.')
            .map_or(id.as_str(), |(component, _)| component);
        Self {
            targets: vec![Target::new([
                ("__address__", INTERNAL_ADDRESS.to_owned()),
                ("__meta_component_id", id.clone()),
                ("__meta_component_name", component.to_owned()),
                ("__metrics_path__", format!("/api/v0/component/{id}/metrics")),
                ("__scheme__", "http".to_owned()),
                ("instance", host_name()),
                ("job", format!("integrations/{name}")),
            ])],
        }
    }
}

/// `HOSTNAME` if it is set, as in the reference, or what the kernel says.
fn host_name() -> String {
    if let Ok(name) = std::env::var("HOSTNAME")
        && !name.is_empty()
    {
        return name;
    }
    #[cfg(unix)]
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    let name = String::new();
    if name.is_empty() { "unknown".into() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(module: &str, local: &str) -> String {
        let id = ComponentId {
            module: module.into(),
            local: local.into(),
        };
        let exports = Exports::of_page(&id, "unix");
        let labels = exports.targets[0].iter().filter(|(name, _)| *name != "instance");
        labels.map(|(name, value)| format!("{name}={value}\n")).collect()
    }

    #[test]
    fn a_target_points_at_the_page() {
        insta::assert_snapshot!(labels("", "prometheus.exporter.unix.here"), @r"
        __address__=alloy.internal:12345
        __meta_component_id=prometheus.exporter.unix.here
        __meta_component_name=prometheus.exporter.unix
        __metrics_path__=/api/v0/component/prometheus.exporter.unix.here/metrics
        __scheme__=http
        job=integrations/unix
        ");
        insta::assert_snapshot!(labels("node.one", "prometheus.exporter.unix.here"), @r"
        __address__=alloy.internal:12345
        __meta_component_id=node.one/prometheus.exporter.unix.here
        __meta_component_name=node.one/prometheus.exporter.unix
        __metrics_path__=/api/v0/component/node.one/prometheus.exporter.unix.here/metrics
        __scheme__=http
        job=integrations/unix
        ");
    }
}
