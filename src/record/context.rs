//! The context of a line: the state that the lines before it have left.
//!
//! The state after a line can depend on all lines before it, but a reader that begins in the middle
//! of a file must find the same state.
//! Therefore the state forgets: a file is divided into blocks of [`BLOCK`] bytes, and the lines of a
//! block follow a state that was empty at the start of the block before.

use super::{LineState, Recognizer, Record};

/// Number of bytes of a block.
///
/// A line has the time and the level of a line above it that is at most one to two blocks away.
/// A reader that begins in the middle of a file reads up to two blocks before; with twice the
/// value, twice as much.
pub const BLOCK: u64 = 64 << 10;

/// Time in milliseconds by which a line can be older than one above it in a file whose times grow.
///
/// Threads write their lines a little out of order. With half the value, lines of slow threads are
/// missed by searches for a time; with twice the value, searches read more lines that are too old.
pub const MAX_DISORDER: i64 = 10_000;

/// The state before a line, and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// The block of the last line.
    block: u64,
    /// The state of a reader that began at the start of the block before `block`.
    state: LineState,
    /// The state of a reader that began at the start of `block`.
    next: LineState,
    /// The last line continues an entry.
    continues: bool,
}

impl Context {
    /// Returns the context of a reader that begins with the line at `offset` in its file.
    #[must_use]
    pub fn at(offset: u64) -> Self {
        let block = offset / BLOCK;
        let empty = LineState::default();
        Context { block, state: empty, next: empty, continues: false }
    }

    /// Returns the offset at or after which a reader must begin with a line to have the right
    /// context for the line at `offset`.
    #[must_use]
    pub fn start(offset: u64) -> u64 {
        (offset / BLOCK).saturating_sub(1) * BLOCK
    }

    /// Returns the record of the line at `offset`, which follows all lines that were read.
    pub fn read(&mut self, recognizer: &mut Recognizer, offset: u64, line: &[u8]) -> Record {
        self.enter(offset / BLOCK);
        let is_same = self.next == self.state;
        let record = recognizer.recognize(line, &mut self.state);
        if is_same {
            self.next = self.state;
        } else {
            recognizer.recognize(line, &mut self.next);
        }
        self.continues = record.continues;
        record
    }

    /// Returns the record of a further section of the line that was read last.
    #[must_use]
    pub fn rest_of_line(&self) -> Record {
        let LineState { time, level, .. } = self.state;
        Record { time, level, continues: self.continues }
    }

    /// Returns the record of the message at `offset`, which continues the line of the message that
    /// was read last.
    pub fn rest_of_message(&mut self, offset: u64) -> Record {
        self.enter(offset / BLOCK);
        self.rest_of_line()
    }

    /// Sets the time of the line that was read last, which its envelope states.
    pub fn set_time(&mut self, time: i64) {
        (self.state.time, self.next.time) = (Some(time), Some(time));
    }

    fn enter(&mut self, block: u64) {
        if block == self.block {
            return;
        }
        let is_next = block == self.block + 1;
        self.state = if is_next { self.next } else { LineState::default() };
        self.next = LineState::default();
        self.block = block;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::record::{Clock, Zone};

    const LINES: [&str; 12] = [
        "2026-11-25 19:00:01 ERROR failed",
        "2026-11-25 19:00:02 INFO fine",
        "    at com.example.Main.run(Main.java:1)",
        "Traceback (most recent call last):",
        "  File \"a.py\", line 1, in <module>",
        "ValueError: bad",
        "plain text",
        "",
        "warning: unused",
        "{\"level\":\"error\",\"time\":\"2026-11-25T19:00:01Z\"}",
        "thread 'main' panicked at src/main.rs:1:1:",
        "boom",
    ];

    fn recognizer() -> Recognizer {
        Recognizer::new(Clock::new(&Zone::utc(), 0))
    }

    /// Returns the records of the lines, each with its offset, of a reader that begins at `start`.
    fn read(lines: &[(u64, &str)], start: u64) -> Vec<(u64, Record)> {
        let mut recognizer = recognizer();
        let mut context = None;
        let from_start = lines.iter().filter(|(offset, _)| *offset >= start);
        from_start
            .map(|(offset, line)| {
                let context = context.get_or_insert_with(|| Context::at(*offset));
                (*offset, context.read(&mut recognizer, *offset, line.as_bytes()))
            })
            .collect()
    }

    proptest! {
        /// A reader that begins at the start of the block before a line finds the same record.
        #[test]
        fn a_record_does_not_depend_on_where_reading_began(
            lines in proptest::collection::vec((0..LINES.len(), 0u64..40_000), 1..60), at: usize,
        ) {
            let mut offset = 0;
            let lines: Vec<(u64, &str)> = lines
                .into_iter()
                .map(|(line, gap)| {
                    let place = (offset, LINES[line]);
                    offset += LINES[line].len() as u64 + 1 + gap;
                    place
                })
                .collect();
            let whole = read(&lines, 0);
            let index = at % lines.len();
            let part = read(&lines, Context::start(lines[index].0));
            let found = part.iter().find(|(offset, _)| *offset == lines[index].0);
            prop_assert_eq!(found, Some(&whole[index]));
        }
    }
}
