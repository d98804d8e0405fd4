//! A message of a container of which more parts will follow.

use crate::event::{Cutting, Envelope, ExactLine, Stream};

/// Most bytes of memory that a message without parts keeps: longer ones are rare.
const KEPT: usize = 16 << 10;

/// The parts of a message that have come, joined.
#[derive(Debug)]
pub(super) struct OpenMessage {
    stream: Option<Stream>,
    /// The time that the container runtime states of the first part.
    stated: Option<i64>,
    text: Vec<u8>,
}

impl OpenMessage {
    /// One message for each stream, as the lines of different streams come mixed.
    pub(super) fn of_streams() -> [Self; 3] {
        let streams = [None, Some(Stream::Stdout), Some(Stream::Stderr)];
        streams.map(|stream| OpenMessage { stream, stated: None, text: Vec::new() })
    }

    /// Returns the message of `stream`.
    pub(super) fn of(messages: &mut [Self; 3], stream: Option<Stream>) -> &mut Self {
        &mut messages[stream.map_or(0, |stream| stream as usize + 1)]
    }

    /// Number of bytes that have come.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Adds a part.
    pub(super) fn push(&mut self, line: &ExactLine<'_>) {
        if self.text.is_empty() {
            self.stated = line.stated;
        }
        self.text.extend_from_slice(&line.bytes);
    }

    /// Takes as much as a section of a message that is longer.
    pub(super) fn take_part(&mut self, cutting: &Cutting) -> Option<(Envelope, Vec<u8>)> {
        let splitter = &cutting.splitter;
        let len = cutting.part_len(&self.text, splitter.section.max(splitter.max_line))?;
        Some(self.take(len, true))
    }

    /// Takes everything, to which more may be added.
    pub(super) fn take_all(&mut self) -> (Envelope, Vec<u8>) {
        self.take(self.text.len(), true)
    }

    /// Takes everything, which is the end of the message.
    pub(super) fn take_end(&mut self) -> (Envelope, Vec<u8>) {
        self.take(self.text.len(), false)
    }

    fn take(&mut self, len: usize, is_part: bool) -> (Envelope, Vec<u8>) {
        let (stream, time) = (self.stream, self.stated);
        let text = self.text.drain(..len).collect();
        self.text.shrink_to(KEPT);
        (Envelope { stream, time, is_part, ..Envelope::default() }, text)
    }

    /// Returns the parts as one that the server could have sent.
    pub(super) fn line(&self, time: u64) -> ExactLine<'_> {
        let (stream, stated) = (self.stream, self.stated);
        let bytes = self.text.as_slice().into();
        ExactLine { time, bytes, more: true, is_chunk: false, stream, stated }
    }
}
