//! What can be set: by the editor, in its `initializationOptions` and its section `alloy-rs`, and where it says nothing by `alloy-rs.toml`.

use crate::lint_config::Levels;
use crate::lint_config::find::Finder;
use alloy_check::catalog::Target;
use river_eval::eval::Stability;
use serde::{Deserialize, Deserializer};
use std::path::Path;

/// Which files are checked together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// A file with those of its folder that it refers to, or that refer to it.
    #[default]
    Auto,
    /// All `*.alloy` files of a folder, as `alloy-rs run FOLDER` reads them.
    Folder,
    /// Every file by itself.
    File,
}

/// What can be set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Settings {
    /// Which files are checked together.
    pub(crate) mode: Mode,
    /// What configurations are for; what `alloy-rs.toml` says, or the newest release of Grafana Alloy, where it is not given.
    #[serde(deserialize_with = "parsed")]
    pub(crate) target: Option<Target>,
    /// The least stability of components.
    #[serde(deserialize_with = "parsed")]
    pub(crate) stability: Option<Stability>,
    /// Whether community components may be used.
    pub(crate) community: Option<bool>,
    /// Whether hints stand between the words.
    pub(crate) inlay_hints: Hints,
}

/// Hints between the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Hints {
    /// The types of references.
    pub(crate) types: bool,
    /// What an empty block stands for.
    pub(crate) defaults: bool,
}

impl Default for Hints {
    fn default() -> Self {
        Self {
            types: true,
            defaults: true,
        }
    }
}

fn parsed<'d, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'d>,
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let text = Option::<String>::deserialize(deserializer)?;
    text.filter(|text| !text.is_empty())
        .map(|text| text.parse().map_err(serde::de::Error::custom))
        .transpose()
}

impl Settings {
    /// What a client sends: it may stand under `alloy-rs`, or by itself. `None` where it sends nothing.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn of(sent: &serde_json::Value) -> Result<Option<Self>, serde_json::Error> {
        let sent = sent.get("alloy-rs").unwrap_or(sent);
        match sent.is_null() {
            true => Ok(None),
            false => serde_json::from_value(sent.clone()).map(Some),
        }
    }

    /// What counts for a file: what the editor says, then what `alloy-rs.toml` says.
    pub(crate) fn for_file(&self, path: &Path, finder: &mut Finder) -> (alloy_check::Settings, Levels) {
        let project = match path.is_absolute() {
            true => finder.of(path).settings.clone(),
            false => crate::lint_config::file::Settings::default(),
        };
        let defaults = alloy_check::Settings::default();
        let target = project.target.and_then(|target| target.to_string().parse().ok());
        let settings = alloy_check::Settings {
            target: self.target.or(target).unwrap_or(defaults.target),
            min_stability: self
                .stability
                .or(project.stability)
                .unwrap_or(defaults.min_stability),
            community: self
                .community
                .or(project.community_components)
                .unwrap_or(defaults.community),
        };
        let levels = Levels {
            file: project.lints,
            ..Levels::default()
        };
        (settings, levels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_client_may_send_the_section_or_what_is_in_it() {
        for sent in [
            json!({"alloy-rs": {"mode": "file", "stability": "experimental"}}),
            json!({"mode": "file", "stability": "experimental", "target": ""}),
        ] {
            let settings = Settings::of(&sent).unwrap().unwrap();
            assert_eq!(
                (settings.mode, settings.stability),
                (Mode::File, Some(Stability::Experimental))
            );
            assert_eq!(settings.target, None);
        }
        assert_eq!(Settings::of(&json!(null)).unwrap(), None);
        assert!(Settings::of(&json!({"mode": "files"})).is_err());
        let error = Settings::of(&json!({"target": "alloy"})).unwrap_err().to_string();
        assert!(error.contains("grafana-alloy"), "{error}");
    }

    #[test]
    fn the_editor_counts_before_the_project() {
        let folder = tempfile::tempdir().unwrap();
        let toml = "stability = \"experimental\"\ntarget = \"alloy-rs\"\n";
        std::fs::write(folder.path().join("alloy-rs.toml"), toml).unwrap();
        let file = folder.path().join("config.alloy");
        std::fs::write(&file, "").unwrap();
        let settings = Settings {
            target: Some(Target::newest()),
            ..Settings::default()
        };
        let (settings, _) = settings.for_file(&file, &mut Finder::default());
        assert_eq!(settings.min_stability, Stability::Experimental);
        assert_eq!(settings.target, Target::newest());
    }
}
