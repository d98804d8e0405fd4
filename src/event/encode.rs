//! The event encoder: the only place that knows the wire format.
//!
//! Event streams are those of the WHATWG HTML standard, section 9.2.
//! Fields come in the order `event`, `data`, `id`, so that a connection that is
//! cut inside an event never leaves a client with an ID whose data it has not.
//!
//! Scripts can have the same without events: see [`Medium`].

use std::time::Duration;

use bytes::Bytes;
use memchr::memchr;

use super::grep::Search;
use super::id::push_position;
use super::line::char_boundary;
use super::object::{LineObject, push_base64};
use super::{Batch, Epoch, EventId, Grep, Line, Lines, Position, Seq};

/// An event is shorter than this as a whole: the smallest limit among common clients.
pub const MAX_EVENT: usize = 64 * 1024;

/// What `data` holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// The line
    #[default]
    Text,
    /// An object with file, message, time and offset
    Json,
    /// The line's bytes in base64
    Base64,
    /// As json, with the message as Node's `Buffer#toJSON`
    Buffer,
}

/// What carries the lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Medium {
    /// An event stream
    #[default]
    Events,
    /// A JSON object for each line, on a line of its own
    JsonLines,
    /// The bytes of the lines, and nothing else
    Plain,
}

/// One way of showing a batch; whoever asks for the same one shares its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presentation {
    /// What carries the lines.
    pub medium: Medium,
    /// What `data` holds.
    pub format: Format,
    /// Lines carry their source's name in `event`.
    pub named: bool,
}

impl Default for Presentation {
    /// Named events of text.
    fn default() -> Self {
        Presentation { medium: Medium::Events, format: Format::Text, named: true }
    }
}

/// Writes events for one run.
#[derive(Debug)]
pub struct Encoder {
    epoch: Epoch,
}

/// The parts of an event that do not change within a batch.
struct Template<'a> {
    medium: Medium,
    opening: Vec<u8>,
    id: Vec<u8>,
    closing: &'static [u8],
    format: Format,
    name: &'a str,
    time: u64,
    /// Nothing in the batch needs to be replaced or escaped for `text`.
    clean: bool,
}

impl Encoder {
    /// A comment: it keeps a quiet connection open and tells that it is.
    pub const HEARTBEAT: Bytes = Bytes::from_static(b":\n");

    /// How a plain line ends.
    pub const LINE_END: &[u8] = b"\n";

    /// An encoder that gives IDs of `epoch`.
    #[must_use]
    pub fn new(epoch: Epoch) -> Self {
        Encoder { epoch }
    }

    /// The run that its IDs name.
    #[must_use]
    pub fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    /// The ID of what has been sent up to `position`.
    #[must_use]
    pub fn id(&self, position: Position) -> EventId {
        EventId { epoch: self.epoch.clone(), position }
    }

    /// How every event stream begins: something to flush at once, and the reconnection time.
    #[must_use]
    pub fn opening(reconnection_time: Duration) -> Bytes {
        format!(":\nretry: {}\n", reconnection_time.as_millis()).into()
    }

    /// How many events `bytes` hold, which an encoder has written.
    #[must_use]
    pub fn count(bytes: &[u8], medium: Medium) -> u64 {
        match medium {
            Medium::Events => memchr::memmem::find_iter(bytes, b"\n\n").count() as u64,
            Medium::JsonLines | Medium::Plain => memchr::memchr_iter(b'\n', bytes).count() as u64,
        }
    }

    /// All events of `batch`.
    #[must_use]
    pub fn encode(&self, batch: &Batch, presentation: Presentation) -> Bytes {
        self.encode_from(batch, presentation, Position::before(batch.first()), None)
    }

    /// The events of `batch` from `start` on, only the lines that match `grep`.
    #[must_use]
    pub fn encode_from(
        &self,
        batch: &Batch,
        presentation: Presentation,
        start: Position,
        grep: Option<&Grep>,
    ) -> Bytes {
        let Some(lines) = batch.lines() else {
            let json = batch.control().map_or("", |control| &control.json);
            return self.control(presentation.medium, json, Position::before(batch.next()));
        };
        let mut search = grep.map(|grep| grep.search(lines));
        if search.as_ref().is_some_and(Search::is_over) {
            return Bytes::new();
        }
        let template = self.template(presentation, batch.source().name.as_str(), lines);
        let events = lines.spans.len();
        let mut out = Vec::with_capacity(lines.bytes.len() + events * (template.fixed_len() + 12));
        let first = start.next.saturating_sub(batch.first()) as usize;
        for ((seq, line), &span) in batch.lines_from(start.next).zip(lines.spans.iter().skip(first))
        {
            if search.as_mut().is_none_or(|search| search.matches(span)) {
                let skip = if seq == start.next { start.skip as usize } else { 0 };
                template.push_line(&mut out, seq, line, skip.min(line.bytes.len()));
            }
        }
        out.into()
    }

    /// A control event with `json`, after which a client has everything before `position`.
    #[must_use]
    pub fn control(&self, medium: Medium, json: &str, position: Position) -> Bytes {
        let id = self.id(position);
        match medium {
            Medium::Events => format!("event: ssetail\ndata: {json}\nid: {id}\n\n").into(),
            Medium::JsonLines => {
                let fields = json.strip_suffix('}').unwrap_or(json);
                format!("{fields},\"id\":\"{id}\"}}\n").into()
            }
            Medium::Plain => Bytes::new(),
        }
    }

    fn template<'a>(&self, with: Presentation, name: &'a str, lines: &Lines) -> Template<'a> {
        let epoch = self.epoch.as_str();
        let (opening, id, closing): (_, _, &'static [u8]) = match with.medium {
            Medium::Events => (opening(name, with.named), format!("\nid: {epoch}-"), b"\n\n"),
            Medium::JsonLines => (Vec::new(), format!(",\"id\":\"{epoch}-"), b"\"}\n"),
            Medium::Plain if lines.chunks => (Vec::new(), String::new(), b""),
            Medium::Plain => (Vec::new(), String::new(), Self::LINE_END),
        };
        Template {
            medium: with.medium,
            opening,
            id: id.into(),
            closing,
            format: with.format,
            name,
            time: lines.time,
            clean: is_clean(&lines.bytes),
        }
    }
}

impl Template<'_> {
    fn fixed_len(&self) -> usize {
        self.opening.len() + self.id.len() + self.closing.len()
    }

    /// One event; or several, each with a piece of the line, if it would be too long.
    fn push_line(&self, out: &mut Vec<u8>, seq: Seq, line: Line<'_>, skip: usize) {
        let start = out.len();
        let rest = Line { bytes: &line.bytes[skip..], ..line };
        self.push_event(out, rest, Position::before(seq + 1));
        if self.medium != Medium::Events || out.len() - start < MAX_EVENT {
            return;
        }
        out.truncate(start);
        let room = MAX_EVENT - 1 - self.fixed_len() - 2 * self.name.len() - 200;
        let piece_len = room / self.format.worst_growth();
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
            self.push_event(out, piece, position);
            at = end;
        }
    }

    #[inline]
    fn push_event(&self, out: &mut Vec<u8>, line: Line<'_>, position: Position) {
        if self.medium == Medium::Plain {
            out.extend_from_slice(line.bytes);
            out.extend_from_slice(if line.more { b"" } else { self.closing });
            return;
        }
        out.extend_from_slice(&self.opening);
        match self.format {
            Format::Text if self.clean => out.extend_from_slice(line.bytes),
            Format::Text => push_text(out, line),
            Format::Base64 => push_base64(out, line.bytes),
            Format::Json | Format::Buffer => self.push_object(out, line),
        }
        out.extend_from_slice(&self.id);
        push_position(out, position);
        out.extend_from_slice(self.closing);
    }

    fn push_object(&self, out: &mut Vec<u8>, line: Line<'_>) {
        let is_buffer = self.format == Format::Buffer;
        LineObject { file: self.name, time: self.time, line, is_buffer }.push(out);
        if self.medium == Medium::JsonLines {
            // Its id is one more field.
            out.pop();
        }
    }
}

impl Presentation {
    /// The same lines by way of `medium`, in a format that it can carry.
    #[must_use]
    pub fn by(self, medium: Medium) -> Self {
        let format = match (medium, self.format) {
            (Medium::Events, format) => return Presentation { medium, format, ..self },
            (Medium::JsonLines, Format::Buffer) => Format::Buffer,
            (Medium::JsonLines, _) => Format::Json,
            (Medium::Plain, _) => Format::Text,
        };
        Presentation { medium, format, named: true }
    }
}

impl Format {
    /// How many bytes one byte of a line can become.
    fn worst_growth(self) -> usize {
        match self {
            Format::Text => 7, // "\ndata: " for a carriage return
            Format::Json => 8, // "\u0000", or U+FFFD beside base64
            Format::Base64 => 2,
            Format::Buffer => 4, // "255,"
        }
    }
}

fn opening(name: &str, named: bool) -> Vec<u8> {
    if named { format!("event: {name}\ndata: ").into() } else { b"data: ".to_vec() }
}

/// Whether lines of `bytes` can be sent as text as they are.
fn is_clean(bytes: &[u8]) -> bool {
    memchr(b'\r', bytes).is_none() && std::str::from_utf8(bytes).is_ok()
}

/// Where a piece that begins at `start` ends, with no character cut in two.
fn piece_end(bytes: &[u8], start: usize, len: usize) -> usize {
    if start + len >= bytes.len() {
        bytes.len()
    } else {
        start + char_boundary(&bytes[start..], len)
    }
}

/// A final `\r` belongs to the terminator; any other line break begins a new `data` field.
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
