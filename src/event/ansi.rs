//! ANSI escape sequences: from the bytes of a line to the text that a terminal shows of it.

use std::borrow::Cow;
use std::ops::{Range, RangeInclusive};

use memchr::{memchr, memchr2};

/// First byte of an escape sequence.
pub(super) const ESC: u8 = 0x1B;

/// Last byte of a control string, in place of `ESC \`.
const BEL: u8 = 0x07;

/// Returns `text` without its escape sequences, and without an unfinished one at its end.
#[must_use]
pub fn strip(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr(ESC, text).is_none() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(ShownText::new(text).text)
}

/// The text that a terminal shows of a line, and its place in the line.
pub(super) struct ShownText {
    pub(super) text: Vec<u8>,
    /// For each piece between sequences, its index in `text` and its index in the line.
    pieces: Vec<(usize, usize)>,
    /// Number of bytes of the line.
    len: usize,
}

impl ShownText {
    pub(super) fn new(line: &[u8]) -> Self {
        let mut shown = ShownText { text: Vec::new(), pieces: Vec::new(), len: line.len() };
        for range in shown_ranges(line) {
            shown.pieces.push((shown.text.len(), range.start));
            shown.text.extend_from_slice(&line[range]);
        }
        shown
    }

    /// Returns the range of the line that holds `range` of the text, which is not empty.
    ///
    /// The end of the text is the end of the line.
    pub(super) fn in_line(&self, range: Range<usize>) -> Range<usize> {
        let index = |at: usize| {
            let piece = self.pieces.partition_point(|(start, _)| *start <= at).saturating_sub(1);
            self.pieces.get(piece).map_or(at, |(start, in_line)| in_line + at - start)
        };
        let is_at_end = range.end == self.text.len();
        index(range.start)..if is_at_end { self.len } else { index(range.end - 1) + 1 }
    }
}

/// Iterates over the ranges of `text` between its escape sequences that are not empty.
fn shown_ranges(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        (at < text.len()).then(|| {
            let start = at;
            let end = memchr(ESC, &text[start..]).map_or(text.len(), |len| start + len);
            at = end + sequence_len(&text[end..]);
            start..end
        })
    })
    .filter(|range| !range.is_empty())
}

/// Returns the length of the sequence at the start of `text`, which is empty or begins with an
/// escape character.
fn sequence_len(text: &[u8]) -> usize {
    match text.get(1) {
        None => text.len(),
        Some(b'[') => 2 + finished_len(&text[2..], 0x20..=0x3F, 0x40),
        Some(b']' | b'P' | b'X' | b'^' | b'_') => 2 + string_len(&text[2..]),
        Some(0x20..=0x2F) => 1 + finished_len(&text[1..], 0x20..=0x2F, 0x30),
        Some(0x30..=0x7E) => 2,
        // Neither a control character nor a letter outside of ASCII belongs to a sequence.
        Some(_) => 1,
    }
}

/// Returns the length of the `inner` bytes at the start of `text`, and of the final byte behind
/// them, which is `first_final` or a greater one.
fn finished_len(text: &[u8], inner: RangeInclusive<u8>, first_final: u8) -> usize {
    let len = text.iter().take_while(|byte| inner.contains(byte)).count();
    let is_final = text.get(len).is_some_and(|byte| (first_final..0x7F).contains(byte));
    len + usize::from(is_final)
}

/// Returns the length of the control string at the start of `text`, with its terminator; another
/// escape sequence ends it too.
fn string_len(text: &[u8]) -> usize {
    match memchr2(BEL, ESC, text) {
        None => text.len(),
        Some(end) if text[end] == BEL => end + 1,
        Some(end) if text.get(end + 1) == Some(&b'\\') => end + 2,
        Some(end) => end,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stripped(text: &str) -> String {
        String::from_utf8(strip(text.as_bytes()).into_owned()).expect("UTF-8")
    }

    #[test]
    fn sequences_are_removed() {
        assert_eq!(stripped("\x1b[1;31mERROR\x1b[0m done"), "ERROR done");
        assert_eq!(stripped("a\x1b[Kb\x1b[?25lc\x1b[38:2::1:2:3md"), "abcd");
        assert_eq!(stripped("\x1b]0;title\x07a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\"), "alink");
        assert_eq!(stripped("\x1b(Ba\x1b=b\x1b7c\x1bPq#0\x1b\\d"), "abcd");
        assert_eq!(stripped("\x1b]0;title\x1b[31mred"), "red");
    }

    #[test]
    fn unfinished_and_broken_sequences_are_removed() {
        for end in ["\x1b", "\x1b[", "\x1b[1;3", "\x1b]0;title", "\x1b]0;title\x1b", "\x1b("] {
            assert_eq!(stripped(&format!("a{end}")), "a", "{end:?}");
        }
        assert_eq!(stripped("a\x1b[1\nb"), "a\nb");
        assert_eq!(stripped("a\x1bébc"), "aébc");
        assert_eq!(stripped("a\x1b\x1b[mb"), "ab");
    }

    proptest! {
        #[test]
        fn no_escape_character_is_left(text in "[\x1b\x07\\[\\]a;1(\\\\é]{0,20}") {
            let once = stripped(&text);
            prop_assert!(!once.contains('\x1b'));
            prop_assert_eq!(stripped(&once), once);
        }
    }
}
