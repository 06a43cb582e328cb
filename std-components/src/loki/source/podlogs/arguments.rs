//! The arguments of `loki.source.podlogs`.

use crate::kubernetes::ClientArguments;
use crate::loki::source::kubetail::Clustering;
use crate::signals::{Fanout, LogBatch};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};
use kube::core::Selector;
use river_eval::Checks;
use std::collections::BTreeMap;

/// The arguments of `loki.source.podlogs`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check)]
pub(in crate::loki) struct Arguments {
    /// Receivers of the lines.
    pub(super) forward_to: Fanout<LogBatch>,
    /// Whether a container without a stored position is read from the end of its log on.
    #[river(default)]
    pub(super) tail_from_end: bool,
    /// Whether the discovered `__meta_` labels stay on the lines, for the stages behind.
    #[river(default)]
    pub(super) preserve_discovered_labels: bool,
    /// How to reach the Kubernetes API server; without it, by the service account of the pod.
    #[river(block, default)]
    pub(super) client: ClientArguments,
    /// Which `PodLogs` objects count, by their labels.
    #[river(block, default)]
    pub(super) selector: LabelSelectorBlock,
    /// In which namespaces `PodLogs` objects count, by the labels of the namespaces.
    #[river(block, default)]
    pub(super) namespace_selector: LabelSelectorBlock,
    /// Takes only pods of one node.
    #[river(block, default)]
    pub(super) node_filter: NodeFilter,
    /// Sharing targets among agents.
    #[river(block)]
    pub(super) clustering: Option<Clustering>,
}

/// A selector of labels.
#[derive(Clone, Debug, Default, PartialEq, river_eval::Arguments)]
pub(in crate::loki) struct LabelSelectorBlock {
    /// Labels and the values that they must have.
    #[river(default)]
    match_labels: BTreeMap<String, String>,
    /// Further conditions, all of which have to hold.
    #[river(block, name = "match_expression")]
    match_expressions: Vec<MatchExpression>,
}

/// A condition on a label.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(in crate::loki) struct MatchExpression {
    /// The label.
    key: String,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    operator: String,
    /// Values, for `In` and `NotIn`.
    #[river(default)]
    values: Vec<String>,
}

/// Takes only pods of one node.
#[derive(Clone, Debug, Default, PartialEq, river_eval::Arguments)]
pub(in crate::loki) struct NodeFilter {
    /// Whether it does.
    #[river(default)]
    enabled: bool,
    /// The node's name; empty is what the environment variable `NODE_NAME` says.
    #[river(default)]
    node_name: String,
}

impl LabelSelectorBlock {
    /// As the API's own selectors.
    ///
    /// # Errors
    /// What is wrong with an expression.
    pub(super) fn selector(&self) -> Result<Selector, String> {
        let requirement = |expression: &MatchExpression| LabelSelectorRequirement {
            key: expression.key.clone(),
            operator: expression.operator.clone(),
            values: Some(expression.values.clone()),
        };
        selector(LabelSelector {
            match_labels: Some(self.match_labels.clone()),
            match_expressions: Some(self.match_expressions.iter().map(requirement).collect()),
        })
    }
}

/// A selector of the API; an empty one selects everything.
///
/// # Errors
/// What is wrong with an expression.
pub(super) fn selector(selector: LabelSelector) -> Result<Selector, String> {
    for expression in selector.match_expressions.iter().flatten() {
        let count = expression.values.as_ref().map_or(0, Vec::len);
        let needs = match expression.operator.as_str() {
            "In" | "NotIn" => true,
            "Exists" | "DoesNotExist" => false,
            other => return Err(format!("{other:?} is not a valid label selector operator")),
        };
        if needs == (count == 0) {
            let what = if needs {
                "needs at least one value"
            } else {
                "takes no values"
            };
            return Err(format!(
                "the operator {} of {:?} {what}",
                expression.operator, expression.key
            ));
        }
    }
    Selector::try_from(selector).map_err(|error| error.to_string())
}

impl NodeFilter {
    /// The node, if pods are to be filtered by it.
    pub(super) fn node(&self) -> Option<String> {
        if !self.enabled {
            return None;
        }
        let named = Some(self.node_name.clone()).filter(|name| !name.is_empty());
        named.or_else(|| std::env::var("NODE_NAME").ok().filter(|name| !name.is_empty()))
    }

    /// Whether pods were to be filtered and nobody knows by which node.
    pub(super) fn is_nameless(&self) -> bool {
        self.enabled && self.node().is_none()
    }
}

fn check(arguments: &Arguments, checks: &mut Checks<'_, '_>) {
    for (name, block) in [
        ("selector", &arguments.selector),
        ("namespace_selector", &arguments.namespace_selector),
    ] {
        if let Err(problem) = block.selector() {
            checks.block(name, 0, problem).help =
                Some("operators are \"In\", \"NotIn\", \"Exists\" and \"DoesNotExist\"".into());
        }
    }
}
