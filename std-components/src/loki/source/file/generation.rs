//! One opened file: where a path's name pointed for a while. It is read through its handle, so that renaming or removing the file loses nothing.

use super::arguments::Format;
use super::buffers::{Buffers, CHUNK_BYTES};
use super::encoding::Encoding;
use super::identity::{HEAD_BYTES, Head, Identity, packing_of, read_at};
use super::ledger::Ledger;
use super::lines::{MAX_LINE_BYTES, Rest, Seen, split};
use super::zstd::Frames;
use bytes::Bytes;
use bytestring::ByteString;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::time::{Instant, SystemTime};

/// Bytes of a piece of a long line at the least: it ends with a whole character.
const PIECE_BYTES: usize = MAX_LINE_BYTES - 4;

/// Whether more will come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The path's name points to it.
    Live,
    /// The name points elsewhere. Writers that have it open may go on for a while: it last grew or was renamed at this time.
    Leaving(Instant),
    /// Its content is gone: the file was truncated.
    Truncated,
}

/// An opened file.
pub(super) struct Generation {
    /// Its number among those of the path.
    pub(super) number: u64,
    pub(super) phase: Phase,
    pub(super) ledger: Ledger,
    file: File,
    device: u64,
    inode: u64,
    head: Head,
    encoding: Encoding,
    packed: Option<Packed>,
    /// Where the next line begins.
    read: u64,
    /// Where the file ended when it was read last; nothing is there to read until it is longer. `None`: not read since it was opened.
    end: Option<u64>,
    /// Whether a line ends right before `read`, as far as is known.
    is_behind_line: bool,
    /// Size and time of the last look.
    looked: (u64, Option<SystemTime>),
    /// Before this it must not be read.
    rests_until: Option<Instant>,
}

/// A compressed file under way.
struct Packed {
    format: Format,
    decoder: Box<dyn Read + Send>,
    /// Decompressed bytes up to here have been read; those from [`Generation::read`] on are in `carry`.
    position: u64,
    carry: Vec<u8>,
    /// The decoder has come to its end.
    done: Option<Done>,
}

/// How a decoder has ended.
struct Done {
    /// How large the file was then. It is read again when it has another size.
    size: u64,
    /// What is wrong with the compressed data, such as an end that is missing.
    error: Option<String>,
}

/// How a generation is opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opening {
    pub(super) number: u64,
    pub(super) encoding: Encoding,
    pub(super) format: Option<Format>,
    pub(super) rests_until: Option<Instant>,
}

/// How a turn of reading ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// More is there.
    More,
    /// All is read; bytes of a line without its end may be left.
    End,
}

impl Generation {
    /// Opens a file to be read from an offset.
    ///
    /// # Errors
    /// Of reading its head, or of its decompression.
    pub(super) fn new(file: File, opening: Opening, offset: u64) -> io::Result<Self> {
        let metadata = file.metadata()?;
        let mut first = [0; 4];
        let (encoding, mark) = opening.encoding.of_head(read_at(&file, &mut first, 0)?);
        let read = if opening.format.is_some() {
            offset
        } else {
            offset.max(mark)
        };
        let mut generation = Self {
            number: opening.number,
            phase: Phase::Live,
            ledger: Ledger::at(offset),
            head: Head::of(&file)?,
            device: metadata.dev(),
            inode: metadata.ino(),
            encoding,
            packed: None,
            read,
            end: None,
            is_behind_line: false,
            looked: (metadata.len(), metadata.modified().ok()),
            rests_until: opening.rests_until,
            file,
        };
        if let Some(format) = opening.format {
            generation.packed = Some(Packed::open(&generation.file, format)?);
        }
        Ok(generation)
    }

    pub(super) fn identity(&self) -> Identity {
        Identity {
            device: self.device,
            inode: self.inode,
            head: self.head,
        }
    }

    /// Whether both are the same inode, before and after it was truncated.
    pub(super) fn is_inode_of(&self, other: &Self) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }

    /// Whether it was removed: no folder holds it any more.
    pub(super) fn has_no_name(&self) -> bool {
        self.file.metadata().is_ok_and(|metadata| metadata.nlink() == 0)
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    pub(super) fn read_offset(&self) -> u64 {
        self.read
    }

    /// Bytes of the file as they were when it was looked at last.
    pub(super) fn size(&self) -> u64 {
        self.looked.0
    }

    /// Whether all complete lines have been read, as far as is known.
    pub(super) fn is_at_end(&self) -> bool {
        self.phase == Phase::Truncated || self.end.is_some_and(|end| end >= self.looked.0)
    }

    /// Whether nothing is left to read, a line without its end neither.
    pub(super) fn is_exhausted(&self) -> bool {
        let has_rest = match &self.packed {
            Some(packed) => !packed.carry.is_empty(),
            None => self.end.is_some_and(|end| end > self.read),
        };
        self.phase == Phase::Truncated || (self.is_at_end() && !has_rest)
    }

    /// Whether it may not be read yet.
    pub(super) fn rests(&self, now: Instant) -> bool {
        self.rests_until.is_some_and(|until| now < until)
    }

    /// Takes note of what a look at the file has shown. Answers whether its content is another than before: it was truncated, and
    /// perhaps written anew beyond where it had been read.
    pub(super) fn look(&mut self, metadata: &Metadata, now: Instant) -> io::Result<bool> {
        let looked = (metadata.len(), metadata.modified().ok());
        if looked == self.looked {
            return Ok(false);
        }
        let shrank = match self.packed {
            None => looked.0 < self.read,
            Some(_) => looked.0 < self.looked.0,
        };
        if shrank || !self.head.is_of(&self.file)? || self.has_other_end()? {
            return Ok(true);
        }
        if let Phase::Leaving(since) = &mut self.phase
            && looked.0 > self.looked.0
        {
            *since = now;
        }
        if self.end.is_some_and(|end| looked.0 < end) {
            self.end = None;
        }
        self.looked = looked;
        Ok(false)
    }

    /// Whether the line that was read last no longer ends where it did: another content, with the same beginning.
    fn has_other_end(&self) -> io::Result<bool> {
        Ok(self.packed.is_none()
            && self.is_behind_line
            && !is_newline_before(&self.file, self.read, self.encoding)?)
    }

    /// Whether a line, or a piece of a long one, may begin at an offset.
    ///
    /// # Errors
    /// Of reading.
    pub(super) fn begins_line(file: &File, offset: u64, encoding: Encoding) -> io::Result<bool> {
        let mut first = [0; 4];
        let (encoding, mark) = encoding.of_head(read_at(file, &mut first, 0)?);
        if offset <= mark || offset == file.metadata()?.len() || is_newline_before(file, offset, encoding)? {
            return Ok(true);
        }
        let Some(start) = offset
            .checked_sub(PIECE_BYTES as u64)
            .filter(|start| *start >= mark)
        else {
            return Ok(false);
        };
        let mut before = vec![0; PIECE_BYTES];
        Ok(encoding
            .find_last_newline(read_at(file, &mut before, start)?)
            .is_none())
    }

    /// The format of a compressed file that is read as text although it could be unpacked.
    pub(super) fn looks_packed(&self) -> Option<&'static str> {
        if self.packed.is_some() {
            return None;
        }
        packing_of(&self.file).ok()?.filter(|format| *format != "xz")
    }

    /// Goes on in a file that holds the same and has been put in place of this one.
    pub(super) fn adopt(&mut self, file: File) -> io::Result<()> {
        let metadata = file.metadata()?;
        self.head = Head::of(&file)?;
        self.device = metadata.dev();
        self.inode = metadata.ino();
        self.looked = (metadata.len(), metadata.modified().ok());
        self.end = None;
        self.phase = Phase::Live;
        self.file = file;
        Ok(())
    }

    /// Looks at a file that no name leads to any more.
    pub(super) fn look_at_handle(&mut self, now: Instant) {
        let looked = self
            .file
            .metadata()
            .and_then(|metadata| self.look(&metadata, now));
        if matches!(looked, Ok(true)) {
            self.phase = Phase::Truncated;
        }
    }

    /// The name points elsewhere from now on.
    pub(super) fn leave(&mut self, now: Instant) {
        self.phase = Phase::Leaving(now);
        self.look_at_handle(now);
    }

    /// Reads a chunk and hands on its lines, each with the offset behind it.
    ///
    /// # Errors
    /// Of reading or decompressing; it can be tried again.
    pub(super) fn read(
        &mut self,
        buffers: &Buffers,
        is_last: bool,
        line: &mut dyn FnMut(ByteString, u64),
    ) -> io::Result<(Turn, Seen)> {
        if self.phase == Phase::Truncated {
            return Ok((Turn::End, Seen::default()));
        }
        let (mut chunk, mut at_end) = self.chunk(buffers, CHUNK_BYTES)?;
        let mut rest = Rest::Waits;
        if self.encoding.find_newline(&chunk).is_none() && chunk.len() >= CHUNK_BYTES {
            // A long line: as much of it as a line may have.
            self.keep(&chunk, 0, at_end);
            (chunk, at_end) = self.chunk(buffers, MAX_LINE_BYTES)?;
            if chunk.len() >= MAX_LINE_BYTES && self.encoding.find_newline(&chunk).is_none() {
                rest = Rest::IsPiece;
            }
        }
        if at_end && rest == Rest::Waits && (is_last || self.packed.is_some()) {
            rest = Rest::IsLine;
        }
        let start = self.read;
        let mut consumed = 0;
        let seen = split(&chunk, self.encoding, rest, |text, end| {
            consumed = end;
            line(text, start + end as u64);
        });
        self.read += consumed as u64;
        if let Some(last) = consumed.checked_sub(self.encoding.unit())
            && let Some(last) = chunk.get(last..consumed)
        {
            self.is_behind_line = self.encoding.find_last_newline(last) == Some(0);
        }
        self.keep(&chunk, consumed, at_end);
        if seen.lines > 0 && !self.head.is_full() && self.head.length < self.read {
            self.head = Head::of(&self.file)?;
        }
        Ok((if at_end { Turn::End } else { Turn::More }, seen))
    }

    /// The bytes from `read` on, and whether the file ends with them.
    fn chunk(&mut self, buffers: &Buffers, size: usize) -> io::Result<(Bytes, bool)> {
        let Some(packed) = &mut self.packed else {
            let (file, offset) = (&self.file, self.read);
            let chunk = buffers.read(size, |buffer| read_at(file, buffer, offset).map(<[u8]>::len))?;
            let at_end = chunk.len() < size;
            return Ok((chunk, at_end));
        };
        let size_now = self.looked.0;
        if packed.done.as_ref().is_some_and(|done| done.size != size_now) {
            // What follows is another member, or the part that was missing.
            *packed = Packed::open(&self.file, packed.format)?;
        }
        packed.skip_to(self.read, size_now);
        let before = packed.carry.len();
        let chunk = buffers.read(size, |buffer| Ok(packed.fill(buffer, size_now)))?;
        match &packed.done {
            Some(Done {
                error: Some(error), ..
            }) if chunk.len() == before => {
                self.end = Some(size_now);
                let format = packed.format.as_str();
                Err(io::Error::other(format!(
                    "it cannot be decompressed as {format}: {error}; if it is still being written, set a longer decompression.initial_delay, and if it is no {format} file, leave it out of the targets"
                )))
            }
            Some(Done { error: None, .. }) => {
                let at_end = chunk.len() < size;
                Ok((chunk, at_end))
            }
            _ => Ok((chunk, false)),
        }
    }

    /// After a chunk: what of it has to be kept, and where the file ended.
    fn keep(&mut self, chunk: &Bytes, consumed: usize, at_end: bool) {
        match &mut self.packed {
            None => self.end = at_end.then(|| (self.read - consumed as u64) + chunk.len() as u64),
            Some(packed) => {
                packed.carry = chunk.get(consumed..).unwrap_or_default().to_vec();
                self.end = at_end.then_some(self.looked.0);
            }
        }
        if let Some(end) = self.end
            && self.packed.is_none()
        {
            // It may have grown between the look and the read.
            self.looked.0 = self.looked.0.max(end);
        }
    }

    /// Goes back to read again from an offset.
    pub(super) fn rewind(&mut self, offset: u64) {
        self.read = offset.max(if offset == 0 { self.mark() } else { 0 });
        self.end = None;
        self.is_behind_line = false;
        if let Some(packed) = &mut self.packed {
            // No size is that of a file: the decoder begins anew.
            packed.carry.clear();
            packed.done = Some(Done {
                size: u64::MAX,
                error: None,
            });
        }
    }

    fn mark(&self) -> u64 {
        let mut first = [0; 4];
        match read_at(&self.file, &mut first, 0) {
            Ok(first) if self.packed.is_none() => self.encoding.of_head(first).1,
            _ => 0,
        }
    }

    /// The offset behind the last newline, for those who read from the end.
    pub(super) fn last_line_end(file: &File, encoding: Encoding) -> io::Result<u64> {
        let mut buffer = vec![0; CHUNK_BYTES];
        let mut first = [0; 4];
        let (encoding, mark) = encoding.of_head(read_at(file, &mut first, 0)?);
        let mut end = file.metadata()?.len();
        while end > mark {
            let mut start = end
                .saturating_sub(CHUNK_BYTES as u64 - HEAD_BYTES as u64)
                .max(mark);
            start -= (start - mark) % encoding.unit() as u64;
            let length = usize::try_from(end - start).unwrap_or(CHUNK_BYTES);
            let bytes = read_at(file, buffer.get_mut(..length).unwrap_or_default(), start)?;
            if let Some(at) = encoding.find_last_newline(bytes) {
                return Ok(start + (at + encoding.unit()) as u64);
            }
            end = start;
        }
        Ok(0)
    }
}

/// Whether the bytes before an offset are the end of a line.
fn is_newline_before(file: &File, offset: u64, encoding: Encoding) -> io::Result<bool> {
    let mut last = [0; 4];
    let Some((start, last)) = offset
        .checked_sub(encoding.unit() as u64)
        .zip(last.get_mut(..encoding.unit()))
    else {
        return Ok(false);
    };
    Ok(encoding.find_last_newline(read_at(file, last, start)?) == Some(0))
}

impl Packed {
    fn open(file: &File, format: Format) -> io::Result<Self> {
        let mut file = file.try_clone()?;
        io::Seek::rewind(&mut file)?;
        let file = io::BufReader::with_capacity(32 * 1024, file);
        let decoder: Box<dyn Read + Send> = match format {
            Format::Gz => Box::new(flate2::bufread::MultiGzDecoder::new(file)),
            Format::Z => Box::new(flate2::bufread::ZlibDecoder::new(file)),
            Format::Bz2 => Box::new(bzip2::bufread::MultiBzDecoder::new(file)),
            Format::Zstd => Box::new(Frames::new(file)),
        };
        Ok(Self {
            format,
            decoder,
            position: 0,
            carry: Vec::new(),
            done: None,
        })
    }

    /// Passes over what has been read in an earlier life.
    fn skip_to(&mut self, offset: u64, size_now: u64) {
        let mut waste = Vec::new();
        while self.carry.is_empty() && self.position < offset && self.done.is_none() {
            waste.resize(CHUNK_BYTES, 0);
            let wanted = usize::try_from(offset - self.position)
                .unwrap_or(CHUNK_BYTES)
                .min(CHUNK_BYTES);
            self.decode(waste.get_mut(..wanted).unwrap_or_default(), size_now);
        }
    }

    /// Fills the buffer with what was kept and what comes.
    fn fill(&mut self, buffer: &mut [u8], size_now: u64) -> usize {
        let mut filled = self.carry.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..filled), self.carry.get(..filled)) {
            to.copy_from_slice(from);
        }
        while self.done.is_none()
            && let Some(free) = buffer.get_mut(filled..).filter(|free| !free.is_empty())
        {
            filled += self.decode(free, size_now);
        }
        filled
    }

    fn decode(&mut self, buffer: &mut [u8], size_now: u64) -> usize {
        let (count, error) = match self.decoder.read(buffer) {
            Ok(count) => (count, None),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return 0,
            Err(error) => (0, Some(error.to_string())),
        };
        if count == 0 {
            self.done = Some(Done {
                size: size_now,
                error,
            });
        }
        self.position += count as u64;
        count
    }
}
