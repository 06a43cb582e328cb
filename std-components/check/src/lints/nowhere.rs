//! Components that pass on to nobody.

use crate::codes::lints::NOWHERE;
use crate::given::{Given, given};
use river_eval::Value;
use river_eval::check::{Checked, Findings, Rule};
use river_syntax::Diagnostic;

/// [`NOWHERE`].
#[derive(Debug)]
pub struct NowhereLint;

/// The signals of an `output` block.
const SIGNALS: &[&str] = &["metrics", "logs", "traces"];

impl Rule for NowhereLint {
    fn check(&self, block: &Checked<'_>, findings: &mut Findings<'_>) {
        // Its rules are exported: `forward_to = []` is how that is written.
        if block.component().ends_with(".relabel") {
            return;
        }
        if let Some(attribute) = block.attribute("forward_to")
            && matches!(&attribute.inferred.value, Some(Value::List(items)) if items.is_empty())
        {
            findings.push(
                Diagnostic::warning(
                    &NOWHERE,
                    attribute.attribute.value.span,
                    "an empty `forward_to`: everything is dropped",
                )
                .with_help("name a receiver, such as that of a `.write` component"),
            );
        }
        for output in block.blocks_named("output") {
            let has_signals = output.schema.attribute("metrics").is_some()
                || output.schema.attribute("logs").is_some()
                || output.schema.attribute("traces").is_some();
            if has_signals && SIGNALS.iter().all(|signal| given(output, signal) == Given::No) {
                findings.push(
                    Diagnostic::warning(&NOWHERE, output.head, "an empty `output`: everything is dropped")
                        .with_help(
                            "name an input for each signal: `traces = [otelcol.exporter.otlp.default.input]`",
                        ),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::NowhereLint;
    use crate::testing::said;

    #[test]
    fn receivers_and_exported_rules_pass() {
        let text = "loki.relabel \"a\" {
	forward_to = []
}
prometheus.scrape \"b\" {
	targets    = []
	forward_to = [sys.env(\"X\")]
}
otelcol.processor.batch \"c\" {
	output {
		traces = [sys.env(\"X\")]
	}
}
";
        insta::assert_snapshot!(said(&NowhereLint, text), @"");
    }

    #[test]
    fn empty_lists_are_told() {
        let text = "prometheus.scrape \"b\" {
	targets    = []
	forward_to = []
}
otelcol.processor.batch \"c\" {
	output { }
}
";
        insta::assert_snapshot!(said(&NowhereLint, text), @"
        3:15: warning[AR0407]: an empty `forward_to`: everything is dropped (name a receiver, such as that of a `.write` component)
        6:2: warning[AR0407]: an empty `output`: everything is dropped (name an input for each signal: `traces = [otelcol.exporter.otlp.default.input]`)
        ");
    }
}
