//! The event encoder: the only place that knows the wire format.
//!
//! Event streams are those of the WHATWG HTML standard, section 9.2.
//! Fields come in the order `event`, `data`, `id`, so that a connection that is
//! cut inside an event never leaves a client with an ID whose data it has not.

use std::borrow::Cow;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use memchr::memchr;
use regex::bytes::Regex;

use super::id::push_position;
use super::json::push_string;
use super::line::char_boundary;
use super::{Batch, Epoch, EventId, Line, Position, Seq};

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

/// One way of showing a batch; whoever asks for the same one shares its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presentation {
    /// What `data` holds.
    pub format: Format,
    /// Lines carry their source's name in `event`.
    pub named: bool,
}

/// Writes events for one run.
#[derive(Debug)]
pub struct Encoder {
    epoch: Epoch,
}

/// The parts of an event that do not change within a batch.
struct Template<'a> {
    opening: Vec<u8>,
    id: Vec<u8>,
    format: Format,
    name: &'a str,
    time: u64,
    /// Nothing in the batch needs to be replaced or escaped for `text`.
    clean: bool,
}

impl Encoder {
    /// A comment: it keeps a quiet connection open and tells that it is.
    pub const HEARTBEAT: Bytes = Bytes::from_static(b":\n");

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
    pub fn count(bytes: &[u8]) -> u64 {
        memchr::memmem::find_iter(bytes, b"\n\n").count() as u64
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
        grep: Option<&Regex>,
    ) -> Bytes {
        let Some(lines) = batch.lines() else {
            let json = batch.control().map_or("", |control| &control.json);
            return self.control(json, Position::before(batch.next()));
        };
        let template = Template {
            opening: opening(batch.source().name.as_str(), presentation.named),
            id: format!("\nid: {}-", self.epoch.as_str()).into(),
            format: presentation.format,
            name: batch.source().name.as_str(),
            time: lines.time,
            clean: is_clean(&lines.bytes),
        };
        let events = lines.spans.len();
        let mut out = Vec::with_capacity(lines.bytes.len() + events * (template.fixed_len() + 12));
        for (seq, line) in batch.lines_from(start.next) {
            if grep.is_none_or(|grep| grep.is_match(line.bytes)) {
                let skip = if seq == start.next { start.skip as usize } else { 0 };
                template.push_line(&mut out, seq, line, skip.min(line.bytes.len()));
            }
        }
        out.into()
    }

    /// A control event with `json`, after which a client has everything before `position`.
    #[must_use]
    pub fn control(&self, json: &str, position: Position) -> Bytes {
        format!("event: ssetail\ndata: {json}\nid: {}\n\n", self.id(position)).into()
    }
}

impl Template<'_> {
    fn fixed_len(&self) -> usize {
        self.opening.len() + self.id.len() + 2
    }

    /// One event; or several, each with a piece of the line, if it would be too long.
    fn push_line(&self, out: &mut Vec<u8>, seq: Seq, line: Line<'_>, skip: usize) {
        let start = out.len();
        let rest = Line { bytes: &line.bytes[skip..], ..line };
        self.push_event(out, rest, Position::before(seq + 1));
        if out.len() - start < MAX_EVENT {
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
        out.extend_from_slice(&self.opening);
        match self.format {
            Format::Text if self.clean => out.extend_from_slice(line.bytes),
            Format::Text => push_text(out, line),
            Format::Base64 => push_base64(out, line.bytes),
            Format::Json | Format::Buffer => self.push_object(out, line),
        }
        out.extend_from_slice(&self.id);
        push_position(out, position);
        out.extend_from_slice(b"\n\n");
    }

    fn push_object(&self, out: &mut Vec<u8>, line: Line<'_>) {
        out.extend_from_slice(b"{\"file\":");
        push_string(out, self.name);
        out.extend_from_slice(b",\"message\":");
        let text = String::from_utf8_lossy(line.bytes);
        if self.format == Format::Buffer {
            push_buffer(out, line.bytes);
        } else {
            push_string(out, &text);
        }
        out.extend_from_slice(b",\"time\":");
        push_decimal(out, self.time);
        if let Some(offset) = line.offset {
            out.extend_from_slice(b",\"offset\":");
            push_decimal(out, offset);
        }
        if self.format == Format::Json && matches!(text, Cow::Owned(_)) {
            out.extend_from_slice(b",\"base64\":\"");
            push_base64(out, line.bytes);
            out.push(b'"');
        }
        if line.more {
            out.extend_from_slice(b",\"more\":true");
        }
        out.push(b'}');
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

fn push_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    if let Err(error) = STANDARD.encode_slice(bytes, &mut out[start..]) {
        unreachable!("the room is computed: {error}");
    }
}

fn push_buffer(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(b"{\"type\":\"Buffer\",\"data\":[");
    for (i, &byte) in bytes.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        push_decimal(out, u64::from(byte));
    }
    out.extend_from_slice(b"]}");
}

fn push_decimal(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}
