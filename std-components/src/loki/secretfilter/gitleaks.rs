//! Rules from a gitleaks configuration (<https://github.com/gitleaks/gitleaks#configuration>).
//!
//! What a line has no place for (commits, names of files) never applies; `required` rules are refused, as they look at several lines.

use super::builtin;
use super::detector::Detector;
use super::rules::{Allowlist, Pattern, RegexTarget, Rule};
use std::borrow::Cow;
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// Bytes of a configuration at the most.
const MAX_CONFIG_BYTES: u64 = 4 * 1024 * 1024;

/// How many files may extend one another, as in gitleaks.
const MAX_EXTENDS: usize = 2;

/// The component's own rules.
///
/// # Errors
/// None that a configuration could bring about.
pub(super) fn own() -> Result<Detector, String> {
    Detector::new(builtin::rules(), builtin::allowlists())
}

/// The rules of a file.
///
/// # Errors
/// What is wrong with it, with the line.
pub(super) fn load(path: &Path) -> Result<Detector, String> {
    let config = read(path, MAX_EXTENDS)?;
    let mut rules = Vec::with_capacity(config.rules.len());
    for part in config.rules {
        if let Some(rule) = part.finish()? {
            rules.push(rule);
        }
    }
    Detector::new(rules, config.allowlists)
}

#[derive(Default)]
struct Config {
    rules: Vec<Part>,
    allowlists: Vec<Allowlist>,
}

/// A rule as one file has it; those of an extended file may lack what the other one says.
struct Part {
    id: String,
    pattern: Option<Pattern>,
    keywords: Vec<Cow<'static, str>>,
    entropy: f64,
    secret_group: usize,
    allowlists: Vec<Allowlist>,
    /// Whether it never finds anything in a line: it is about names of files, or not to be reported.
    is_void: bool,
}

impl Part {
    fn of(rule: Rule) -> Self {
        Self {
            id: rule.id.to_string(),
            pattern: Some(rule.pattern),
            keywords: rule.keywords,
            entropy: rule.entropy,
            secret_group: rule.secret_group,
            allowlists: rule.allowlists,
            is_void: false,
        }
    }

    /// What is said here, over what the extended file says.
    fn over(&mut self, base: Part) {
        self.pattern = self.pattern.take().or(base.pattern);
        if self.entropy == 0.0 {
            self.entropy = base.entropy;
        }
        if self.secret_group == 0 {
            self.secret_group = base.secret_group;
        }
        self.keywords.extend(base.keywords);
        self.allowlists.extend(base.allowlists);
        self.is_void |= base.is_void;
    }

    fn finish(self) -> Result<Option<Rule>, String> {
        if self.is_void {
            return Ok(None);
        }
        let Some(pattern) = self.pattern else {
            return Err(format!("the rule {:?} has no regex", self.id));
        };
        let groups = pattern.get().map_or(0, |expression| expression.captures_len());
        if self.secret_group >= groups.max(1) {
            return Err(format!(
                "the rule {:?} has secretGroup = {}, and its regex has {} groups",
                self.id,
                self.secret_group,
                groups.saturating_sub(1)
            ));
        }
        Ok(Some(Rule {
            id: self.id.into(),
            pattern,
            keywords: self.keywords,
            entropy: self.entropy,
            secret_group: self.secret_group,
            allowlists: self.allowlists,
        }))
    }
}

fn read(path: &Path, extends: usize) -> Result<Config, String> {
    let cannot = |error: &dyn std::fmt::Display| format!("cannot read {}: {error}", path.display());
    let size = std::fs::metadata(path).map_err(|error| cannot(&error))?.len();
    if size > MAX_CONFIG_BYTES {
        return Err(cannot(&format!("it is larger than {MAX_CONFIG_BYTES} bytes")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| cannot(&error))?;
    let table = DeTable::parse(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(&text, span.start));
        format!("{}, line {line}: {}", path.display(), error.message())
    })?;
    let file = File { path, text: &text };
    file.config(table.get_ref(), extends)
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

/// The file being read, for messages.
struct File<'t> {
    path: &'t Path,
    text: &'t str,
}

type Spanned<'t> = toml::Spanned<DeValue<'t>>;

impl File<'_> {
    fn wrong(&self, value: &Spanned<'_>, message: &str) -> String {
        let line = line_of(self.text, value.span().start);
        format!("{}, line {line}: {message}", self.path.display())
    }

    fn string<'t>(&self, table: &'t DeTable<'_>, key: &str) -> Result<&'t str, String> {
        match table.get(key) {
            None => Ok(""),
            Some(value) => match value.get_ref() {
                DeValue::String(text) => Ok(text),
                _ => Err(self.wrong(value, &format!("{key} has to be a text"))),
            },
        }
    }

    fn strings(&self, table: &DeTable<'_>, key: &str) -> Result<Vec<String>, String> {
        let Some(value) = table.get(key) else {
            return Ok(Vec::new());
        };
        let DeValue::Array(items) = value.get_ref() else {
            return Err(self.wrong(value, &format!("{key} has to be a list of texts")));
        };
        let text = |item: &Spanned<'_>| match item.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            _ => Err(self.wrong(item, &format!("{key} has to be a list of texts"))),
        };
        items.iter().map(text).collect()
    }

    fn number(&self, table: &DeTable<'_>, key: &str) -> Result<f64, String> {
        let Some(value) = table.get(key) else {
            return Ok(0.0);
        };
        let number = match value.get_ref() {
            DeValue::Integer(number) => number.to_string().parse().ok(),
            DeValue::Float(number) => number.to_string().parse().ok(),
            _ => None,
        };
        number
            .filter(|number: &f64| number.is_finite() && *number >= 0.0)
            .ok_or_else(|| self.wrong(value, &format!("{key} has to be a number from 0 on")))
    }

    fn is_set(&self, table: &DeTable<'_>, key: &str) -> Result<bool, String> {
        match table.get(key) {
            None => Ok(false),
            Some(value) => match value.get_ref() {
                DeValue::Boolean(value) => Ok(*value),
                _ => Err(self.wrong(value, &format!("{key} has to be true or false"))),
            },
        }
    }

    /// The tables under a key, of which there may be one or, in a list, several.
    fn tables<'t, 's>(
        &self,
        table: &'t DeTable<'s>,
        key: &str,
    ) -> Result<Vec<(&'t Spanned<'s>, &'t DeTable<'s>)>, String> {
        let Some(value) = table.get(key) else {
            return Ok(Vec::new());
        };
        let one = |value: &'t Spanned<'s>| match value.get_ref() {
            DeValue::Table(table) => Ok((value, table)),
            _ => Err(self.wrong(value, &format!("{key} has to be a table"))),
        };
        match value.get_ref() {
            DeValue::Array(items) => items.iter().map(one).collect(),
            _ => one(value).map(|table| vec![table]),
        }
    }

    fn pattern(&self, table: &DeTable<'_>, key: &str) -> Result<Option<Pattern>, String> {
        match (self.string(table, key)?, table.get(key)) {
            ("", _) | (_, None) => Ok(None),
            (text, Some(value)) => Pattern::new(text.to_owned())
                .map(Some)
                .map_err(|reason| self.wrong(value, &format!("{key} is no valid expression: {reason}"))),
        }
    }

    fn config(&self, table: &DeTable<'_>, extends: usize) -> Result<Config, String> {
        let mut config = Config::default();
        for (at, rule) in self.tables(table, "rules")? {
            config.rules.push(self.rule(at, rule)?);
        }
        for key in ["allowlist", "allowlists"] {
            for (at, list) in self.tables(table, key)? {
                let allowlist = self.allowlist(at, list)?;
                let of = self.strings(list, "targetRules")?;
                if of.is_empty() {
                    config.allowlists.push(allowlist);
                    continue;
                }
                for id in of {
                    match config.rules.iter_mut().find(|rule| rule.id == id) {
                        Some(rule) => rule.allowlists.push(allowlist.clone()),
                        None => {
                            return Err(self.wrong(
                                at,
                                &format!("targetRules names {id:?}, which is no rule of this file"),
                            ));
                        }
                    }
                }
            }
        }
        for (at, extend) in self.tables(table, "extend")? {
            self.extend(at, extend, &mut config, extends)?;
        }
        Ok(config)
    }

    fn extend(
        &self,
        at: &Spanned<'_>,
        extend: &DeTable<'_>,
        config: &mut Config,
        extends: usize,
    ) -> Result<(), String> {
        let uses_own = self.is_set(extend, "useDefault")?;
        let path = self.string(extend, "path")?;
        if uses_own && !path.is_empty() {
            return Err(self.wrong(at, "useDefault and path exclude each other"));
        }
        let base = if uses_own {
            Config {
                rules: builtin::rules().into_iter().map(Part::of).collect(),
                allowlists: builtin::allowlists(),
            }
        } else if path.is_empty() {
            return Ok(());
        } else if extends == 0 {
            return Err(self.wrong(at, &format!("more than {MAX_EXTENDS} files extend one another")));
        } else {
            read(Path::new(path), extends - 1)?
        };
        let disabled = self.strings(extend, "disabledRules")?;
        for rule in base.rules {
            if disabled.contains(&rule.id) {
                continue;
            }
            match config.rules.iter_mut().find(|own| own.id == rule.id) {
                Some(own) => own.over(rule),
                None => config.rules.push(rule),
            }
        }
        config.allowlists.extend(base.allowlists);
        Ok(())
    }

    fn rule(&self, at: &Spanned<'_>, rule: &DeTable<'_>) -> Result<Part, String> {
        let id = self.string(rule, "id")?;
        if id.is_empty() {
            return Err(self.wrong(at, "a rule needs an id"));
        }
        if let Some(required) = rule.get("required") {
            return Err(self.wrong(
                required,
                "required rules look at several lines, which this component does not: take them away",
            ));
        }
        let pattern = self.pattern(rule, "regex")?;
        let file_name = self.pattern(rule, "path")?;
        // There is no file, and its name would be empty.
        let is_elsewhere = file_name.is_some_and(|name| name.get().is_none_or(|name| !name.is_match("")));
        let mut allowlists = Vec::new();
        for key in ["allowlist", "allowlists"] {
            for (at, list) in self.tables(rule, key)? {
                allowlists.push(self.allowlist(at, list)?);
            }
        }
        let keywords = self.strings(rule, "keywords")?.into_iter();
        Ok(Part {
            id: id.to_owned(),
            is_void: is_elsewhere || self.is_set(rule, "skipReport")?,
            pattern,
            keywords: keywords
                .filter(|keyword| !keyword.is_empty())
                .map(|keyword| Cow::Owned(keyword.to_lowercase()))
                .collect(),
            entropy: self.number(rule, "entropy")?,
            secret_group: self.number(rule, "secretGroup")? as usize,
            allowlists,
        })
    }

    fn allowlist(&self, at: &Spanned<'_>, list: &DeTable<'_>) -> Result<Allowlist, String> {
        let target = match self.string(list, "regexTarget")? {
            "" | "secret" => RegexTarget::Secret,
            "match" => RegexTarget::Match,
            "line" => RegexTarget::Line,
            _ => return Err(self.wrong(at, "regexTarget has to be \"secret\", \"match\" or \"line\"")),
        };
        let needs_all = match self.string(list, "condition")?.to_ascii_uppercase().as_str() {
            "" | "OR" | "||" => false,
            "AND" | "&&" => true,
            _ => return Err(self.wrong(at, "condition has to be \"OR\" or \"AND\"")),
        };
        let regexes = self.strings(list, "regexes")?;
        let regexes = regexes.into_iter().map(|text| {
            Pattern::new(text)
                .map_err(|reason| self.wrong(at, &format!("regexes holds no valid expression: {reason}")))
        });
        let stopwords = self.strings(list, "stopwords")?.into_iter();
        let is_there = |key| self.strings(list, key).map(|items| !items.is_empty());
        let allowlist = Allowlist {
            target,
            regexes: regexes.collect::<Result<_, _>>()?,
            stopwords: stopwords
                .filter(|word| !word.is_empty())
                .map(|word| word.to_lowercase())
                .collect(),
            has_unmet: is_there("paths")? || is_there("commits")?,
            needs_all,
        };
        if allowlist.regexes.is_empty() && allowlist.stopwords.is_empty() && !allowlist.has_unmet {
            return Err(self.wrong(
                at,
                "an allowlist needs at least one of commits, paths, regexes and stopwords",
            ));
        }
        Ok(allowlist)
    }
}
