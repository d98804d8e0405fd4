//! The count of the lines of one source that a search has found.

use crate::event::{Seq, Surroundings};

/// A line that was found.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact about the line")]
pub(super) struct FoundLine {
    /// The ID of its source.
    pub(super) source: usize,
    pub(super) seq: Seq,
    /// The selection wants it for itself, and not for another line.
    pub(super) is_match: bool,
    /// It continues an entry.
    pub(super) continues: bool,
    /// It is a later section of a line, which counts once.
    pub(super) is_rest: bool,
    /// The events from this one on cannot be read, so that the number of matches is not known.
    pub(super) is_unreadable: bool,
}

/// Counts the lines of one source, the newest first, until as many as wanted are found.
#[derive(Debug)]
pub(super) struct Tally {
    /// Number of lines, or of entries, that are still missing.
    missing: u64,
    surroundings: Surroundings,
    /// Number of further lines that belong to the oldest line that was found; for an entry, one
    /// until its first line is found.
    surrounding: usize,
    /// A later section of the next line is wanted.
    has_rest: bool,
}

impl Tally {
    pub(super) fn new(missing: u64, surroundings: Surroundings) -> Self {
        Tally { missing, surroundings, surrounding: 0, has_rest: false }
    }

    pub(super) fn is_complete(&self) -> bool {
        self.missing == 0 && self.surrounding == 0 && !self.has_rest
    }

    /// Counts the next older line; returns whether it is wanted, for itself or for a newer one.
    pub(super) fn add(&mut self, line: &FoundLine) -> bool {
        if line.is_unreadable {
            return self.missing > 0;
        }
        match self.surroundings {
            Surroundings::None => self.take(line),
            Surroundings::Lines(lines) => {
                let is_wanted = self.surrounding > 0;
                self.surrounding = self.surrounding.saturating_sub(1);
                let is_taken = self.take(line);
                if is_taken {
                    self.surrounding = lines;
                }
                is_wanted || is_taken
            }
            Surroundings::Entry => {
                let is_wanted = self.surrounding > 0 || self.take(line);
                self.surrounding = usize::from(is_wanted && line.continues);
                is_wanted
            }
        }
    }

    /// Counts up to `lines` older lines that are all wanted; returns their number.
    pub(super) fn add_all(&mut self, lines: u64) -> u64 {
        let taken = self.missing.min(lines);
        self.missing -= taken;
        taken
    }

    fn take(&mut self, line: &FoundLine) -> bool {
        if line.is_rest {
            let is_taken = line.is_match && self.missing > 0;
            self.has_rest |= is_taken;
            return is_taken;
        }
        let has_rest = std::mem::take(&mut self.has_rest);
        let counts = (line.is_match || has_rest) && self.missing > 0;
        self.missing -= u64::from(counts);
        counts && line.is_match
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the lines that are wanted. Each character is a line, the oldest first: `x` matches,
    /// `-` does not, and upper case or `|` begins an entry.
    fn wanted(lines: &str, missing: u64, surroundings: Surroundings) -> String {
        let mut tally = Tally::new(missing, surroundings);
        let mut wanted = Vec::new();
        for line in lines.chars().rev() {
            if tally.is_complete() {
                break;
            }
            let is_match = line.eq_ignore_ascii_case(&'x');
            let continues = matches!(line, 'x' | '-');
            let found = FoundLine {
                source: 0,
                seq: 0,
                is_match,
                continues,
                is_rest: false,
                is_unreadable: false,
            };
            if tally.add(&found) {
                wanted.push(line);
            }
        }
        wanted.into_iter().rev().collect()
    }

    #[test]
    fn lines_before_the_oldest_one_are_wanted() {
        assert_eq!(wanted("XX|X|", 2, Surroundings::None), "XX");
        assert_eq!(wanted("|||X||X|", 1, Surroundings::Lines(2)), "||X");
        assert_eq!(wanted("|||X||X|", 2, Surroundings::Lines(2)), "||X||X");
        assert_eq!(wanted("|||X||X|", 2, Surroundings::Lines(0)), "XX");
        assert_eq!(wanted("X|", 5, Surroundings::Lines(9)), "X");
    }

    #[test]
    fn entries_are_counted_and_begin_with_their_first_line() {
        assert_eq!(wanted("X|--|-xx-|", 1, Surroundings::Entry), "|-xx");
        assert_eq!(wanted("X|--|-xx-|", 2, Surroundings::Entry), "X|-xx");
        assert_eq!(wanted("|xX", 2, Surroundings::Entry), "|xX");
        assert_eq!(wanted("--x-", 1, Surroundings::Entry), "--x");
    }
}
