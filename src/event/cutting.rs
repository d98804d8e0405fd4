//! Cutting: from bytes to the lines of a batch.

use bytes::Bytes;

use super::{Carry, End, LineFilter, Lines, Origin, Span, Splitter, TextEncoding};

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
        let before = *carry;
        let encoding = carry.encoding.filter(|_| !self.splitter.binary);
        let encoding = encoding.unwrap_or(TextEncoding::Utf8);
        let mut spans = Vec::new();
        let mut decoded = (encoding != TextEncoding::Utf8).then(Decoded::default);
        let used = self.splitter.split(bytes, encoding, carry.part_bytes > 0, end, |section| {
            if let Some(decoded) = &mut decoded {
                let line = decoded.push(bytes, section, encoding);
                self.select(&decoded.text, line, carry, &mut spans);
                decoded.keep(section, line, spans.len());
            } else {
                self.select(bytes, section, carry, &mut spans);
            }
            let len = u64::from(section.end - section.start);
            carry.part_bytes = if section.more { carry.part_bytes + len } else { 0 };
            !section.more && section.end < BATCH_SIZE
        });
        if spans.is_empty() {
            return (None, used);
        }
        let (bytes, origin) = match decoded {
            None => (own(&bytes[..used]), None),
            Some(Decoded { text, starts }) => {
                (text.into_boxed_slice().into(), Some(Origin { len: used, starts: starts.into() }))
            }
        };
        let lines = Lines {
            bytes,
            spans: spans.into(),
            location: None,
            origin,
            carry: before,
            // The splitter cuts a line only when it sees a byte behind the section; that byte
            // belongs to the next batch.
            end: if carry.part_bytes > 0 { End::Part } else { end },
            chunks: self.splitter.binary,
            time: 0,
        };
        (Some(lines), used)
    }

    /// Appends the parts of a section of `text` to `spans`, if the filter keeps its line.
    #[inline]
    fn select(&self, text: &[u8], section: Span, carry: &mut Carry, spans: &mut Vec<Span>) {
        if !section.continued {
            carry.hidden = !self.filter.keeps_all()
                && !self.filter.keeps(section.filtered(text, self.splitter.binary));
        }
        if !carry.hidden {
            self.splitter.cut_parts(text, section, |part| spans.push(part));
        }
    }
}

/// Published lines that are decoded into UTF-8.
#[derive(Default)]
struct Decoded {
    text: Vec<u8>,
    /// See [`Origin`].
    starts: Vec<u32>,
}

impl Decoded {
    /// Appends the text of a section of `bytes`; returns its span in the text.
    fn push(&mut self, bytes: &[u8], section: Span, encoding: TextEncoding) -> Span {
        let start = self.text.len() as u32;
        let line = encoding.decode(&bytes[section.start as usize..section.end as usize]);
        self.text.extend_from_slice(&line);
        Span { start, end: self.text.len() as u32, ..section }
    }

    /// Completes the line that was pushed last, or removes it if it has no span.
    fn keep(&mut self, section: Span, line: Span, spans: usize) {
        if spans == self.starts.len() {
            self.text.truncate(line.start as usize);
        } else if !section.more {
            self.text.push(b'\n');
        }
        self.starts.resize(spans, section.start);
    }
}
