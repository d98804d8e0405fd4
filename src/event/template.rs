//! The template of the events of one batch: the bytes around each line.
//!
//! The fields come in the order `event`, `data`, `id`: a client whose connection is cut inside an
//! event then never has an ID without the data that belongs to it.

use std::cell::Cell;

use memchr::memchr;

use super::exact::push_exact;
use super::id::{push_base36, push_in_messages, push_position};
use super::line_object::{LineObject, push_base64};
use super::text_encoding::char_boundary;
use super::unchanged::Joint;
use super::{
    Format, Line, Lines, Medium, MessagePlace, Position, Presentation, Seq, Stream, message_of,
};
use crate::record::Record;

/// An event is shorter than this, in bytes with all its fields: the smallest limit of common
/// clients. With a larger value those clients fail on long lines.
pub const MAX_EVENT: usize = 64 * 1024;

/// The end of a plain line.
pub(super) const LINE_END: &[u8] = b"\n";

/// Space in an event for what is neither the line, the source's name nor the fixed bytes: the
/// position in the ID (21 bytes at most) and the keys and numbers of a JSON object (about 130 bytes).
/// A larger value makes the pieces of long lines shorter; a smaller one breaks [`MAX_EVENT`].
const OTHER_FIELDS: usize = 200;

/// Space for the record of a line in a JSON object, in addition.
const RECORD_FIELDS: usize = 100;

/// The bytes of an event that do not change within a batch.
pub(super) struct Template<'a> {
    medium: Medium,
    prefix: Vec<u8>,
    id: Vec<u8>,
    /// The message that has the events, if there is one.
    place: Option<&'a MessagePlace>,
    suffix: &'static [u8],
    format: Format,
    name: &'a str,
    time: u64,
    /// The time as text, with a space behind it, for `exact`.
    time_text: Vec<u8>,
    /// The lines are chunks (`--binary`).
    chunks: bool,
    /// The lines can be sent as text without any change.
    clean: bool,
    /// The last plain line, if its end was not sent.
    open: Cell<Option<OpenLine>>,
}

/// A plain line whose end was not sent.
#[derive(Clone, Copy)]
struct OpenLine {
    stream: Option<Stream>,
}

impl<'a> Template<'a> {
    pub(super) fn new(
        epoch: &str,
        place: Option<&'a MessagePlace>,
        with: Presentation,
        name: &'a str,
        lines: &Lines,
    ) -> Self {
        let (prefix, id, suffix): (_, _, &'static [u8]) = match with.medium {
            Medium::Events => (event_prefix(name, with.named), format!("\nid: {epoch}-"), b"\n\n"),
            Medium::JsonLines => (Vec::new(), format!(",\"id\":\"{epoch}-"), b"\"}\n"),
            Medium::Plain if lines.chunks => (Vec::new(), String::new(), b""),
            Medium::Plain => (Vec::new(), String::new(), LINE_END),
        };
        Template {
            medium: with.medium,
            prefix,
            id: id.into(),
            place,
            suffix,
            format: with.format,
            name,
            time: lines.time,
            time_text: format!("{} ", lines.time).into(),
            chunks: lines.chunks,
            // A chunk can hold line ends, of which each begins another field.
            open: Cell::new(None),
            clean: !lines.chunks && is_clean(&lines.bytes),
        }
    }

    /// Number of bytes that every event has beside the line and the position.
    pub(super) fn fixed_len(&self) -> usize {
        self.prefix.len() + self.id.len() + self.suffix.len()
    }

    /// Appends the events of `lines`, of which the first one is event `first`, if they are sent as
    /// they are; returns false if this presentation changes them.
    pub(super) fn push_unchanged<'b>(
        &self,
        out: &mut Vec<u8>,
        first: Seq,
        lines: impl Iterator<Item = &'b [u8]> + Clone,
    ) -> bool {
        let is_text = self.medium == Medium::Events && self.format == Format::Text;
        let longest = MAX_EVENT - self.fixed_len() - OTHER_FIELDS;
        if !is_text || !self.clean || lines.clone().any(|line| line.len() > longest) {
            return false;
        }
        let mut joint = self.joint(first);
        out.extend_from_slice(&self.prefix);
        for line in lines {
            out.extend_from_slice(line);
            out.extend_from_slice(joint.bytes());
            joint.advance();
        }
        out.truncate(out.len() - self.prefix.len());
        true
    }

    /// Returns the bytes between the lines of event `seq` and the next one.
    fn joint(&self, seq: Seq) -> Joint {
        let Some(place) = self.place else {
            return Joint::new(&self.id, seq, &[self.suffix, &self.prefix].concat());
        };
        let mut id = self.id.clone();
        push_base36(&mut id, place.sequence);
        id.push(b'.');
        let behind = [b"~", place.check.as_bytes(), self.suffix, &self.prefix].concat();
        Joint::new(&id, message_of(seq).1, &behind)
    }

    /// Appends the event of `line` without its first `skip` bytes, or several events with a piece
    /// of the line each if one would reach [`MAX_EVENT`].
    pub(super) fn push_line(
        &self,
        out: &mut Vec<u8>,
        seq: Seq,
        line: Line<'_>,
        record: &Record,
        skip: usize,
    ) {
        let start = out.len();
        let rest = Line { bytes: &line.bytes[skip..], ..line };
        self.push_event(out, rest, record, Position::before(seq + 1));
        if self.medium != Medium::Events || out.len() - start < MAX_EVENT {
            return;
        }
        out.truncate(start);
        let available =
            MAX_EVENT - 1 - self.fixed_len() - 2 * self.name.len() - self.other_fields();
        let piece_len = available / self.format.worst_growth();
        let mut at = skip;
        while at < line.bytes.len() {
            let end = piece_end(line.bytes, at, piece_len);
            let is_last = end == line.bytes.len();
            let piece = Line { bytes: &line.bytes[at..end], more: line.more || !is_last, ..line };
            let position = if is_last {
                Position::before(seq + 1)
            } else {
                Position { next: seq, skip: end as u32 }
            };
            self.push_event(out, piece, record, position);
            at = end;
        }
    }

    fn other_fields(&self) -> usize {
        match self.format {
            Format::Text | Format::Base64 | Format::Exact => OTHER_FIELDS,
            Format::Json | Format::Buffer => OTHER_FIELDS + RECORD_FIELDS,
        }
    }

    #[inline]
    fn push_event(&self, out: &mut Vec<u8>, line: Line<'_>, record: &Record, position: Position) {
        if self.medium == Medium::Plain {
            // The parts of a line are joined, if no other line stands between them.
            let is_new = |open: OpenLine| !line.continues || open.stream != line.stream();
            out.extend_from_slice(if self.open.take().is_some_and(is_new) {
                self.suffix
            } else {
                b""
            });
            self.open.set(line.more.then(|| OpenLine { stream: line.stream() }));
            out.extend_from_slice(line.bytes);
            out.extend_from_slice(if line.more { b"" } else { self.suffix });
            return;
        }
        out.extend_from_slice(&self.prefix);
        match self.format {
            Format::Text if self.clean => out.extend_from_slice(line.bytes),
            Format::Text => push_text(out, line),
            Format::Base64 => push_base64(out, line.bytes),
            Format::Json | Format::Buffer => self.push_object(out, line, record),
            Format::Exact => {
                push_exact(out, line, &self.time_text, self.chunks, self.clean);
            }
        }
        out.extend_from_slice(&self.id);
        match self.place {
            None => push_position(out, position),
            Some(place) => {
                push_in_messages(out, position, |_| place.sequence);
                out.push(b'~');
                out.extend_from_slice(place.check.as_bytes());
            }
        }
        out.extend_from_slice(self.suffix);
    }

    fn push_object(&self, out: &mut Vec<u8>, line: Line<'_>, record: &Record) {
        let is_buffer = self.format == Format::Buffer;
        LineObject { file: self.name, time: self.time, line, record, is_buffer }.push(out);
        if self.medium == Medium::JsonLines {
            // The ID follows as one more field of the object.
            out.pop();
        }
    }
}

fn event_prefix(name: &str, named: bool) -> Vec<u8> {
    if named { format!("event: {name}\ndata: ").into() } else { b"data: ".to_vec() }
}

/// Returns whether all lines in `bytes` can be sent as text without any change.
fn is_clean(bytes: &[u8]) -> bool {
    memchr(b'\r', bytes).is_none() && (bytes.is_ascii() || std::str::from_utf8(bytes).is_ok())
}

/// Returns the end of a piece of at most `len` bytes that begins at `start` and splits no UTF-8
/// sequence.
fn piece_end(bytes: &[u8], start: usize, len: usize) -> usize {
    if start + len >= bytes.len() {
        bytes.len()
    } else {
        start + char_boundary(&bytes[start..], len)
    }
}

/// Appends a line as text: a final `\r` belongs to the terminator, and any other line break begins
/// a new `data` field.
fn push_text(out: &mut Vec<u8>, line: Line<'_>) {
    let text = String::from_utf8_lossy(line.bytes);
    let mut rest: &str = &text;
    if !line.more {
        rest = rest.strip_suffix('\r').unwrap_or(rest);
    }
    while let Some(at) = rest.find(['\r', '\n']) {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        out.extend_from_slice(b"\ndata: ");
        let len = if rest[at..].starts_with("\r\n") { 2 } else { 1 };
        rest = &rest[at + len..];
    }
    out.extend_from_slice(rest.as_bytes());
}
