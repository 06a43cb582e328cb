//! `alloy-rs schema`: what components there are, and what each takes and exports.

use super::{output, usage};
use alloy_check::catalog::{Catalog, Target, runs_here};
use alloy_check::describe::{self, Paint};
use clap::Args;
use clap::builder::{PossibleValue, TypedValueParser};
use river_eval::schema::ComponentSchema;
use std::ffi::OsStr;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;

/// Print what a component takes and exports, or list all components.
#[derive(Debug, Args)]
#[command(
    after_help = "The formats are told in docs/catalog.md.\n\nExit status: 0 printed, 2 no such component.\n\nExamples:\n  \
    alloy-rs schema                            list all components\n  \
    alloy-rs schema loki.write                 arguments, blocks and exports of one\n  \
    alloy-rs schema --target=alloy-rs          what this agent itself can run\n  \
    alloy-rs schema --json-schema loki.write   its JSON Schema (draft 2020-12)"
)]
pub(crate) struct SchemaArgs {
    /// The component or config block; all components are listed without it
    #[arg(value_parser = Suggested(component_names), hide_possible_values = true)]
    component: Option<String>,
    /// For which agent: `alloy-rs`, `grafana-alloy` (its newest release), `grafana-alloy@VERSION`
    #[arg(long, value_name = "TARGET", default_value = "grafana-alloy", value_parser = target, hide_possible_values = true)]
    target: Target,
    /// Print JSON
    #[arg(long, conflicts_with = "json_schema")]
    json: bool,
    /// Print a JSON Schema (draft 2020-12) of the component's body written as JSON
    #[arg(long, requires = "component")]
    json_schema: bool,
}

pub(crate) fn execute(args: &SchemaArgs) -> ExitCode {
    let catalog = args.target.catalog();
    let colours = crate::report::colour(std::io::stdout().is_terminal());
    let paint = if colours { Paint::Colours } else { Paint::Plain };
    let Some(name) = &args.component else {
        return list(args, catalog, paint);
    };
    let Some(component) = find(catalog, name) else {
        output::complain("schema", &unknown(args.target, catalog, name));
        return usage();
    };
    let target = args.target.to_string();
    if args.json_schema {
        return json(&describe::json_schema(&component, catalog.title()));
    }
    if args.json {
        return json(&describe::json(&component, &target, has(catalog, name)));
    }
    let note = if has(catalog, name) {
        ""
    } else {
        "This agent does not have it: `alloy-rs run` refuses it."
    };
    output::write_or_usage(&describe::text(&component, catalog.title(), note, paint))
}

fn list(args: &SchemaArgs, catalog: &dyn Catalog, paint: Paint) -> ExitCode {
    let components: Vec<Arc<ComponentSchema>> = catalog
        .component_names()
        .into_iter()
        .filter_map(|name| catalog.component(name))
        .collect();
    if args.json {
        let components = components
            .iter()
            .map(|component| (&**component, runs_here(component.name)));
        return json(&describe::json_list(components, &args.target.to_string()));
    }
    let components = components.iter().map(|component| {
        let note = if runs_here(component.name) {
            ""
        } else {
            "(not in this agent)"
        };
        (&**component, note)
    });
    output::write_or_usage(&describe::text_list(components, paint))
}

fn find(catalog: &dyn Catalog, name: &str) -> Option<Arc<ComponentSchema>> {
    catalog.component(name).or_else(|| catalog.config_block(name))
}

/// Whether this agent takes the component; config blocks it takes all.
fn has(catalog: &dyn Catalog, name: &str) -> bool {
    runs_here(name) || catalog.config_block(name).is_some()
}

fn json(value: &serde_json::Value) -> ExitCode {
    output::write_or_usage(&format!("{value:#}\n"))
}

/// Blocks that the language itself gives a meaning.
const LANGUAGE_BLOCKS: [&str; 5] = ["argument", "declare", "export", "foreach", "template"];

/// What to say of a component that is not there.
fn unknown(target: Target, catalog: &dyn Catalog, name: &str) -> String {
    let known = catalog
        .component_names()
        .into_iter()
        .chain(catalog.config_block_names());
    let title = catalog.title();
    if LANGUAGE_BLOCKS.contains(&name) {
        return format!("{name} is a block of the language, not of an agent: no catalog has it");
    }
    if let Some(near) = river_eval::suggest::nearest(name, known) {
        return format!("{title} has no component {name}; did you mean {near}?");
    }
    let elsewhere = find(Target::newest().catalog(), name).is_some();
    match target {
        Target::AlloyRs if elsewhere => {
            format!("{title} has no component {name}; Grafana Alloy has: add --target=grafana-alloy")
        }
        _ => format!("{title} has no component {name}; `alloy-rs schema --target={target}` lists all"),
    }
}

fn target(text: &str) -> Result<Target, String> {
    text.parse()
        .map_err(|error: alloy_check::catalog::UnknownTarget| error.to_string())
}

fn component_names() -> Vec<&'static str> {
    let catalog = Target::newest().catalog();
    let mut names = catalog.component_names();
    names.extend(catalog.config_block_names());
    names
}

/// Any text, with values that a shell's completion proposes: an unknown name gets a better answer than "invalid value".
#[derive(Clone, Copy)]
struct Suggested(fn() -> Vec<&'static str>);

impl TypedValueParser for Suggested {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        clap::builder::StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new((self.0)().into_iter().map(PossibleValue::new)))
    }
}
