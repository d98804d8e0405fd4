//! Reading of rotated history: one file after the other, the oldest first.

use std::io;
use std::path::Path;

use super::compressed::ReadingPermit;
use super::descriptors::{HeldFile, OpenedFile};
use super::file::FileKind;
use super::generation::Generation;
use super::history_role::HistoryRole;
use super::line_reader::Availability;
use super::rotated_files::{RotatedFile, visit_rotated};
use super::rotated_history::{
    Current, FileStart, HistoryContext, Outcome, PendingFile, RotatedHistory, Step,
};
use super::start_at::since;
use super::text_search::{FirstInRange, STEP, TimeSearch};
use super::update::Update;
use crate::journal::JournalNote;
use crate::system::is_out_of_descriptors;

/// Nanoseconds of a second.
const SECOND: u64 = 1_000_000_000;

impl RotatedHistory {
    /// Opens a file, under another name if it was renamed; none if it has no lines of its own.
    pub(super) fn open(
        &self,
        pending: &mut PendingFile,
        context: &HistoryContext<'_>,
    ) -> io::Result<Option<HeldFile>> {
        let opened = match pending.held.take() {
            Some(held) => Ok(held),
            None => pending.file.open(context.mount, context.descriptors),
        };
        let held = match opened {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let Some(renamed) = self.find_renamed(&pending.file) else { return Err(error) };
                pending.file = renamed;
                pending.file.open(context.mount, context.descriptors)?
            }
            opened => opened?,
        };
        let is_copy = !held.is_compressed()
            && context.newest.is_some_and(|newest| newest.has_copy(&held.log()));
        let is_resumed = matches!(pending.start, FileStart::Resume(_));
        Ok((!is_copy || is_resumed).then_some(held))
    }

    /// Finds a file that has another name by now, or was compressed.
    fn find_renamed(&self, file: &RotatedFile) -> Option<RotatedFile> {
        let (mut renamed, mut compressed) = (None, None);
        visit_rotated(self.path.parent()?, self.path.file_name()?, |found| {
            if found.id == file.id {
                renamed = Some(found);
            } else if found.name.compression.is_some()
                && found.modified / SECOND == file.modified / SECOND
                && !self.holds(found.id)
            {
                compressed = Some(found);
            }
        });
        renamed.or(compressed)
    }

    /// Opens the oldest file that is left.
    pub(super) fn open_next(&mut self, context: &mut HistoryContext<'_>) -> Step {
        let mut step = Step { bytes: STEP / 16, ..Step::default() };
        let Some(mut pending) = self.pending.pop_front() else { return step };
        let placed = pending.permit.take();
        let is_placed = placed.is_some();
        let Some(permit) = placed.or_else(|| context.permit(&pending.file)) else {
            self.pending.push_front(pending);
            step.outcome = Outcome::Waiting;
            return step;
        };
        let opened = self.open(&mut pending, context);
        if opened.as_ref().is_err_and(is_out_of_descriptors) {
            self.pending.push_front(pending);
            step.outcome = Outcome::Waiting;
            return step;
        }
        let path = pending.file.path.clone();
        let begun = opened.and_then(|held| match held {
            Some(held) if is_placed => self.begin(held, &pending, permit, &mut step.updates),
            Some(held) => self.pass(held, pending, permit, context, &mut step.updates),
            None => Ok(()),
        });
        if let Err(error) = begun {
            self.report(&path, &error, &mut step.updates);
        }
        step
    }

    /// Begins to read an open file.
    pub(super) fn begin(
        &mut self,
        held: HeldFile,
        pending: &PendingFile,
        permit: ReadingPermit,
        updates: &mut Vec<Update>,
    ) -> io::Result<()> {
        let path = pending.file.path.clone();
        let offset = match &pending.start {
            FileStart::Offset(offset) => *offset,
            FileStart::Since(..) if self.is_in_range => 0,
            FileStart::Since(time, zone) if held.is_compressed() => {
                let search = TimeSearch::new(&held, *time, zone)?;
                self.current = Some(Current::Searching(path, held, search, permit));
                return Ok(());
            }
            FileStart::Since(time, zone) => match since(&held, *time, zone)? {
                Some(offset) => offset,
                None => return Ok(()),
            },
            FileStart::Resume(checkpoint) => {
                let id = held.id();
                let (mut generation, change) = Generation::resume(held, id, checkpoint)?;
                if change.is_some() {
                    return Err(io::Error::other("it has changed since it was read"));
                }
                generation.set_role(HistoryRole::Part);
                self.begin_reading(&path, generation, permit, updates);
                return Ok(());
            }
        };
        self.begin_at(&path, held, offset, permit, updates)
    }

    fn begin_at(
        &mut self,
        path: &Path,
        file: HeldFile,
        offset: u64,
        permit: ReadingPermit,
        updates: &mut Vec<Update>,
    ) -> io::Result<()> {
        let id = file.id();
        let opened = OpenedFile { file, id, kind: FileKind::Regular };
        let mut generation = Generation::new(opened, offset)?;
        generation.set_role(HistoryRole::Part);
        self.is_in_range = true;
        self.begin_reading(path, generation, permit, updates);
        Ok(())
    }

    fn begin_reading(
        &mut self,
        path: &Path,
        mut generation: Generation,
        permit: ReadingPermit,
        updates: &mut Vec<Update>,
    ) {
        updates.extend(self.last_note.take().map(Update::Note));
        if let Some(carry) = self.carry.take() {
            generation.go_on_with(carry);
        }
        updates.extend(generation.checkpoint(true).map(Update::Note));
        self.current = Some(Current::Reading(path.to_owned(), Box::new(generation), permit));
    }

    /// Goes on with the file that is being read.
    pub(super) fn read_current(&mut self, context: &mut HistoryContext<'_>) -> Step {
        let mut step = Step::default();
        match self.current.take() {
            Some(Current::Passing(passing)) => {
                step.bytes = STEP;
                let path = passing.pending.file.path.clone();
                if let Err(error) = self.pass_on(passing, &mut step.updates) {
                    self.report(&path, &error, &mut step.updates);
                }
            }
            Some(Current::Searching(path, file, mut search, permit)) => {
                step.bytes = STEP;
                let begun = match search.step(&file) {
                    Ok(FirstInRange::Later) => {
                        self.current = Some(Current::Searching(path, file, search, permit));
                        return step;
                    }
                    Ok(FirstInRange::At(offset)) => {
                        self.begin_at(&path, file, offset, permit, &mut step.updates)
                    }
                    Ok(FirstInRange::Nowhere) => Ok(()),
                    Err(error) => Err(error),
                };
                if let Err(error) = begun {
                    self.report(&path, &error, &mut step.updates);
                }
            }
            Some(Current::Reading(path, mut generation, permit)) => {
                match generation.read(context.scratch, context.cutting, context.time) {
                    Ok(progress) => {
                        step.bytes = progress.new.len().max(STEP / 16);
                        step.updates = progress.updates;
                        if progress.availability == Availability::Now {
                            self.current = Some(Current::Reading(path, generation, permit));
                            return step;
                        }
                    }
                    Err(error) => self.report(&path, &error, &mut step.updates),
                }
                self.end(generation, context, &mut step);
            }
            None => {}
        }
        step
    }

    /// Ends a file that was read. The last one may still be written, unless it is compressed.
    fn end(
        &mut self,
        mut generation: Box<Generation>,
        context: &mut HistoryContext<'_>,
        step: &mut Step,
    ) {
        step.updates.extend(generation.take_damage());
        if self.pending.is_empty() && !generation.is_compressed() {
            step.outcome = Outcome::Done(Some(generation));
            return;
        }
        let updates = &mut step.updates;
        generation
            .finish(context.cutting, context.time, |lines| updates.push(Update::Lines(lines)));
        self.carry = context.cutting.looks_back().then(|| generation.carry_over(context.cutting));
        let note = generation.checkpoint(false);
        if let Some(JournalNote::Checkpoint(_, checkpoint)) = &note {
            context.read_files.add(*checkpoint);
        }
        updates.extend(generation.checkpoint(true).map(Update::Note));
        self.last_note = note;
    }

    /// Reports the first file that cannot be read.
    pub(super) fn report(&mut self, path: &Path, error: &io::Error, updates: &mut Vec<Update>) {
        if !std::mem::replace(&mut self.has_reported, true) {
            updates.push(Update::Say(format!(
                "{} cannot be read: {error}; it is left out of the history",
                path.display()
            )));
        }
    }
}
