//! How often each code was found.

use super::batch::Batch;
use super::human::{Look, Paint};
use river_syntax::Severity;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How often a code was found.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Count {
    code: &'static str,
    /// What the code is about.
    title: &'static str,
    /// The worst that it was found with.
    severity: &'static str,
    count: usize,
    /// How many of them have a fix that may be applied unseen.
    fixable: usize,
}

/// The codes, those that were found most often first.
pub(crate) fn count(batch: &Batch) -> Vec<Count> {
    let mut counts: BTreeMap<&str, (Severity, Count)> = BTreeMap::new();
    for (_, diagnostic) in batch.findings() {
        let code = diagnostic.code;
        let (worst, count) = counts.entry(code.id).or_insert_with(|| {
            let none = Count {
                code: code.id,
                title: code.title,
                severity: "",
                count: 0,
                fixable: 0,
            };
            (Severity::Info, none)
        });
        *worst = diagnostic.severity.max(*worst);
        count.severity = worst.as_str();
        count.count += 1;
        count.fixable += usize::from(diagnostic.fix.as_ref().is_some_and(|fix| fix.safe));
    }
    let mut counts: Vec<Count> = counts.into_values().map(|(_, count)| count).collect();
    // Stable: equal counts stay in order of codes.
    counts.sort_by_key(|count| std::cmp::Reverse(count.count));
    counts
}

/// A table for people; empty where nothing was found.
pub(crate) fn table(counts: &[Count], look: Look) -> String {
    let mut text = String::new();
    let digits = counts.iter().map(|count| count.count.to_string().len()).max();
    let width = digits.unwrap_or(1).max(5);
    for count in counts {
        let paint = match count.severity {
            "error" => Paint::Error,
            "warning" => Paint::Warning,
            _ => Paint::Info,
        };
        let fixable = match count.fixable {
            0 => String::new(),
            fixable => format!(" ({fixable} fixable)"),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{:>width$}  {}  {}{fixable}",
            count.count,
            look.paint(paint, count.code),
            count.title,
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing;

    #[test]
    fn the_most_frequent_code_comes_first() {
        let counts = count(&testing::batch());
        insta::assert_snapshot!(table(&counts, Look::plain()), @"
        1  AR0005  an illegal character
        1  AR0100  unknown attribute (1 fixable)
        1  AR0202  two components of one name and label
        ");
    }
}
