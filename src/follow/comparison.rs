//! Comparison of the bytes before the offset of a file with those that were read there.

use memchr::memrchr;

/// Number of bytes at the start of a file that are compared when it has grown, because the padding
/// before the offset can be the same in two files. Twice as many take longer to read each time.
pub(super) const HEAD: usize = 1024;

/// Number of bytes before the offset that are compared at every read, in the same system call.
/// Fewer are more often equal by chance after a truncation; more are copied at every read.
pub(super) const GUARD: usize = 64;

/// Number of bytes before the offset that are kept, to find out how much of them is left when the
/// file is cut. A writer that cuts takes back a closing bracket or a screen of progress lines,
/// which is 50 lines of 80 bytes. Every followed file takes this memory: twice as many bytes take
/// 4 MiB more for a thousand files.
pub(super) const WINDOW: usize = 4096;

/// The bytes before an offset: those that were read, and those that the file has there now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comparison<'a> {
    pub(super) offset: u64,
    /// The bytes that were read; the last one is before `offset`.
    pub(super) old: &'a [u8],
    /// The bytes at the same place now; fewer if the file ends before `offset`.
    pub(super) new: &'a [u8],
    /// Number of bytes of the unfinished line at the end of `old`.
    pub(super) unfinished: usize,
}

impl Comparison<'_> {
    /// Returns the number of bytes that are left of a file whose end was taken back; none if the
    /// file seems to have another content.
    ///
    /// Less than half of the file may be taken back, so that a new content that happens to begin
    /// with the same lines is read from its start.
    pub(super) fn bytes_left(&self) -> Option<usize> {
        let left = self.old.iter().zip(self.new).take_while(|(old, new)| old == new).count();
        let start = self.offset - self.old.len() as u64;
        let is_long = if start > 0 { left >= GUARD } else { self.has_line(left) };
        let is_most = 2 * (start + left as u64) >= self.offset;
        (is_long && is_most).then_some(left)
    }

    /// Returns whether the last lines are the same: some bytes before them were edited in place.
    pub(super) fn is_edited(&self) -> bool {
        let same = self.same_at_end();
        same < self.old.len() && self.has_whole_line(same)
    }

    /// Returns whether enough of the last bytes are the same for a file with another start: all of
    /// them, or the guard if it is more than the padding of one line.
    pub(super) fn is_continued(&self) -> bool {
        let same = self.same_at_end();
        same == self.old.len() || (same >= GUARD && self.has_whole_line(same))
    }

    fn same_at_end(&self) -> usize {
        if self.new.len() < self.old.len() {
            return 0;
        }
        let pairs = self.old.iter().rev().zip(self.new.iter().rev());
        pairs.take_while(|(old, new)| old == new).count()
    }

    /// Returns true if the first `left` bytes have all of a line, or all lines that are finished.
    fn has_line(&self, left: usize) -> bool {
        let finished = self.old.len() - self.unfinished;
        let lines = &self.old[..self.old.len().min(left + 1)];
        left > 0 && (left >= finished || lines.contains(&b'\n'))
    }

    /// Returns true if the last `same` bytes have all of the last line.
    fn has_whole_line(&self, same: usize) -> bool {
        let last = &self.old[self.old.len() - same..];
        last.len() > 1 && memrchr(b'\n', &last[..last.len() - 1]).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comparison<'a>(old: &'a str, new: &'a str, unfinished: usize) -> Comparison<'a> {
        let (old, new) = (old.as_bytes(), new.as_bytes());
        Comparison {
            offset: old.len() as u64,
            old,
            new: &new[..new.len().min(old.len())],
            unfinished,
        }
    }

    #[test]
    fn a_cut_is_where_the_bytes_begin_to_differ() {
        let left = |old, new| comparison(old, new, 0).bytes_left();
        assert_eq!(left("one\ntwo\nthree\n", "one\ntwo\n"), Some(8));
        assert_eq!(left("one\ntwo\n10%\n", "one\ntwo\n20%\n"), Some(8));
        assert_eq!(left("one\ntwo\n]\n", "one\ntwo,\nthree\n]\n"), Some(7));
        assert_eq!(left("one\ntwo\nthree\n", "one\n"), None, "most of the file is gone");
        assert_eq!(left("one\ntwo\n", ""), None);
        assert_eq!(left("line 1\n", "line 2\n"), None, "no line is left");
        assert_eq!(left("line 1\n", "line 1"), Some(6));
    }

    #[test]
    fn an_unfinished_line_may_be_cut() {
        assert_eq!(comparison("unfinished", "unfin", 10).bytes_left(), Some(5));
        assert_eq!(comparison("one\nunfinished", "one\nunf", 10).bytes_left(), Some(7));
    }

    #[test]
    fn the_start_of_the_window_has_to_be_the_same() {
        let old = "x".repeat(100);
        let at = |left: usize| {
            let new = "x".repeat(left) + "y";
            let (old, new) = (old.as_bytes(), new.as_bytes());
            Comparison { offset: 10_000, old, new, unfinished: 0 }.bytes_left()
        };
        assert_eq!(at(GUARD), Some(GUARD));
        assert_eq!(at(GUARD - 1), None);
    }

    #[test]
    fn an_edit_leaves_the_last_line() {
        assert!(comparison("one\ntwo\n", "on3\ntwo\n", 0).is_edited());
        assert!(!comparison("one\ntwo\n", "one\ntw0\n", 0).is_edited());
        assert!(!comparison("one 1%\n", "one 2%\n", 0).is_edited());
        assert!(!comparison("one\ntwo\n", "one\ntwo\n", 0).is_edited());
    }

    #[test]
    fn padding_alone_does_not_continue_a_file() {
        let padded = |n: u32| format!("{n}{}\n", " ".repeat(200));
        assert!(!comparison(&padded(1), &padded(2), 0).is_continued());
        let lines = "line\n".repeat(20);
        assert!(comparison(&format!("1{lines}"), &format!("2{lines}"), 0).is_continued());
    }
}
