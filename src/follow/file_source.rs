//! A file as a kind of source: it reads appended bytes, and notices changes of earlier ones.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

use super::file::{FileKind, LogFile, OpenedFile};
use super::line_source::{Chunk, LineSource, ReadState};
use crate::event::{FileId, Location, TextEncoding};
use crate::journal::{Checkpoint, JournalNote};

/// Number of bytes before the offset that are compared at every read, in the same system call.
/// Fewer are more often equal by chance after a truncation; more are copied at every read.
const GUARD: usize = 64;

/// Number of bytes at the start of a file that are compared when it has grown, because the padding
/// before the offset can be the same in two files. Twice as many take longer to read each time.
const HEAD: usize = 1024;

/// An open file, with the bytes that tell whether its content was replaced.
#[derive(Debug)]
pub(super) struct FileSource {
    file: Arc<LogFile>,
    id: FileId,
    kind: FileKind,
    /// The first bytes of the file, at most [`HEAD`].
    head: Vec<u8>,
    /// The file begins with a hole that a truncation left.
    skip_nuls: bool,
}

impl FileSource {
    /// Starts to read a file at `offset`.
    pub(super) fn start(opened: OpenedFile, offset: u64) -> io::Result<(Self, ReadState)> {
        let OpenedFile { file, id, kind } = opened;
        FileSource::start_at(Arc::new(file), id, kind, offset)
    }

    /// Resumes a file at the checkpoint of an earlier run. Returns false if its content was
    /// replaced since then; it is then read from its start.
    pub(super) fn resume(
        file: Arc<LogFile>,
        id: FileId,
        checkpoint: &Checkpoint,
    ) -> io::Result<(Self, ReadState, bool)> {
        let guard = checkpoint.offset.min(GUARD as u64);
        // The unfinished line is read again, together with what was appended to it.
        let offset = checkpoint.offset.saturating_sub(checkpoint.unfinished);
        let (mut source, mut state) = FileSource::start_at(file, id, FileKind::Regular, offset)?;
        let before = source.read_back(checkpoint.offset - guard, guard as usize)?;
        let head = source.read_back(0, checkpoint.head_len.min(HEAD as u64) as usize)?;
        state.carry = checkpoint.carry;
        source.skip_nuls = checkpoint.skip_nuls;
        let is_same = before.len() as u64 == guard
            && crc32fast::hash(&before) == checkpoint.guard
            && crc32fast::hash(&head) == checkpoint.head;
        if !is_same {
            state.restart(source.restart());
        }
        Ok((source, state, is_same))
    }

    fn start_at(
        file: Arc<LogFile>,
        id: FileId,
        kind: FileKind,
        offset: u64,
    ) -> io::Result<(Self, ReadState)> {
        let mut source = FileSource { file, id, kind, head: Vec::new(), skip_nuls: false };
        let mut state = ReadState { offset, ..ReadState::default() };
        if kind == FileKind::Regular && offset > 0 {
            let guard = offset.min(GUARD as u64);
            state.recent = source.read_back(offset - guard, guard as usize)?;
            source.extend_head(offset)?;
            state.carry.encoding = TextEncoding::detect(&source.head).map(|(encoding, _)| encoding);
        }
        Ok((source, state))
    }

    pub(super) fn id(&self) -> FileId {
        self.id
    }

    /// Whether some path still leads to the file.
    pub(super) fn is_linked(&self) -> bool {
        self.file.metadata().is_ok_and(|metadata| metadata.nlink() > 0)
    }

    fn read_pipe(&self, space: &mut [u8]) -> io::Result<Chunk> {
        match self.file.read_pipe(space) {
            Ok(0) => Ok(Chunk::End),
            Ok(len) => Ok(Chunk::Bytes { len, skip: 0 }),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Chunk::Nothing),
            Err(error) => Err(error),
        }
    }

    /// Reads the last of the recent bytes again together with the new ones, and compares them.
    fn read_regular(&mut self, state: &mut ReadState, scratch: &mut [u8]) -> io::Result<Chunk> {
        self.skip_hole(state);
        let known = state.recent.len().min(GUARD);
        let guard = &state.recent[state.recent.len() - known..];
        let space = state.space(scratch, known);
        let read = self.file.read_at(space, state.offset - known as u64)?;
        let bytes = &space[..read];
        let has_grown = read > known;
        if read >= known && bytes[..known] == *guard {
            if !has_grown {
                return Ok(Chunk::Nothing);
            }
            if self.is_head_unchanged()? {
                let len = read - known;
                self.extend_head(state.offset + len as u64)?;
                return Ok(Chunk::Bytes { len, skip: self.leading_nuls(&bytes[known..]) });
            }
        }
        if has_grown && self.head.len() == HEAD && self.is_head_unchanged()? {
            let known = state.recent.len();
            let recent = self.read_back(state.offset - known as u64, known)?;
            if recent.len() == known {
                state.recent = recent;
                return Ok(Chunk::Overwritten);
            }
        }
        Ok(Chunk::Restarted(self.restart()))
    }

    /// Forgets the content; returns the offset at which the new content begins.
    fn restart(&mut self) -> u64 {
        self.head.clear();
        self.skip_nuls = true;
        self.file.first_data()
    }

    fn is_head_unchanged(&self) -> io::Result<bool> {
        let mut head = [0; HEAD];
        let read = self.file.read_at(&mut head[..self.head.len()], 0)?;
        Ok(head[..read] == self.head)
    }

    fn extend_head(&mut self, offset: u64) -> io::Result<()> {
        let len = offset.min(HEAD as u64) as usize;
        if self.head.len() < len {
            self.head = self.read_back(0, len)?;
        }
        Ok(())
    }

    fn read_back(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; len];
        let read = self.file.read_at(&mut bytes, offset)?;
        bytes.truncate(read);
        Ok(bytes)
    }

    /// Skips the hole that a writer without `O_APPEND` leaves when its file was truncated.
    fn skip_hole(&self, state: &mut ReadState) {
        if self.skip_nuls {
            let data = self.file.first_data();
            if data > state.offset {
                state.offset = data;
                state.recent.clear();
            }
        }
    }

    /// Returns the number of NULs that still belong to the hole.
    fn leading_nuls(&mut self, bytes: &[u8]) -> usize {
        if !self.skip_nuls {
            return 0;
        }
        let nuls = bytes.iter().take_while(|&&byte| byte == 0).count();
        self.skip_nuls = nuls == bytes.len();
        nuls
    }
}

impl LineSource for FileSource {
    const CONTEXT: usize = GUARD;

    fn read(&mut self, state: &mut ReadState, scratch: &mut [u8]) -> io::Result<Chunk> {
        match self.kind {
            FileKind::Regular => self.read_regular(state, scratch),
            FileKind::Pipe => self.read_pipe(state.space(scratch, 0)),
        }
    }

    fn locate(&self, bytes: &[u8], offset: u64) -> Option<Location> {
        (self.kind == FileKind::Regular).then(|| Location::of(bytes, self.file.clone(), offset))
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
        };
        Some(JournalNote::Checkpoint(self.file.clone(), checkpoint))
    }
}
