//! A generation: one file behind a source's name, from its creation or truncation on.
//!
//! It reads what was appended, cuts it into lines, and notices when the file
//! is no longer the one that it has read.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use super::file::{Kind, LogFile};
use super::source::Update;
use crate::event::{Carry, Cutting, End, FileId, Lines, Location, Log, SourceChange};
use crate::journal::{Checkpoint, JournalNote};

/// How many bytes before the offset are compared at every read.
const GUARD: usize = 64;
/// How many bytes of the beginning are compared when something was appended.
const HEAD: usize = 1024;
/// How much is read at once.
const BLOCK: usize = 256 * 1024;
/// How much may be read, without a line to publish, before it is noted how far.
const UNMARKED: u64 = 1 << 20;

/// An open file and how far it has been read.
#[derive(Debug)]
pub(super) struct Generation {
    file: Arc<LogFile>,
    id: FileId,
    kind: Kind,
    /// Where the next byte is read.
    offset: u64,
    /// The last bytes before `offset`: those of an unfinished line, and at least `GUARD`.
    before: Vec<u8>,
    /// How many of them belong to the unfinished line.
    unfinished: usize,
    carry: Carry,
    /// The first bytes of the file.
    head: Vec<u8>,
    /// Leading NULs are the hole that a truncation left.
    skip_nuls: bool,
    /// Up to where it was noted that it was read.
    marked: u64,
    /// When another file was found under its name, or none.
    pub(super) replaced: Option<Instant>,
}

/// Bytes that stood in a file until it was truncated, and that only we still have.
#[derive(Debug)]
struct RetainedBytes {
    bytes: Bytes,
    offset: u64,
}

/// What one read brought.
#[derive(Debug, Default)]
pub(super) struct Progress {
    pub(super) lines: Vec<Lines>,
    pub(super) event: Option<FileChange>,
    /// How far it was read now.
    pub(super) mark: Option<JournalNote>,
    /// There may be more to read at once.
    pub(super) more: bool,
    pub(super) bytes: usize,
}

/// What happened to the file beside growing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileChange {
    Truncated,
    EditedInPlace,
}

impl Generation {
    /// A generation that is read from `offset` on.
    pub(super) fn new(file: LogFile, id: FileId, kind: Kind, offset: u64) -> io::Result<Self> {
        Generation::at(Arc::new(file), id, kind, offset)
    }

    /// The same file as before a restart, unless it was truncated or rewritten since: then it is
    /// read from its beginning, which is said.
    pub(super) fn resume(
        file: Arc<LogFile>,
        id: FileId,
        mark: &Checkpoint,
    ) -> io::Result<(Self, Option<Update>)> {
        let guard = mark.offset.min(GUARD as u64);
        // What was unfinished is read again, and so is what has come to it.
        let offset = mark.offset.saturating_sub(mark.unfinished);
        let mut generation = Generation::at(file, id, Kind::Regular, offset)?;
        let before = generation.read_back(mark.offset - guard, guard as usize)?;
        let head = generation.read_back(0, mark.head_len.min(HEAD as u64) as usize)?;
        generation.carry = mark.carry;
        generation.skip_nuls = mark.skip_nuls;
        let is_same = before.len() as u64 == guard
            && crc32fast::hash(&before) == mark.guard
            && crc32fast::hash(&head) == mark.head;
        if !is_same {
            generation.restart();
        }
        Ok((generation, (!is_same).then_some(Update::Change(SourceChange::Truncated))))
    }

    fn at(file: Arc<LogFile>, id: FileId, kind: Kind, offset: u64) -> io::Result<Self> {
        let mut generation = Generation {
            file,
            id,
            kind,
            offset,
            before: Vec::new(),
            unfinished: 0,
            carry: Carry::default(),
            head: Vec::new(),
            skip_nuls: false,
            marked: 0,
            replaced: None,
        };
        if kind == Kind::Regular && offset > 0 {
            let guard = offset.min(GUARD as u64);
            generation.before = generation.read_back(offset - guard, guard as usize)?;
            generation.extend_head()?;
        }
        Ok(generation)
    }

    /// How far it was read; none for a pipe, which nobody can read again.
    pub(super) fn mark(&mut self, held: bool) -> Option<JournalNote> {
        self.marked = self.offset;
        let guard = &self.before[self.before.len().saturating_sub(GUARD)..];
        let mark = Checkpoint {
            is_followed: held,
            offset: self.offset,
            unfinished: self.unfinished as u64,
            carry: self.carry,
            guard: crc32fast::hash(guard),
            head_len: self.head.len() as u64,
            head: crc32fast::hash(&self.head),
            skip_nuls: self.skip_nuls,
        };
        (self.kind == Kind::Regular).then(|| JournalNote::Checkpoint(self.file.clone(), mark))
    }

    pub(super) fn id(&self) -> FileId {
        self.id
    }

    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether some name still leads to the file.
    pub(super) fn is_linked(&self) -> bool {
        self.file.metadata().is_ok_and(|metadata| metadata.nlink() > 0)
    }

    /// The same file, under a name that it was given since.
    pub(super) fn revived(mut self) -> Self {
        self.replaced = None;
        self
    }

    /// Room for the bytes of one read.
    pub(super) fn scratch(cutting: &Cutting) -> Vec<u8> {
        vec![0; cutting.splitter.max_line.max(GUARD) + BLOCK]
    }

    /// Reads a block of what was appended since the last time.
    pub(super) fn read(
        &mut self,
        scratch: &mut [u8],
        cutting: &Cutting,
        time: u64,
    ) -> io::Result<Progress> {
        self.skip_hole();
        let known = self.before.len();
        let scratch = &mut scratch[..known + BLOCK];
        let read = match self.kind {
            Kind::Pipe => {
                scratch[..known].copy_from_slice(&self.before);
                self.read_pipe(&mut scratch[known..])?
            }
            Kind::Regular => {
                let read = self.file.read_at(scratch, self.offset - known as u64)?;
                if let Some(progress) = self.check(&scratch[..read], cutting, time)? {
                    return Ok(progress);
                }
                Some(read - known)
            }
        };
        match read {
            Some(0) => Ok(Progress::default()),
            Some(read) => self.take(&scratch[..known + read], read, cutting, time),
            None => Ok(Progress { lines: self.finish(cutting, time), ..Progress::default() }),
        }
    }

    /// Takes in the last `read` of `bytes`, which come after what is known.
    fn take(
        &mut self,
        bytes: &[u8],
        read: usize,
        cutting: &Cutting,
        time: u64,
    ) -> io::Result<Progress> {
        let new = bytes.len() - read;
        let from = new - self.unfinished + self.leading_nuls(&bytes[new..]);
        self.offset += read as u64;
        let lines = self.cut(bytes, from, cutting, time);
        self.extend_head()?;
        let is_due = !lines.is_empty() || self.offset - self.marked >= UNMARKED;
        let mark = if is_due { self.mark(true) } else { None };
        Ok(Progress { lines, event: None, mark, more: read == BLOCK, bytes: read })
    }

    /// What is left when no more will come: a line without its end.
    pub(super) fn finish(&mut self, cutting: &Cutting, time: u64) -> Vec<Lines> {
        let rest = self.before.split_off(self.before.len() - self.unfinished);
        let offset = self.offset - rest.len() as u64;
        self.unfinished = 0;
        self.before.extend_from_slice(&rest);
        self.lines(&rest, offset, cutting, time, End::Finished).0
    }

    /// None at the end of the last writer.
    fn read_pipe(&self, bytes: &mut [u8]) -> io::Result<Option<usize>> {
        match self.file.read_pipe(bytes) {
            Ok(0) => Ok(None),
            Ok(read) => Ok(Some(read)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Some(0)),
            Err(error) => Err(error),
        }
    }

    /// Whether `bytes`, read from where `before` begins, still belong to what was read before.
    ///
    /// If not, it begins again, and says what it saw.
    fn check(
        &mut self,
        bytes: &[u8],
        cutting: &Cutting,
        time: u64,
    ) -> io::Result<Option<Progress>> {
        let known = self.before.len();
        let guard_holds = bytes.len() >= known && bytes[..known] == self.before;
        let has_grown = bytes.len() > known;
        if guard_holds && (!has_grown || self.head_holds()?) {
            return Ok(None);
        }
        if bytes.len() > known && self.head.len() == HEAD && self.head_holds()? {
            self.before = bytes[..known].to_vec();
            let event = Some(FileChange::EditedInPlace);
            let mark = self.mark(true);
            return Ok(Some(Progress { event, mark, more: true, ..Progress::default() }));
        }
        let lines = self.finish(cutting, time).into_iter().map(held).collect();
        self.restart();
        let (event, mark) = (Some(FileChange::Truncated), self.mark(true));
        Ok(Some(Progress { lines, event, mark, more: true, bytes: 0 }))
    }

    fn restart(&mut self) {
        self.offset = self.file.first_data();
        self.before.clear();
        self.unfinished = 0;
        self.carry = Carry::default();
        self.head.clear();
        self.skip_nuls = true;
    }

    fn head_holds(&self) -> io::Result<bool> {
        let mut head = [0; HEAD];
        let read = self.file.read_at(&mut head[..self.head.len()], 0)?;
        Ok(head[..read] == self.head)
    }

    fn extend_head(&mut self) -> io::Result<()> {
        let wanted = self.offset.min(HEAD as u64) as usize;
        if self.kind == Kind::Regular && self.head.len() < wanted {
            self.head = self.read_back(0, wanted)?;
        }
        Ok(())
    }

    fn read_back(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; len];
        let read = self.file.read_at(&mut bytes, offset)?;
        bytes.truncate(read);
        Ok(bytes)
    }

    /// A writer that does not append leaves a hole where it had truncated.
    fn skip_hole(&mut self) {
        if self.skip_nuls {
            let data = self.file.first_data();
            if data > self.offset {
                self.offset = data;
                self.before.clear();
            }
        }
    }

    fn leading_nuls(&mut self, bytes: &[u8]) -> usize {
        if !self.skip_nuls {
            return 0;
        }
        let nuls = bytes.iter().take_while(|&&byte| byte == 0).count();
        self.skip_nuls = nuls == bytes.len();
        nuls
    }

    /// Cuts `bytes[from..]`, the last of which stands before `offset`, and keeps what is left.
    fn cut(&mut self, bytes: &[u8], from: usize, cutting: &Cutting, time: u64) -> Vec<Lines> {
        let offset = self.offset - (bytes.len() - from) as u64;
        let (lines, used) = self.lines(&bytes[from..], offset, cutting, time, End::Open);
        self.unfinished = bytes.len() - from - used;
        let keep = self.unfinished.max(GUARD).min(bytes.len());
        self.before.clear();
        self.before.extend_from_slice(&bytes[bytes.len() - keep..]);
        lines
    }

    fn lines(
        &mut self,
        bytes: &[u8],
        offset: u64,
        cutting: &Cutting,
        time: u64,
        end: End,
    ) -> (Vec<Lines>, usize) {
        let mut all = Vec::new();
        let mut used = 0;
        loop {
            let rest = &bytes[used..];
            let (lines, taken) = cutting.cut(rest, &mut self.carry, end);
            let place = |lines: &Lines| {
                (self.kind == Kind::Regular)
                    .then(|| Location::of(&lines.bytes, self.file.clone(), offset + used as u64))
            };
            all.extend(lines.map(|lines| Lines { location: place(&lines), time, ..lines }));
            used += taken;
            if taken == 0 {
                return (all, used);
            }
        }
    }
}

impl Log for RetainedBytes {
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        let start = offset.checked_sub(self.offset).ok_or(io::ErrorKind::UnexpectedEof)? as usize;
        let held = self.bytes.get(start..start + bytes.len());
        bytes.copy_from_slice(held.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

/// The same lines, which their file does not have any more.
fn held(mut lines: Lines) -> Lines {
    if let Some(place) = &mut lines.location {
        place.log = Arc::new(RetainedBytes { bytes: lines.bytes.clone(), offset: place.offset });
    }
    lines
}
