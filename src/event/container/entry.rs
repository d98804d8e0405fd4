//! Lines that ssetail makes of the entries of a journal: `TIME LEVEL F|P MESSAGE`.

use std::io::Write as _;

use memchr::memchr;

use crate::event::Envelope;
use crate::record::Level;

/// Levels by their letter in a line.
const LEVELS: [(u8, Option<Level>); 7] = [
    (b'-', None),
    (b'd', Some(Level::Debug)),
    (b'i', Some(Level::Info)),
    (b'n', Some(Level::Notice)),
    (b'w', Some(Level::Warn)),
    (b'e', Some(Level::Error)),
    (b'f', Some(Level::Fatal)),
];

/// Appends a line with its newline; `message` has none.
pub(super) fn push(line: &mut Vec<u8>, envelope: &Envelope, message: &[u8]) {
    let known = LEVELS.iter().find(|(_, level)| *level == envelope.level);
    let letter = char::from(known.map_or(b'-', |(letter, _)| *letter));
    let part = if envelope.is_part { 'P' } else { 'F' };
    // Writing to memory cannot fail.
    let _ = write!(line, "{} {letter} {part} ", envelope.time.unwrap_or_default());
    line.extend_from_slice(message);
    line.push(b'\n');
}

/// Returns the envelope and the message of a line; `None` if the line does not have the form.
pub(super) fn decode(line: &[u8]) -> Option<(Envelope, &[u8])> {
    let (time, rest) = line.split_at(memchr(b' ', line)?);
    let time = std::str::from_utf8(time).ok()?.parse().ok()?;
    let (&[b' ', letter, b' ', part, b' '], message) = rest.split_first_chunk()? else {
        return None;
    };
    let (_, level) = *LEVELS.iter().find(|(known, _)| *known == letter)?;
    let envelope =
        Envelope { time: Some(time), level, is_part: part == b'P', ..Envelope::default() };
    Some((envelope, message))
}

/// Returns `line` with another message.
pub(super) fn replace(line: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let (_, old) = decode(line)?;
    Some([&line[..line.len() - old.len()], message].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_and_any_message_are_decoded_as_they_were_pushed() {
        for (_, level) in LEVELS {
            for (message, is_part) in
                [(&b"a  message "[..], false), (b"", false), (b"\xff\0", true)]
            {
                let time = Some(1_795_633_201_123);
                let envelope = Envelope { time, level, is_part, ..Envelope::default() };
                let mut line = Vec::new();
                push(&mut line, &envelope, message);
                assert_eq!(line.pop(), Some(b'\n'));
                assert_eq!(decode(&line), Some((envelope, message)));
                let replaced = replace(&line, b"other").expect("a line");
                assert_eq!(decode(&replaced), Some((envelope, &b"other"[..])));
            }
        }
        for line in [&b""[..], b"1", b"1 x F a", b"x - F a", b"1 -F a"] {
            assert_eq!(decode(line), None);
        }
    }
}
