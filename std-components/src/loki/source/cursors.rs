//! Positions of sources that are no files: texts by name, in a positions file that the reference reads too.
//!
//! The file is replaced as a whole. Every change is written, so that the death of the process costs nothing; only now and then is it synced to the disk:
//! after the death of the machine the file is one of a few seconds ago, and entries come again.

use super::file::positions::{read, replace, texts};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often the file is synced.
const SYNC_EVERY: Duration = Duration::from_secs(5);

/// The texts of a component.
#[derive(Debug)]
pub(super) struct Cursors {
    file: PathBuf,
    texts: BTreeMap<String, String>,
    is_changed: bool,
    is_unsynced: bool,
    synced: Option<Instant>,
}

impl Cursors {
    /// Reads the file. One that cannot be understood is kept under another name and told.
    ///
    /// # Errors
    /// A file that exists and cannot be read.
    pub(super) fn load(file: PathBuf) -> Result<Self, String> {
        let mut cursors = Self {
            texts: BTreeMap::new(),
            is_changed: false,
            is_unsynced: false,
            synced: None,
            file,
        };
        match stored(&cursors.file)? {
            None => {}
            Some(Ok(stored)) => cursors.texts = stored,
            Some(Err(reason)) => {
                let mut kept = cursors.file.clone();
                kept.as_mut_os_string().push(".damaged");
                tracing::error!(
                    path = %cursors.file.display(), kept = %kept.display(),
                    "the positions file is damaged ({reason}); it is kept under another name, and reading begins as without one"
                );
                // What cannot be kept is overwritten.
                drop(fs::rename(&cursors.file, &kept));
            }
        }
        Ok(cursors)
    }

    /// Whether there is none yet.
    pub(super) fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The text of a name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(String::as_str)
    }

    /// Sets the text of a name.
    pub(super) fn set(&mut self, name: &str, text: String) {
        if self.get(name) != Some(&text) {
            self.texts.insert(name.into(), text);
            self.is_changed = true;
        }
    }

    /// Writes what has changed; `is_last` syncs it too.
    ///
    /// # Errors
    /// Of writing; the file is then still the old one, and the next save tries again.
    pub(super) fn save(&mut self, is_last: bool) -> io::Result<()> {
        let is_due = is_last || self.synced.is_none_or(|at| at.elapsed() >= SYNC_EVERY);
        if !(self.is_changed || self.is_unsynced && is_due) {
            return Ok(());
        }
        let text = self.to_yaml();
        if is_due {
            replace(&self.file, text.as_bytes())?;
            self.synced = Some(Instant::now());
        } else {
            let mut beside = self.file.clone();
            beside.as_mut_os_string().push(".new");
            fs::write(&beside, text)?;
            fs::rename(&beside, &self.file)?;
        }
        self.is_unsynced = !is_due;
        self.is_changed = false;
        Ok(())
    }

    fn to_yaml(&self) -> String {
        let mut out = String::from("positions:");
        for (name, text) in &self.texts {
            // A JSON string is a double-quoted YAML one.
            let quoted = |text: &str| serde_json::Value::from(text).to_string();
            out.push_str(&format!(
                "\n  ? path: {}\n    labels: \"\"\n  : {}",
                quoted(name),
                quoted(text)
            ));
        }
        out.push_str(if self.texts.is_empty() { " {}\n" } else { "\n" });
        out
    }
}

/// The texts of a positions file by name, or why it is none.
type Stored = Result<BTreeMap<String, String>, String>;

/// What a positions file says, where there is one.
///
/// # Errors
/// A file that exists and cannot be read.
pub(super) fn stored(file: &Path) -> Result<Option<Stored>, String> {
    match read(file) {
        Err(error) => Err(format!(
            "the positions file {} cannot be read ({error}); let the agent's user read it, or move it away to begin anew",
            file.display()
        )),
        Ok(bytes) => Ok(bytes.filter(|bytes| !bytes.is_empty()).map(|bytes| {
            Ok(texts(&bytes)?
                .into_iter()
                .map(|(key, text)| (key.path, text))
                .collect())
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_loaded_and_the_references_file_too() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("positions.yml");
        let mut cursors = Cursors::load(file.clone()).unwrap();
        cursors.set("cursor-a", "s=\"1\";i=2".into());
        cursors.save(false).unwrap();
        cursors.set("cursor-a", "s=\"1\";i=3".into());
        cursors.save(false).unwrap();
        assert_eq!(
            Cursors::load(file.clone()).unwrap().get("cursor-a"),
            Some("s=\"1\";i=3")
        );
        fs::write(
            &file,
            "positions:\n  ? path: cursor-a\n    labels: \"\"\n  : s=9;i=1\n",
        )
        .unwrap();
        assert_eq!(
            Cursors::load(file.clone()).unwrap().get("cursor-a"),
            Some("s=9;i=1")
        );
        fs::write(&file, "\0\0").unwrap();
        assert!(Cursors::load(file.clone()).unwrap().is_empty());
        assert!(folder.path().join("positions.yml.damaged").exists());
        drop(fs::remove_file(&file));
        fs::create_dir(&file).unwrap();
        assert!(Cursors::load(file).is_err());
    }
}
