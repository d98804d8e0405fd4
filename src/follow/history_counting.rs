//! Counting of the lines of rotated files, from the newest one backward, for `-n N`.

use std::io;

use super::compressed::ReadingPermit;
use super::descriptors::HeldFile;
use super::rotated_history::{
    Counting, FileStart, HistoryContext, Outcome, PendingFile, RotatedHistory, Step,
};
use super::start_at::last_lines;
use super::text_search::{LineCount, STEP};

impl RotatedHistory {
    /// Counts the lines of the newest file that was not counted yet.
    pub(super) fn count(&mut self, context: &mut HistoryContext<'_>) -> Step {
        let mut step = Step { bytes: STEP / 16, ..Step::default() };
        if let Some(counting) = self.counting.take() {
            step.bytes = STEP;
            let path = counting.pending.file.path.clone();
            if let Err(error) = self.count_on(counting) {
                self.report(&path, &error, &mut step.updates);
            }
            return step;
        }
        let Some(file) = self.uncounted.pop() else { return step };
        if self.missing == 0 {
            self.uncounted.clear();
            return step;
        }
        let Some(permit) = context.permit(&file) else {
            self.uncounted.push(file);
            step.outcome = Outcome::Waiting;
            return step;
        };
        let mut pending =
            PendingFile { file, held: None, permit: None, start: FileStart::Offset(0) };
        let opened = self.open(&mut pending, context);
        let path = pending.file.path.clone();
        let begun = opened.and_then(|held| match held {
            Some(held) if held.is_compressed() && context.read_files.has(&held) => Ok(()),
            Some(held) => self.begin_count(pending, held, permit),
            None => Ok(()),
        });
        if let Err(error) = begun {
            self.report(&path, &error, &mut step.updates);
        }
        step
    }

    fn begin_count(
        &mut self,
        pending: PendingFile,
        held: HeldFile,
        permit: ReadingPermit,
    ) -> io::Result<()> {
        if held.is_compressed() {
            let count = LineCount::new(&held, self.missing)?;
            self.counting = Some(Counting { pending, held, count, permit });
        } else {
            let found = last_lines(&held, self.missing)?;
            self.add_counted(pending, Some(held), None, found);
        }
        Ok(())
    }

    fn count_on(&mut self, mut counting: Counting) -> io::Result<()> {
        match counting.count.step(&counting.held)? {
            None => self.counting = Some(counting),
            // The decoder stands at the first wanted line, which is read next.
            Some(found @ (1.., _)) => {
                let Counting { pending, held, permit, .. } = counting;
                self.add_counted(pending, Some(held), Some(permit), found);
            }
            Some(found) => self.add_counted(counting.pending, None, None, found),
        }
        Ok(())
    }

    fn add_counted(
        &mut self,
        mut pending: PendingFile,
        held: Option<HeldFile>,
        permit: Option<ReadingPermit>,
        (offset, missing): (u64, u64),
    ) {
        pending.start = FileStart::Offset(offset);
        (pending.held, pending.permit) = (held, permit);
        self.missing = missing;
        self.pending.push_front(pending);
    }
}
