//! The codes of this crate. AR0270 to AR0279 are about targets.

pub mod lints;
pub mod values;

river_syntax::codes! {
    NOT_IN_THIS_AGENT = "AR0270", "a component that this agent does not have", r#"The configuration is checked for Grafana Alloy, and one of its components is not part of this agent. The component was checked as fully as any other;
this is a remark and no mistake.

To see what this agent can run, check with `--target alloy-rs`.
"#;
}
