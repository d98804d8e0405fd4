//! The level of a line that a terminal program has written over, as progress bars are.

use memchr::memchr2;

use super::{Clock, Level, text_level, time};

/// Moves the cursor to the start of the line.
const RETURN: u8 = b'\r';
/// Moves the cursor back by a character.
const BACKSPACE: u8 = 8;

/// Number of texts of a line that are examined, from its end. A bar that is drawn for each percent
/// has 100; twice the value delays lines that are drawn more often.
const TEXTS: usize = 128;

/// Returns whether a line, without the `\r` at its end, has been written over.
pub(super) fn is_redrawn(line: &[u8]) -> bool {
    memchr2(RETURN, BACKSPACE, line).is_some()
}

/// Returns the level of the text that was written last, or else the highest one of those that it
/// has covered.
pub(super) fn level(line: &[u8], clock: &Clock) -> Option<Level> {
    let mut texts = line
        .rsplit(|byte| matches!(*byte, RETURN | BACKSPACE))
        .filter(|text| !text.trim_ascii().is_empty())
        .take(TEXTS)
        .map(|text| {
            let prefix = time::find(text, clock).map_or(0, |found| found.end);
            text_level::find(text, prefix)
        });
    texts.next().flatten().or_else(|| texts.max().flatten())
}
