//! Reading `/proc` and `/sys` through buffers that are kept: a file costs open, read, close and no allocation.
//!
//! Paths go through here so that every collector respects `procfs_path`, `sysfs_path`, `rootfs_path` and `udev_data_path`.

use super::Failure;
use rustix::fs::{Mode, OFlags};
use std::fmt::{Display, Write as _};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// A file is read up to this many bytes: far above what the kernel prints, a bound on what a strange path may cost.
const MAX_FILE_BYTES: usize = 64 << 20;

/// Where the trees are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roots {
    /// `/proc`.
    pub proc: PathBuf,
    /// `/sys`.
    pub sys: PathBuf,
    /// `/`: the mount points are looked at below it.
    pub root: PathBuf,
    /// `/run/udev/data`.
    pub udev: PathBuf,
}

impl Default for Roots {
    fn default() -> Self {
        Self {
            proc: "/proc".into(),
            sys: "/sys".into(),
            root: "/".into(),
            udev: "/run/udev/data".into(),
        }
    }
}

/// Reads files below the [`Roots`].
#[derive(Debug, Default)]
pub struct Files {
    roots: Roots,
    path: String,
    bytes: Vec<u8>,
    lossy: String,
}

impl Files {
    /// Reads below these.
    pub fn new(roots: Roots) -> Self {
        Self {
            roots,
            ..Self::default()
        }
    }

    /// Where the trees are.
    pub fn roots(&self) -> &Roots {
        &self.roots
    }

    /// A file of `/proc`.
    ///
    /// # Errors
    /// [`Failure::Read`].
    pub fn proc(&mut self, path: impl Display) -> Result<&str, Failure> {
        join(&mut self.path, &self.roots.proc, &path);
        self.read(false)
    }

    /// A file of `/sys`, without the white space around.
    ///
    /// # Errors
    /// [`Failure::Read`].
    pub fn sys(&mut self, path: impl Display) -> Result<&str, Failure> {
        join(&mut self.path, &self.roots.sys, &path);
        self.read(true).map(str::trim)
    }

    /// A file below `rootfs_path`.
    ///
    /// # Errors
    /// [`Failure::Read`].
    pub fn root(&mut self, path: impl Display) -> Result<&str, Failure> {
        join(&mut self.path, &self.roots.root, &path);
        self.read(false)
    }

    /// A file of udev's data.
    ///
    /// # Errors
    /// [`Failure::Read`].
    pub fn udev(&mut self, path: impl Display) -> Result<&str, Failure> {
        join(&mut self.path, &self.roots.udev, &path);
        self.read(false)
    }

    /// A file of `/sys` that need not be there or be readable: many attributes answer EINVAL where they make no sense.
    pub fn sys_optional(&mut self, path: impl Display) -> Option<&str> {
        join(&mut self.path, &self.roots.sys, &path);
        let file = File::open(&self.path).ok()?;
        self.fill(file, true).ok()?;
        Some(self.text().trim())
    }

    /// A folder of `/sys` to read several files of.
    pub fn sys_folder(&mut self, path: impl Display) -> Option<Folder<'_>> {
        join(&mut self.path, &self.roots.sys, &path);
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(self.path.as_str(), flags, Mode::empty()).ok()?;
        Some(Folder { files: self, folder })
    }

    /// A whole number in a file of `/proc`.
    ///
    /// # Errors
    /// The file cannot be read, or it holds something else.
    pub fn proc_number(&mut self, path: impl Display) -> Result<f64, Failure> {
        let number = self.proc(path)?.trim().parse();
        number.map_err(|_| Failure::parse(&self.path, "not a number"))
    }

    /// A number in a file of `/sys`.
    ///
    /// # Errors
    /// The file cannot be read, or it holds something else.
    pub fn sys_number(&mut self, path: impl Display) -> Result<f64, Failure> {
        let number = self.sys(path)?.parse();
        number.map_err(|_| Failure::parse(&self.path, "not a number"))
    }

    /// A number in a file of `/sys` that need not be there; hexadecimal with `0x` too.
    pub fn sys_number_optional(&mut self, path: impl Display) -> Option<f64> {
        number(self.sys_optional(path)?)
    }

    /// The names in a folder of `/sys`, sorted, that begin so.
    ///
    /// # Errors
    /// [`Failure::Read`].
    pub fn sys_names(&mut self, path: impl Display, prefix: &str) -> Result<Vec<String>, Failure> {
        join(&mut self.path, &self.roots.sys, &path);
        self.names(prefix)
    }

    /// The names in a folder of `/proc`, sorted, that begin so.
    ///
    /// # Errors
    /// [`Failure::Read`].
    pub fn proc_names(&mut self, path: impl Display, prefix: &str) -> Result<Vec<String>, Failure> {
        join(&mut self.path, &self.roots.proc, &path);
        self.names(prefix)
    }

    fn names(&self, prefix: &str) -> Result<Vec<String>, Failure> {
        let entries = std::fs::read_dir(&self.path).map_err(|error| Failure::read(&self.path, error))?;
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.starts_with(prefix))
            .collect();
        names.sort_unstable();
        Ok(names)
    }

    fn read(&mut self, short: bool) -> Result<&str, Failure> {
        match File::open(&self.path).and_then(|file| self.fill(file, short)) {
            Ok(()) => Ok(self.text()),
            Err(error) => Err(Failure::read(&self.path, error)),
        }
    }

    /// Reads into `bytes`. An attribute of sysfs comes whole with the first read, so the read that would only say so is spared if `short`.
    fn fill(&mut self, mut file: File, short: bool) -> io::Result<()> {
        let mut filled = 0;
        loop {
            if self.bytes.len() - filled < 4096 {
                let more = (self.bytes.len() * 2).max(16 << 10);
                if more > MAX_FILE_BYTES {
                    return Err(io::ErrorKind::FileTooLarge.into());
                }
                self.bytes.resize(more, 0);
            }
            let Some(space) = self.bytes.get_mut(filled..) else {
                break;
            };
            match file.read(space) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            if short && filled < 4096 {
                break;
            }
        }
        let text = self.bytes.get(..filled).unwrap_or_default();
        self.lossy.clear();
        for chunk in text.utf8_chunks() {
            self.lossy.push_str(chunk.valid());
            if !chunk.invalid().is_empty() {
                self.lossy.push(char::REPLACEMENT_CHARACTER);
            }
        }
        Ok(())
    }

    fn text(&self) -> &str {
        &self.lossy
    }
}

/// A folder whose files are read by their names alone: the kernel looks up one name for each rather than a path of six.
#[derive(Debug)]
pub struct Folder<'f> {
    files: &'f mut Files,
    folder: OwnedFd,
}

impl Folder<'_> {
    /// A file without the white space around; `None` where it is not there or answers with an error.
    pub fn text(&mut self, name: &str) -> Option<&str> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.folder, name, flags, Mode::empty()).ok()?;
        self.files.fill(file.into(), true).ok()?;
        Some(self.files.text().trim())
    }

    /// A number in a file, as [`Files::sys_number_optional`] reads it.
    pub fn number(&mut self, name: &str) -> Option<f64> {
        number(self.text(name)?)
    }
}

/// A number, hexadecimal behind `0x`.
fn number(text: &str) -> Option<f64> {
    match text.strip_prefix("0x") {
        Some(hex) => i64::from_str_radix(hex, 16).ok().map(|number| number as f64),
        None => text.parse().ok(),
    }
}

/// Writes `root/path` into a buffer.
fn join(out: &mut String, root: &Path, path: &impl Display) {
    out.clear();
    out.push_str(&root.to_string_lossy());
    if !out.ends_with('/') {
        out.push('/');
    }
    // Writing into a String cannot fail.
    let _ = write!(out, "{path}");
}
