//! A line as a JSON object.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Line;
use super::json::push_string;
use crate::record::Record;

/// A line, and the other fields of its JSON object.
pub(super) struct LineObject<'a> {
    pub(super) file: &'a str,
    /// Time of reading, in milliseconds since 1970.
    pub(super) time: u64,
    pub(super) line: Line<'a>,
    /// The statements of the line about itself.
    pub(super) record: &'a Record,
    /// The message has the form of Node's `Buffer#toJSON`.
    pub(super) is_buffer: bool,
}

impl LineObject<'_> {
    /// Appends the JSON object.
    pub(super) fn push(&self, out: &mut Vec<u8>) {
        let line = self.line;
        out.extend_from_slice(b"{\"file\":");
        push_string(out, self.file);
        out.extend_from_slice(b",\"message\":");
        let text = String::from_utf8_lossy(line.bytes);
        if self.is_buffer {
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
        self.push_record(out);
        if !self.is_buffer && matches!(text, Cow::Owned(_)) {
            out.extend_from_slice(b",\"base64\":\"");
            push_base64(out, line.bytes);
            out.push(b'"');
        }
        if line.more {
            out.extend_from_slice(b",\"more\":true");
        }
        out.push(b'}');
    }

    fn push_record(&self, out: &mut Vec<u8>) {
        let Record { time, level, continues } = self.record;
        if let Some(time) = *time {
            out.extend_from_slice(b",\"ts\":");
            out.extend_from_slice(if time < 0 { b"-" } else { b"" });
            push_decimal(out, time.unsigned_abs());
        }
        if let Some(level) = level {
            out.extend_from_slice(b",\"level\":\"");
            out.extend_from_slice(level.name().as_bytes());
            out.push(b'"');
        }
        if *continues {
            out.extend_from_slice(b",\"cont\":true");
        }
        if let Some(stream) = self.line.envelope.and_then(|envelope| envelope.stream) {
            out.extend_from_slice(b",\"stream\":\"");
            out.extend_from_slice(stream.name().as_bytes());
            out.push(b'"');
        }
    }
}

pub(super) fn push_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    if let Err(error) = STANDARD.encode_slice(bytes, &mut out[start..]) {
        unreachable!("the length is computed: {error}");
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
