//! The state that a line leaves for the next one in its file.

use super::{Level, Record};

/// State that the lines of a file leave for the next one; the default is that of its first line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineState {
    /// The newest time that a line has stated, in milliseconds since 1970.
    pub(super) time: Option<i64>,
    /// The level of the entry to which the last line belongs.
    pub(super) level: Option<Level>,
}

impl LineState {
    /// Returns the record of a further section of the line that has left this state, which
    /// `continues` an entry.
    #[must_use]
    pub(super) fn rest_of_line(self, continues: bool) -> Record {
        Record { time: self.time, level: self.level, continues }
    }
}
