//! Lines of Docker's `json-file` driver: `{"log":"text\n","stream":"stdout","time":"…"}`.

use std::borrow::Cow;

use memchr::memchr;
use serde::{Deserialize, Serialize};

use super::timestamp::parse_timestamp;
use crate::event::{Envelope, Stream};

/// The known fields of a line; others are ignored.
#[derive(Deserialize, Serialize)]
struct Entry<'a> {
    #[serde(borrow)]
    log: Cow<'a, str>,
    /// Empty if it is missing.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    stream: Cow<'a, str>,
    #[serde(borrow)]
    time: Cow<'a, str>,
}

/// Returns the envelope and the message of a line; `None` if the line does not have the form.
///
/// Docker ends a message at each newline, so a newline inside of one is not its form.
pub(super) fn decode(line: &[u8]) -> Option<(Envelope, Vec<u8>)> {
    let entry = parse(line)?;
    let stream = Stream::named(entry.stream.as_bytes());
    let time = parse_timestamp(entry.time.as_bytes());
    let mut message = entry.log.into_owned().into_bytes();
    let is_part = message.last() != Some(&b'\n');
    message.truncate(message.len() - usize::from(!is_part));
    let is_line = memchr(b'\n', &message).is_none();
    is_line.then_some((Envelope { stream, time, level: None, is_part, continues: false }, message))
}

/// Returns `line` with another message, and without its unknown fields.
pub(super) fn replace(line: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let mut entry = parse(line)?;
    let end = if entry.log.ends_with('\n') { "\n" } else { "" };
    entry.log = (String::from_utf8_lossy(message) + end).into_owned().into();
    serde_json::to_vec(&entry).ok()
}

fn parse(line: &[u8]) -> Option<Entry<'_>> {
    serde_json::from_slice(line).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(line: &str) -> Option<(Option<Stream>, Option<i64>, bool, String)> {
        let (Envelope { stream, time, is_part, .. }, message) = decode(line.as_bytes())?;
        Some((stream, time, is_part, String::from_utf8(message).expect("UTF-8")))
    }

    /// Returns the message of a line with `log` as the JSON text of its message.
    fn message(log: &str) -> Option<String> {
        let line = format!(r#"{{"log":{log},"stream":"stdout","time":"2026-11-25T19:00:01Z"}}"#);
        Some(decoded(&line)?.3)
    }

    #[test]
    fn an_object_has_a_message_a_stream_and_a_time() {
        let time = Some(1_795_633_201_123);
        let line = r#"{"log":"a\n","stream":"stdout","time":"2026-11-25T19:00:01.123456789Z"}"#;
        assert_eq!(decoded(line), Some((Some(Stream::Stdout), time, false, "a".into())));
        let line = r#" { "time" : "2026-11-25T19:00:01.123Z", "attrs":{"a":"b","log":"no"}, "x":[1],
            "stream":"stderr" , "log":"part" } "#;
        assert_eq!(decoded(line), Some((Some(Stream::Stderr), time, true, "part".into())));
        let line = r#"{"log":"a\r\n","time":"soon"}"#;
        assert_eq!(decoded(line), Some((None, None, false, "a\r".into())));
    }

    #[test]
    fn escapes_are_decoded() {
        assert_eq!(
            message(r#""\u003ca href=\"x\"\u003e\ttab\\\/\u0000\n""#).as_deref(),
            Some("<a href=\"x\">\ttab\\/\0")
        );
        assert_eq!(message(r#""é \u00e9 \ud83e\udd80\n""#).as_deref(), Some("é é 🦀"));
        assert_eq!(message(r#""""#).as_deref(), Some(""));
    }

    #[test]
    fn other_lines_do_not_have_the_form() {
        for log in [r#""\x""#, r#""\ud83e""#, r#""\u12""#, "\"a\u{1}\"", r#""a\nb\n""#, "1", "null"]
        {
            assert_eq!(message(log), None, "{log}");
        }
        for line in [
            "",
            "text",
            "{}",
            "[]",
            r#"{"log":"a\n"}"#,
            r#"{"log":"a\n","time":"t"} more"#,
            r#"{"log":"a\n","log":"b\n","time":"t"}"#,
            r#"{"log":"a\n","time":"t""#,
            &format!(r#"{{"log":"a\n","time":"t","x":{}"#, "[".repeat(100_000)),
        ] {
            assert_eq!(decoded(line), None, "{line:.60}");
        }
        assert_eq!(decode(b"{\"log\":\"\xFF\\n\",\"time\":\"t\"}"), None);
    }

    #[test]
    fn a_message_is_replaced() {
        let line = br#"{"log":"\"secret\"\n","stream":"stdout","attrs":{"a":"b"},"time":"t"}"#;
        let replaced = replace(line, b"a \"[redacted]\"").expect("a line");
        let expected = br#"{"log":"a \"[redacted]\"\n","stream":"stdout","time":"t"}"#;
        assert_eq!(replaced, expected);
    }
}
