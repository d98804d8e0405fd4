//! A generation: one file behind a source's name, from its creation or truncation on.

use std::io;
use std::time::Instant;

use super::descriptors::{HeldFile, OpenedFile};
use super::file::FileKind;
use super::file_source::FileSource;
use super::history_role::HistoryRole;
use super::line_reader::{LineReader, Progress};
use super::line_source::LineSource as _;
use super::log_file::LogFile;
use super::mount::Mount;
use super::retry::Retry;
use super::update::Update;
use crate::event::{Carry, Cutting, FileId, Lines, SourceChange};
use crate::journal::{Checkpoint, JournalNote};

/// An open file that is read as it grows.
#[derive(Debug)]
pub(super) struct Generation {
    reader: LineReader<FileSource>,
    /// The time at which the name was found to lead elsewhere; none for the newest generation.
    pub(super) replaced: Option<Instant>,
    /// The last read has failed.
    pub(super) retry: Option<Retry>,
    has_reported_damage: bool,
}

impl Generation {
    /// A generation that is read from `offset` on.
    pub(super) fn new(opened: OpenedFile, offset: u64) -> io::Result<Self> {
        let (source, state) = FileSource::start(opened, offset)?;
        Ok(Generation::of(LineReader::new(source, state)))
    }

    fn of(reader: LineReader<FileSource>) -> Self {
        Generation { reader, replaced: None, retry: None, has_reported_damage: false }
    }

    /// A generation of an earlier run, and an update if its content was replaced since then.
    pub(super) fn resume(
        file: HeldFile,
        id: FileId,
        checkpoint: &Checkpoint,
    ) -> io::Result<(Self, Option<Update>)> {
        let (source, state, is_same) = FileSource::resume(file, id, checkpoint)?;
        let generation = Generation::of(LineReader::new(source, state));
        Ok((generation, (!is_same).then_some(Update::Change(SourceChange::Truncated))))
    }

    /// See [`LineReader::scratch`].
    pub(super) fn scratch(cutting: &Cutting) -> Vec<u8> {
        LineReader::<FileSource>::scratch(cutting)
    }

    pub(super) fn id(&self) -> FileId {
        self.reader.source().id()
    }

    pub(super) fn mount(&self) -> Mount {
        self.reader.source().mount()
    }

    pub(super) fn offset(&self) -> u64 {
        self.reader.offset()
    }

    /// Returns whether `file` is a copy of this file, made when that had fewer lines.
    pub(super) fn has_copy(&self, file: &LogFile) -> bool {
        self.reader.source().has_copy(file)
    }

    /// Returns true if the file has been read to its end, as far as that is known.
    pub(super) fn is_at_end(&self) -> bool {
        self.is_holding_back() || self.reader.source().len().is_none_or(|len| len <= self.offset())
    }

    /// Returns true if some path still leads to the file.
    pub(super) fn is_linked(&self) -> bool {
        self.reader.source().is_linked()
    }

    /// Closes the file although events may be in it.
    pub(super) fn close(self) {
        self.reader.source().close();
    }

    /// See [`FileSource::is_holding_back`].
    pub(super) fn is_holding_back(&self) -> bool {
        self.reader.source().is_holding_back()
    }

    /// The role of the file in rotated history.
    pub(super) fn role(&self) -> HistoryRole {
        self.reader.source().role
    }

    /// Sets the role of the file in rotated history.
    pub(super) fn set_role(&mut self, role: HistoryRole) {
        self.reader.source_mut().0.role = role;
    }

    /// See [`LineReader::carry_over`].
    pub(super) fn carry_over(&self, cutting: &Cutting) -> Carry {
        self.reader.carry_over(cutting)
    }

    /// Goes on with the state that the file before has left, if nothing was read yet; returns a note
    /// of that if the state differs.
    pub(super) fn go_on_with(&mut self, carry: Carry) -> Option<Update> {
        self.reader.go_on_with(carry).then(|| self.checkpoint(true).map(Update::Note)).flatten()
    }

    /// Returns the open file.
    pub(super) fn file(&self) -> &HeldFile {
        &self.reader.source().file
    }

    /// Returns true if the file is compressed.
    pub(super) fn is_compressed(&self) -> bool {
        self.reader.source().file.is_compressed()
    }

    /// Returns the sentence that a compressed file cannot be read to its end, once.
    pub(super) fn take_damage(&mut self) -> Option<Update> {
        if self.has_reported_damage {
            return None;
        }
        let reason = self.reader.source().file.damage()?;
        self.has_reported_damage = true;
        Some(Update::Say(format!(
            "{} cannot be read behind byte {} of its text: {reason}; the rest of it is left out",
            self.reader.source().file.path().display(),
            self.offset()
        )))
    }

    /// Moves to the first byte of a file of which nothing was read yet; returns a note of it.
    pub(super) fn begin_again(&mut self) -> Option<Update> {
        let (file, id) = (self.reader.source().file.clone(), self.id());
        let opened = OpenedFile { file, id, kind: FileKind::Regular };
        let (source, state) = FileSource::start(opened, 0).ok()?;
        self.reader = LineReader::new(source, state);
        self.checkpoint(true).map(Update::Note)
    }

    /// See [`FileSource::is_pipe`].
    pub(super) fn is_pipe(&self) -> bool {
        self.reader.source().is_pipe()
    }

    /// Goes on with the descriptor of `opened` if that is the same file; returns it if not.
    ///
    /// An overlay copies a file at its first write: the old descriptor still reads the original.
    pub(super) fn reopen(
        &mut self,
        opened: OpenedFile,
        updates: &mut Vec<Update>,
    ) -> Option<OpenedFile> {
        let (source, state) = self.reader.source_mut();
        if !source.is_continued_by(&opened, state) {
            return Some(opened);
        }
        let note = source.checkpoint(state, false);
        source.replace_descriptor(opened);
        updates.extend(note.map(Update::Note));
        updates.extend(self.checkpoint(true).map(Update::Note));
        None
    }

    /// Returns true if the last read has failed, and the next attempt is due at `now`.
    pub(super) fn is_retry_due(&self, now: Instant) -> bool {
        self.retry.is_some_and(|retry| retry.is_due(now))
    }

    /// Returns the same generation as the newest one of a source.
    pub(super) fn into_newest(self) -> Self {
        Generation { replaced: None, ..self }
    }

    /// See [`LineReader::read`].
    pub(super) fn read(
        &mut self,
        scratch: &mut [u8],
        cutting: &Cutting,
        time: u64,
    ) -> io::Result<Progress> {
        self.reader.read(scratch, cutting, time)
    }

    /// See [`LineReader::finish`].
    pub(super) fn finish(&mut self, cutting: &Cutting, time: u64, take: impl FnMut(Lines)) {
        self.reader.finish(cutting, time, take);
    }

    /// See [`LineReader::checkpoint`].
    pub(super) fn checkpoint(&mut self, is_followed: bool) -> Option<JournalNote> {
        self.reader.checkpoint(is_followed)
    }
}
