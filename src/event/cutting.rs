//! Cutting: from bytes to the lines of a batch.

use std::borrow::Cow;

use bytes::Bytes;

use super::{
    Carry, ContainerFormat, End, Envelope, FileOffsets, HiddenLine, LineCarry, LineFilter, Lines,
    Origin, Redaction, Span, Splitter, TextEncoding,
};

/// Bytes after which no further section is added to a batch.
///
/// A slow client holds one batch at least, so twice the value doubles the memory of each such
/// client; half the value doubles the number of batches that a full ring has to manage.
const BATCH_SIZE: u32 = 32 * 1024;

/// The rules by which bytes become published lines.
///
/// The same bytes always become the same lines: evicted batches are read from their file and cut
/// again.
#[derive(Clone, Debug, Default)]
pub struct Cutting {
    /// Cuts bytes into lines.
    pub splitter: Splitter,
    /// The form of the lines, if a container runtime writes them.
    pub container: Option<ContainerFormat>,
    /// Removes what must not be published.
    pub redaction: Redaction,
    /// Selects the lines that are published.
    pub filter: LineFilter,
}

impl Cutting {
    /// Cuts and filters the first of `bytes`; returns one batch of lines and the number of bytes
    /// that were used.
    ///
    /// A batch has whole sections of lines, and at most one of each line; see [`Splitter`].
    /// Call it again with the remaining bytes until it uses none.
    /// `carry` is the state before `bytes`, and becomes the state after the used bytes.
    /// The lines are `None` if none of the used bytes are published.
    #[must_use]
    pub fn cut(&self, bytes: &[u8], carry: &mut Carry, end: End) -> (Option<Lines>, usize) {
        self.cut_with(bytes, carry, end, Bytes::copy_from_slice)
    }

    /// Does the same as [`cut`](Cutting::cut), and calls `own` to get an owned value of the used
    /// bytes.
    #[must_use]
    pub fn cut_with(
        &self,
        bytes: &[u8],
        carry: &mut Carry,
        end: End,
        own: impl FnOnce(&[u8]) -> Bytes,
    ) -> (Option<Lines>, usize) {
        self.cut_stated(bytes, carry, end, None, own)
    }

    /// Does the same as [`cut`](Cutting::cut) for lines that are messages already.
    ///
    /// `envelope` returns what a container runtime has stated about the line at an index of `bytes`.
    #[must_use]
    pub fn cut_messages(
        &self,
        bytes: &[u8],
        carry: &mut Carry,
        end: End,
        envelope: &dyn Fn(u32) -> Option<Envelope>,
    ) -> (Option<Lines>, usize) {
        self.cut_stated(bytes, carry, end, Some(envelope), Bytes::copy_from_slice)
    }

    fn cut_stated(
        &self,
        bytes: &[u8],
        carry: &mut Carry,
        end: End,
        stated: Stated<'_>,
        own: impl FnOnce(&[u8]) -> Bytes,
    ) -> (Option<Lines>, usize) {
        let before = *carry;
        let encoding = self.encoding(carry);
        let mut spans = Vec::new();
        let mut rewritten = self.rewrites(encoding, stated).then(Rewritten::default);
        let used = self.split(bytes, encoding, carry.part_bytes > 0, end, |section| {
            if let Some(rewritten) = &mut rewritten {
                let message = self.read(bytes, section, encoding, stated, carry);
                let line = rewritten.push(&message, section);
                self.select(&rewritten.text, line, message.envelope, carry, &mut spans);
                rewritten.keep(&message, section, line, spans.len());
            } else {
                self.select(bytes, section, None, carry, &mut spans);
            }
            carry.count(section);
            !section.more && section.end < BATCH_SIZE
        });
        if spans.is_empty() {
            return (None, used);
        }
        let (bytes, origin, envelopes) = match rewritten {
            None => (own(&bytes[..used]), None, Vec::new()),
            Some(Rewritten { text, starts, hidden, envelopes }) => {
                let origin = Origin { len: used, starts: starts.into(), hidden: hidden.into() };
                (text.into_boxed_slice().into(), Some(origin), envelopes)
            }
        };
        let lines = Lines {
            bytes,
            spans: spans.into(),
            location: None,
            origin,
            envelopes: envelopes.into(),
            carry: before,
            // The splitter cuts a line only when it sees a byte behind the section; that byte
            // belongs to the next batch.
            end: if carry.part_bytes > 0 { End::Part } else { end },
            chunks: self.splitter.binary,
            time: 0,
            offsets: FileOffsets::Unknown,
        };
        (Some(lines), used)
    }

    /// Returns the state that `bytes` leave, which begin with a line; `carry` is the state before.
    #[must_use]
    pub fn carry_behind(&self, bytes: &[u8], mut carry: Carry, end: End) -> Carry {
        let mut at = 0;
        loop {
            match self.cut(&bytes[at..], &mut carry, end) {
                (_, 0) => return carry,
                (_, used) => at += used,
            }
        }
    }

    /// Returns whether a line can decide what is published of the lines behind it.
    #[must_use]
    pub fn looks_back(&self) -> bool {
        let sees_parts = !self.filter.keeps_all() || !self.redaction.is_empty();
        let is_text = !self.splitter.binary;
        is_text && (self.redaction.spans_lines() || self.container.is_some() && sees_parts)
    }

    /// Returns the rules for bytes that are redacted already.
    #[must_use]
    pub fn without_redaction(self) -> Self {
        Cutting { redaction: Redaction::default(), ..self }
    }

    /// Redacts the whole sections of `bytes` and appends them to `out`, in UTF-8 and in the form of
    /// the container runtime; returns the number of bytes that were used.
    pub fn redact(&self, bytes: &[u8], carry: &mut Carry, end: End, out: &mut Vec<u8>) -> usize {
        let encoding = self.encoding(carry);
        self.split(bytes, encoding, carry.part_bytes > 0, end, |section| {
            let Message { text, envelope } = self.read(bytes, section, encoding, None, carry);
            let container = self.container.filter(|_| envelope.is_some());
            let line = encoding.decode(&bytes[section.start as usize..section.end as usize]);
            let whole = container.and_then(|container| container.replace(&line, &text));
            out.extend_from_slice(whole.as_deref().unwrap_or(&text));
            if !section.more && (section.end as usize) < bytes.len() {
                out.push(b'\n');
            }
            carry.count(section);
            true
        })
    }

    /// Returns the length of the first part of an unfinished message that has more than `most`
    /// bytes of UTF-8; `None` if it has not.
    ///
    /// No match of the redaction lies in two parts, unless one match fills a part.
    #[must_use]
    pub fn part_len(&self, message: &[u8], most: usize) -> Option<usize> {
        let window = message.get(..most).filter(|window| window.len() < message.len())?;
        Some(if self.redaction.is_empty() {
            TextEncoding::Utf8.boundary(message, most)
        } else {
            self.redaction.cut(window)
        })
    }

    /// Returns the encoding in which lines are read.
    pub(super) fn encoding(&self, carry: &Carry) -> TextEncoding {
        carry.encoding.filter(|_| !self.splitter.binary).unwrap_or(TextEncoding::Utf8)
    }

    /// Returns whether published lines have other bytes than those that they are cut from.
    fn rewrites(&self, encoding: TextEncoding, stated: Stated<'_>) -> bool {
        let is_text = !self.splitter.binary;
        let has_messages = self.container.is_some() || stated.is_some();
        let is_decoded = encoding != TextEncoding::Utf8 || has_messages;
        is_text && (is_decoded || !self.redaction.is_empty())
    }

    /// Cuts `bytes` into sections, so that no match of the redaction lies in two of them.
    pub(super) fn split(
        &self,
        bytes: &[u8],
        encoding: TextEncoding,
        continued: bool,
        end: End,
        take: impl FnMut(Span) -> bool,
    ) -> usize {
        let place = |window: &[u8]| {
            let is_redacted = !self.redaction.is_empty() && !self.splitter.binary;
            is_redacted.then(|| {
                let text = encoding.decode(window);
                encoding.encoded_len(&text[..self.redaction.cut(&text)])
            })
        };
        self.splitter.split_at(bytes, encoding, continued, end, place, take)
    }

    /// Decodes and redacts a section.
    pub(super) fn read<'a>(
        &self,
        bytes: &'a [u8],
        section: Span,
        encoding: TextEncoding,
        stated: Stated<'_>,
        carry: &mut Carry,
    ) -> Message<'a> {
        let text = encoding.decode(&bytes[section.start as usize..section.end as usize]);
        let is_whole = !section.more && !section.continued;
        let (mut envelope, text) = match self.container.filter(|_| is_whole) {
            Some(container) => container.decode_line(text),
            None => (stated.filter(|_| is_whole).and_then(|of| of(section.start)), text),
        };
        if let Some(envelope) = &mut envelope {
            envelope.continues = carry.line_mut(envelope.stream).is_unfinished;
        }
        let more = section.more || is_part(envelope);
        Message { text: self.redaction.redact(text, line_of(carry, envelope), more), envelope }
    }

    /// Appends the parts of a section of `text` to `spans`, if the filter keeps its line.
    #[inline]
    fn select(
        &self,
        text: &[u8],
        section: Span,
        envelope: Option<Envelope>,
        carry: &mut Carry,
        spans: &mut Vec<Span>,
    ) {
        let more = section.more || is_part(envelope);
        let line = line_of(carry, envelope);
        if !section.continued && !line.is_unfinished {
            line.hidden = !self.filter.keeps_all()
                && !self
                    .filter
                    .keeps(&Span { more, ..section }.filtered(text, self.splitter.binary));
        }
        line.is_unfinished = more;
        if !line.hidden {
            self.splitter.cut_parts(text, section, |part| spans.push(part));
        }
    }
}

/// Returns what was stated about the line at an index.
type Stated<'a> = Option<&'a dyn Fn(u32) -> Option<Envelope>>;

fn is_part(envelope: Option<Envelope>) -> bool {
    envelope.is_some_and(|envelope| envelope.is_part)
}

fn line_of(carry: &mut Carry, envelope: Option<Envelope>) -> &mut LineCarry {
    carry.line_mut(envelope.and_then(|envelope| envelope.stream))
}

/// A section that is decoded and redacted.
pub(super) struct Message<'a> {
    pub(super) text: Cow<'a, [u8]>,
    pub(super) envelope: Option<Envelope>,
}

/// Published lines with other bytes than those that were read.
#[derive(Default)]
struct Rewritten {
    text: Vec<u8>,
    /// See [`Origin`].
    starts: Vec<u32>,
    hidden: Vec<HiddenLine>,
    /// See [`Lines`].
    envelopes: Vec<Option<Envelope>>,
}

impl Rewritten {
    /// Appends a message; returns its span in the text.
    fn push(&mut self, message: &Message, section: Span) -> Span {
        let start = self.text.len() as u32;
        self.text.extend_from_slice(&message.text);
        Span { start, end: self.text.len() as u32, ..section }
    }

    /// Completes the line that was pushed last, which is hidden if it has no span.
    fn keep(&mut self, message: &Message, section: Span, line: Span, spans: usize) {
        if spans == self.starts.len() && !section.continued {
            let is_rest = message.envelope.is_some_and(|envelope| envelope.continues);
            self.hidden.push(HiddenLine { start: line.start, source: section.start, is_rest });
        }
        if !section.more {
            self.text.push(b'\n');
        }
        if message.envelope.is_some() || !self.envelopes.is_empty() {
            self.envelopes.resize(self.starts.len(), None);
            self.envelopes.resize(spans, message.envelope);
        }
        self.starts.resize(spans, section.start);
    }
}

#[cfg(test)]
mod tests;
