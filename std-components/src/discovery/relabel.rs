//! `discovery.relabel`: changes, keeps and drops targets by rules.

use crate::component::{BuildError, CancellationToken, Component, Context, RunError};
use crate::relabel::{Rule, Rules, Scratch};
use crate::signals::Target;
use parking_lot::Mutex;
use river_eval::Shared;
use std::sync::Arc;

/// The arguments of `discovery.relabel`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(super) struct Arguments {
    /// The targets to change.
    targets: Vec<Target>,
    /// What is done to each target, in order.
    #[river(block, name = "rule")]
    rules: Vec<Rule>,
}

/// The exports of `discovery.relabel`.
#[derive(Clone, Debug, river_eval::Exports)]
pub(super) struct Exports {
    /// The targets that were kept.
    output: Vec<Target>,
    /// The rules, for components that apply them themselves.
    rules: Shared<Rules>,
}

/// `discovery.relabel`.
pub(super) struct Relabel {
    context: Context<Exports>,
    rules: Mutex<Shared<Rules>>,
}

impl Relabel {
    fn export(&self, targets: &[Target]) {
        let rules = self.rules.lock().clone();
        let mut scratch = Scratch::default();
        let flow = &self.context.flow;
        let mut relabel = |target: &Target| {
            let output = rules.inner.target(target, &mut scratch);
            if flow.is_watched() {
                match &output {
                    Some(output) => flow.tell(format_args!("{target:?} => {output:?}")),
                    None => flow.tell(format_args!("{target:?} => <dropped>")),
                }
            }
            output
        };
        let output = targets.iter().filter_map(&mut relabel).collect();
        self.context.export(&Exports { output, rules });
        self.context.health.healthy("relabelled the targets");
    }
}

impl Component for Relabel {
    const NAME: &'static str = "discovery.relabel";
    type Arguments = Arguments;
    type Exports = Exports;

    fn new(context: Context<Exports>, arguments: Arguments) -> Result<Self, BuildError> {
        let rules = Rules::shared(&context.id.to_string(), &arguments.rules, None);
        context.flow.tells_itself();
        let component = Self {
            context,
            rules: Mutex::new(rules),
        };
        component.export(&arguments.targets);
        Ok(component)
    }

    fn update(&self, arguments: Arguments) -> Result<(), BuildError> {
        {
            let mut rules = self.rules.lock();
            let changed = Rules::shared(&self.context.id.to_string(), &arguments.rules, Some(&rules));
            *rules = changed;
        }
        self.export(&arguments.targets);
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        stop.cancelled().await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::testing;
    use river_eval::Value;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const CONFIGURATION: &str = r#"
        targets = [
            {"__address__" = "a:1", "__meta_kind" = "pod"},
            {"__address__" = "b:1", "__meta_kind" = "node"},
        ]
        rule {
            source_labels = ["__meta_kind"]
            regex         = "pod"
            action        = "keep"
        }
        rule {
            source_labels = ["__address__"]
            regex         = "(.*):.*"
            target_label  = "host"
        }
    "#;

    #[test]
    fn exports_what_is_kept_and_only_changes() {
        let (context, exports) =
            Context::for_test("discovery.relabel.x", std::path::Path::new("/nonexistent"));
        let changes = Arc::new(AtomicUsize::new(0));
        let counted = changes.clone();
        exports.on_change(Arc::new(move || {
            counted.fetch_add(1, Ordering::SeqCst);
        }));
        let component = Relabel::new(context, testing::arguments(CONFIGURATION)).unwrap();
        let Value::Object(fields) = exports.get() else {
            panic!("no exports")
        };
        insta::assert_snapshot!(format!("{:?}", fields["output"].items().unwrap()), @r#"[Object({"__address__": String("a:1"), "__meta_kind": String("pod"), "host": String("a")})]"#);
        Component::update(&component, testing::arguments(CONFIGURATION)).unwrap();
        assert_eq!(changes.load(Ordering::SeqCst), 1, "an equal update wakes nobody");
        let other = CONFIGURATION.replace("\"pod\"\n", "\"node\"\n");
        Component::update(&component, testing::arguments(&other)).unwrap();
        assert_eq!(changes.load(Ordering::SeqCst), 2);
    }
}
