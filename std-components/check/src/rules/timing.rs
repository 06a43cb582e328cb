//! A scrape ends before the next one begins, and a poll, too.

use crate::codes::values::TIMEOUT;
use crate::given::{is_at, nanoseconds, place, shown};
use river_eval::check::{Checked, Findings, Rule};
use river_syntax::Diagnostic;

/// [`TIMEOUT`].
#[derive(Debug)]
pub(super) struct Timing;

/// Component, block, timeout, interval, whether both may be the same.
const PAIRS: &[(&str, &str, &str, &str, bool)] = &[
    (
        "prometheus.scrape",
        ".",
        "scrape_timeout",
        "scrape_interval",
        true,
    ),
    (
        "prometheus.operator.",
        "scrape",
        "default_scrape_timeout",
        "default_scrape_interval",
        true,
    ),
    ("remote.http", ".", "poll_timeout", "poll_frequency", false),
    ("import.http", ".", "poll_timeout", "poll_frequency", false),
];

impl Rule for Timing {
    fn check(&self, block: &Checked<'_>, findings: &mut Findings<'_>) {
        block.visit(&mut |block| {
            for (component, at, timeout, interval, may_equal) in PAIRS {
                if !is_at(block, component, at) {
                    continue;
                }
                // The defaults fit each other.
                if block.attribute(timeout).is_none() && block.attribute(interval).is_none() {
                    continue;
                }
                let (Some(longest), Some(between)) =
                    (nanoseconds(block, timeout), nanoseconds(block, interval))
                else {
                    continue;
                };
                if longest < between || (*may_equal && longest == between) {
                    continue;
                }
                let is_default = |name: &str| match block.attribute(name) {
                    Some(_) => "",
                    None => " by default",
                };
                let written = match block.attribute(timeout) {
                    Some(_) => timeout,
                    None => interval,
                };
                let value = block.attribute(written).map_or_else(
                    || place(block, written),
                    |attribute| attribute.attribute.value.span,
                );
                let relation = if longest == between { "not below" } else { "above" };
                let mut found = Diagnostic::error(
                    &TIMEOUT,
                    value,
                    format!(
                        "`{timeout}` ({}{}) is {relation} `{interval}` ({}{})",
                        shown(longest),
                        is_default(timeout),
                        shown(between),
                        is_default(interval),
                    ),
                )
                .with_help(match (written == timeout, *may_equal) {
                    (true, true) => format!("at most `{timeout} = \"{}\"`", shown(between)),
                    (true, false) => {
                        format!("less than that, such as `{timeout} = \"{}\"`", shown(between / 2))
                    }
                    (false, true) => format!("add `{timeout} = \"{}\"`, or less", shown(between)),
                    (false, false) => format!(
                        "add one that is less, such as `{timeout} = \"{}\"`",
                        shown(between / 2)
                    ),
                });
                if written == timeout
                    && let Some(other) = block.attribute(interval)
                {
                    found = found.with_secondary(other.attribute.value.span, "the interval");
                }
                findings.push(found);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::Timing;
    use crate::testing::said;

    fn scrape(body: &str) -> String {
        said(
            &Timing,
            &format!("prometheus.scrape \"a\" {{\n\ttargets    = []\n\tforward_to = []\n\t{body}\n}}\n"),
        )
    }

    #[test]
    fn timeouts_within_the_interval_pass() {
        insta::assert_snapshot!(scrape("scrape_interval = \"10s\""), @"");
        insta::assert_snapshot!(scrape("scrape_timeout = \"1m\""), @"");
        insta::assert_snapshot!(scrape("scrape_timeout = sys.env(\"T\")\nscrape_interval = \"1s\""), @"");
    }

    #[test]
    fn longer_timeouts_are_found() {
        insta::assert_snapshot!(scrape("scrape_interval = \"5s\"\nscrape_timeout = \"10s\""), @r#"5:18: error[AR0315]: `scrape_timeout` (10s) is above `scrape_interval` (5s) (at most `scrape_timeout = "5s"`)"#);
        insta::assert_snapshot!(scrape("scrape_interval = \"5s\""), @r#"4:20: error[AR0315]: `scrape_timeout` (10s by default) is above `scrape_interval` (5s) (add `scrape_timeout = "5s"`, or less)"#);
        insta::assert_snapshot!(scrape("scrape_timeout = \"2m\""), @r#"4:19: error[AR0315]: `scrape_timeout` (2m0s) is above `scrape_interval` (1m0s by default) (at most `scrape_timeout = "1m0s"`)"#);
        insta::assert_snapshot!(said(&Timing, "remote.http \"a\" {\n\turl = \"http://a\"\n\tpoll_frequency = \"10s\"\n}\n"), @r#"3:19: error[AR0315]: `poll_timeout` (10s by default) is not below `poll_frequency` (10s) (add one that is less, such as `poll_timeout = "5s"`)"#);
        insta::assert_snapshot!(said(&Timing, "remote.http \"a\" {\n\turl = \"http://a\"\n\tpoll_frequency = \"1s\"\n\tpoll_timeout = \"1s\"\n}\n"), @r#"4:17: error[AR0315]: `poll_timeout` (1s) is not below `poll_frequency` (1s) (less than that, such as `poll_timeout = "500ms"`)"#);
    }
}
