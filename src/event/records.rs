//! The records of the lines of one batch.
//!
//! Lines that the filter has hidden are read too: the lines behind them may continue them.

use std::ops::Range;

use memchr::memchr;

use super::{Batch, Envelope, Lines, Span};
use crate::record::{Clock, Context, Level, Recognizer, Record};

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
    /// The span of the last section whose level alone was read; `context` is that of a line before.
    anchor: Option<usize>,
}

impl<'a> Records<'a> {
    /// Makes a reader that begins with the first line of `batch`; `None` if the batch has no lines,
    /// or its context is not known.
    pub(super) fn new(batch: &'a Batch, clock: &Clock) -> Option<Self> {
        Records::behind(batch.context()?, batch, clock)
    }

    /// Makes a reader that begins in `context`.
    fn behind(context: Context, batch: &'a Batch, clock: &Clock) -> Option<Self> {
        let lines = batch.lines().filter(|lines| !lines.chunks)?;
        Some(Records {
            batch,
            lines,
            recognizer: Recognizer::new(clock.near(lines.time.cast_signed())),
            context,
            next: 0,
            section: 0..0,
            record: Record::default(),
            anchor: None,
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

    /// Returns whether span `index` is a usual line of a logger, of a level below
    /// `least`; reads no record then.
    pub(super) fn is_usual_below(&mut self, index: usize, least: Level) -> bool {
        let lines = self.lines;
        let Span { start, end, more, continued } = lines.spans[index];
        let is_message = lines.envelopes.get(index).is_some_and(Option::is_some);
        if is_message || more || continued {
            return false;
        }
        let level = self.recognizer.usual_level(&lines.bytes[start as usize..end as usize]);
        let is_below = level.is_some_and(|level| level < least);
        if is_below {
            self.anchor = Some(index);
            (self.next, self.section) = (end as usize + 1, index..index + 1);
        }
        is_below
    }

    /// Goes to the last section that needs no context; returns false if there is none.
    ///
    /// No record of an earlier line can be read then.
    fn skip_to_anchor(&mut self) -> bool {
        let mut end = self.lines.spans.len();
        while let Some(last) = end.checked_sub(1) {
            let section = self.lines.section_of(last);
            let text = self.lines.section_bytes(&section);
            if self.begins_line(section.start) && self.recognizer.is_anchor(text) {
                self.context = Context::at(self.offset_of(section.start));
                self.next = self.lines.spans[section.start].start as usize;
                self.section = section.start..section.start;
                return true;
            }
            end = section.start;
        }
        false
    }

    /// Reads the rest of the batch, and notes the context behind it.
    pub(super) fn finish(mut self) {
        self.batch.set_next_context(self.read_rest());
    }

    fn read_rest(&mut self) -> Context {
        self.read_anchor();
        while self.section.end < self.lines.spans.len() {
            self.read_section();
        }
        self.read_hidden(self.lines.bytes.len());
        self.context
    }

    fn read_section(&mut self) {
        self.read_anchor();
        let lines = self.lines;
        let index = self.section.end;
        self.section = lines.section_of(index);
        self.read_hidden(lines.spans[index].start as usize);
        let envelope = lines.envelopes.get(index).copied().flatten();
        let (offset, line) = (self.offset_of(index), lines.section_bytes(&self.section));
        self.record = match envelope {
            Some(Envelope { continues: true, .. }) => self.context.rest_of_message(offset),
            None if lines.spans[index].continued => self.context.rest_of_line(),
            _ => self.context.read(&mut self.recognizer, offset, line),
        };
        if let Some(time) = envelope.and_then(|envelope| envelope.time) {
            self.record.time = Some(time);
            self.context.set_time(time);
        }
        if let Some(level) = envelope.and_then(|envelope| envelope.level) {
            self.record.level = Some(level);
        }
        self.go_behind(self.section.clone());
    }

    /// Reads the line whose level alone was read, on which the context of later lines depends.
    fn read_anchor(&mut self) {
        let Some(index) = self.anchor.take() else { return };
        let (offset, lines) = (self.offset_of(index), self.lines);
        self.context = Context::at(offset);
        self.context.read(
            &mut self.recognizer,
            offset,
            lines.section_bytes(&lines.section_of(index)),
        );
    }

    fn go_behind(&mut self, section: Range<usize>) {
        let last = self.lines.spans[section.end - 1];
        self.next = last.end as usize + usize::from(!last.more);
        self.section = section;
    }

    /// Returns whether the section with span `index` is the first one of its line.
    fn begins_line(&self, index: usize) -> bool {
        let envelope = self.lines.envelopes.get(index).copied().flatten();
        !self.lines.spans[index].continued && !envelope.is_some_and(|envelope| envelope.continues)
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
            if is_line && let Some(index) = lines.hidden_source_index(self.next as u32) {
                let offset = self.batch.offset() + u64::from(index);
                self.context.read(&mut self.recognizer, offset, &hidden[..len]);
            }
            is_line = true;
            self.next += len + 1;
        }
    }
}

impl Batch {
    /// Returns the context of the line behind the batch, whose first line has `context`.
    #[must_use]
    pub fn context_behind(&self, context: Context, clock: &Clock) -> Context {
        Records::behind(context, self, clock).map_or(context, |mut records| records.read_rest())
    }

    /// Returns the context of the line behind the batch, if one of its lines needs no context.
    #[must_use]
    pub fn context_behind_anchor(&self, clock: &Clock) -> Option<Context> {
        let mut records = Records::behind(Context::at(self.offset()), self, clock)?;
        records.skip_to_anchor().then(|| records.read_rest())
    }
}
