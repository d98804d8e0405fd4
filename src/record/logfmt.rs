//! A scanner of logfmt: the bytes of a line come in, and its pairs `key=value` go out.
//!
//! Words without `=` are ignored, so that a line of prose may hold pairs too.

use std::borrow::Cow;

use memchr::memchr2;

use super::json;

/// The value of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// All up to the next space.
    Bare(&'a [u8]),
    /// The bytes between quotes; escapes are not decoded.
    Quoted(&'a [u8]),
}

impl<'a> Value<'a> {
    /// The bytes of the value; escapes are not decoded.
    pub(super) fn raw(self) -> &'a [u8] {
        match self {
            Value::Bare(raw) | Value::Quoted(raw) => raw,
        }
    }

    /// Decodes the value; an escape that JSON does not know stands for itself.
    pub(super) fn decode(self) -> Cow<'a, str> {
        let lossy = String::from_utf8_lossy(self.raw());
        match self {
            Value::Bare(_) => lossy,
            Value::Quoted(raw) => json::decode(raw).unwrap_or(lossy),
        }
    }
}

/// The pairs of a line, in their order.
#[derive(Clone, Debug)]
pub(super) struct Pairs<'a> {
    rest: &'a [u8],
}

impl<'a> Pairs<'a> {
    pub(super) fn new(line: &'a [u8]) -> Self {
        Pairs { rest: line }
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a [u8], Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let start = self.rest.iter().position(|byte| *byte > b' ')?;
            let word = &self.rest[start..];
            let len = word.iter().position(|byte| *byte <= b' ' || matches!(byte, b'=' | b'"'));
            let (key, after) = word.split_at(len.unwrap_or(word.len()));
            match after {
                [b'=', b'"', quoted @ ..] if !key.is_empty() => {
                    if let Some((value, rest)) = quoted_value(quoted) {
                        self.rest = rest;
                        return Some((key, Value::Quoted(value)));
                    }
                    // A quote without an end is a value up to the end of the line.
                    self.rest = &[];
                    return Some((key, Value::Quoted(quoted)));
                }
                [b'=', value @ ..] if !key.is_empty() => {
                    let len = word_len(value);
                    self.rest = &value[len..];
                    return Some((key, Value::Bare(&value[..len])));
                }
                // No key is in quotes.
                [b'"', quoted @ ..] if key.is_empty() => {
                    self.rest = quoted_value(quoted).map_or(quoted, |(_, rest)| rest);
                }
                _ => self.rest = &word[word_len(word)..],
            }
        }
    }
}

/// Number of bytes before the next space.
fn word_len(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| *byte <= b' ').unwrap_or(bytes.len())
}

/// Splits at the quote that ends a value.
fn quoted_value(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut at = 0;
    loop {
        at += memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some((&bytes[..at], &bytes[at + 1..]));
        }
        at += 2;
    }
}

/// Returns whether a line is logfmt: its first word is a pair, whose key consists of letters,
/// digits, `_`, `-`, `.` and `@`.
pub(super) fn starts_pairs(line: &[u8]) -> bool {
    let len = line.iter().position(|byte| {
        !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'@'))
    });
    len.is_some_and(|len| len > 0 && line[len] == b'=' && line.get(len + 1) != Some(&b'='))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(line: &str) -> Vec<(String, String)> {
        Pairs::new(line.as_bytes())
            .map(|(key, value)| (String::from_utf8_lossy(key).into(), value.decode().into()))
            .collect()
    }

    #[test]
    fn lines_are_split_into_pairs() {
        for (line, expected) in [
            (
                r#"a=1 b="two words" c="q \" \u00e9""#,
                &[("a", "1"), ("b", "two words"), ("c", "q \" é")][..],
            ),
            ("a= b", &[("a", "")]),
            ("GET /x failed status=500\tuser=bob", &[("status", "500"), ("user", "bob")]),
            ("url=http://x/?a=b n=2", &[("url", "http://x/?a=b"), ("n", "2")]),
            (r#"said "status=500 x" n=2"#, &[("n", "2")]),
            (r#"re="\d+" n=2"#, &[("re", r"\d+"), ("n", "2")]),
            (r#"a="cut"#, &[("a", "cut")]),
            ("=x ==y \" z=1", &[("z", "1")]),
            ("", &[]),
        ] {
            let expected: Vec<_> =
                expected.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
            assert_eq!(pairs(line), expected, "{line}");
        }
    }

    #[test]
    fn logfmt_starts_with_a_pair() {
        assert!(starts_pairs(b"time=2026-11-25 x"));
        assert!(starts_pairs(b"log.level=info"));
        for line in ["GET /?a=b", "=x", "a == b", "a==b", "a b=c", "level", ""] {
            assert!(!starts_pairs(line.as_bytes()), "{line}");
        }
    }
}
