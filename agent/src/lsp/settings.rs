//! What can be set: by the command line, the client's `initializationOptions`, and its `alloy-rs` section while it runs.

use serde::Deserialize;

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
}

impl Settings {
    /// These settings with what a client sends in place of them. What it sends may stand under `alloy-rs`, or by itself.
    ///
    /// # Errors
    /// What is wrong with it; then nothing changes.
    pub(crate) fn with(&self, sent: &serde_json::Value) -> Result<Self, serde_json::Error> {
        let sent = sent.get("alloy-rs").unwrap_or(sent);
        if sent.is_null() {
            return Ok(self.clone());
        }
        serde_json::from_value(sent.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_client_may_send_the_section_or_what_is_in_it() {
        let settings = Settings::default();
        for sent in [json!({"alloy-rs": {"mode": "file"}}), json!({"mode": "file"})] {
            assert_eq!(settings.with(&sent).unwrap().mode, Mode::File);
        }
        assert_eq!(settings.with(&json!(null)).unwrap(), settings);
        assert!(settings.with(&json!({"mode": "files"})).is_err());
    }
}
