//! Which files are open under which path, so that a file that rotation moves from one path to another is not read twice.
//!
//! A glob such as `/var/log/app/*.log*` makes a target of the rotated name too. The path that the file had before reads it to its end; the path that it
//! has now waits for that and goes on behind it.

use super::identity::{Head, Identity};
use super::positions::Key;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;

/// Files that are remembered after they were closed, at the most.
const MAX_FINISHED: usize = 4096;

/// What a path may do with a file that its name points to now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// Another path that it had before is still reading it.
    Wait,
    /// Read it from this offset.
    From(u64),
}

#[derive(Clone, Debug)]
struct Holder {
    /// `None`: it is from the positions file.
    tail: Option<u64>,
    key: Key,
    /// Where another path may go on, once this one is done.
    finished: Option<(u64, Head)>,
}

type Inode = (u64, u64);

/// The open files of a component and those closed lately.
#[derive(Debug, Default)]
pub(super) struct Holders {
    files: FxHashMap<Inode, Vec<Holder>>,
    finished: VecDeque<Inode>,
}

impl Holders {
    /// A path had read a file up to an offset in an earlier life of the agent.
    pub(super) fn remember(&mut self, key: &Key, identity: Identity, offset: u64) {
        let inode = (identity.device, identity.inode);
        self.files.entry(inode).or_default().push(Holder {
            tail: None,
            key: key.clone(),
            finished: Some((offset, identity.head)),
        });
        self.finished.push_back(inode);
    }

    /// Whether a path with the same labels has it open.
    pub(super) fn is_read_elsewhere(&self, key: &Key, file: &File) -> std::io::Result<bool> {
        let metadata = file.metadata()?;
        let mut others = self
            .files
            .get(&(metadata.dev(), metadata.ino()))
            .into_iter()
            .flatten();
        Ok(others
            .any(|other| other.key != *key && other.key.labels == key.labels && other.finished.is_none()))
    }

    /// A path has opened a file.
    pub(super) fn hold(&mut self, tail: u64, key: &Key, identity: Identity) {
        let holders = self.files.entry((identity.device, identity.inode)).or_default();
        holders.retain(|holder| holder.key != *key);
        holders.push(Holder {
            tail: Some(tail),
            key: key.clone(),
            finished: None,
        });
    }

    /// A path is done with a file that no other path will ever lead to.
    pub(super) fn forget(&mut self, tail: u64, identity: Identity) {
        let inode = (identity.device, identity.inode);
        if let Some(holders) = self.files.get_mut(&inode) {
            holders.retain(|holder| holder.tail != Some(tail));
            if holders.is_empty() {
                self.files.remove(&inode);
            }
        }
    }

    /// A path is done with a file, up to an offset.
    pub(super) fn finish(&mut self, tail: u64, identity: Identity, offset: u64) {
        let inode = (identity.device, identity.inode);
        let holders = self.files.get_mut(&inode).into_iter().flatten();
        for holder in holders.filter(|holder| holder.tail == Some(tail) && holder.finished.is_none()) {
            holder.finished = Some((offset, identity.head));
            self.finished.push_back(inode);
        }
        while self.finished.len() > MAX_FINISHED
            && let Some(oldest) = self.finished.pop_front()
        {
            if let Some(holders) = self.files.get_mut(&oldest) {
                holders.retain(|holder| holder.finished.is_none());
                if holders.is_empty() {
                    self.files.remove(&oldest);
                }
            }
        }
    }

    /// Gives back room that is not in use.
    pub(super) fn shrink(&mut self) {
        self.files.shrink_to_fit();
        self.finished.shrink_to_fit();
    }

    /// What a path may do with a file. Names that lead to one file at the same time are read each by itself, as in the reference.
    pub(super) fn claim(&self, key: &Key, file: &File) -> std::io::Result<Claim> {
        let metadata = file.metadata()?;
        let inode = (metadata.dev(), metadata.ino());
        let others = self.files.get(&inode).into_iter().flatten();
        let mut furthest = 0;
        for other in others.filter(|other| other.key != *key && other.key.labels == key.labels) {
            match other.finished {
                None => {
                    let points_here = fs::metadata(&other.key.path)
                        .is_ok_and(|metadata| (metadata.dev(), metadata.ino()) == inode);
                    if !points_here {
                        return Ok(Claim::Wait);
                    }
                }
                // An inode is used again for another file.
                Some((offset, head)) => {
                    if metadata.len() >= offset && head.length > 0 && head.is_of(file)? {
                        // Several paths may have had it, one after the other.
                        furthest = furthest.max(offset);
                    }
                }
            }
        }
        Ok(Claim::From(furthest))
    }
}
