//! Which files have changed, as the kernel tells it (inotify), so that a thousand quiet files cost one look at one queue.
//!
//! Folders are watched, not files: rotation makes and renames files. Events are fetched when the files are looked at, not when they come: until then the
//! kernel holds equal ones together, so a busy file costs no more than a quiet one. Watching is only ever a reason to look earlier. Each file is looked at
//! now and then all the same, and where that shows what no event has told (network file systems, maps), it is polled as if there were no watching.

use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// What has happened since the last question.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// The files that something has happened to.
    pub(super) files: BTreeSet<u64>,
    /// Events were lost: anything may have happened.
    pub(super) is_all: bool,
}

/// Symbolic links that are followed at the most.
const MAX_LINKS: usize = 8;

#[derive(Debug, Default)]
struct Folder {
    path: PathBuf,
    /// The files below each name.
    names: FxHashMap<OsString, Vec<u64>>,
}

/// Watches the folders of files.
#[derive(Debug, Default)]
pub(super) struct Watcher {
    kernel: kernel::Queue,
    folders: FxHashMap<i32, Folder>,
    by_path: FxHashMap<PathBuf, i32>,
    /// Folder and name of each file, of each link on the way to it.
    files: FxHashMap<u64, Vec<(i32, OsString)>>,
}

impl Watcher {
    /// Watches a file, by its path and by where symbolic links lead now. Answers whether all of it can be watched.
    pub(super) fn follow(&mut self, file: u64, path: &Path) -> bool {
        self.forget(file);
        let mut at = path.to_owned();
        for _ in 0..MAX_LINKS {
            let (Some(folder), Some(name)) = (at.parent(), at.file_name()) else {
                return false;
            };
            let (folder, name) = (folder.to_owned(), name.to_owned());
            let Some(watch) = self.watch(&folder) else {
                return false;
            };
            if let Some(folder) = self.folders.get_mut(&watch) {
                folder.names.entry(name.clone()).or_default().push(file);
            }
            self.files.entry(file).or_default().push((watch, name));
            match std::fs::read_link(&at) {
                Ok(target) => at = folder.join(target),
                Err(_) => return true,
            }
        }
        false
    }

    fn watch(&mut self, folder: &Path) -> Option<i32> {
        if let Some(watch) = self.by_path.get(folder) {
            return Some(*watch);
        }
        let watch = self.kernel.watch(folder)?;
        // Another path may lead to the same folder, which has one watch.
        self.folders.entry(watch).or_default().path = folder.to_owned();
        self.by_path.insert(folder.to_owned(), watch);
        Some(watch)
    }

    /// No longer watches a file.
    pub(super) fn forget(&mut self, file: u64) {
        for (watch, name) in self.files.remove(&file).unwrap_or_default() {
            let Some(folder) = self.folders.get_mut(&watch) else {
                continue;
            };
            if let Some(files) = folder.names.get_mut(&name) {
                files.retain(|other| *other != file);
                if files.is_empty() {
                    folder.names.remove(&name);
                }
            }
            if folder.names.is_empty() {
                self.folders.remove(&watch);
                self.by_path.retain(|_, other| *other != watch);
                self.kernel.unwatch(watch);
            }
        }
    }

    /// Whether anything is watched.
    pub(super) fn is_watching(&self) -> bool {
        !self.folders.is_empty()
    }

    /// Whether something has happened since the last question, to any file of the folders.
    pub(super) fn has_news(&self) -> bool {
        self.kernel.has_news()
    }

    /// What has happened since the last question.
    pub(super) fn changes(&mut self) -> Changes {
        let mut changes = Changes::default();
        let mut gone = Vec::new();
        let (folders, is_watching) = (&self.folders, !self.folders.is_empty());
        let mut take = |watch: i32, name: Option<&OsStr>, is_gone: bool| {
            let Some(folder) = folders.get(&watch) else {
                return;
            };
            match name {
                Some(name) => changes.files.extend(folder.names.get(name).into_iter().flatten()),
                // About the folder itself.
                None => changes.files.extend(folder.names.values().flatten()),
            }
            if is_gone {
                gone.push(watch);
            }
        };
        let is_whole = !is_watching || self.kernel.read(&mut take);
        changes.is_all = !is_whole;
        for watch in gone {
            // The files are followed again when they have been looked at.
            if let Some(folder) = self.folders.remove(&watch) {
                self.by_path.remove(&folder.path);
                self.by_path.retain(|_, other| *other != watch);
            }
        }
        changes
    }

    /// Whether all of a file's folders are still watched.
    pub(super) fn is_followed(&self, file: u64) -> bool {
        let places = self.files.get(&file);
        places.is_some_and(|places| places.iter().all(|(watch, _)| self.folders.contains_key(watch)))
    }
}

#[cfg(target_os = "linux")]
mod kernel {
    use rustix::fs::inotify::{CreateFlags, ReadFlags, Reader, WatchFlags, add_watch, init, remove_watch};
    use rustix::io::Errno;
    use std::ffi::OsStr;
    use std::mem::MaybeUninit;
    use std::os::fd::OwnedFd;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    /// Bytes of events that are read at once.
    const BUFFER: usize = 16 * 1024;

    /// Events that are read at once at the most; the rest is read the next time.
    const MOST: usize = 20_000;

    /// File systems on which others may write unseen: NFS, SMB, FUSE, 9P, Ceph, AFS.
    const SHARED: [u32; 8] = [
        0x6969,
        0x517b,
        0xff53_4d42,
        0xfe53_4d42,
        0x6573_5546,
        0x0102_1997,
        0x00c3_6400,
        0x5346_414f,
    ];

    /// The kernel's queue of events.
    #[derive(Debug, Default)]
    pub(super) struct Queue {
        queue: Option<OwnedFd>,
        is_refused: bool,
    }

    impl Queue {
        pub(super) fn watch(&mut self, folder: &Path) -> Option<i32> {
            let system = rustix::fs::statfs(folder).ok()?;
            if self.is_refused || SHARED.contains(&(system.f_type as u32)) {
                return None;
            }
            if self.queue.is_none() {
                match init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC) {
                    Ok(queue) => self.queue = Some(queue),
                    Err(error) => {
                        // Another process of the user has them all; polling does as well.
                        tracing::debug!(%error, "inotify is not to be had, files are polled");
                        self.is_refused = true;
                        return None;
                    }
                }
            }
            let flags = WatchFlags::MODIFY
                | WatchFlags::CREATE
                | WatchFlags::DELETE
                | WatchFlags::MOVED_FROM
                | WatchFlags::MOVED_TO
                | WatchFlags::DELETE_SELF
                | WatchFlags::MOVE_SELF
                | WatchFlags::ONLYDIR;
            add_watch(self.queue.as_ref()?, folder, flags).ok()
        }

        pub(super) fn unwatch(&mut self, watch: i32) {
            if let Some(queue) = &self.queue {
                // It may be gone with its folder.
                let _ = remove_watch(queue, watch);
            }
        }

        /// Whether events wait.
        pub(super) fn has_news(&self) -> bool {
            let bytes = self.queue.as_ref().map(rustix::io::ioctl_fionread);
            // Where it cannot be told, it is read.
            bytes.is_some_and(|bytes| bytes != Ok(0))
        }

        /// Hands out events: watch, name, whether the watch has ended. Answers whether there are all.
        pub(super) fn read(&mut self, take: &mut dyn FnMut(i32, Option<&OsStr>, bool)) -> bool {
            let Some(queue) = &self.queue else {
                return true;
            };
            let mut buffer = [MaybeUninit::uninit(); BUFFER];
            let mut reader = Reader::new(queue, &mut buffer);
            for _ in 0..MOST {
                let event = match reader.next() {
                    Ok(event) => event,
                    Err(Errno::INTR) => continue,
                    Err(Errno::AGAIN) => return true,
                    Err(_) => return false,
                };
                if event.events().contains(ReadFlags::QUEUE_OVERFLOW) {
                    return false;
                }
                let ends = ReadFlags::IGNORED | ReadFlags::MOVE_SELF | ReadFlags::UNMOUNT;
                let name = event.file_name().map(|name| OsStr::from_bytes(name.to_bytes()));
                take(event.wd(), name, event.events().intersects(ends));
            }
            true
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod kernel {
    use std::ffi::OsStr;
    use std::path::Path;

    /// There is no such queue here.
    #[derive(Debug, Default)]
    pub(super) struct Queue;

    impl Queue {
        pub(super) fn watch(&mut self, _folder: &Path) -> Option<i32> {
            None
        }

        pub(super) fn unwatch(&mut self, _watch: i32) {}

        pub(super) fn has_news(&self) -> bool {
            false
        }

        pub(super) fn read(&mut self, _take: &mut dyn FnMut(i32, Option<&OsStr>, bool)) -> bool {
            true
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn told(watcher: &mut Watcher) -> Vec<u64> {
        let changes = watcher.changes();
        assert!(!changes.is_all);
        changes.files.into_iter().collect()
    }

    #[test]
    fn what_happens_to_files_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("real")).unwrap();
        fs::write(path("a"), "").unwrap();
        fs::write(path("real/b"), "").unwrap();
        symlink("real/b", path("link")).unwrap();
        let mut watcher = Watcher::default();
        for (file, name) in [(1, "a"), (2, "link"), (3, "later")] {
            assert!(watcher.follow(file, &path(name)));
        }
        assert_eq!(told(&mut watcher), [0; 0]);
        fs::write(path("unrelated"), "x").unwrap();
        assert_eq!(told(&mut watcher), [0; 0]);
        fs::write(path("a"), "x").unwrap();
        fs::write(path("real/b"), "x").unwrap();
        assert_eq!(told(&mut watcher), [1, 2]);
        fs::rename(path("a"), path("a.1")).unwrap();
        fs::write(path("later"), "").unwrap();
        assert_eq!(told(&mut watcher), [1, 3]);
        fs::remove_file(path("link")).unwrap();
        assert_eq!(told(&mut watcher), [2]);
        watcher.forget(1);
        fs::write(path("a"), "x").unwrap();
        assert_eq!(told(&mut watcher), [0; 0]);
        assert!(watcher.is_followed(2));
        fs::remove_dir_all(path("real")).unwrap();
        assert_eq!(told(&mut watcher), [2]);
        assert!(!watcher.is_followed(2));
        for file in 1..4 {
            watcher.forget(file);
        }
        assert!(!watcher.is_watching());
    }

    #[test]
    fn what_cannot_be_watched_is_said() {
        assert!(!Watcher::default().follow(1, Path::new("/nonexistent/folder/file")));
    }
}
