//! Which files `fmt` works on: those that are named, and of folders the `*.alloy` files that are not ignored.

use ignore::WalkBuilder;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Files in the order in which they were named, of folders in the order of their names.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// What to format, each file once.
    pub(super) files: Vec<PathBuf>,
    /// What could not be looked at, and why.
    pub(super) failures: Vec<String>,
    /// Folders in which there was nothing to format.
    pub(super) empty: Vec<PathBuf>,
}

/// Looks into folders, at any depth. A file that is named counts whatever its name is and whatever `.gitignore` says of it; of folders
/// hidden files and those that `.gitignore` or `.ignore` name are left out, also outside of a git repository.
pub(super) fn find(paths: &[PathBuf]) -> Files {
    let mut found = Files::default();
    let mut seen = HashSet::new();
    for path in paths {
        if !path.is_dir() {
            // What is not there is told when it is read.
            if seen.insert(path.clone()) {
                found.files.push(path.clone());
            }
            continue;
        }
        let before = found.files.len() + found.failures.len();
        let mut walk = WalkBuilder::new(path);
        walk.require_git(false).sort_by_file_name(Ord::cmp);
        let mut any = false;
        for entry in walk.build() {
            match entry {
                Ok(entry) if is_configuration(entry.path()) => {
                    any = true;
                    if seen.insert(entry.path().to_path_buf()) {
                        found.files.push(entry.into_path());
                    }
                }
                Ok(_) => {}
                Err(error) => found.failures.push(error.to_string()),
            }
        }
        if !any && before == found.files.len() + found.failures.len() {
            found.empty.push(path.clone());
        }
    }
    found
}

/// Whether it is a file, or a link to one, with this language's extension.
fn is_configuration(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "alloy") && path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_searched_and_ignored_files_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for name in [
            "b.alloy",
            "a.alloy",
            "notes.txt",
            "deep/er/c.alloy",
            "vendor/x.alloy",
            ".hidden/y.alloy",
            "deep/skip.alloy",
        ] {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        std::fs::write(root.join(".gitignore"), "/vendor/\n").unwrap();
        std::fs::write(root.join("deep/.gitignore"), "skip.alloy\n").unwrap();
        std::fs::create_dir(root.join("folder.alloy")).unwrap();
        let names = |paths: &[PathBuf]| -> Vec<String> {
            find(paths)
                .files
                .iter()
                .map(|file| file.strip_prefix(root).unwrap().display().to_string())
                .collect()
        };
        assert_eq!(names(&[root.into()]), ["a.alloy", "b.alloy", "deep/er/c.alloy"]);
        // A file that is named counts, and no file counts twice.
        assert_eq!(
            names(&[root.join("vendor/x.alloy"), root.join("b.alloy"), root.into()]),
            ["vendor/x.alloy", "b.alloy", "a.alloy", "deep/er/c.alloy"]
        );
        assert_eq!(
            find(&[root.join("folder.alloy")]).empty,
            [root.join("folder.alloy")]
        );
    }
}
