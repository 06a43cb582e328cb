//! The files that a path's name has pointed to before: how far each was read, kept with the path's position.
//!
//! An agent that is killed shortly after a rotation needs them: the rotated file may be a target by its new name, which must go on where the old name
//! ended; and of several files that wait as nothing can be sent, only the oldest is the one that the path's position is about.

use super::identity::Identity;
use std::fs::File;
use std::os::unix::fs::MetadataExt;

/// Files of a path that are remembered at the most, besides those that are open.
pub(super) const MAX_DONE: usize = 16;

/// A file that the name pointed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rotated {
    pub(super) identity: Identity,
    /// Everything before it has been taken for good.
    pub(super) offset: u64,
    /// Whether that was all, and the file is closed.
    pub(super) is_done: bool,
}

impl Rotated {
    /// Whether this is the file.
    pub(super) fn is(&self, file: &File) -> bool {
        let Ok(metadata) = file.metadata() else {
            return false;
        };
        let Identity { device, inode, head } = self.identity;
        (device, inode) == (metadata.dev(), metadata.ino())
            && metadata.len() >= self.offset
            && head.length > 0
            && matches!(head.is_of(file), Ok(true))
    }
}

/// As text, for the positions file: `IDENTITY@OFFSET`, with a `!` behind those that are done, parted by spaces.
pub(super) fn to_text(all: &[Rotated]) -> String {
    let one = |one: &Rotated| {
        let done = if one.is_done { "!" } else { "" };
        format!("{}@{}{done}", one.identity.to_text(), one.offset)
    };
    all.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// The reverse of [`to_text`]; what is no such text is left out.
pub(super) fn from_text(text: &str) -> Vec<Rotated> {
    let one = |text: &str| {
        let (identity, offset) = text.split_once('@')?;
        let done = offset.strip_suffix('!');
        Some(Rotated {
            identity: Identity::from_text(identity)?,
            offset: done.unwrap_or(offset).parse().ok()?,
            is_done: done.is_some(),
        })
    };
    text.split(' ').filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::super::identity::Head;
    use super::*;

    #[test]
    fn text_form_survives() {
        let rotated = |inode, is_done| Rotated {
            identity: Identity {
                device: 1,
                inode,
                head: Head { length: 3, hash: 4 },
            },
            offset: inode * 10,
            is_done,
        };
        let all = vec![rotated(2, true), rotated(3, false)];
        assert_eq!(
            to_text(&all),
            "1:2:3:0000000000000004@20! 1:3:3:0000000000000004@30"
        );
        assert_eq!(from_text(&to_text(&all)), all);
        assert_eq!(from_text("x 1:2@ 1:2:3:0@-1"), []);
    }
}
