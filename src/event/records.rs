//! The records of the lines of one batch.
//!
//! Lines that the filter has hidden are read too: the lines behind them may continue them.

use std::ops::Range;

use memchr::memchr;

use super::{Batch, Lines};
use crate::record::{Clock, Context, Recognizer, Record};

/// Number of sections at the end of a batch that are examined for one that needs no context.
///
/// Most logs have one among the last few; with twice the value, logs without one take longer.
const LAST_SECTIONS: usize = 16;

/// Reads the records of the lines of one batch, in their order.
pub(super) struct Records<'a> {
    batch: &'a Batch,
    lines: &'a Lines,
    recognizer: Recognizer,
    /// The context of the next line.
    context: Context,
    /// Index of the first byte of the next line in the bytes of the batch.
    next: usize,
    /// The spans of the section that was read last, and its record.
    section: Range<usize>,
    record: Record,
}

impl<'a> Records<'a> {
    /// Makes a reader that begins with the first line of `batch`; `None` if the batch has no lines,
    /// or its context is not known.
    pub(super) fn new(batch: &'a Batch, clock: &Clock) -> Option<Self> {
        let lines = batch.lines().filter(|lines| !lines.chunks)?;
        Some(Records {
            batch,
            lines,
            recognizer: Recognizer::new(clock.near(lines.time.cast_signed())),
            context: batch.context()?,
            next: 0,
            section: 0..0,
            record: Record::default(),
        })
    }

    /// Returns the record of the section with span `index`; indices must be given in ascending
    /// order.
    pub(super) fn record(&mut self, index: usize) -> Record {
        while self.section.end <= index {
            self.read_section();
        }
        self.record
    }

    /// Goes to the last lines that need no context, so that the context behind the batch is found
    /// sooner; no record of an earlier line can be read then.
    pub(super) fn skip_to_end(&mut self) {
        let mut end = self.lines.spans.len();
        for _ in 0..LAST_SECTIONS {
            let Some(last) = end.checked_sub(1) else { return };
            let section = self.lines.section_of(last);
            let text = self.lines.section_text(&section);
            if !self.lines.spans[section.start].continued && self.recognizer.is_anchor(text) {
                self.context = Context::at(self.offset_of(section.start));
                self.next = self.lines.spans[section.start].start as usize;
                self.section = section.start..section.start;
                return;
            }
            end = section.start;
        }
    }

    /// Reads the rest of the batch, and notes the context behind it.
    pub(super) fn finish(mut self) {
        while self.section.end < self.lines.spans.len() {
            self.read_section();
        }
        self.read_hidden(self.lines.bytes.len());
        self.batch.set_next_context(self.context);
    }

    fn read_section(&mut self) {
        let lines = self.lines;
        let index = self.section.end;
        self.section = lines.section_of(index);
        let (start, last) = (lines.spans[index].start as usize, lines.spans[self.section.end - 1]);
        self.read_hidden(start);
        self.record = if lines.spans[index].continued {
            self.context.rest_of_line()
        } else {
            let offset = self.offset_of(index);
            let line = &lines.bytes[start..last.end as usize];
            self.context.read(&mut self.recognizer, offset, line)
        };
        self.next = last.end as usize + usize::from(!last.more);
    }

    fn offset_of(&self, index: usize) -> u64 {
        self.batch.offset() + u64::from(self.lines.source_index(index))
    }

    /// Reads the hidden lines before the byte at index `end`.
    fn read_hidden(&mut self, end: usize) {
        let lines = self.lines;
        let is_rest_of_line =
            self.next == 0 && lines.carry.part_bytes > 0 && !lines.spans[0].continued;
        let mut is_line = !is_rest_of_line;
        while self.next < end {
            let hidden = &lines.bytes[self.next..end];
            let len = memchr(b'\n', hidden).unwrap_or(hidden.len());
            if is_line {
                let offset = self.batch.offset() + self.next as u64;
                self.context.read(&mut self.recognizer, offset, &hidden[..len]);
            }
            is_line = true;
            self.next += len + 1;
        }
    }
}
