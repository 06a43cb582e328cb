//! The `remotecfg` block: out of this agent's scope. Its arguments are the reference's and are checked, so that a configuration with one loads; nothing is
//! fetched, and a warning says so where the block stands.

use super::codes;
use super::config_blocks::ConfigBlock;
use crate::http_client::HttpClientArguments;
use river_eval::graph::Node;
use river_eval::schema::BodySchema;
use river_eval::{Arguments as _, BodyValue, Checks};
use river_syntax::Diagnostic;
use std::collections::BTreeMap;
use std::time::Duration;

/// The least `poll_frequency`, as in the reference.
const LEAST_POLL: Duration = Duration::from_secs(10);

/// The arguments of `remotecfg`.
#[derive(Debug, river_eval::Arguments)]
#[river(validate = check)]
struct Arguments {
    /// Address of the API.
    #[river(default)]
    #[expect(dead_code, reason = "nothing is fetched")]
    url: String,
    /// This agent's id.
    #[river(default)]
    #[expect(dead_code, reason = "nothing is fetched")]
    id: String,
    /// This agent's name for people.
    #[river(default)]
    #[expect(dead_code, reason = "nothing is fetched")]
    name: String,
    /// What the API is told of this agent.
    #[river(default)]
    attributes: BTreeMap<String, String>,
    /// How often the API is asked.
    #[river(default = Duration::from_secs(60))]
    poll_frequency: Duration,
    /// How the API is asked.
    #[river(squash)]
    #[expect(dead_code, reason = "nothing is fetched")]
    client: HttpClientArguments,
}

fn check(arguments: &Arguments, checks: &mut Checks<'_, '_>) {
    if arguments.poll_frequency < LEAST_POLL {
        checks.attribute("poll_frequency", "poll_frequency must be at least 10s");
    }
    if arguments
        .attributes
        .keys()
        .any(|name| name.starts_with("collector."))
    {
        checks.attribute(
            "attributes",
            "names of attributes that begin with \"collector.\" are reserved",
        );
    }
}

/// The `remotecfg` block.
pub(super) struct RemoteCfg;

impl ConfigBlock for RemoteCfg {
    fn name(&self) -> &'static str {
        "remotecfg"
    }

    fn check(&self, node: &Node, body: &BodyValue) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        Arguments::decode(body)?;
        let warning = Diagnostic::warning(
            &codes::OUT_OF_SCOPE,
            node.block.name_span,
            "remotecfg is out of this agent's scope: nothing is fetched",
        );
        Ok(vec![warning.with_help(
            "put the configuration into files; import.http and import.git fetch modules",
        )])
    }

    fn apply(&self, _: Option<&BodyValue>) {}
}

/// What the block takes.
pub(super) fn schema() -> BodySchema {
    Arguments::schema()
}
