//! Puts something else in the place of secrets.

use super::arguments::DEFAULT_PERCENT;
use super::detector::Finding;
use aho_corasick::AhoCorasick;
use sha1::{Digest, Sha1};
use std::fmt::Write;

/// What takes a secret's place.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Redaction {
    /// A text with `$SECRET_NAME` and `$SECRET_HASH`.
    With(String),
    /// This share of it is hidden, in percent.
    Percent(usize),
}

impl Redaction {
    /// As the arguments ask for.
    pub(super) fn new(with: &str, percent: u64) -> Self {
        if !with.is_empty() {
            return Self::With(with.to_owned());
        }
        let percent = if (1..=100).contains(&percent) {
            percent
        } else {
            DEFAULT_PERCENT
        };
        Self::Percent(usize::try_from(percent).unwrap_or(100))
    }

    /// Appends what takes the place of a secret.
    fn push(&self, out: &mut String, rule: &str, secret: &str) {
        match self {
            Self::With(with) => {
                let with = with.replace("$SECRET_NAME", rule);
                if with.contains("$SECRET_HASH") {
                    let mut hash = String::with_capacity(40);
                    for byte in Sha1::digest(secret.as_bytes()) {
                        // Writing to a String cannot fail.
                        let _ = write!(hash, "{byte:02x}");
                    }
                    out.push_str(&with.replace("$SECRET_HASH", &hash));
                } else {
                    out.push_str(&with);
                }
            }
            Self::Percent(100..) => out.push_str("REDACTED"),
            Self::Percent(percent) => {
                let shown = (secret.len() as f64 * (100 - percent) as f64 / 100.0).round_ties_even() as usize;
                let shown = (0..=shown).rev().find_map(|end| secret.get(..end)).unwrap_or("");
                out.push_str(shown);
                out.push_str("...");
            }
        }
    }
}

/// Secrets of a line that are looked for one by one; more are looked for at once.
const FEW: usize = 4;

/// The places to be hidden: every place where a found secret stands in the line, those that overlap as one, in order.
pub(super) fn places(line: &str, findings: &mut Vec<Finding>) {
    // A rule may find a secret once only, by what stands before it.
    let mut secrets: Vec<(&str, usize)> = findings
        .iter()
        .filter_map(|finding| Some((line.get(finding.start..finding.end)?, finding.rule)))
        .collect();
    secrets.sort_unstable();
    secrets.dedup_by_key(|(secret, _)| *secret);
    let mut add = |(secret, rule): (&str, usize), start: usize| {
        findings.push(Finding {
            rule,
            start,
            end: start + secret.len(),
        });
    };
    if secrets.len() <= FEW {
        for one in secrets {
            line.match_indices(one.0).for_each(|(start, _)| add(one, start));
        }
    } else if let Ok(all) = AhoCorasick::new(secrets.iter().map(|(secret, _)| secret)) {
        for hit in all.find_overlapping_iter(line) {
            if let Some(one) = secrets.get(hit.pattern().as_usize()) {
                add(*one, hit.start());
            }
        }
    }
    // Of several at one place the longest names it, then the first rule.
    findings.sort_unstable_by_key(|one| (one.start, std::cmp::Reverse(one.end), one.rule));
    findings.dedup_by(|next, kept| {
        let overlaps = next.start < kept.end;
        if overlaps {
            if next.end - next.start > kept.end - kept.start {
                kept.rule = next.rule;
            }
            kept.end = kept.end.max(next.end);
        }
        overlaps
    });
}

/// The line with something else in these [`places`]; `name` tells a rule's name.
pub(super) fn redact<'r>(
    line: &str,
    places: &[Finding],
    redaction: &Redaction,
    name: impl Fn(usize) -> &'r str,
) -> String {
    let mut out = String::with_capacity(line.len());
    let mut done = 0;
    for place in places {
        out.push_str(line.get(done..place.start).unwrap_or_default());
        let secret = line.get(place.start..place.end).unwrap_or_default();
        redaction.push(&mut out, name(place.rule), secret);
        done = place.end;
    }
    out.push_str(line.get(done..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(line: &str, found: &[(usize, &str)], redaction: &Redaction) -> String {
        let mut findings: Vec<Finding> = found
            .iter()
            .map(|(rule, secret)| {
                let start = line.find(secret).unwrap();
                Finding {
                    rule: *rule,
                    start,
                    end: start + secret.len(),
                }
            })
            .collect();
        places(line, &mut findings);
        redact(line, &findings, redaction, |rule| ["one", "two"][rule])
    }

    #[test]
    fn shares_are_gitleaks() {
        let hide = |percent| {
            redacted(
                "k=0123456789!",
                &[(0, "0123456789")],
                &Redaction::new("", percent),
            )
        };
        insta::assert_snapshot!([0, 1, 25, 80, 99, 100, 101].map(hide).join(" "), @"k=01...! k=0123456789...! k=01234567...! k=01...! k=...! k=REDACTED! k=01...!");
        assert_eq!(
            redacted("k=ééééé", &[(0, "ééééé")], &Redaction::new("", 70)),
            "k=é..."
        );
    }

    #[test]
    fn every_place_of_a_secret_goes_and_overlapping_ones_go_as_one() {
        let with = Redaction::new("<$SECRET_NAME>", 0);
        assert_eq!(
            redacted("a=abc b=abcdef c=abc", &[(0, "abc"), (1, "abcdef")], &with),
            "a=<one> b=<two> c=<one>"
        );
        let hash = Redaction::new("$SECRET_HASH", 0);
        assert_eq!(
            redacted("x abc", &[(0, "abc")], &hash),
            "x a9993e364706816aba3e25717850c26c9cd0d89d"
        );
    }
}
