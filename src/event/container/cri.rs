//! Lines of the container runtime interface: `TIME STREAM TAGS MESSAGE`.

use memchr::memchr;

use super::timestamp::parse_timestamp;
use crate::event::{Envelope, Stream};

/// Returns the envelope and the message of a line; `None` if the line does not have the form.
pub(super) fn decode(line: &[u8]) -> Option<(Envelope, &[u8])> {
    let (time, rest) = line.split_at(memchr(b' ', line)?);
    let (stream, rest) = rest[1..].split_at(memchr(b' ', &rest[1..])?);
    // A runtime that wrote an empty message may leave out the space before it.
    let tags_end = memchr(b' ', &rest[1..]).unwrap_or(rest.len() - 1);
    let (tags, message) = rest[1..].split_at(tags_end);
    let is_part = match tags.split(|&byte| byte == b':').next() {
        Some(b"F") => false,
        Some(b"P") => true,
        _ => return None,
    };
    let stream = Some(Stream::named(stream)?);
    let time = Some(parse_timestamp(time)?);
    Some((
        Envelope { stream, time, level: None, is_part, continues: false },
        message.get(1..).unwrap_or_default(),
    ))
}

/// Returns `line` with another message.
pub(super) fn replace(line: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let (_, old) = decode(line)?;
    Some([&line[..line.len() - old.len()], message].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: i64 = 1_795_633_201_123;

    fn decoded(line: &str) -> Option<(Option<Stream>, Option<i64>, bool, &str)> {
        let (Envelope { stream, time, is_part, .. }, message) = decode(line.as_bytes())?;
        Some((stream, time, is_part, std::str::from_utf8(message).expect("UTF-8")))
    }

    #[test]
    fn a_line_has_a_time_a_stream_tags_and_a_message() {
        let out = Some(Stream::Stdout);
        let line = "2026-11-25T19:00:01.123456789Z stdout F a  message ";
        assert_eq!(decoded(line), Some((out, Some(TIME), false, "a  message ")));
        let line = "2026-11-25T20:00:01.123456789+01:00 stderr P part";
        assert_eq!(decoded(line), Some((Some(Stream::Stderr), Some(TIME), true, "part")));
        let line = "2026-11-25T19:00:01.123Z stdout P:tag:other part";
        assert_eq!(decoded(line), Some((out, Some(TIME), true, "part")));
        for empty in ["2026-11-25T19:00:01.123Z stdout F ", "2026-11-25T19:00:01.123Z stdout F"] {
            assert_eq!(decoded(empty), Some((out, Some(TIME), false, "")));
        }
    }

    #[test]
    fn other_lines_do_not_have_the_form() {
        for line in [
            "",
            "text",
            "2026-11-25T19:00:01Z",
            "2026-11-25T19:00:01Z stdout",
            "2026-11-25T19:00:01Z stdout X a",
            "2026-11-25T19:00:01Z stdin F a",
            "yesterday stdout F a",
        ] {
            assert_eq!(decoded(line), None, "{line}");
        }
    }

    #[test]
    fn a_message_is_replaced() {
        let line = b"2026-11-25T19:00:01Z stdout F secret";
        let replaced = replace(line, b"[redacted]").expect("a line");
        assert_eq!(replaced, b"2026-11-25T19:00:01Z stdout F [redacted]");
    }
}
