//! The format `exact`: everything from which another ssetail makes the same line again.
//!
//! The data is `TIME FLAGS TEXT`, with one space after each of the first two.
//! TIME is when the line was read, in milliseconds since 1970.
//! FLAGS begin with `t` for text or `b` for base64; see "Formats" in docs/PROTOCOL.md.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::memchr2;

use super::line_object::push_base64;
use super::{Envelope, Line, Stream};

/// A line, or a part of one, as `exact` data states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExactLine<'a> {
    /// Time of reading, in milliseconds since 1970.
    pub time: u64,
    /// Its bytes, without the terminator.
    pub bytes: Cow<'a, [u8]>,
    /// Another part of the same line follows.
    pub more: bool,
    /// It is a chunk (`--binary`), which no line end follows.
    pub is_chunk: bool,
    /// The stream of a container to which it was written.
    pub stream: Option<Stream>,
    /// The time that a container runtime states.
    pub stated: Option<i64>,
}

/// Appends the data of `line` behind `time`; `is_clean` if its bytes are known to be text without a
/// line end.
pub(super) fn push_exact(
    out: &mut Vec<u8>,
    line: Line<'_>,
    time: &[u8],
    is_chunk: bool,
    is_clean: bool,
) {
    out.extend_from_slice(time);
    let is_text = is_clean || is_text(line.bytes);
    out.push(if is_text { b't' } else { b'b' });
    if line.more {
        out.push(b'm');
    }
    if is_chunk {
        out.push(b'c');
    }
    if let Some(stream) = line.stream() {
        out.push(match stream {
            Stream::Stdout => b'o',
            Stream::Stderr => b'e',
        });
    }
    if let Some(stated) = line.envelope.and_then(|envelope| envelope.time) {
        out.extend_from_slice(format!("@{stated}").as_bytes());
    }
    out.push(b' ');
    if is_text {
        out.extend_from_slice(line.bytes);
    } else {
        push_base64(out, line.bytes);
    }
}

fn is_text(bytes: &[u8]) -> bool {
    memchr2(b'\r', b'\n', bytes).is_none() && std::str::from_utf8(bytes).is_ok()
}

impl<'a> ExactLine<'a> {
    /// Parses the data of an event; `None` if it does not have the form.
    #[must_use]
    pub fn parse(data: &'a [u8]) -> Option<Self> {
        let (time, rest) = split_word(data)?;
        let (mut flags, text) = split_word(rest)?;
        let time = number(time)?;
        let is_text = take(&mut flags, b't');
        if !is_text && !take(&mut flags, b'b') {
            return None;
        }
        let (more, is_chunk) = (take(&mut flags, b'm'), take(&mut flags, b'c'));
        let stdout = take(&mut flags, b'o').then_some(Stream::Stdout);
        let stream = stdout.or_else(|| take(&mut flags, b'e').then_some(Stream::Stderr));
        let stated = if take(&mut flags, b'@') {
            let is_negative = take(&mut flags, b'-');
            let time = i64::try_from(number(std::mem::take(&mut flags))?).ok()?;
            Some(if is_negative { -time } else { time })
        } else {
            None
        };
        let bytes =
            if is_text { Cow::Borrowed(text) } else { Cow::Owned(STANDARD.decode(text).ok()?) };
        flags.is_empty().then_some(ExactLine { time, bytes, more, is_chunk, stream, stated })
    }

    /// Appends the data of the line to `data`.
    pub fn push_data(&self, data: &mut Vec<u8>) {
        let envelope = Envelope { stream: self.stream, time: self.stated, ..Envelope::default() };
        let line = Line {
            bytes: &self.bytes,
            more: self.more,
            continues: false,
            offset: None,
            envelope: self.has_envelope().then_some(envelope),
        };
        push_exact(data, line, format!("{} ", self.time).as_bytes(), self.is_chunk, false);
    }

    /// Returns true if a container runtime has stated something about the line.
    #[must_use]
    pub fn has_envelope(&self) -> bool {
        self.stream.is_some() || self.stated.is_some()
    }
}

fn split_word(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(b' ', data)?;
    Some((&data[..end], &data[end + 1..]))
}

fn number(digits: &[u8]) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(digits).ok().filter(|_| is_number)?;
    text.parse().ok()
}

/// Removes `flag` from the start of `flags`, if it stands there.
fn take(flags: &mut &[u8], flag: u8) -> bool {
    match flags.split_first() {
        Some((&first, rest)) if first == flag => {
            *flags = rest;
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_stream() -> impl Strategy<Value = Option<Stream>> {
        prop_oneof![Just(None), Just(Some(Stream::Stdout)), Just(Some(Stream::Stderr))]
    }

    #[test]
    fn data_that_is_not_exact_is_no_line() {
        for text in
            ["", "1", "1 t", "x t a", "1 q a", "1 tx a", "1 t@ a", "1 b ?", " t a", "1 t@9x a"]
        {
            assert_eq!(ExactLine::parse(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_line_is_parsed_as_it_was_written(
            bytes in prop_oneof![any::<Vec<u8>>(), "[ -~é\r\n]{0,20}".prop_map(String::into_bytes)],
            time: u32, more: bool, is_chunk: bool, stream in any_stream(), stated: Option<i32>,
        ) {
            let stated = stated.map(i64::from);
            let is_enveloped = stream.is_some() || stated.is_some();
            let envelope =
                is_enveloped.then_some(Envelope { stream, time: stated, ..Envelope::default() });
            let line = Line { bytes: &bytes, more, continues: false, offset: None, envelope };
            let mut data = Vec::new();
            push_exact(&mut data, line, format!("{time} ").as_bytes(), is_chunk, false);
            prop_assert!(memchr2(b'\r', b'\n', &data).is_none());
            let (time, bytes) = (time.into(), (&*bytes).into());
            let expected = ExactLine { time, bytes, more, is_chunk, stream, stated };
            prop_assert_eq!(ExactLine::parse(&data), Some(expected.clone()));
            let mut again = Vec::new();
            expected.push_data(&mut again);
            prop_assert_eq!(again, data);
        }
    }
}
