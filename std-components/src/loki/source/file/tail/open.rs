//! Which files a path's name leads to: the first one, the one after a rotation, and those that had the name while nobody looked.

use super::super::arguments::OnPositionsFileError;
use super::super::generation::{Generation, Opening, Phase};
use super::super::holders::Claim;
use super::super::identity::{Identity, find_born_between, find_renamed, is_rewritten};
use super::super::positions::Position;
use super::{Desk, MAX_GENERATIONS, Tail};
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::time::SystemTime;

impl Tail {
    /// There are opened files already: does the name still point to the last?
    pub(super) fn follow(
        &mut self,
        desk: &mut Desk<'_>,
        metadata: &Metadata,
    ) -> io::Result<Result<(), String>> {
        let Some(last) = self.generations.back_mut() else {
            return Ok(Ok(()));
        };
        let is_same = last.identity().is_inode(metadata) && last.phase != Phase::Truncated;
        if is_same {
            self.seen = Some(SystemTime::now());
            if !last.look(metadata, desk.now)? {
                last.phase = Phase::Live;
                return Ok(Ok(()));
            }
            last.phase = Phase::Truncated;
            tracing::info!(component_id = %self.component, path = %self.path.display(), "the file was truncated and is read from its beginning");
        } else if last.phase == Phase::Live {
            last.leave(desk.now);
        }
        if self.generations.len() >= MAX_GENERATIONS {
            return Ok(Err(format!(
                "failed to tail file {}: {MAX_GENERATIONS} rotated files of it wait already as nothing can be sent; see to the receivers of this component",
                self.path.display()
            )));
        }
        let file = File::open(&self.path)?;
        let is_packed = desk.settings.format.is_some();
        if let Some(last) = self.generations.back_mut()
            && !is_packed
            && last.phase != Phase::Truncated
            && is_rewritten(last.file(), &file, last.read_offset())
        {
            desk.holders
                .finish(self.id, last.identity(), last.ledger.committed());
            last.adopt(file)?;
            desk.holders.hold(self.id, &self.info.key, last.identity());
            return Ok(Ok(()));
        }
        let is_truncated = self
            .generations
            .back()
            .is_some_and(|last| last.phase == Phase::Truncated);
        let claim = if is_truncated {
            Claim::From(0)
        } else {
            desk.holders.claim(&self.info.key, &file)?
        };
        let Claim::From(offset) = claim else {
            return Ok(Ok(()));
        };
        if !is_truncated {
            self.open_missed(desk, &file.metadata()?)?;
        }
        self.push(desk, file, offset)?;
        self.seen = Some(SystemTime::now());
        // Another life has to know of the file also if it is rotated away before a line of it is taken.
        self.store(desk.positions);
        tracing::info!(component_id = %self.component, path = %self.path.display(), "the file was rotated, the new one is read");
        Ok(Ok(()))
    }

    fn push(&mut self, desk: &mut Desk<'_>, file: File, offset: u64) -> io::Result<()> {
        self.seen = None;
        let delay = desk.settings.initial_delay;
        let opening = Opening {
            number: self.next_generation,
            encoding: desk.settings.encoding,
            format: desk.settings.format,
            rests_until: (!delay.is_zero() && desk.settings.format.is_some()).then(|| desk.now + delay),
        };
        let generation = Generation::new(file, opening, offset)?;
        if let Some(format) = generation.looks_packed() {
            tracing::warn!(component_id = %self.component, path = %self.path.display(),
                "the file begins as a compressed one ({format}) and is read as text; leave it out of the targets, or read it with a block decompression"
            );
        }
        self.next_generation += 1;
        desk.holders.hold(self.id, &self.info.key, generation.identity());
        self.generations.push_back(generation);
        if !std::mem::replace(&mut self.was_opened, true) {
            tracing::info!(component_id = %self.component, path = %self.path.display(), "start tailing file");
        }
        Ok(())
    }

    /// The stored position of a file that was made at this time: `Err` with a reason where it cannot be read.
    pub(super) fn stored(
        &self,
        desk: &Desk<'_>,
        born: Option<SystemTime>,
    ) -> Result<Option<(u64, Option<Identity>)>, String> {
        let read = |position: &Position| match position.offset.parse() {
            Ok(offset) => Ok((offset, position.identity)),
            Err(_) => Err(format!("the stored position {:?} is no number", position.offset)),
        };
        let own = desk.positions.get(&self.info.key).map(read).transpose()?;
        if own.is_some_and(|(offset, _)| offset > 0) || !desk.settings.takes_over {
            return match (own, desk.positions.damage_for(born)) {
                (None, Some(damage)) => Err(damage.into()),
                (own, _) => Ok(own),
            };
        }
        let legacy = desk
            .positions
            .get_legacy(&self.info.key.path)
            .map(read)
            .transpose()?;
        Ok(legacy.or(own))
    }

    pub(super) fn open_first(&mut self, desk: &mut Desk<'_>, metadata: &Metadata) -> Result<(), String> {
        let path = self.path.display().to_string();
        let cannot = |error: io::Error| {
            format!("failed to tail file {path}: {error}; it is tried again, let the agent's user read it")
        };
        let file = File::open(&self.path).map_err(cannot)?;
        let mut from_end = desk.settings.tail_from_end;
        if let Some(position) = desk.positions.get(&self.info.key) {
            self.before = position.rotated.iter().copied().collect();
        }
        let stored = match self.stored(desk, metadata.created().ok()) {
            Ok(stored) => stored,
            Err(reason) => match desk.settings.on_positions_file_error {
                OnPositionsFileError::Skip => {
                    let reason =
                        format!("the file {path} is skipped, as on_positions_file_error asks for: {reason}");
                    return Err(self.skipped.insert(reason).clone());
                }
                OnPositionsFileError::RestartFromEnd => {
                    tracing::warn!(component_id = %self.component, path, reason, "reset position to end of file after positions error");
                    from_end = true;
                    None
                }
                OnPositionsFileError::RestartFromBeginning => {
                    tracing::warn!(component_id = %self.component, path, reason, "reset position to start of file after positions error");
                    Some((0, None))
                }
            },
        };
        let is_packed = desk.settings.format.is_some();
        let Claim::From(mut offset) = desk.holders.claim(&self.info.key, &file).map_err(cannot)? else {
            return Ok(());
        };
        match stored {
            None if from_end && !is_packed && offset == 0 => {
                offset = Generation::last_line_end(&file, desk.settings.encoding).map_err(cannot)?;
            }
            None => {}
            Some((stored, None)) if is_packed || metadata.len() >= stored => offset = stored,
            Some((_, None)) => offset = 0,
            Some((stored, Some(identity))) => {
                let begins_alike = identity.head.is_of(&file).map_err(cannot)?;
                let has_it = |file: &File| {
                    Ok(metadata.len() >= stored
                        && Generation::begins_line(file, stored, desk.settings.encoding)?)
                };
                let holds_it = begins_alike && (is_packed || has_it(&file).map_err(cannot)?);
                let is_inode = identity.inode == metadata.ino();
                if is_inode && begins_alike {
                    // Else it was written anew, with the same beginning.
                    offset = if holds_it { stored } else { 0 };
                } else if self.open_renamed(desk, stored, &identity).map_err(cannot)? {
                    // Rotated while nobody looked: first the rest of the old file, then all of the new one.
                    self.open_between(desk, &file).map_err(cannot)?;
                    self.open_missed(desk, metadata).map_err(cannot)?;
                    offset = offset.max(self.known_offset(&file).unwrap_or(0));
                } else if holds_it && identity.head.length > 0 {
                    // Written anew, or another device number after a start of the machine.
                    offset = stored;
                }
            }
        }
        self.push(desk, file, offset).map_err(cannot)?;
        self.seen = Some(SystemTime::now());
        self.store(desk.positions);
        Ok(())
    }

    /// Opens the file that the stored position belongs to under the name that rotation has given it.
    pub(super) fn open_renamed(
        &mut self,
        desk: &mut Desk<'_>,
        offset: u64,
        identity: &Identity,
    ) -> io::Result<bool> {
        let Some((name, file)) = find_renamed(&self.path, identity) else {
            return Ok(false);
        };
        if desk.holders.is_read_elsewhere(&self.info.key, &file)? {
            // The path that it has now reads it already.
            return Ok(true);
        }
        self.push(desk, file, offset)?;
        self.leave(desk.now);
        tracing::info!(component_id = %self.component, path = %self.path.display(), renamed_to = %name.display(), offset,
            "the file was rotated while it was not followed, the rest of it is read first"
        );
        Ok(true)
    }

    /// Opens the files that waited between the one that the stored position is about and the one that the name points to now.
    fn open_between(&mut self, desk: &mut Desk<'_>, now: &File) -> io::Result<()> {
        let now = now.metadata()?;
        // By its inode: it may have been empty when it was noted, so that its beginning says nothing.
        let waiting: Vec<_> = self
            .before
            .iter()
            .filter(|one| !one.is_done && !one.identity.is_inode(&now))
            .copied()
            .collect();
        for one in waiting {
            self.open_renamed(desk, one.offset, &one.identity)?;
        }
        Ok(())
    }

    /// Opens the files that had the name after the last one that is known and before the one that has it now: rotated twice between two looks, or while
    /// nobody looked.
    fn open_missed(&mut self, desk: &mut Desk<'_>, now: &Metadata) -> io::Result<()> {
        let Some(last) = self.generations.back().filter(|_| desk.settings.format.is_none()) else {
            return Ok(());
        };
        for (name, file) in find_born_between(&self.path, &last.file().metadata()?, self.seen, now) {
            let metadata = file.metadata()?;
            let is_known = (self.generations.iter().map(Generation::identity))
                .chain(self.before.iter().map(|one| one.identity))
                .any(|identity| identity.is_inode(&metadata));
            if is_known || self.generations.len() + 1 >= MAX_GENERATIONS {
                continue;
            }
            let Claim::From(offset) = desk.holders.claim(&self.info.key, &file)? else {
                continue;
            };
            self.push(desk, file, offset)?;
            self.leave(desk.now);
            tracing::info!(component_id = %self.component, path = %self.path.display(), renamed_to = %name.display(),
                "the file was rotated more than once between two looks, the one in between is read too"
            );
        }
        Ok(())
    }
}
