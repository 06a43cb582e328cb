//! A disk in memory that stops at any operation, loses what was not synced, or says no.

use super::disk::{Disk, DiskFile};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// What a crash leaves of what was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// All: only the process died.
    All,
    /// Nothing.
    Nothing,
    /// Any part: each operation by a bit of this number, writes torn in half here and there.
    Some(u64),
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The operation in whose middle everything stops.
    pub(crate) crash_at: Option<u64>,
    /// From this operation on so many fail; a write then leaves half of it.
    pub(crate) fail: Option<(u64, u64)>,
    /// Bytes of all files at which the disk is full.
    pub(crate) room: Option<usize>,
}

#[derive(Clone, Debug)]
enum Change {
    Write(u64, Vec<u8>),
    Cut(u64),
}

#[derive(Clone, Debug, Default)]
struct Node {
    now: Vec<u8>,
    synced: Vec<u8>,
    changes: Vec<Change>,
}

#[derive(Clone, Debug, Default)]
struct World {
    plan: Plan,
    operations: u64,
    is_dead: bool,
    nodes: Vec<Node>,
    names: BTreeMap<String, usize>,
    synced_names: BTreeMap<String, usize>,
}

/// The disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faulty {
    world: Arc<Mutex<World>>,
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write(offset, new) => {
            let begin = *offset as usize;
            if bytes.len() < begin + new.len() {
                bytes.resize(begin + new.len(), 0);
            }
            bytes[begin..begin + new.len()].copy_from_slice(new);
        }
        Change::Cut(length) => bytes.resize(*length as usize, 0),
    }
}

impl Faulty {
    pub(crate) fn with(plan: Plan) -> Self {
        let disk = Self::default();
        disk.plan(plan);
        disk
    }

    /// Changes what goes wrong from now on.
    pub(crate) fn plan(&self, plan: Plan) {
        self.world.lock().plan = plan;
    }

    /// Operations so far.
    pub(crate) fn operations(&self) -> u64 {
        self.world.lock().operations
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.world.lock().is_dead
    }

    /// A copy that is changed by itself.
    pub(crate) fn copy(&self) -> Self {
        let world = self.world.lock().clone();
        Self {
            world: Arc::new(Mutex::new(world)),
        }
    }

    /// The disk after a crash.
    pub(crate) fn crashed(&self, left: Left) -> Self {
        let before = self.world.lock().clone();
        let mut dice = match left {
            Left::Some(seed) => fastrand::Rng::with_seed(seed),
            _ => fastrand::Rng::with_seed(0),
        };
        let mut keeps = || match left {
            Left::All => true,
            Left::Nothing => false,
            Left::Some(_) => dice.bool(),
        };
        let mut names = before.synced_names.clone();
        for (name, node) in &before.names {
            if !names.contains_key(name) && keeps() {
                names.insert(name.clone(), *node);
            }
        }
        names.retain(|name, _| before.names.contains_key(name) || !keeps());
        let mut nodes = before.nodes;
        for node in &mut nodes {
            let mut bytes = std::mem::take(&mut node.synced);
            for change in node.changes.drain(..) {
                if left == Left::All || keeps() {
                    apply(&mut bytes, &change);
                } else if let Change::Write(offset, new) = change
                    && keeps()
                {
                    // The length may last without the contents.
                    apply(&mut bytes, &Change::Write(offset, new[..new.len() / 2].to_vec()));
                    if keeps() {
                        let length = bytes.len().max(offset as usize + new.len());
                        bytes.resize(length, 0);
                    }
                }
            }
            *node = Node {
                now: bytes.clone(),
                synced: bytes,
                changes: Vec::new(),
            };
        }
        Self {
            world: Arc::new(Mutex::new(World {
                synced_names: names.clone(),
                names,
                nodes,
                ..World::default()
            })),
        }
    }

    /// Bytes of each file, by name.
    pub(crate) fn files(&self) -> BTreeMap<String, usize> {
        let world = self.world.lock();
        let size = |node: &usize| world.nodes[*node].now.len();
        world
            .names
            .iter()
            .map(|(name, node)| (name.clone(), size(node)))
            .collect()
    }

    /// Flips bits of a byte of a file.
    pub(crate) fn flip(&self, name: &str, at: usize, bits: u8) {
        let mut world = self.world.lock();
        let node = world.names[name];
        world.nodes[node].now[at] ^= bits;
    }
}

impl World {
    /// Counts an operation; answers what becomes of it.
    fn operate(&mut self) -> io::Result<bool> {
        if self.is_dead {
            return Err(io::Error::other("the machine has stopped"));
        }
        let number = self.operations;
        self.operations += 1;
        if self.plan.crash_at == Some(number) {
            self.is_dead = true;
            return Ok(false);
        }
        match self.plan.fail {
            Some((first, count)) if (first..first + count).contains(&number) => Ok(false),
            _ => Ok(true),
        }
    }

    fn refuse<T>(&self) -> io::Result<T> {
        Err(if self.is_dead {
            io::Error::other("the machine has stopped")
        } else {
            io::Error::new(io::ErrorKind::StorageFull, "no space left on device")
        })
    }

    fn used(&self) -> usize {
        self.names.values().map(|node| self.nodes[*node].now.len()).sum()
    }
}

/// An open file of it.
#[derive(Debug)]
pub(crate) struct FaultyFile {
    world: Arc<Mutex<World>>,
    node: usize,
}

impl Disk for Faulty {
    type File = FaultyFile;

    fn list(&self) -> io::Result<Vec<(String, u64)>> {
        Ok(self
            .files()
            .into_iter()
            .map(|(name, size)| (name, size as u64))
            .collect())
    }

    fn create(&self, name: &str) -> io::Result<FaultyFile> {
        let mut world = self.world.lock();
        if world.names.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let goes_well = world.operate()?;
        // A making that is cut off may have happened all the same.
        if goes_well || world.is_dead {
            let node = world.nodes.len();
            world.nodes.push(Node::default());
            world.names.insert(name.into(), node);
        }
        if !goes_well {
            return world.refuse();
        }
        let node = world.nodes.len() - 1;
        drop(world);
        Ok(FaultyFile {
            world: self.world.clone(),
            node,
        })
    }

    fn open(&self, name: &str) -> io::Result<FaultyFile> {
        let world = self.world.lock();
        let node = *world.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(FaultyFile {
            world: self.world.clone(),
            node,
        })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut world = self.world.lock();
        let goes_well = world.operate()?;
        if goes_well || world.is_dead {
            world.names.remove(name);
        }
        if goes_well { Ok(()) } else { world.refuse() }
    }

    fn has(&self, name: &str) -> bool {
        self.world.lock().names.contains_key(name)
    }

    fn age(&self, _name: &str) -> Duration {
        Duration::ZERO
    }

    fn sync_folder(&self) -> io::Result<()> {
        let mut world = self.world.lock();
        if !world.operate()? {
            return world.refuse();
        }
        world.synced_names = world.names.clone();
        Ok(())
    }
}

impl DiskFile for FaultyFile {
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        let world = self.world.lock();
        if world.is_dead {
            return world.refuse();
        }
        let now = &world.nodes[self.node].now;
        let from = now.get(offset as usize..).unwrap_or_default();
        let read = from.len().min(bytes.len());
        bytes[..read].copy_from_slice(&from[..read]);
        Ok(read)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut world = self.world.lock();
        let mut goes_well = world.operate()?;
        let grows = (offset as usize + bytes.len()).saturating_sub(world.nodes[self.node].now.len());
        if world.plan.room.is_some_and(|room| world.used() + grows > room) {
            goes_well = false;
        }
        let part = if goes_well {
            bytes
        } else {
            &bytes[..bytes.len() / 2]
        };
        let change = Change::Write(offset, part.to_vec());
        let node = &mut world.nodes[self.node];
        apply(&mut node.now, &change);
        node.changes.push(change);
        if goes_well { Ok(()) } else { world.refuse() }
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut world = self.world.lock();
        if !world.operate()? {
            return world.refuse();
        }
        let node = &mut world.nodes[self.node];
        apply(&mut node.now, &Change::Cut(length));
        node.changes.push(Change::Cut(length));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut world = self.world.lock();
        if !world.operate()? {
            return world.refuse();
        }
        let node = &mut world.nodes[self.node];
        node.synced = node.now.clone();
        node.changes.clear();
        Ok(())
    }
}
