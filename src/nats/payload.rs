//! The payload of a message: batches of a host as bytes, and those bytes as batches again.
//!
//! Pure. Version 1 is a sequence of parts; all numbers are in the compact form of `store`.
//!
//! | part | bytes |
//! |---|---|
//! | lines | `0`, name, flags, time of reading, offset, number of lines; for each line its length and flags, its envelope, and its offset; the text |
//! | control event | `1`, name, its JSON |
//!
//! Names and JSON are a length and so many bytes.
//! In the text, each line that is complete ends with `\n`, which its length does not count.

mod offsets;

use bytes::Bytes;

use self::offsets::{ReadOffsets, WrittenOffsets};
use crate::event::{Batch, Carry, End, Envelope, Lines, Span, Stream};
use crate::record::Level;
use crate::store::{push_number, take_number};

/// The version of the encoding that this program writes; it refuses to read any other.
pub(super) const VERSION: &str = "1";

const LINES: u64 = 0;
const CONTROL: u64 = 1;

/// Flags of a part with lines.
const CHUNKS: u64 = 1;
const ENVELOPES: u64 = 2;

/// Flags of a line.
const MORE: u64 = 1;
const CONTINUED: u64 = 2;

/// Most bytes that a line takes in addition to its text, without and with an envelope, and a part in
/// addition to its lines: with less, a message can get longer than its limit.
const LINE_BYTES: usize = 6;
const ENVELOPE_BYTES: usize = 12;
const PART_BYTES: usize = 64;

/// A part of a message.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// The name that the host has given to the source.
    pub(super) name: String,
    pub(super) content: PartContent,
}

#[derive(Clone, Debug)]
pub(super) enum PartContent {
    /// Lines, and the offset of the first one in the log of its source.
    Lines(Lines, u64),
    /// The JSON of a control event.
    Control(String),
}

impl Part {
    /// Number of events.
    pub(super) fn len(&self) -> u64 {
        match &self.content {
            PartContent::Lines(lines, _) => lines.spans.len() as u64,
            PartContent::Control(_) => 1,
        }
    }
}

/// Appends the events of `batch` from number `first` on, as many as fit into `limit` bytes; returns
/// their number.
///
/// The first event of an empty payload is appended whatever the limit is.
pub(super) fn push_batch(
    payload: &mut Vec<u8>,
    batch: &Batch,
    first: usize,
    limit: usize,
) -> usize {
    let name = batch.source().name.as_str();
    let Some(lines) = batch.lines() else {
        let json = batch.control_json().map_or("", |json| json);
        if !payload.is_empty() && payload.len() + name.len() + json.len() + PART_BYTES > limit {
            return 0;
        }
        payload.extend(control(name, json));
        return 1;
    };
    let offset = match first {
        0 => batch.offset(),
        first => batch.offset() + u64::from(lines.source_index(first)),
    };
    let offsets = WrittenOffsets::of(lines, first, offset);
    let room = limit.saturating_sub(name.len() + PART_BYTES);
    let count = fitting(lines, first, payload, room, offsets.bytes_per_line());
    if count > 0 {
        push_number(payload, LINES);
        push_text(payload, name.as_bytes());
        push_lines(payload, lines, first..first + count, offset, &offsets);
    }
    count
}

/// Returns the part of a control event of the source `name`.
pub(super) fn control(name: &str, json: &str) -> Vec<u8> {
    let mut part = Vec::new();
    push_number(&mut part, CONTROL);
    push_text(&mut part, name.as_bytes());
    push_text(&mut part, json.as_bytes());
    part
}

/// Returns the number of lines from `first` on that fit.
fn fitting(
    lines: &Lines,
    first: usize,
    payload: &[u8],
    limit: usize,
    offset_bytes: usize,
) -> usize {
    let mut size = payload.len();
    let more =
        LINE_BYTES + offset_bytes + if lines.envelopes.is_empty() { 0 } else { ENVELOPE_BYTES };
    let mut fits = |index: usize, span: &Span| {
        size += (span.end - span.start) as usize + more;
        size <= limit || (index == 0 && payload.is_empty())
    };
    lines.spans[first..].iter().enumerate().take_while(|(index, span)| fits(*index, span)).count()
}

fn push_lines(
    payload: &mut Vec<u8>,
    lines: &Lines,
    range: std::ops::Range<usize>,
    offset: u64,
    offsets: &WrittenOffsets,
) {
    let has_envelopes = !lines.envelopes.is_empty();
    let chunks = if lines.chunks { CHUNKS } else { 0 };
    let envelopes = if has_envelopes { ENVELOPES } else { 0 };
    push_number(payload, chunks | envelopes | offsets.flags());
    push_number(payload, lines.time);
    push_number(payload, offset);
    push_number(payload, range.len() as u64);
    for index in range.clone() {
        let span = lines.spans[index];
        let flags = if span.more { MORE } else { 0 } | if span.continued { CONTINUED } else { 0 };
        push_number(payload, u64::from(span.end - span.start) << 2 | flags);
        if has_envelopes {
            push_envelope(payload, lines.envelopes.get(index).copied().flatten());
        }
        offsets.push(payload, index - range.start);
    }
    push_all_text(payload, lines, range);
}

/// Appends the text of the lines, without those that are hidden.
fn push_all_text(payload: &mut Vec<u8>, lines: &Lines, range: std::ops::Range<usize>) {
    // Neighbouring lines are copied together.
    let mut run: Option<(usize, usize)> = None;
    for span in &lines.spans[range] {
        let (start, mut end) = (span.start as usize, span.end as usize);
        let is_ended = span.more || lines.chunks || lines.bytes.get(end) == Some(&b'\n');
        if !(span.more || lines.chunks) {
            end += usize::from(is_ended);
        }
        match &mut run {
            Some((_, reached)) if *reached == start => *reached = end,
            _ => {
                if let Some((from, to)) = run.replace((start, end)) {
                    payload.extend_from_slice(&lines.bytes[from..to]);
                }
            }
        }
        if !is_ended {
            if let Some((from, to)) = run.take() {
                payload.extend_from_slice(&lines.bytes[from..to]);
            }
            payload.push(b'\n');
        }
    }
    if let Some((from, to)) = run {
        payload.extend_from_slice(&lines.bytes[from..to]);
    }
}

fn push_text(payload: &mut Vec<u8>, text: &[u8]) {
    push_number(payload, text.len() as u64);
    payload.extend_from_slice(text);
}

/// Appends an envelope: flags, and the time if there is one.
fn push_envelope(payload: &mut Vec<u8>, envelope: Option<Envelope>) {
    let Some(envelope) = envelope else { return push_number(payload, 0) };
    let stream = match envelope.stream {
        None => 0,
        Some(Stream::Stdout) => 1,
        Some(Stream::Stderr) => 2,
    };
    let level = envelope.level.map_or(0, |level| level as u64 + 1);
    let flags = 1
        | stream << 1
        | level << 3
        | u64::from(envelope.is_part) << 7
        | u64::from(envelope.continues) << 8
        | u64::from(envelope.time.is_some()) << 9;
    push_number(payload, flags);
    if let Some(time) = envelope.time {
        push_number(payload, time.cast_unsigned());
    }
}

/// Takes an envelope from `rest` into `envelopes`; `None` if there is none of this form.
fn take_envelope(rest: &mut &[u8], envelopes: &mut Vec<Option<Envelope>>) -> Option<()> {
    let flags = take_number(rest)?;
    if flags == 0 {
        envelopes.push(None);
        return Some(());
    }
    let stream = match flags >> 1 & 3 {
        1 => Some(Stream::Stdout),
        2 => Some(Stream::Stderr),
        _ => None,
    };
    let level = (flags >> 3 & 15).checked_sub(1);
    let level = level.and_then(|level| Level::NAMES.get(level as usize)).map(|(_, level)| *level);
    let time = if flags >> 9 & 1 == 1 { Some(take_number(rest)?.cast_signed()) } else { None };
    let (is_part, continues) = (flags >> 7 & 1 == 1, flags >> 8 & 1 == 1);
    envelopes.push(Some(Envelope { stream, time, level, is_part, continues }));
    Some(())
}

/// Decodes a payload; `None` if it does not have the form.
pub(super) fn parts(payload: &Bytes) -> Option<Vec<Part>> {
    let mut rest: &[u8] = payload;
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let kind = take_number(&mut rest)?;
        let name = take_text(&mut rest)?;
        let content = match kind {
            LINES => take_lines(&mut rest, payload)?,
            CONTROL => PartContent::Control(take_text(&mut rest)?),
            _ => return None,
        };
        parts.push(Part { name, content });
    }
    Some(parts)
}

fn take_text(rest: &mut &[u8]) -> Option<String> {
    let len = usize::try_from(take_number(rest)?).ok()?;
    let (text, behind) = rest.split_at_checked(len)?;
    *rest = behind;
    String::from_utf8(text.to_vec()).ok()
}

fn take_lines(rest: &mut &[u8], payload: &Bytes) -> Option<PartContent> {
    let flags = take_number(rest)?;
    let chunks = flags & CHUNKS != 0;
    let (time, offset, count) = (take_number(rest)?, take_number(rest)?, take_number(rest)?);
    // Each line takes at least one byte here.
    if count == 0 || count > rest.len() as u64 {
        return None;
    }
    let mut spans = Vec::with_capacity(count as usize);
    let mut envelopes = Vec::new();
    let mut offsets = ReadOffsets::new(flags, offset);
    let mut end = 0_u64;
    for _ in 0..count {
        let number = take_number(rest)?;
        let (more, continued) = (number & MORE != 0, number & CONTINUED != 0);
        let start = end;
        end = start.checked_add(number >> 2)?;
        let span_end = u32::try_from(end).ok()?;
        spans.push(Span { start: u32::try_from(start).ok()?, end: span_end, more, continued });
        end = end.checked_add(u64::from(!(more || chunks)))?;
        if flags & ENVELOPES != 0 {
            take_envelope(rest, &mut envelopes)?;
        }
        offsets.take(rest)?;
    }
    let (text, behind) = rest.split_at_checked(usize::try_from(end).ok()?)?;
    *rest = behind;
    offset.checked_add(end)?;
    // Line ends in a line would be line ends of the protocol in which it is sent.
    let is_line = |span: &Span| {
        let (line, behind) = text.split_at(span.end as usize);
        !line[span.start as usize..].contains(&b'\n') && (span.more || behind[0] == b'\n')
    };
    if !chunks && !spans.iter().all(is_line) {
        return None;
    }
    let lines = Lines {
        bytes: payload.slice_ref(text),
        spans: spans.into(),
        location: None,
        origin: None,
        envelopes: envelopes.into(),
        carry: Carry::default(),
        end: End::Open,
        chunks,
        time,
        offsets: offsets.end(),
    };
    Some(PartContent::Lines(lines, offset))
}

#[cfg(test)]
mod tests;
