//! The recognizer of records.

use super::entry::{Shape, Trace};
use super::layout::Layout;
use super::structured::{self, Stated};
use super::time::FoundTime;
use super::{Clock, Level, LineState, ansi, json, logfmt, redrawn, text_level, time};

/// Number of bytes of a line that are examined; the record does not depend on those behind them.
pub const EXAMINED: usize = 64 << 10;

/// The statements of a line about itself.
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
    clock: Clock,
    /// Copy of a line without its escape sequences.
    plain: Vec<u8>,
    layout: Layout,
}

impl Recognizer {
    /// Makes a recognizer of lines whose times are on `clock`.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Recognizer { clock, plain: Vec::new(), layout: Layout::default() }
    }

    /// Returns the record of `line`, which follows lines that have left `state`; `state` becomes
    /// that for the next line.
    ///
    /// `line` has no terminator; ANSI escape sequences, a `\r` at its end, and NULs or a byte order
    /// mark at its start say nothing.
    pub fn recognize(&mut self, line: &[u8], state: &mut LineState) -> Record {
        let line = examined(line, &mut self.plain);
        let record = recognize(line, *state, &self.clock);
        *state = record.1;
        record.0
    }

    /// Returns the level of `line` if it is a usual line of a logger, which [is an
    /// anchor](Self::is_anchor): much faster than its record.
    pub fn usual_level(&mut self, line: &[u8]) -> Option<Level> {
        self.layout.level(line, &self.clock)
    }

    /// Returns whether neither the record of `line`, nor the state after it, depends on the lines
    /// before it.
    ///
    /// That is so for a line that starts with its own time: an entry begins there.
    pub fn is_anchor(&mut self, line: &[u8]) -> bool {
        let line = examined(line, &mut self.plain);
        match Form::of(line, &self.clock) {
            Form::Structured(stated) => stated.time.is_some(),
            Form::Text { found, begins, .. } => begins && found.is_some(),
        }
    }
}

/// Mark at the start of a text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Returns the part of a line that is examined, without escape sequences, the `\r` at its end, and
/// NULs and a byte order mark at its start.
fn examined<'a>(line: &'a [u8], plain: &'a mut Vec<u8>) -> &'a [u8] {
    let line = ansi::strip(&line[..line.len().min(EXAMINED)], plain);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    // A program that goes on writing to a file that was truncated leaves NULs.
    let nuls = line.iter().take_while(|byte| **byte == 0).count();
    let line = &line[nuls..];
    line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line)
}

/// The form of a line, without a look at the lines before it.
enum Form {
    /// A JSON object or logfmt, which always begins an entry.
    Structured(Stated),
    /// Another line.
    Text {
        shape: Shape,
        found: Option<FoundTime>,
        /// It begins an entry after all lines.
        begins: bool,
    },
}

impl Form {
    fn of(line: &[u8], clock: &Clock) -> Self {
        // The usual lines of loggers need no further look.
        if line.first().is_some_and(u8::is_ascii_digit)
            && let Some(found) = time::find(line, clock)
            && found.start == 0
        {
            return Form::Text { shape: Shape::Ordinary, found: Some(found), begins: true };
        }
        if json::starts_object(line) {
            return Form::Structured(structured::of_json(line, clock));
        }
        let shape = Shape::of(line);
        if matches!(shape, Shape::Blank | Shape::Indented | Shape::Part) {
            return Form::Text { shape, found: None, begins: false };
        }
        if logfmt::starts_pairs(line) {
            let stated = structured::of_logfmt(line, clock);
            // One pair alone may be anything, such as a statement of a program.
            if stated != Stated::default() {
                return Form::Structured(stated);
            }
        }
        let found = time::find(line, clock);
        let begins = shape == Shape::Progress
            || found.is_some_and(|found| text_level::is_prefix(&line[..found.start]))
            || text_level::is_klog(line)
            || text_level::access::status(line).is_some();
        Form::Text { shape, found, begins }
    }
}

fn recognize(line: &[u8], state: LineState, clock: &Clock) -> (Record, LineState) {
    let (stated, shape) = match Form::of(line, clock) {
        Form::Structured(stated) => (stated, Shape::Ordinary),
        Form::Text { shape, found, begins } => {
            let next = state.trace.continued(shape, state.level).filter(|_| !begins);
            if let Some(trace) = next {
                let LineState { time, level, .. } = state;
                let record = Record { time, level, continues: true };
                return (record, LineState { trace, ..state });
            }
            let prefix = found.map_or(0, |found| found.end);
            let level = text_level::behind_time(line, prefix).or_else(|| {
                if redrawn::is_redrawn(line) {
                    redrawn::level(line, clock)
                } else {
                    text_level::find(line, prefix)
                }
            });
            (Stated { time: found.map(|found| found.time), level }, shape)
        }
    };
    let time = stated.time.or(state.time);
    let level = stated.level;
    let record = Record { time, level, continues: false };
    (record, LineState { time, level, trace: Trace::begun(shape) })
}
