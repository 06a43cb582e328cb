//! Replaces a file's content so that a reader, or a crash, sees the old text or the new one and nothing between.

use std::io::Write;
use std::path::Path;

/// Writes a temporary file beside it, gives it the old one's mode and owner, and renames it over.
pub(crate) fn replace(path: &Path, content: &[u8]) -> std::io::Result<()> {
    // A link stays a link: what it points at is replaced.
    let path = path.canonicalize()?;
    let folder = path
        .parent()
        .ok_or_else(|| std::io::Error::other("the path has no folder"))?;
    let metadata = std::fs::metadata(&path)?;
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    temporary.write_all(content)?;
    temporary.as_file().set_permissions(metadata.permissions())?;
    keep_owner(temporary.path(), &metadata)?;
    temporary.as_file().sync_all()?;
    temporary.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(unix)]
fn keep_owner(path: &Path, old: &std::fs::Metadata) -> std::io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let new = std::fs::metadata(path)?;
    if (new.uid(), new.gid()) == (old.uid(), old.gid()) {
        return Ok(());
    }
    std::os::unix::fs::chown(path, Some(old.uid()), Some(old.gid()))
}

#[cfg(not(unix))]
fn keep_owner(_: &Path, _: &std::fs::Metadata) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn mode_and_links_stay() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("real.alloy");
        std::fs::write(&file, "old").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        let link = folder.path().join("link.alloy");
        symlink(&file, &link).unwrap();
        super::replace(&link, b"new").unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(
            std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o640
        );
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}
