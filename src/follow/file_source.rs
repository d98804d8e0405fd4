//! A file as a kind of source: it reads appended bytes, and notices changes of earlier ones.

use std::io;

use super::comparison::{Comparison, GUARD, HEAD, WINDOW};
use super::descriptors::{HeldFile, OpenedFile};
use super::file::FileKind;
use super::history_role::HistoryRole;
use super::line_source::{BLOCK, Chunk, LineSource, ReadState};
use super::mount::Mount;
use super::nuls::{AfterNuls, after_nuls, behind_decoded_nuls, text_len};
use super::read_files::has_read;
use super::shift::find_shifted;
use crate::event::{FileId, Location, TextEncoding};
use crate::journal::{Checkpoint, JournalNote};

/// Number of NULs behind the offset that are read to see whether text has replaced them. Writers
/// fill a preallocated file from its start; twice as many take longer to read at every check.
const PEEK: usize = 4096;

/// An open file, with the bytes that tell whether its content was replaced.
#[derive(Debug)]
pub(super) struct FileSource {
    pub(super) file: HeldFile,
    id: FileId,
    kind: FileKind,
    /// The first bytes of the file, at most [`HEAD`].
    head: Vec<u8>,
    /// The next bytes may be NULs that a truncation left; they are no text.
    skip_nuls: bool,
    nuls: Nuls,
    pub(super) role: HistoryRole,
}

/// The NULs behind the offset, as they were when they were last looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nuls {
    /// There are none, or nobody has looked.
    Unknown,
    /// They end here with the file, and are held back.
    Held(u64),
    /// They are a part of a line: text follows here, and no hole is between.
    Text(u64),
}

impl FileSource {
    /// Starts to read a file at `offset`.
    pub(super) fn start(opened: OpenedFile, offset: u64) -> io::Result<(Self, ReadState)> {
        let OpenedFile { file, id, kind } = opened;
        FileSource::start_at(file, id, kind, offset)
    }

    /// Resumes a file at the checkpoint of an earlier run. Returns false if its content was
    /// replaced since then; it is then read from its start.
    pub(super) fn resume(
        file: HeldFile,
        id: FileId,
        checkpoint: &Checkpoint,
    ) -> io::Result<(Self, ReadState, bool)> {
        // The unfinished line is read again, together with what was appended to it.
        let offset = checkpoint.offset.saturating_sub(checkpoint.unfinished);
        let (mut source, mut state) = FileSource::start_at(file, id, FileKind::Regular, offset)?;
        state.carry = checkpoint.carry;
        state.is_in_middle = false;
        source.skip_nuls = checkpoint.skip_nuls;
        source.role = HistoryRole::of(checkpoint);
        let is_same = has_read(&source.file, checkpoint)?;
        if !is_same {
            source.restart();
            state.move_to(0, Vec::new());
        }
        Ok((source, state, is_same))
    }

    fn start_at(
        file: HeldFile,
        id: FileId,
        kind: FileKind,
        offset: u64,
    ) -> io::Result<(Self, ReadState)> {
        let (head, skip_nuls, nuls) = (Vec::new(), false, Nuls::Unknown);
        let mut source =
            FileSource { file, id, kind, head, skip_nuls, nuls, role: HistoryRole::None };
        let mut state = ReadState { offset, ..ReadState::default() };
        if kind == FileKind::Regular && offset > 0 {
            state.recent = source.before(offset, WINDOW)?;
            state.is_in_middle = true;
            source.extend_head(offset)?;
            state.carry.encoding = TextEncoding::detect(&source.head).map(|(encoding, _)| encoding);
        }
        Ok((source, state))
    }

    pub(super) fn mount(&self) -> Mount {
        self.file.mount()
    }

    pub(super) fn id(&self) -> FileId {
        self.id
    }

    /// Size of the file, if it is known.
    pub(super) fn len(&self) -> Option<u64> {
        self.file.len().ok()
    }

    /// Returns true if some path still leads to the file.
    pub(super) fn is_linked(&self) -> bool {
        self.file.is_linked()
    }

    /// Closes the file although events may be in it.
    pub(super) fn close(&self) {
        self.file.close();
    }

    /// Returns true if all bytes behind the offset are NULs that are held back.
    pub(super) fn is_holding_back(&self) -> bool {
        matches!(self.nuls, Nuls::Held(_))
    }

    /// Returns true if reads wait for bytes, so that no metadata tell that there are some.
    pub(super) fn is_pipe(&self) -> bool {
        self.kind == FileKind::Pipe
    }

    /// Returns true if `opened` is the same file: it has the same inode, or it is the copy that an
    /// overlay makes at the first write, which has the same bytes up to the offset.
    pub(super) fn is_continued_by(&self, opened: &OpenedFile, state: &ReadState) -> bool {
        let is_copy = || {
            let offset = state.offset - state.recent.len() as u64;
            !state.recent.is_empty()
                && self.file.is_on_overlay()
                && opened.file.is_on_overlay()
                && opened.file.read_back(0, self.head.len()).is_ok_and(|head| head == self.head)
                && opened
                    .file
                    .read_back(offset, state.recent.len())
                    .is_ok_and(|recent| recent == state.recent)
        };
        opened.kind == self.kind && (self.id.is_same_inode(opened.id) || is_copy())
    }

    /// Reads the same file through another descriptor from now on.
    pub(super) fn replace_descriptor(&mut self, opened: OpenedFile) {
        (self.file, self.id) = (opened.file, opened.id);
        self.nuls = Nuls::Unknown;
    }

    fn read_pipe(&self, space: &mut [u8]) -> io::Result<Chunk> {
        match self.file.read_pipe(space) {
            Ok(0) => Ok(Chunk::End),
            Ok(len) => Ok(Chunk::Bytes { len, has_more: len == BLOCK }),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Chunk::Nothing),
            Err(error) => Err(error),
        }
    }

    /// Reads the guard again together with the new bytes, and compares it.
    fn read_regular(&mut self, state: &mut ReadState, scratch: &mut [u8]) -> io::Result<Chunk> {
        if let Nuls::Held(end) = self.nuls
            && self.is_held_back(state, end)?
        {
            return Ok(Chunk::Nothing);
        }
        let (known, guard) = (state.recent.len(), state.recent.len().min(GUARD));
        let space = state.space(scratch, guard);
        let read = self.file.read_behind(guard, space, state.offset - guard as u64)?;
        if read < guard || space[..guard] != state.recent[known - guard..] {
            return self.compare(state, read > guard);
        }
        let new = &space[guard..read];
        if new.is_empty() {
            return Ok(Chunk::Nothing);
        }
        if !self.is_head_unchanged()? && !self.is_continued(state)? {
            return Ok(self.restart());
        }
        let is_compressed = self.file.is_compressed();
        let has_nuls = state.is_binary || state.is_utf16(new) || is_compressed;
        if is_compressed && let Some(behind) = behind_decoded_nuls(state, new) {
            state.move_to(behind, self.before(behind, WINDOW)?);
            return Ok(Chunk::Again);
        }
        let is_text = has_nuls || new[0] != 0;
        if !is_text && !matches!(self.nuls, Nuls::Text(text) if text > state.offset) {
            return self.skip_nuls(state);
        }
        if is_text {
            (self.skip_nuls, self.nuls) = (false, Nuls::Unknown);
        }
        let len = match text_len(&self.file, new, state.offset) {
            len if len > 0 && !has_nuls => len,
            // Only NULs of a line.
            _ => new.len(),
        };
        self.extend_head(state.offset + len as u64)?;
        Ok(Chunk::Bytes { len, has_more: len < new.len() || len == BLOCK })
    }

    /// Finds out how the bytes before the offset have changed.
    fn compare(&mut self, state: &mut ReadState, has_grown: bool) -> io::Result<Chunk> {
        let known = state.recent.len();
        let new = self.file.read_back(state.offset - known as u64, known)?;
        let (offset, old, unfinished) = (state.offset, &*state.recent, state.unfinished);
        let comparison = Comparison { offset, old, new: &new, unfinished };
        let has_same_head = self.head.len() == HEAD && self.is_head_unchanged()?;
        let may_be_edited = has_grown && has_same_head;
        if let Some(left) = comparison.bytes_left()
            && !(may_be_edited && comparison.is_edited())
            && self.is_head_unchanged_before(offset - (known - left) as u64)?
        {
            self.head.truncate((offset - (known - left) as u64).min(HEAD as u64) as usize);
            (self.skip_nuls, self.nuls) = (true, Nuls::Unknown);
            // The next cut may be as long as this one.
            let earlier = self.before(offset - known as u64, WINDOW)?;
            let left = earlier.len() + left;
            state.recent.splice(0..0, earlier);
            return Ok(Chunk::Cut(left));
        }
        if may_be_edited && new.len() == known {
            state.recent = new;
            return Ok(Chunk::Overwritten);
        }
        if !has_same_head && let Some(offset) = find_shifted(&self.file, state)? {
            state.offset = offset;
            self.head = self.file.read_back(0, self.head.len())?;
            self.nuls = Nuls::Unknown;
            return Ok(Chunk::Overwritten);
        }
        Ok(self.restart())
    }

    /// Forgets the content.
    fn restart(&mut self) -> Chunk {
        self.head.clear();
        (self.skip_nuls, self.nuls) = (true, Nuls::Unknown);
        Chunk::Restarted
    }

    fn is_head_unchanged(&self) -> io::Result<bool> {
        self.is_head_unchanged_before(HEAD as u64)
    }

    /// Returns true if the known bytes at the start of the file, up to `end`, are still there.
    fn is_head_unchanged_before(&self, end: u64) -> io::Result<bool> {
        let known = &self.head[..self.head.len().min(end as usize)];
        let mut head = [0; HEAD];
        let read = self.file.read_at(&mut head[..known.len()], 0)?;
        Ok(head[..read] == *known)
    }

    /// Returns true if the file has another start, but the same bytes before the offset: a part of
    /// it was punched out, or a counter at its start was rewritten.
    fn is_continued(&mut self, state: &ReadState) -> io::Result<bool> {
        let new = self.before(state.offset, WINDOW)?;
        let old = &state.recent[state.recent.len().saturating_sub(WINDOW)..];
        let comparison = Comparison { offset: state.offset, old, new: &new, unfinished: 0 };
        let is_continued = new.len() == old.len() && comparison.is_continued();
        if is_continued {
            self.head = self.file.read_back(0, self.head.len())?;
        }
        Ok(is_continued)
    }

    fn extend_head(&mut self, offset: u64) -> io::Result<()> {
        let len = offset.min(HEAD as u64) as usize;
        if self.head.len() < len {
            self.head = self.file.read_back(0, len)?;
        }
        Ok(())
    }

    /// Decides whether the NULs at the offset are held back, skipped, or a part of a line.
    fn skip_nuls(&mut self, state: &mut ReadState) -> io::Result<Chunk> {
        let offset = state.offset;
        let known = if let Nuls::Held(end) = self.nuls { end.max(offset) } else { offset };
        if let AfterNuls::End(end) = after_nuls(&self.file, known)? {
            self.nuls = Nuls::Held(end);
            return Ok(Chunk::Nothing);
        }
        // Text that was written meanwhile may stand before the text that was found.
        let AfterNuls::Text(text) = after_nuls(&self.file, offset)? else {
            return Ok(Chunk::Nothing);
        };
        if !self.skip_nuls && self.file.next_hole(offset) >= text {
            self.nuls = Nuls::Text(text);
            return Ok(Chunk::Again);
        }
        if state.unfinished > 0 {
            return Ok(Chunk::LineEnd);
        }
        self.nuls = Nuls::Unknown;
        state.move_to(text, self.before(text, WINDOW)?);
        Ok(Chunk::Again)
    }

    /// Returns true if the NULs at the end of the file still end at `end`, no text has replaced
    /// them, and the bytes before them are the same.
    fn is_held_back(&self, state: &ReadState, end: u64) -> io::Result<bool> {
        let guard = &state.recent[state.recent.len().saturating_sub(GUARD)..];
        let mut bytes = [0; GUARD + PEEK];
        let read = self.file.read_at(&mut bytes, state.offset - guard.len() as u64)?;
        let (before, new) = bytes[..read].split_at(guard.len().min(read));
        let is_same = before == guard && new.iter().all(|&byte| byte == 0);
        Ok(is_same && self.file.len()? == end)
    }
}

impl LineSource for FileSource {
    const CONTEXT: usize = WINDOW;

    fn read(&mut self, state: &mut ReadState, scratch: &mut [u8]) -> io::Result<Chunk> {
        match self.kind {
            FileKind::Regular => self.read_regular(state, scratch),
            FileKind::Pipe => self.read_pipe(state.space(scratch, 0)),
        }
    }

    fn before(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let len = offset.min(len.min(self.file.most_back()) as u64);
        self.file.read_back(offset - len, len as usize)
    }

    fn locate(&self, bytes: &[u8], offset: u64) -> Option<Location> {
        (self.kind == FileKind::Regular).then(|| Location::of(bytes, self.file.log(), offset))
    }

    fn checkpoint(&self, state: &ReadState, is_followed: bool) -> Option<JournalNote> {
        if self.kind != FileKind::Regular {
            return None;
        }
        let guard = &state.recent[state.recent.len().saturating_sub(GUARD)..];
        let checkpoint = Checkpoint {
            is_followed,
            offset: state.offset,
            unfinished: state.unfinished as u64,
            carry: state.carry,
            guard: crc32fast::hash(guard),
            head_len: self.head.len() as u64,
            head: crc32fast::hash(&self.head),
            skip_nuls: self.skip_nuls,
            is_rotated: self.role == HistoryRole::Part,
            owes_history: self.role == HistoryRole::Owner,
            is_compressed: self.file.is_compressed(),
        };
        Some(JournalNote::Checkpoint(self.file.log(), checkpoint))
    }
}
