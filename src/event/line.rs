//! Cutting bytes into lines, and lines that are too long into parts.

use memchr::memchr;

/// Where one line, or one part of a line, lies in the bytes it was cut from.
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
    /// Whether it is all of its line.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        !self.more && !self.continued
    }
}

/// What one run of bytes leaves to the next about the line that spans both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carry {
    /// How many bytes of the line were already cut off in parts.
    pub into: u64,
    /// Those parts were not published, so that the rest is not either.
    pub hidden: bool,
}

/// What comes after a run of bytes, and so what becomes of a rest without a terminator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// Perhaps more: it is not cut yet.
    #[default]
    Open,
    /// Nothing: it is a line.
    Finished,
    /// More of the same line, as is known: it is a part of it.
    Part,
}

/// Cuts a stream of bytes, however it is split into runs, into the same lines.
#[derive(Clone, Copy, Debug)]
pub struct Splitter {
    /// Bytes of a line, without its terminator, beyond which it comes in parts.
    pub max_line: usize,
    /// Cut into chunks of at most `max_line` bytes, whatever they hold.
    pub binary: bool,
}

impl Splitter {
    /// Default of `max_line`, in bytes.
    pub const DEFAULT_MAX_LINE: usize = 32 << 10;
}

impl Default for Splitter {
    fn default() -> Self {
        Splitter { max_line: Splitter::DEFAULT_MAX_LINE, binary: false }
    }
}

impl Splitter {
    /// Cuts `bytes`, handing each span to `take` while it says so; gives how many were used.
    ///
    /// The rest is a line without its end, at most `max_line` bytes long, and
    /// has to stand before the bytes that come next; unless `end` says what it is.
    pub fn split(
        &self,
        bytes: &[u8],
        mut continued: bool,
        end: End,
        mut take: impl FnMut(Span) -> bool,
    ) -> usize {
        let mut at = 0;
        while let Some((len, used, more)) = self.first(&bytes[at..], end) {
            let span = Span { start: at as u32, end: (at + len) as u32, more, continued };
            at += used;
            if !take(span) {
                break;
            }
            continued = more;
        }
        at
    }

    /// The first line of `rest`: its length, the bytes it uses up, whether more of it follows.
    fn first(&self, rest: &[u8], end: End) -> Option<(usize, usize, bool)> {
        if self.binary {
            let len = rest.len().min(self.max_line);
            return (len > 0).then_some((len, len, false));
        }
        let window = &rest[..rest.len().min(self.max_line + 1)];
        if let Some(end) = memchr(b'\n', window) {
            Some((end, end + 1, false))
        } else if rest.len() > self.max_line {
            let cut = char_boundary(rest, self.max_line);
            Some((cut, cut, true))
        } else if end != End::Open && !rest.is_empty() {
            Some((rest.len(), rest.len(), end == End::Part))
        } else {
            None
        }
    }
}

/// The last index, at most `at` and not zero, at which no UTF-8 sequence is cut in two.
pub(super) fn char_boundary(bytes: &[u8], at: usize) -> usize {
    let is_continuation = |byte: u8| byte & 0xC0 == 0x80;
    (at.saturating_sub(3)..=at)
        .rev()
        .find(|&cut| cut > 0 && !is_continuation(bytes[cut]))
        .unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Feeds `runs` one after the other, as a reader would, and collects the parts.
    fn parts(splitter: Splitter, runs: &[Vec<u8>]) -> Vec<(Vec<u8>, bool)> {
        let mut held = Vec::new();
        let mut parts = Vec::new();
        let mut continued = false;
        for (i, run) in runs.iter().chain([&Vec::new()]).enumerate() {
            held.extend_from_slice(run);
            let end = if i == runs.len() { End::Finished } else { End::Open };
            let used = splitter.split(&held, continued, end, |span| {
                let part = held[span.start as usize..span.end as usize].to_vec();
                parts.push((part, span.more));
                true
            });
            continued = parts.last().is_some_and(|(_, more)| *more);
            held.drain(..used);
            assert!(splitter.binary || held.len() <= splitter.max_line);
        }
        assert!(held.is_empty());
        parts
    }

    fn splitter(max_line: usize) -> Splitter {
        Splitter { max_line, binary: false }
    }

    #[test]
    fn a_character_is_not_cut_in_two() {
        let parts = parts(splitter(4), &["abcé\n".into()]);
        assert_eq!(parts, [(b"abc".to_vec(), true), ("é".into(), false)]);
    }

    #[test]
    fn a_line_of_exactly_the_maximum_is_whole() {
        let parts = parts(splitter(3), &[b"abc\nabc".to_vec()]);
        assert_eq!(parts, [(b"abc".to_vec(), false), (b"abc".to_vec(), false)]);
    }

    proptest! {
        #[test]
        fn lines_do_not_depend_on_how_they_arrive(
            runs in vec(vec(prop_oneof![Just(b'\n'), Just(b'a'), any::<u8>()], 0..20), 0..20),
            max_line in 4usize..12,
        ) {
            let whole = vec![runs.concat()];
            prop_assert_eq!(parts(splitter(max_line), &runs), parts(splitter(max_line), &whole));
        }

        #[test]
        fn joined_parts_are_the_lines(
            lines in vec("[a-zé]{0,30}", 0..20), max_line in 4usize..12,
        ) {
            let bytes: Vec<u8> = lines.iter().flat_map(|l| format!("{l}\n").into_bytes()).collect();
            let mut joined = vec![Vec::new()];
            for (part, more) in parts(splitter(max_line), &[bytes]) {
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
        fn binary_chunks_joined_are_the_bytes(runs in vec(any::<Vec<u8>>(), 0..20)) {
            let binary = Splitter { max_line: 7, binary: true };
            let joined: Vec<u8> = parts(binary, &runs).into_iter().flat_map(|(p, _)| p).collect();
            prop_assert_eq!(joined, runs.concat());
        }
    }
}
