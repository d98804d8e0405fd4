//! One turn of reading the generations of a followed path.

use std::io;
use std::time::Instant;

use super::followed_path::FollowedPath;
use super::line_reader::{Availability, Progress};
use super::path_target::UnreadableReason;
use super::retry::Retry;
use super::source_status::SourceState;
use super::update::Update;
use crate::event::Cutting;

/// Number of bytes of one source that are read before the other sources get a turn. Twice as many
/// let the others wait twice as long behind a file that grows fast.
pub(super) const TURN_BYTES: usize = 1 << 20;

/// Number of bytes for which a read counts that has only passed over others, such as NULs. Twice as
/// many let other sources wait half as long behind a long run of them.
const SKIPPED: usize = 64 * 1024;

/// The result of one turn of reading.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Turn {
    /// Number of bytes that were read.
    pub(super) bytes: usize,
    /// There may be more bytes now.
    pub(super) has_more: bool,
}

impl FollowedPath {
    /// Reads every generation, oldest first, until a turn is used up.
    ///
    /// A generation that could not be read is left out until its next attempt is due.
    pub(super) fn read(
        &mut self,
        scratch: &mut [u8],
        cutting: &Cutting,
        (now, time): (Instant, u64),
        mut take: impl FnMut(Vec<Update>),
    ) -> Turn {
        let mut turn = Turn::default();
        if !self.read_history(&mut turn, scratch, cutting, (now, time), &mut take) {
            return turn;
        }
        for index in 0..self.generations.len() {
            if self.generations[index].retry.is_some_and(|retry| !retry.is_due(now)) {
                continue;
            }
            if let Some(note) = self.go_on_with_last(index, cutting) {
                take(vec![note]);
            }
            loop {
                let progress = match self.generations[index].read(scratch, cutting, time) {
                    Ok(progress) => progress,
                    Err(error) => {
                        take(self.record_failure(index, &error, now));
                        break;
                    }
                };
                let is_again =
                    progress.new.is_empty() && progress.availability == Availability::Now;
                turn.bytes += if is_again { SKIPPED } else { progress.new.len() };
                let availability = progress.availability;
                take(self.record_progress(index, progress));
                if availability != Availability::Now {
                    break;
                }
                if turn.bytes >= TURN_BYTES {
                    turn.has_more = true;
                    return turn;
                }
            }
        }
        turn
    }

    /// Lets a generation of which nothing was read go on with a private key that the one before has
    /// begun; returns a note of that.
    fn go_on_with_last(&mut self, index: usize, cutting: &Cutting) -> Option<Update> {
        let is_unread = self.generations[index].offset() == 0 && cutting.looks_back();
        let last = index.checked_sub(1).filter(|_| is_unread);
        let carry = last.map(|last| self.generations[last].carry_over(cutting));
        carry.and_then(|carry| self.generations[index].go_on_with(carry))
    }

    /// Returns the updates of a read, and notes that the generation can be read.
    fn record_progress(&mut self, index: usize, progress: Progress) -> Vec<Update> {
        let mut updates = Vec::new();
        let had_failed = self.generations[index].retry.take().is_some();
        if had_failed && self.is_newest(index) {
            self.confirm_newest(&mut updates);
        }
        updates.extend(progress.updates);
        updates.extend(self.generations[index].take_damage());
        if progress.is_overwritten {
            updates.push(Update::Say(format!(
                "{} was changed where it had been read already; going on at its end",
                self.path.display()
            )));
        }
        updates
    }

    /// Notes that a generation cannot be read; reports the first of several failures in a row.
    fn record_failure(&mut self, index: usize, error: &io::Error, now: Instant) -> Vec<Update> {
        let mut updates = Vec::new();
        let is_newest = self.is_newest(index);
        let generation = &mut self.generations[index];
        let is_first = generation.retry.is_none();
        generation.retry = Some(Retry::after(generation.retry, now));
        let sentence = format!("{} cannot be read: {error}; trying again", self.path.display());
        if is_newest && self.state != SourceState::Unreadable {
            self.report_unreadable(UnreadableReason::OnePath(sentence), &mut updates);
        } else if !is_newest && is_first {
            updates.push(Update::Say(sentence));
        }
        updates
    }

    /// Returns true if the path leads to this generation, as far as is known.
    fn is_newest(&self, index: usize) -> bool {
        index + 1 == self.generations.len() && self.generations[index].replaced.is_none()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;
    use std::time::Duration;

    use super::super::descriptors::{Descriptors, HeldFile, OpenedFile};
    use super::super::file::FileKind;
    use super::super::generation::Generation;
    use super::super::mount::Mount;
    use super::super::path_origin::PathOrigin;
    use super::super::path_target::PathTarget;
    use super::*;
    use crate::event::{Names, Source, SourceChange};

    fn cutting() -> Cutting {
        Cutting::default()
    }

    /// Returns a path that was read to `offset`, and cannot be read any more.
    fn unreadable(path: &Path, offset: u64, now: Instant) -> FollowedPath {
        let source = Arc::new(Source { id: 0, name: Names::default().assign(path) });
        let origin = PathOrigin { is_explicit: true, was_followed: false };
        let budget = Descriptors::new();
        let mut followed = FollowedPath::new(
            source,
            path.to_owned(),
            origin,
            Mount::Local,
            budget.clone(),
            Arc::default(),
        );
        let open = |file: HeldFile| {
            let id = file.id();
            OpenedFile { file, id, kind: FileKind::Regular }
        };
        let readable = open(budget.open(path, Mount::Local).expect("opened"));
        let mut generation = Generation::new(readable, offset).expect("read");
        let broken = budget.open(path, Mount::Local).expect("opened");
        broken.break_reads(path);
        let broken = open(broken);
        assert!(generation.reopen(broken, &mut Vec::new()).is_none(), "it is the same file");
        followed.push(generation, now, &mut Vec::new());
        followed
    }

    /// Reads as the follower does; returns the changes, sentences and lines.
    fn turn(followed: &mut FollowedPath, now: Instant) -> Vec<String> {
        let mut updates = Vec::new();
        match followed.resolve(now) {
            PathTarget::Newest => followed.confirm_newest(&mut updates),
            target => panic!("{target:?}"),
        }
        let mut scratch = Generation::scratch(&cutting());
        followed.read(&mut scratch, &cutting(), (now, 0), |more| updates.extend(more));
        let text = |update: &Update| match update {
            Update::Lines(lines) => Some(String::from_utf8_lossy(&lines.bytes).into_owned()),
            Update::Change(change) => Some(format!("{change:?}")),
            Update::Say(sentence) => Some(sentence.clone()),
            Update::Note(_) | Update::SayOnce(_) | Update::UnmarkedUtf16 => None,
        };
        updates.iter().filter_map(text).collect()
    }

    #[test]
    fn a_failure_is_reported_once_and_the_file_is_opened_again() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a.log");
        std::fs::write(&path, "old\nnew\n").expect("written");
        let now = Instant::now();
        let mut followed = unreadable(&path, 4, now);
        let first = turn(&mut followed, now);
        assert_eq!(first[0], format!("{:?}", SourceChange::Unreadable));
        assert!(first[1].contains("a.log cannot be read: "), "{first:?}");
        assert_eq!(first.len(), 2);
        assert_eq!(followed.state, SourceState::Unreadable);
        let early = now + Duration::from_millis(50);
        assert!(turn(&mut followed, early).is_empty(), "the pause is not over");
        let second = turn(&mut followed, now + Duration::from_millis(100));
        assert_eq!(second, [format!("{:?}", SourceChange::Appeared), "new\n".to_owned()]);
        assert_eq!(followed.state, SourceState::Live);
    }

    /// The follower may look at a path that leads nowhere for the first time long after it was found
    /// missing.
    #[test]
    fn a_path_is_gone_only_when_its_removal_was_published() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a.log");
        std::fs::write(&path, "one\n").expect("written");
        let now = Instant::now();
        let mut followed = unreadable(&path, 4, now);
        followed.origin.is_explicit = false;
        let mut updates = Vec::new();
        followed.mark_missing(now, &mut updates);
        assert!(followed.take_expired(now, Duration::ZERO).is_some());
        let later = now + Duration::from_secs(1);
        assert!(!followed.is_gone(later));
        followed.mark_missing(later, &mut updates);
        let is_removed = |update: &Update| matches!(update, Update::Change(SourceChange::Removed));
        assert_eq!(updates.iter().filter(|update| is_removed(update)).count(), 1);
        assert!(followed.is_gone(later));
    }
}
