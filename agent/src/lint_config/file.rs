//! The text of `alloy-rs.toml`. Every mistake in it is told with its place, and the rest is used all the same.

use super::{Level, Target, code, codes};
use river_eval::suggest::nearest;
use river_syntax::{Diagnostic, Edit, FileId, Fix, Span};
use std::collections::BTreeMap;
use std::ops::Range;
use std_components::component::Stability;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What a file decides.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Settings {
    /// For which program configurations are checked.
    pub(crate) target: Option<Target>,
    /// The least stability of components.
    pub(crate) stability: Option<Stability>,
    /// Whether community components may be used.
    pub(crate) community_components: Option<bool>,
    /// What becomes of the findings of a code, by its id.
    pub(crate) lints: BTreeMap<&'static str, Level>,
}

/// The keys at the top.
const KEYS: &[&str] = &["community-components", "lints", "stability", "target"];

const LEVELS: &[&str] = &["off", "warn", "error"];

/// What other programs call the levels.
const ELSEWHERE: &[(&str, &str)] = &[
    ("allow", "off"),
    ("ignore", "off"),
    ("none", "off"),
    ("warning", "warn"),
    ("deny", "error"),
    ("forbid", "error"),
];

const STABILITIES: &[(&str, Stability)] = &[
    ("experimental", Stability::Experimental),
    ("public-preview", Stability::PublicPreview),
    ("generally-available", Stability::GenerallyAvailable),
];

/// Reads a file's text, whose number in the table of sources is `file`.
pub(crate) fn parse(file: FileId, text: &str) -> (Settings, Vec<Diagnostic>) {
    let mut reader = Reader {
        file,
        settings: Settings::default(),
        found: Vec::new(),
    };
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let place = error.span().unwrap_or(0..0);
        reader.say(place, error.message().trim().to_owned(), None);
    }
    let no_toml = reader.found.len();
    reader.top(table.get_ref());
    if no_toml > 0 {
        // What else seems to be wrong may only be the echo of that.
        reader.found.truncate(no_toml);
    }
    reader.found.sort_by_key(|finding| finding.primary.span.start);
    (reader.settings, reader.found)
}

struct Reader {
    file: FileId,
    settings: Settings,
    found: Vec<Diagnostic>,
}

impl Reader {
    fn say(&mut self, place: Range<usize>, message: String, help: Option<String>) {
        let span = self.span(place);
        let mut finding = Diagnostic::error(&codes::BAD_CONFIG, span, message);
        finding.help = help;
        self.found.push(finding);
    }

    fn span(&self, place: Range<usize>) -> Span {
        Span::new(self.file, place.start as u32, place.end as u32)
    }

    /// A word that does not exist, with the nearest of those that do.
    fn unknown(&mut self, place: Range<usize>, what: &str, written: &str, known: &[&str]) {
        let message = format!("unknown {what} {written:?}");
        let Some(near) = nearest(written, known.iter().copied()) else {
            return self.say(place, message, Some(format!("there are {}", known.join(", "))));
        };
        self.say(place, message, Some(format!("did you mean {near}?")));
    }

    fn top(&mut self, table: &DeTable<'_>) {
        for (key, value) in table.iter() {
            match &**key.get_ref() {
                "lints" => match value.get_ref().as_table() {
                    Some(lints) => self.lints(lints),
                    None => self.type_error(value, "lints", "a table: [lints]"),
                },
                "target" => {
                    if let Some(text) = self.text(value, "target") {
                        match text.parse() {
                            Ok(target) => self.settings.target = Some(target),
                            Err(help) => {
                                self.say(
                                    value.span(),
                                    format!("unknown target {text:?}"),
                                    Some(help.to_string()),
                                );
                            }
                        }
                    }
                }
                "stability" => {
                    if let Some(text) = self.text(value, "stability") {
                        let known = STABILITIES.iter().find(|(name, _)| *name == text);
                        match known {
                            Some((_, stability)) => self.settings.stability = Some(*stability),
                            None => {
                                let names: Vec<&str> = STABILITIES.iter().map(|(name, _)| *name).collect();
                                self.unknown(value.span(), "stability", text, &names);
                            }
                        }
                    }
                }
                "community-components" => match value.get_ref().as_bool() {
                    Some(enabled) => self.settings.community_components = Some(enabled),
                    None => self.type_error(value, "community-components", "true or false"),
                },
                other => self.unknown(key.span(), "key", other, KEYS),
            }
        }
    }

    fn lints(&mut self, table: &DeTable<'_>) {
        for (key, value) in table.iter() {
            let known = match code(key.get_ref()) {
                Ok(known) => Some(known),
                Err(message) => {
                    self.say(key.span(), message, None);
                    None
                }
            };
            let Some(text) = self.text(value, key.get_ref()) else {
                continue;
            };
            let level = match text {
                "off" => Level::Off,
                "warn" => Level::Warn,
                "error" => Level::Error,
                other => {
                    match ELSEWHERE.iter().find(|(word, _)| *word == other) {
                        Some((_, here)) => self.meant(value.span(), other, here),
                        None => self.unknown(value.span(), "level", other, LEVELS),
                    }
                    continue;
                }
            };
            if let Some(known) = known {
                self.settings.lints.insert(known.id, level);
            }
        }
    }

    /// A level by the name that it has in other programs.
    fn meant(&mut self, place: Range<usize>, written: &str, here: &str) {
        let span = self.span(place);
        self.found.push(
            Diagnostic::error(&codes::BAD_CONFIG, span, format!("unknown level {written:?}"))
                .with_help(format!("it is called \"{here}\" here"))
                .with_fix(Fix {
                    title: format!("write \"{here}\""),
                    edits: vec![Edit {
                        span,
                        replacement: format!("\"{here}\""),
                    }],
                    safe: false,
                }),
        );
    }

    fn text<'v>(&mut self, value: &'v Spanned<DeValue<'_>>, key: &str) -> Option<&'v str> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.type_error(value, key, "a text in quotes");
        }
        text
    }

    fn type_error(&mut self, value: &Spanned<DeValue<'_>>, key: &str, wanted: &str) {
        let given = value.get_ref().type_str();
        self.say(
            value.span(),
            format!("{key} has to be {wanted}, not {given}"),
            None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use river_syntax::Sources;

    fn told(text: &str) -> String {
        let mut sources = Sources::new();
        let file = sources.add("alloy-rs.toml", text);
        let (_, found) = parse(file, text);
        crate::report::text(&sources, &found)
    }

    #[test]
    fn a_file_is_read() {
        let text = "target = \"grafana-alloy@1.11.3\"\nstability = \"experimental\"\ncommunity-components = true\n\
                    [lints]\nAR0201 = \"warn\"\nar0202 = \"off\"\n";
        let (settings, found) = parse(FileId(0), text);
        assert!(found.is_empty(), "{found:?}");
        assert_eq!(settings.target.unwrap().to_string(), "grafana-alloy@1.11.3");
        assert_eq!(settings.stability, Some(Stability::Experimental));
        assert_eq!(settings.community_components, Some(true));
        assert_eq!(settings.lints["AR0201"], Level::Warn);
        assert_eq!(settings.lints["AR0202"], Level::Off);
    }

    #[test]
    fn every_mistake_is_told_and_the_rest_is_used() {
        let text = "targt = \"alloy-rs\"\nstability = \"experimentl\"\ncommunity-components = \"yes\"\n[lints]\nAR0001 = \"off\"\n\
                    AR20 = \"off\"\nAR0201 = \"deny\"\nAR0202 = \"loud\"\nAR0203 = 1\nAR0204 = \"off\"\n";
        insta::assert_snapshot!(told(text), @r#"
        alloy-rs.toml:1:1: error[AR0424]: unknown key "targt" (did you mean target?)
        alloy-rs.toml:2:13: error[AR0424]: unknown stability "experimentl" (did you mean experimental?)
        alloy-rs.toml:3:24: error[AR0424]: community-components has to be true or false, not string
        alloy-rs.toml:5:1: error[AR0424]: AR0001 is a syntax error (unexpected token), which always counts
        alloy-rs.toml:6:1: error[AR0424]: there is no code AR20; `alloy-rs explain` lists all codes
        alloy-rs.toml:7:10: error[AR0424]: unknown level "deny" (it is called "error" here)
        alloy-rs.toml:8:10: error[AR0424]: unknown level "loud" (there are off, warn, error)
        alloy-rs.toml:9:10: error[AR0424]: AR0203 has to be a text in quotes, not integer
        "#);
        assert_eq!(parse(FileId(0), text).0.lints.len(), 1);
    }

    #[test]
    fn what_is_no_toml_is_told_at_its_place() {
        insta::assert_snapshot!(told("target = \n[lints\n"), @"
        alloy-rs.toml:1:10: error[AR0424]: string values must be quoted, expected literal string
        alloy-rs.toml:2:7: error[AR0424]: unclosed table, expected `]`
        ");
    }
}
