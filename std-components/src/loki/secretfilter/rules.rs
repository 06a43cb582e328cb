//! Rules that secrets are found by, with the fields of gitleaks' configuration.

use crate::text::re2;
use regex::Regex;
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

/// An expression that is compiled when it is first needed: of the component's own rules most never are.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    text: Cow<'static, str>,
    compiled: OnceLock<Option<Arc<Regex>>>,
}

impl Pattern {
    /// One of the component's own, which tests compile.
    pub(super) fn own(text: &'static str) -> Self {
        Self {
            text: Cow::Borrowed(text),
            compiled: OnceLock::new(),
        }
    }

    /// One of the user's.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn new(text: String) -> Result<Self, String> {
        let compiled = re2::shared(&text)?;
        Ok(Self {
            text: Cow::Owned(text),
            compiled: OnceLock::from(Some(compiled)),
        })
    }

    /// The expression.
    pub(super) fn get(&self) -> Option<&Regex> {
        self.compiled
            .get_or_init(|| re2::shared(&self.text).ok())
            .as_deref()
    }

    fn is_match(&self, text: &str) -> bool {
        self.get().is_some_and(|expression| expression.is_match(text))
    }
}

/// What an allowlist's expressions are compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum RegexTarget {
    /// The secret.
    #[default]
    Secret,
    /// What the rule's whole expression matched.
    Match,
    /// The line.
    Line,
}

/// Findings that are none.
#[derive(Clone, Debug, Default)]
pub(super) struct Allowlist {
    pub(super) target: RegexTarget,
    pub(super) regexes: Vec<Pattern>,
    /// In lower case; a secret that holds one is none.
    pub(super) stopwords: Vec<String>,
    /// Whether there are conditions about files or commits, which lines do not have: they are never met.
    pub(super) has_unmet: bool,
    /// Whether all kinds of conditions have to be met; else one is enough.
    pub(super) needs_all: bool,
}

/// A finding before it is judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate<'t> {
    pub(super) line: &'t str,
    pub(super) whole: &'t str,
    pub(super) secret: &'t str,
}

impl Allowlist {
    pub(super) fn allows(&self, candidate: &Candidate<'_>) -> bool {
        let text = match self.target {
            RegexTarget::Secret => candidate.secret,
            RegexTarget::Match => candidate.whole,
            RegexTarget::Line => candidate.line,
        };
        let by_regex = || self.regexes.iter().any(|expression| expression.is_match(text));
        let by_stopword = || {
            let secret = candidate.secret.to_lowercase();
            self.stopwords.iter().any(|word| secret.contains(word.as_str()))
        };
        if self.needs_all {
            return !self.has_unmet
                && (self.regexes.is_empty() || by_regex())
                && (self.stopwords.is_empty() || by_stopword());
        }
        (!self.regexes.is_empty() && by_regex()) || (!self.stopwords.is_empty() && by_stopword())
    }
}

/// What a kind of secret looks like.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// Its name, in metrics and redacted lines.
    pub(super) id: Arc<str>,
    pub(super) pattern: Pattern,
    /// In lower case; one of them has to be in a line, in any case. None: every line is looked through.
    pub(super) keywords: Vec<Cow<'static, str>>,
    /// Bits for each character of a secret that have to be exceeded; 0 asks for nothing.
    pub(super) entropy: f64,
    /// The group that holds the secret; with 0 the first that took part, or all.
    pub(super) secret_group: usize,
    pub(super) allowlists: Vec<Allowlist>,
}

impl Rule {
    /// Hands on every secret in a line, with its place.
    pub(super) fn find(&self, line: &str, global: &[Allowlist], mut found: impl FnMut(usize, usize)) {
        let Some(expression) = self.pattern.get() else {
            return;
        };
        for groups in expression.captures_iter(line) {
            let Some(whole) = groups.get(0) else {
                continue;
            };
            let secret = match self.secret_group {
                0 => groups
                    .iter()
                    .skip(1)
                    .flatten()
                    .find(|group| !group.is_empty())
                    .unwrap_or(whole),
                group => match groups.get(group) {
                    Some(group) => group,
                    None => continue,
                },
            };
            if secret.is_empty() || (self.entropy > 0.0 && entropy(secret.as_str()) <= self.entropy) {
                continue;
            }
            let candidate = Candidate {
                line,
                whole: whole.as_str(),
                secret: secret.as_str(),
            };
            let mut lists = self.allowlists.iter().chain(global);
            if !lists.any(|list| list.allows(&candidate)) {
                found(secret.start(), secret.end());
            }
        }
    }
}

/// Shannon's entropy of a text's bytes, in bits a byte.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let length = text.len() as f64;
    let bits = |&count: &u32| {
        let share = f64::from(count) / length;
        -share * share.log2()
    };
    counts.iter().filter(|count| **count > 0).map(bits).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_is_shannons() {
        assert_eq!(entropy("aaaa"), 0.0);
        assert_eq!(entropy("abab"), 1.0);
        assert_eq!(entropy("abcd"), 2.0);
    }

    #[test]
    fn conditions_of_an_allowlist() {
        let candidate = Candidate {
            line: "id token_id=abcExample1",
            whole: "token_id=abcExample1",
            secret: "abcExample1",
        };
        let list = |target, regex: &str, word: &str, needs_all, has_unmet| Allowlist {
            target,
            regexes: (!regex.is_empty())
                .then(|| Pattern::new(regex.into()).unwrap())
                .into_iter()
                .collect(),
            stopwords: (!word.is_empty()).then(|| word.to_owned()).into_iter().collect(),
            needs_all,
            has_unmet,
        };
        use RegexTarget::{Line, Match, Secret};
        for (allows, list) in [
            (true, list(Secret, "^abc", "", false, false)),
            (false, list(Secret, "token", "", false, false)),
            (true, list(Match, "^token", "", false, false)),
            (true, list(Line, "^id", "", false, false)),
            (true, list(Secret, "", "example", false, true)),
            (true, list(Secret, "^abc", "example", true, false)),
            (false, list(Secret, "^abc", "other", true, false)),
            (false, list(Secret, "^abc", "example", true, true)),
            (false, list(Secret, "", "", false, true)),
        ] {
            assert_eq!(list.allows(&candidate), allows, "{list:?}");
        }
    }
}
