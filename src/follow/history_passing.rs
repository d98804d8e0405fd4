//! Passing over the text of a compressed file, up to the place where reading begins: a step at a
//! time, so that other files are read meanwhile.

use std::collections::VecDeque;
use std::io;

use super::compressed::{READ_BACK, ReadingPermit};
use super::descriptors::HeldFile;
use super::read_files::has_read;
use super::rotated_history::{
    Current, FileStart, HistoryContext, Passing, PendingFile, RotatedHistory,
};
use super::text_search::STEP;
use super::update::Update;

impl PendingFile {
    /// Returns the offset up to which the text is passed over.
    fn place(&self) -> u64 {
        let place = match &self.start {
            FileStart::Offset(offset) => *offset,
            FileStart::Since(..) => 0,
            FileStart::Resume(checkpoint) => checkpoint.offset - checkpoint.unfinished,
        };
        // The bytes before the place are read too.
        place.saturating_sub(READ_BACK as u64)
    }
}

impl RotatedHistory {
    /// Begins with an open file: a compressed one is first decoded up to the place where reading
    /// begins.
    pub(super) fn pass(
        &mut self,
        held: HeldFile,
        pending: PendingFile,
        permit: ReadingPermit,
        context: &HistoryContext<'_>,
        updates: &mut Vec<Update>,
    ) -> io::Result<()> {
        let is_resumed = matches!(pending.start, FileStart::Resume(_));
        let checks = if held.is_compressed() && !is_resumed {
            context.read_files.with_head(&held)
        } else {
            VecDeque::new()
        };
        if checks.is_empty() && (!held.is_compressed() || pending.place() == 0) {
            return self.begin(held, &pending, permit, updates);
        }
        let passing = Passing { pending, held, permit, checks, passed: 0 };
        self.current = Some(Current::Passing(Box::new(passing)));
        Ok(())
    }

    /// Decodes on; begins to read when the place is reached.
    pub(super) fn pass_on(
        &mut self,
        mut passing: Box<Passing>,
        updates: &mut Vec<Update>,
    ) -> io::Result<()> {
        let check = passing.checks.front().copied();
        let place = check.map_or_else(|| passing.pending.place(), |check| check.offset);
        let is_over = passing.held.len()? <= passing.passed;
        if passing.passed + (STEP as u64) < place && !is_over {
            passing.passed += STEP as u64;
            passing.held.read_at(&mut [0], passing.passed - 1)?;
        } else if let Some(check) = check {
            if has_read(&passing.held, &check)? {
                // It was read before.
                return Ok(());
            }
            passing.checks.pop_front();
            if passing.checks.is_empty() {
                // Only a decoder that begins again can go back.
                passing.passed = 0;
            }
        } else {
            let Passing { pending, held, permit, .. } = *passing;
            return self.begin(held, &pending, permit, updates);
        }
        self.current = Some(Current::Passing(passing));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::path::Path;
    use std::sync::Arc;

    use super::super::compressed::Compression;
    use super::super::descriptors::{Descriptors, OpenedFile};
    use super::super::file::FileKind;
    use super::super::generation::Generation;
    use super::super::mount::Mount;
    use super::super::read_files::ReadFiles;
    use super::super::rotated_history::Outcome;
    use super::super::start_at::Older;
    use super::*;
    use crate::event::Cutting;
    use crate::journal::{Checkpoint, JournalNote};

    const LINES: usize = 400_000;

    fn line(n: usize) -> String {
        format!("a line of a text that has many steps: {n:06}\n")
    }

    /// Writes a compressed file; returns its history, and a checkpoint behind line `n` of it.
    fn history(
        directory: &Path,
        older: Older,
        n: usize,
    ) -> (Arc<Descriptors>, HeldFile, Checkpoint, RotatedHistory) {
        let path = directory.join("a.log.1.gz");
        let file = std::fs::File::create(&path).expect("created");
        let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        let text: String = (0..LINES).map(line).collect();
        gzip.write_all(text.as_bytes()).and_then(|()| gzip.try_finish()).expect("written");
        let descriptors = Descriptors::new();
        let open = || descriptors.open_as(&path, Mount::Local, Some(Compression::Gzip));
        let file = open().expect("opened");
        let opened = OpenedFile { id: file.id(), file, kind: FileKind::Regular };
        let mut generation = Generation::new(opened, (n * line(0).len()) as u64).expect("read");
        let Some(JournalNote::Checkpoint(_, checkpoint)) = generation.checkpoint(true) else {
            panic!("a file has a checkpoint");
        };
        let history = RotatedHistory::new(directory.join("a.log"), older);
        let held = open().expect("opened");
        (descriptors, held, checkpoint, history)
    }

    /// Does all steps; returns the number of steps before the first line, that line, and the number
    /// of lines.
    fn steps(
        mut history: RotatedHistory,
        descriptors: &Arc<Descriptors>,
        mut read_files: ReadFiles,
    ) -> (usize, String, usize) {
        history.list(None, descriptors, Mount::Local, |_, _| true);
        let cutting = Cutting::default();
        let mut scratch = Generation::scratch(&cutting);
        let (mut steps, mut first, mut lines) = (0, None, 0);
        loop {
            let step = history.step(&mut HistoryContext {
                descriptors,
                mount: Mount::Local,
                newest: None,
                read_files: &mut read_files,
                scratch: &mut scratch,
                cutting: &cutting,
                time: 0,
            });
            for update in step.updates {
                let Update::Lines(batch) = update else { continue };
                lines += batch.spans.len();
                let text = || String::from_utf8_lossy(&batch.bytes[..line(0).len()]).into_owned();
                first.get_or_insert_with(text);
            }
            match step.outcome {
                Outcome::More => steps += usize::from(first.is_none()),
                Outcome::Waiting => panic!("nothing is missing"),
                Outcome::Done(_) => return (steps, first.unwrap_or_default(), lines),
            }
        }
    }

    #[test]
    fn the_place_of_a_checkpoint_is_reached_in_steps() {
        let directory = tempfile::tempdir().expect("a directory");
        let (descriptors, held, checkpoint, _) = history(directory.path(), Older::All, LINES - 10);
        let path = directory.path().join("a.log");
        let mut resumed = RotatedHistory::resumed(path, Arc::default());
        resumed.resume(held, checkpoint);
        let (steps, first, lines) = steps(resumed, &descriptors, ReadFiles::default());
        assert!(steps >= LINES * line(0).len() / STEP - 2, "{steps} steps");
        assert_eq!((first, lines), (line(LINES - 10), 10));
    }

    #[test]
    fn a_file_that_was_read_is_found_in_steps_and_left_out() {
        let directory = tempfile::tempdir().expect("a directory");
        let (descriptors, _, checkpoint, history) = history(directory.path(), Older::All, LINES);
        let mut read_files = ReadFiles::default();
        read_files.add(Checkpoint { guard: !checkpoint.guard, offset: 3 << 20, ..checkpoint });
        read_files.add(checkpoint);
        let (steps, _, lines) = steps(history, &descriptors, read_files);
        assert!(steps >= LINES * line(0).len() / STEP - 2, "{steps} steps");
        assert_eq!(lines, 0);
    }

    #[test]
    fn a_file_that_begins_like_one_that_was_read_is_read_from_its_start() {
        let directory = tempfile::tempdir().expect("a directory");
        let (descriptors, _, checkpoint, history) = history(directory.path(), Older::All, LINES);
        let mut read_files = ReadFiles::default();
        read_files.add(Checkpoint { guard: !checkpoint.guard, ..checkpoint });
        let (_, first, lines) = steps(history, &descriptors, read_files);
        assert_eq!((first, lines), (line(0), LINES));
    }

    #[test]
    fn the_last_lines_are_found_in_steps() {
        let directory = tempfile::tempdir().expect("a directory");
        let wanted = LINES as u64 / 2;
        let (descriptors, _, _, history) = history(directory.path(), Older::Last(wanted), 0);
        let (steps, first, lines) = steps(history, &descriptors, ReadFiles::default());
        // The text is decoded once to count its lines, and once up to the first wanted line.
        let all = LINES * line(0).len() / STEP;
        assert!((all + all / 2 - 2..all + all / 2 + 8).contains(&steps), "{steps} steps");
        assert_eq!((first, lines), (line(LINES / 2), LINES / 2));
    }
}
