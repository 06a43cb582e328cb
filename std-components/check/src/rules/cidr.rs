//! Networks in CIDR notation.

use crate::codes::values::CIDR;
use river_eval::check::{Checked, Findings, Rule};
use river_syntax::Diagnostic;
use std::net::IpAddr;

/// [`CIDR`].
#[derive(Debug)]
pub(super) struct Cidrs;

impl Rule for Cidrs {
    fn check(&self, block: &Checked<'_>, findings: &mut Findings<'_>) {
        block.visit(&mut |block| {
            for attribute in &block.attributes {
                if !matches!(attribute.schema.name, "cidr" | "cidrs" | "trusted_cidrs") {
                    continue;
                }
                for (_, text) in attribute.texts() {
                    if text.text.is_empty() || is_cidr(&text.text) {
                        continue;
                    }
                    findings.push(
                        Diagnostic::error(&CIDR, text.span, format!("{:?} is no network", text.text))
                            .with_help("an address with the length of its prefix: `10.0.0.0/8`"),
                    );
                }
            }
        });
    }
}

fn is_cidr(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else {
        return false;
    };
    let Ok(length) = length.parse::<u8>() else {
        return false;
    };
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => length <= 32,
        Ok(IpAddr::V6(_)) => length <= 128,
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Cidrs;
    use crate::testing::said;

    fn network(cidrs: &str) -> String {
        said(
            &Cidrs,
            &format!(
                "beyla.ebpf \"a\" {{\n\tmetrics {{\n\t\tnetwork {{\n\t\t\tcidrs = {cidrs}\n\t\t}}\n\t}}\n}}\n"
            ),
        )
    }

    #[test]
    fn networks_are_checked() {
        insta::assert_snapshot!(network("[\"10.0.0.0/8\", \"fd00::/8\", sys.env(\"NET\")]"), @"");
        insta::assert_snapshot!(network("[\"10.0.0.0\", \"10.0.0.0/33\"]"), @r#"
        4:13: error[AR0320]: "10.0.0.0" is no network (an address with the length of its prefix: `10.0.0.0/8`)
        4:25: error[AR0320]: "10.0.0.0/33" is no network (an address with the length of its prefix: `10.0.0.0/8`)
        "#);
    }
}
