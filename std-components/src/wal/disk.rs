//! What a log needs of a file system: the real one here, one that fails and crashes on demand in the tests.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::time::Duration;

/// A folder with the files of a log.
pub(crate) trait Disk: Send + Sync + 'static {
    /// An open file.
    type File: DiskFile;

    /// The names of all files with their sizes in bytes; none if there is no such folder.
    fn list(&self) -> io::Result<Vec<(String, u64)>>;
    /// Makes a file, and the folder if need be.
    ///
    /// # Errors
    /// `AlreadyExists` among others.
    fn create(&self, name: &str) -> io::Result<Self::File>;
    /// Opens a file to read and write.
    fn open(&self, name: &str) -> io::Result<Self::File>;
    /// Takes a file away; it is no error if there is none.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Whether there is such a file.
    fn has(&self, name: &str) -> bool;
    /// How long ago a file was written to.
    fn age(&self, name: &str) -> Duration;
    /// Makes the making of files last.
    fn sync_folder(&self) -> io::Result<()>;
}

/// An open file.
pub(crate) trait DiskFile: Send + Sync + 'static {
    /// Reads at an offset; less than asked for only at the end.
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize>;
    /// Writes all of it at an offset; with an error any part of it may have been written.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// Cuts it.
    fn set_len(&self, bytes: u64) -> io::Result<()>;
    /// Makes what was written last.
    fn sync(&self) -> io::Result<()>;
}

/// A folder of the machine.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    /// Where it is; it is made when something is written.
    pub(crate) path: PathBuf,
}

impl Disk for Folder {
    type File = File;

    fn list(&self) -> io::Result<Vec<(String, u64)>> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry?;
            if let (Ok(name), Ok(metadata)) = (entry.file_name().into_string(), entry.metadata())
                && metadata.is_file()
            {
                found.push((name, metadata.len()));
            }
        }
        Ok(found)
    }

    fn create(&self, name: &str) -> io::Result<File> {
        let path = self.path.join(name);
        let mut how = OpenOptions::new();
        how.read(true).write(true).create_new(true);
        match how.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(&self.path)?;
                if let Some(parent) = self.path.parent() {
                    File::open(parent)?.sync_all()?;
                }
                how.open(&path)
            }
            other => other,
        }
    }

    fn open(&self, name: &str) -> io::Result<File> {
        OpenOptions::new()
            .read(true)
            .write(true)
            .open(self.path.join(name))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    fn has(&self, name: &str) -> bool {
        !matches!(fs::metadata(self.path.join(name)), Err(error) if error.kind() == io::ErrorKind::NotFound)
    }

    fn age(&self, name: &str) -> Duration {
        let modified = fs::metadata(self.path.join(name)).and_then(|metadata| metadata.modified());
        // A clock that was put back makes it young.
        modified.map_or(Duration::ZERO, |at| at.elapsed().unwrap_or_default())
    }

    fn sync_folder(&self) -> io::Result<()> {
        match File::open(&self.path)?.sync_all() {
            // Some file systems cannot sync a folder; they keep names in another way.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
                ) =>
            {
                Ok(())
            }
            synced => synced,
        }
    }
}

impl DiskFile for File {
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut done = 0;
        while let Some(rest) = bytes.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match FileExt::read_at(self, rest, offset + done as u64) {
                Ok(0) => break,
                Ok(more) => done += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.write_all_at(bytes, offset)
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        File::set_len(self, bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}
