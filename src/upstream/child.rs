//! One source of a server that is followed: its lines, until they are published.
//!
//! A line is held back until it is finished, or longer than a section, as the line of a file is. So
//! the same lines are published however their parts arrive.

mod message;

use std::sync::Arc;

use memchr::memrchr;

use self::message::OpenMessage;
use crate::event::{Carry, Cutting, End, Envelope, ExactLine, Lines, Source, TextEncoding};
use crate::follow::SourceState;
use crate::journal::{JournalNote, Progress};

/// Largest difference in milliseconds between the times at which the server has read the lines of a
/// batch.
///
/// A batch has one time. With twice the value, the time of a line is off by twice as much; with a
/// much smaller one, a history of lines that came one by one has a batch for each of them.
const SAME_TIME: u64 = 1000;

/// Most bytes of memory that a source without lines keeps. Twice the value doubles the memory of a
/// server with many sources; with half of it, memory is allocated more often.
const KEPT: usize = 64 << 10;

/// The lines of one source that were received and not published yet.
#[derive(Debug)]
pub(super) struct Child {
    pub(super) source: Arc<Source>,
    /// Its state on the server.
    pub(super) state: SourceState,
    /// Lines with a line end behind each, and the start of a line that is not finished.
    text: Vec<u8>,
    /// Number of bytes of the text up to the last line end.
    finished: usize,
    /// Statements of container runtimes about the messages in the text.
    marks: Vec<Mark>,
    /// The time at which the server has read the first line of the text.
    time: u64,
    /// The same of the last line.
    last_time: u64,
    /// The messages of which more parts will follow.
    messages: [OpenMessage; 3],
    carry: Carry,
    /// The state and the unfinished lines that the journal has.
    noted: (Carry, Vec<u8>),
}

/// The statements of a container runtime about a message.
#[derive(Clone, Copy, Debug)]
struct Mark {
    /// Index of the first byte of the message in the text.
    start: u32,
    envelope: Option<Envelope>,
}

/// Lines that were published of one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) lines: u64,
    pub(super) bytes: u64,
}

impl Child {
    /// Makes a source that goes on where an earlier run has ended.
    pub(super) fn new(source: Arc<Source>, progress: Progress, cutting: &Cutting) -> Self {
        let first = Carry { encoding: Some(TextEncoding::Utf8), ..Carry::default() };
        let carry = progress.carry.unwrap_or(first);
        let mut child = Child {
            source,
            state: SourceState::Live,
            text: Vec::new(),
            finished: 0,
            marks: Vec::new(),
            time: 0,
            last_time: 0,
            messages: OpenMessage::of_streams(),
            carry,
            noted: (carry, Vec::new()),
        };
        for part in progress.rest.split(|byte| *byte == b'\n').filter_map(ExactLine::parse) {
            child.push(&part, cutting);
        }
        child.noted.1 = progress.rest;
        child
    }

    /// Returns true if it has lines that can be published.
    fn is_ready(&self, cutting: &Cutting) -> bool {
        let splitter = &cutting.splitter;
        self.finished > 0
            || self.text.len() > splitter.longest_rest()
            || splitter.binary && !self.text.is_empty()
    }

    /// Number of bytes of finished lines.
    pub(super) fn len(&self) -> usize {
        self.finished
    }

    /// Number of bytes of unfinished lines.
    pub(super) fn held(&self) -> usize {
        let messages: usize = self.messages.iter().map(OpenMessage::len).sum();
        self.text.len() - self.finished + messages
    }

    /// Returns true if nothing of it decides about later lines.
    pub(super) fn is_idle(&self) -> bool {
        let is_empty = self.len() + self.held() == 0;
        is_empty
            && self.carry.part_bytes == 0
            && self.carry.settled().lines == Carry::default().lines
    }

    /// Returns true if a line that was read at `time` does not belong to the same batch as the lines
    /// before it.
    pub(super) fn begins_batch(&self, time: u64) -> bool {
        let is_line_start = self.finished > 0 && !self.has_unfinished();
        is_line_start && self.time.abs_diff(time) > SAME_TIME
    }

    /// Adds a line, or a part of one.
    pub(super) fn push(&mut self, line: &ExactLine<'_>, cutting: &Cutting) {
        if line.has_envelope() && !cutting.splitter.binary {
            return self.push_message(line, cutting);
        }
        self.begin(line.time, None);
        let start = self.text.len();
        self.text.extend_from_slice(&line.bytes);
        if line.is_chunk {
            let line_end = memrchr(b'\n', &line.bytes);
            self.finished = line_end.map_or(self.finished, |at| start + at + 1);
        } else if !line.more {
            self.end_line();
        }
    }

    /// Adds a message of a container, or a part of one; its parts are joined.
    fn push_message(&mut self, line: &ExactLine<'_>, cutting: &Cutting) {
        let message = OpenMessage::of(&mut self.messages, line.stream);
        message.push(line);
        let mut parts = Vec::new();
        while let Some(part) = message.take_part(cutting) {
            parts.push(part);
        }
        if !line.more {
            parts.push(message.take_end());
        }
        for (envelope, text) in parts {
            self.push_part(line.time, envelope, &text);
        }
    }

    fn push_part(&mut self, time: u64, envelope: Envelope, text: &[u8]) {
        if self.has_unfinished() {
            self.end_line();
        }
        self.begin(time, Some(envelope));
        self.text.extend_from_slice(text);
        self.end_line();
    }

    /// Begins a line, if the one before has ended.
    fn begin(&mut self, time: u64, envelope: Option<Envelope>) {
        if self.has_unfinished() {
            return;
        }
        if self.text.is_empty() {
            self.time = time;
        }
        self.last_time = time;
        if envelope.is_some() || !self.marks.is_empty() {
            self.marks.push(Mark { start: self.text.len() as u32, envelope });
        }
    }

    /// Adds the lines of an event of another kind of server, whose text ends with `data`.
    pub(super) fn push_text(&mut self, data: &[u8], time: u64) {
        if self.has_unfinished() {
            self.end_line();
        }
        self.begin(time, None);
        self.text.extend_from_slice(data);
        self.end_line();
    }

    fn has_unfinished(&self) -> bool {
        self.text.len() > self.finished
    }

    fn end_line(&mut self) {
        self.text.push(b'\n');
        self.finished = self.text.len();
    }

    /// Cuts the unfinished lines too, whose rest will not come: another line begins behind them.
    pub(super) fn finish(&mut self, cutting: &Cutting, take: &mut dyn FnMut(Lines)) -> Counts {
        let counts = self.cut_all(cutting, take);
        self.carry = self.carry.at_line_start();
        counts
    }

    /// Cuts all lines into batches; an unfinished one becomes a part.
    pub(super) fn cut_all(&mut self, cutting: &Cutting, take: &mut dyn FnMut(Lines)) -> Counts {
        for index in 0..self.messages.len() {
            if self.messages[index].len() > 0 {
                let (envelope, text) = self.messages[index].take_all();
                self.push_part(self.last_time, envelope, &text);
            }
        }
        let end = if self.has_unfinished() { End::Part } else { End::Open };
        self.cut_with(cutting, end, take)
    }

    /// Cuts the lines that are finished or long enough into batches.
    pub(super) fn cut(&mut self, cutting: &Cutting, take: &mut dyn FnMut(Lines)) -> Counts {
        if self.is_ready(cutting) {
            self.cut_with(cutting, End::Open, take)
        } else {
            Counts::default()
        }
    }

    fn cut_with(&mut self, cutting: &Cutting, end: End, take: &mut dyn FnMut(Lines)) -> Counts {
        let mut counts = Counts::default();
        let (marks, mut used) = (std::mem::take(&mut self.marks), 0);
        while used < self.text.len() {
            let (text, carry) = (&self.text[used..], &mut self.carry);
            let (lines, taken) = if marks.is_empty() {
                cutting.cut(text, carry, end)
            } else {
                let stated = |at| envelope_at(&marks, used as u32 + at);
                cutting.cut_messages(text, carry, end, &stated)
            };
            if let Some(lines) = lines {
                counts.lines += lines.spans.iter().filter(|span| !span.more).count() as u64;
                counts.bytes += lines.source_len() as u64;
                take(Lines { time: self.time, ..lines });
            }
            if taken == 0 {
                break;
            }
            used += taken;
        }
        self.text.drain(..used);
        self.finished = self.finished.saturating_sub(used);
        self.time = self.last_time;
        // A server can have thousands of sources.
        self.text.shrink_to(KEPT);
        counts
    }

    /// Returns what the journal has to know, so that a later run goes on here.
    pub(super) fn notes(&mut self) -> impl Iterator<Item = JournalNote> + use<> {
        let carry = self.carry.settled();
        let is_other = std::mem::replace(&mut self.noted.0, carry) != carry;
        let rest = self.rest();
        let kept = self.noted.1.iter().zip(&rest).take_while(|(old, new)| old == new).count();
        let is_longer = rest.len() != kept || self.noted.1.len() != kept;
        let added = rest[kept..].to_vec();
        self.noted.1 = rest;
        let carry = is_other.then_some(JournalNote::Carry(carry));
        carry.into_iter().chain(is_longer.then_some(JournalNote::Rest { kept, added }))
    }

    /// Returns the unfinished lines, in the form of the format `exact`.
    fn rest(&self) -> Vec<u8> {
        let mut rest = Vec::new();
        if self.has_unfinished() {
            let bytes = (&self.text[self.finished..]).into();
            let (time, more, is_chunk) = (self.last_time, true, false);
            let line = ExactLine { time, bytes, more, is_chunk, stream: None, stated: None };
            line.push_data(&mut rest);
        }
        for message in self.messages.iter().filter(|message| message.len() > 0) {
            if !rest.is_empty() {
                rest.push(b'\n');
            }
            message.line(self.last_time).push_data(&mut rest);
        }
        rest
    }
}

/// Returns what was stated about the line at an index of the text.
fn envelope_at(marks: &[Mark], index: u32) -> Option<Envelope> {
    let behind = marks.partition_point(|mark| mark.start <= index);
    behind.checked_sub(1).and_then(|mark| marks[mark].envelope)
}

#[cfg(test)]
mod tests;
