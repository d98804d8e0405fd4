//! The splitter: cuts bytes into sections of lines, and sections into the parts that are published.

use std::borrow::Cow;

use memchr::memchr;

use super::TextEncoding;
use super::ansi::strip;
use super::text_encoding::char_boundary;

/// The range of one line, or one part of a line, in the bytes that it was cut from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Index of its first byte.
    pub start: u32,
    /// Index after its last byte, without the terminator.
    pub end: u32,
    /// Another part of the same line follows.
    pub more: bool,
    /// An earlier part of the same line came before.
    pub continued: bool,
}

impl Span {
    /// Returns the bytes at the span that filters see: the line as a terminal shows it, without its
    /// escape sequences and without the `\r` of a line end `\r\n`.
    ///
    /// `bytes` are those that the span was cut from; a chunk (`--binary`) is seen as it is.
    pub(super) fn filtered<'a>(&self, bytes: &'a [u8], is_chunk: bool) -> Cow<'a, [u8]> {
        let line = &bytes[self.start as usize..self.end as usize];
        if is_chunk {
            return Cow::Borrowed(line);
        }
        let without_end =
            |line: &[u8]| line.len() - usize::from(!self.more && line.ends_with(b"\r"));
        match strip(line) {
            Cow::Borrowed(line) => Cow::Borrowed(&line[..without_end(line)]),
            Cow::Owned(mut line) => {
                line.truncate(without_end(&line));
                Cow::Owned(line)
            }
        }
    }
}

/// The bytes after some bytes; they decide what becomes of a rest without a terminator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// Not known yet: the rest is not cut.
    #[default]
    Open,
    /// No bytes: the rest is a line.
    Finished,
    /// Bytes of the same line: the rest is a part of it.
    Part,
}

/// Cuts a stream of bytes into lines that do not depend on how the bytes arrive.
///
/// A *section* is a line, or a piece of a line that is longer than `section`.
/// Filters see a section as a whole; then it is cut into parts of at most `max_line` bytes.
///
/// The journal compares the `Debug` text of this type: a renamed field ends the run of every journal.
#[derive(Clone, Copy, Debug)]
pub struct Splitter {
    /// Largest length in bytes of UTF-8 of a line, without its terminator, that is not cut into
    /// parts.
    pub max_line: usize,
    /// Ignore line ends, and cut into chunks of at most `max_line` bytes.
    pub binary: bool,
    /// Largest length in bytes of a line that is held back until it is finished; the larger one of
    /// this and `max_line` counts.
    pub section: usize,
}

impl Splitter {
    /// Default of `max_line`, in bytes.
    pub const DEFAULT_MAX_LINE: usize = 32 << 10;

    /// Default of `section`, in bytes.
    ///
    /// A batch has at least one section, so twice the value doubles the memory of each reader of
    /// long lines; with half the value, filters see less of a long line.
    pub const DEFAULT_SECTION: usize = 1 << 20;
}

impl Default for Splitter {
    /// Lines, with parts of at most 32 KiB.
    fn default() -> Self {
        Splitter {
            max_line: Splitter::DEFAULT_MAX_LINE,
            binary: false,
            section: Splitter::DEFAULT_SECTION,
        }
    }
}

impl Splitter {
    /// Cuts `bytes` into sections and calls `take` with each until it returns false; returns the
    /// number of bytes that were used.
    ///
    /// `continued`: `bytes` begin inside a line of which earlier sections were cut.
    /// The rest that was not used has at most [`longest_rest`](Splitter::longest_rest) bytes of an
    /// unfinished line, and must be given again before the bytes that follow it.
    pub fn split(
        &self,
        bytes: &[u8],
        encoding: TextEncoding,
        continued: bool,
        end: End,
        take: impl FnMut(Span) -> bool,
    ) -> usize {
        self.split_at(bytes, encoding, continued, end, |_| None, take)
    }

    /// Does the same as [`split`](Splitter::split), and calls `place` with a full window of a line
    /// that is longer than a section; it may return the length of the section, which is not zero.
    pub(super) fn split_at(
        &self,
        bytes: &[u8],
        encoding: TextEncoding,
        mut continued: bool,
        end: End,
        place: impl Fn(&[u8]) -> Option<usize>,
        mut take: impl FnMut(Span) -> bool,
    ) -> usize {
        let mut at = 0;
        while let Some((len, used, more)) = self.first(&bytes[at..], encoding, end, &place) {
            let span = Span { start: at as u32, end: (at + len) as u32, more, continued };
            at += used;
            if !take(span) {
                break;
            }
            continued = more;
        }
        at
    }

    /// Cuts the section at `section` of a text in UTF-8 into parts.
    #[inline]
    pub fn cut_parts(&self, text: &[u8], section: Span, mut take: impl FnMut(Span)) {
        let Span { mut start, end, more, mut continued } = section;
        while (end - start) as usize > self.max_line {
            let len = char_boundary(&text[start as usize..], self.max_line);
            let cut = start + len as u32;
            take(Span { start, end: cut, more: true, continued });
            (start, continued) = (cut, true);
        }
        take(Span { start, end, more, continued });
    }

    /// Largest number of bytes that [`split`](Splitter::split) does not use of an unfinished line.
    #[must_use]
    pub fn longest_rest(&self) -> usize {
        // One byte more than a section: half of a unit of UTF-16.
        self.longest_section() + 1
    }

    /// Returns whether `split` uses none of the bytes of the unfinished line `rest` and the `new`
    /// bytes behind it; if it returns false, `split` may use some.
    #[must_use]
    pub fn is_unfinished(&self, rest: &[u8], new: &[u8]) -> bool {
        // The last byte of the rest can be the first half of a newline.
        let has_newline = rest.last() == Some(&b'\n') || memchr(b'\n', new).is_some();
        !self.binary && !has_newline && rest.len() + new.len() <= self.longest_section()
    }

    fn longest_section(&self) -> usize {
        self.section.max(self.max_line)
    }

    /// Cuts the first section of `rest`; returns its length, the number of bytes that it uses, and
    /// whether another section of the same line follows.
    fn first(
        &self,
        rest: &[u8],
        encoding: TextEncoding,
        end: End,
        place: impl Fn(&[u8]) -> Option<usize>,
    ) -> Option<(usize, usize, bool)> {
        if self.binary {
            let len = rest.len().min(self.max_line);
            return (len > 0).then_some((len, len, false));
        }
        let newline_len = encoding.unit_len();
        let window_len = self.longest_section() + newline_len;
        let window = &rest[..rest.len().min(window_len)];
        if let Some(end) = encoding.find_newline(window) {
            Some((end, end + newline_len, false))
        } else if rest.len() >= window_len {
            let longest = self.longest_section();
            let cut = place(&rest[..longest]);
            let cut = cut.unwrap_or_else(|| encoding.boundary(rest, longest));
            Some((cut, cut, true))
        } else if end != End::Open && !rest.is_empty() {
            Some((rest.len(), rest.len(), end == End::Part))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Splits `chunks` one after the other, as a reader does, and collects the parts.
    fn parts(
        splitter: Splitter,
        encoding: TextEncoding,
        chunks: &[Vec<u8>],
    ) -> Vec<(Vec<u8>, bool)> {
        let mut rest = Vec::new();
        let mut parts = Vec::new();
        let mut continued = false;
        for (i, chunk) in chunks.iter().chain([&Vec::new()]).enumerate() {
            let is_unfinished = splitter.is_unfinished(&rest, chunk);
            rest.extend_from_slice(chunk);
            let end = if i == chunks.len() { End::Finished } else { End::Open };
            let used = splitter.split(&rest, encoding, continued, end, |section| {
                let text = encoding.decode(&rest[section.start as usize..section.end as usize]);
                let whole = Span { start: 0, end: text.len() as u32, ..section };
                splitter.cut_parts(&text, whole, |span| {
                    let part = text[span.start as usize..span.end as usize].to_vec();
                    parts.push((part, span.more));
                });
                true
            });
            assert!(!is_unfinished || end != End::Open || used == 0);
            continued = parts.last().is_some_and(|(_, more)| *more);
            rest.drain(..used);
            assert!(splitter.binary || rest.len() <= splitter.longest_rest());
        }
        assert!(rest.is_empty());
        parts
    }

    fn utf8(splitter: Splitter, chunks: &[Vec<u8>]) -> Vec<(Vec<u8>, bool)> {
        parts(splitter, TextEncoding::Utf8, chunks)
    }

    fn splitter(max_line: usize) -> Splitter {
        Splitter { max_line, binary: false, section: 10 }
    }

    fn any_encoding() -> impl Strategy<Value = TextEncoding> {
        prop_oneof![
            Just(TextEncoding::Utf8),
            Just(TextEncoding::Utf16Le),
            Just(TextEncoding::Utf16Be)
        ]
    }

    /// Returns `text` as a file holds it.
    fn encode(text: &str, encoding: TextEncoding) -> Vec<u8> {
        match encoding {
            TextEncoding::Utf8 => text.into(),
            TextEncoding::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            TextEncoding::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        }
    }

    #[test]
    fn a_character_is_not_cut_in_two() {
        let parts = utf8(splitter(4), &["abcé\n".into()]);
        assert_eq!(parts, [(b"abc".to_vec(), true), ("é".into(), false)]);
    }

    #[test]
    fn a_line_of_exactly_the_maximum_is_whole() {
        let parts = utf8(splitter(3), &[b"abc\nabc".to_vec()]);
        assert_eq!(parts, [(b"abc".to_vec(), false), (b"abc".to_vec(), false)]);
    }

    #[test]
    fn the_last_half_of_a_unit_is_not_lost() {
        let parts = parts(splitter(30), TextEncoding::Utf16Le, &[b"a\0\n\0b\0c".to_vec()]);
        assert_eq!(parts, [(b"a".to_vec(), false), ("b\u{FFFD}".into(), false)]);
    }

    proptest! {
        #[test]
        fn lines_do_not_depend_on_how_they_arrive(
            chunks in vec(vec(prop_oneof![
                Just(b'\n'), Just(0), Just(b'a'), Just(0xD8), any::<u8>()
            ], 0..20), 0..20),
            max_line in 4usize..16, encoding in any_encoding(),
        ) {
            let whole = vec![chunks.concat()];
            let splitter = splitter(max_line);
            prop_assert_eq!(parts(splitter, encoding, &chunks), parts(splitter, encoding, &whole));
        }

        #[test]
        fn joined_parts_are_the_lines(
            lines in vec("[a-zé🦀ĊਊĀ]{0,30}", 0..20), max_line in 4usize..16,
            encoding in any_encoding(),
        ) {
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            let bytes = encode(&text, encoding);
            let mut joined = vec![Vec::new()];
            for (part, more) in parts(splitter(max_line), encoding, &[bytes]) {
                prop_assert!(part.len() <= max_line);
                joined.last_mut().expect("never empty").extend(part);
                if !more {
                    joined.push(Vec::new());
                }
            }
            joined.pop();
            prop_assert_eq!(joined, lines.into_iter().map(String::into_bytes).collect::<Vec<_>>());
        }

        #[test]
        fn binary_chunks_joined_are_the_bytes(chunks in vec(any::<Vec<u8>>(), 0..20)) {
            let binary = Splitter { max_line: 7, binary: true, ..Splitter::default() };
            let joined: Vec<u8> = utf8(binary, &chunks).into_iter().flat_map(|(p, _)| p).collect();
            prop_assert_eq!(joined, chunks.concat());
        }
    }
}
