//! The encoding of a text, which its byte order mark names.

use std::borrow::Cow;

use encoding_rs::{UTF_16BE, UTF_16LE};
use memchr::{memchr, memchr_iter};

/// Number of bytes that are examined for the NULs of UTF-16.
///
/// With half as many, a few other characters hide a text in UTF-16; twice as many tell no more.
const EXAMINED: usize = 64;

/// The encoding of the text of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextEncoding {
    /// UTF-8, or any other encoding in which the byte `\n` ends a line: read as it is.
    Utf8,
    /// UTF-16, the low byte of each unit first.
    Utf16Le,
    /// UTF-16, the high byte of each unit first.
    Utf16Be,
}

const MARKS: [(TextEncoding, &[u8]); 3] = [
    (TextEncoding::Utf8, b"\xEF\xBB\xBF"),
    (TextEncoding::Utf16Le, b"\xFF\xFE"),
    (TextEncoding::Utf16Be, b"\xFE\xFF"),
];

impl TextEncoding {
    /// Finds the encoding by the first bytes of a text; returns it and the length in bytes of the
    /// byte order mark, which is zero if there is none.
    ///
    /// `None` if `bytes` are too few to know.
    #[must_use]
    pub fn detect(bytes: &[u8]) -> Option<(Self, usize)> {
        let marked = MARKS.iter().find(|(_, mark)| bytes.starts_with(mark));
        let may_be_marked = || MARKS.iter().any(|(_, mark)| mark.starts_with(bytes));
        match marked {
            Some(&(encoding, mark)) => Some((encoding, mark.len())),
            None if may_be_marked() => None,
            None => Some((TextEncoding::Utf8, 0)),
        }
    }

    /// Returns whether `bytes` without a byte order mark look like UTF-16: most of the first bytes
    /// at even indices are NUL and none of those at odd ones, or the other way round.
    #[must_use]
    pub fn is_likely_utf16(bytes: &[u8]) -> bool {
        let units = bytes[..bytes.len().min(EXAMINED)].as_chunks::<2>().0;
        let nuls = |at: usize| units.iter().filter(|unit| unit[at] == 0).count();
        let (even, odd) = (nuls(0), nuls(1));
        units.len() > 1 && even.min(odd) == 0 && even.max(odd) * 2 > units.len()
    }

    /// Iterates over the ends of all lines in `bytes`: the indices after their newlines.
    #[must_use]
    pub fn line_ends(self, bytes: &[u8]) -> impl DoubleEndedIterator<Item = usize> {
        let newline = self.newline();
        memchr_iter(b'\n', bytes).filter_map(move |at| {
            let start = at - at % newline.len();
            let end = start + newline.len();
            (bytes.get(start..end) == Some(newline)).then_some(end)
        })
    }

    /// Returns the bytes of a newline.
    #[must_use]
    pub fn newline(self) -> &'static [u8] {
        match self {
            TextEncoding::Utf8 => b"\n",
            TextEncoding::Utf16Le => b"\n\0",
            TextEncoding::Utf16Be => b"\0\n",
        }
    }

    /// Returns the number of bytes of a code unit, which is also that of a newline.
    pub(super) fn unit_len(self) -> usize {
        if self == TextEncoding::Utf8 { 1 } else { 2 }
    }

    /// Returns the index of the first newline.
    pub(super) fn find_newline(self, bytes: &[u8]) -> Option<usize> {
        match self {
            TextEncoding::Utf8 => memchr(b'\n', bytes),
            _ => self.line_ends(bytes).next().map(|end| end - self.unit_len()),
        }
    }

    /// Returns the last index, at most `at` and not zero, that is not inside a character.
    pub(super) fn boundary(self, bytes: &[u8], at: usize) -> usize {
        let high_byte = match self {
            TextEncoding::Utf8 => return char_boundary(bytes, at),
            TextEncoding::Utf16Le => 1,
            TextEncoding::Utf16Be => 0,
        };
        let at = at - at % 2;
        // The first unit of a surrogate pair is from D800 to DBFF.
        let is_in_pair = at > 2 && bytes[at - 2 + high_byte] & 0xFC == 0xD8;
        if is_in_pair { at - 2 } else { at }
    }

    /// Returns the number of bytes from which the start `text` of a decoded text was made.
    pub(super) fn encoded_len(self, text: &[u8]) -> usize {
        match self {
            TextEncoding::Utf8 => text.len(),
            _ => String::from_utf8_lossy(text).chars().map(|c| 2 * c.len_utf16()).sum(),
        }
    }

    /// Returns `bytes` in UTF-8; what is not valid UTF-16 becomes U+FFFD.
    #[must_use]
    pub fn decode(self, bytes: &[u8]) -> Cow<'_, [u8]> {
        let encoding = match self {
            TextEncoding::Utf8 => return Cow::Borrowed(bytes),
            TextEncoding::Utf16Le => UTF_16LE,
            TextEncoding::Utf16Be => UTF_16BE,
        };
        let (text, _) = encoding.decode_without_bom_handling(bytes);
        Cow::Owned(text.into_owned().into_bytes())
    }
}

/// Returns the last index, at most `at` and not zero, that is not inside a UTF-8 sequence.
pub(super) fn char_boundary(bytes: &[u8], at: usize) -> usize {
    let is_continuation = |byte: u8| byte & 0xC0 == 0x80;
    (at.saturating_sub(3)..=at)
        .rev()
        .find(|&cut| cut > 0 && !is_continuation(bytes[cut]))
        .unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_known_as_soon_as_it_is_complete() {
        let detect = TextEncoding::detect;
        for undecided in [b"".as_slice(), b"\xEF", b"\xEF\xBB", b"\xFF", b"\xFE"] {
            assert_eq!(detect(undecided), None, "{undecided:?}");
        }
        assert_eq!(detect(b"\xEF\xBB\xBF"), Some((TextEncoding::Utf8, 3)));
        assert_eq!(detect(b"\xFF\xFEa\0"), Some((TextEncoding::Utf16Le, 2)));
        assert_eq!(detect(b"\xFE\xFF"), Some((TextEncoding::Utf16Be, 2)));
        for unmarked in [b"a".as_slice(), b"\xEF\xBBa", b"\xFFa", b"\n", b"\0"] {
            assert_eq!(detect(unmarked), Some((TextEncoding::Utf8, 0)), "{unmarked:?}");
        }
    }

    #[test]
    fn a_newline_is_a_unit_and_not_a_byte() {
        // U+010A and U+0A0D have a byte 0A.
        let text = "\u{10A}\u{A0D}\n\u{A0A}\n";
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(TextEncoding::Utf16Le.line_ends(&le).collect::<Vec<_>>(), [6, 10]);
        assert_eq!(TextEncoding::Utf16Be.line_ends(&be).rev().collect::<Vec<_>>(), [10, 6]);
        assert_eq!(TextEncoding::Utf16Le.find_newline(&le[..5]), None);
    }

    #[test]
    fn nuls_in_every_other_byte_look_like_utf16() {
        let is_likely = TextEncoding::is_likely_utf16;
        assert!(is_likely(b"a\0b\0\n\0"));
        assert!(is_likely(b"\0a\0b\0\n"));
        assert!(is_likely(
            "– é –".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>().as_slice()
        ));
        assert!(!is_likely(b"plain text\n"));
        assert!(!is_likely(b"\0\0\0\0\0\0"));
        assert!(!is_likely(b"a\0"));
        assert!(!is_likely(b"a\0bcdefg\n"));
    }
}
