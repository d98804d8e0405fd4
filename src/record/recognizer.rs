//! The recognizer of records.

use super::{Clock, Level, LineState};

/// Number of bytes of a line that are examined; the record does not depend on those behind them.
pub const EXAMINED: usize = 64 << 10;

/// What a line states about itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Its time in milliseconds since 1970; that of a line above if it states none.
    pub time: Option<i64>,
    /// Its level; that of its entry if it continues one.
    pub level: Option<Level>,
    /// The line continues the entry above.
    pub continues: bool,
}

/// Recognizes the records of lines.
#[derive(Clone, Debug)]
pub struct Recognizer {
    #[expect(dead_code)]
    clock: Clock,
}

impl Recognizer {
    /// Makes a recognizer of lines whose times are on `clock`.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Recognizer { clock }
    }

    /// Returns the record of `line`, which follows lines that have left `state`; `state` becomes
    /// that for the next line.
    ///
    /// `line` has no terminator; a `\r` at its end, and ANSI escape sequences, say nothing.
    pub fn recognize(&mut self, line: &[u8], state: &mut LineState) -> Record {
        let _ = line;
        Record { time: state.time, level: state.level, continues: false }
    }

    /// Returns whether neither the record of `line`, nor the state after it, depends on the lines
    /// before it.
    pub fn is_anchor(&mut self, line: &[u8]) -> bool {
        let _ = line;
        false
    }
}
