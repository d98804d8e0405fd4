//! Positions in a line: digits, names of months and days, and boundaries.

/// First three letters of the months, in lower case.
const MONTHS: [&[u8; 3]; 12] = [
    b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec",
];
/// First three letters of the days of the week, in lower case.
const DAYS: [&[u8; 3]; 7] = [b"mon", b"tue", b"wed", b"thu", b"fri", b"sat", b"sun"];

/// A position in a line; the byte at the end reads as NUL.
#[derive(Clone, Copy)]
pub(in crate::record) struct Cursor<'a> {
    line: &'a [u8],
    pub(in crate::record) at: usize,
}

impl<'a> Cursor<'a> {
    pub(in crate::record) fn new(line: &'a [u8], at: usize) -> Self {
        Cursor { line, at }
    }

    /// Returns the byte that stands `distance` bytes further on.
    pub(in crate::record) fn ahead(self, distance: usize) -> u8 {
        self.line.get(self.at + distance).copied().unwrap_or(0)
    }

    pub(in crate::record) fn peek(self) -> u8 {
        self.ahead(0)
    }

    /// Steps over `byte`; returns false if another one stands here.
    pub(in crate::record) fn eat(&mut self, byte: u8) -> bool {
        let is_here = self.peek() == byte && byte != 0;
        self.at += usize::from(is_here);
        is_here
    }

    /// Steps over one of `bytes`.
    pub(in crate::record) fn eat_any(&mut self, bytes: &[u8]) -> Option<u8> {
        let byte = self.peek();
        bytes.contains(&byte).then(|| {
            self.at += 1;
            byte
        })
    }

    /// Steps over `text`; returns false if another one stands here.
    pub(super) fn eat_text(&mut self, text: &[u8]) -> bool {
        let is_here = self.line.get(self.at..).is_some_and(|rest| rest.starts_with(text));
        self.at += if is_here { text.len() } else { 0 };
        is_here
    }

    /// Steps over exactly `len` digits.
    pub(in crate::record) fn number(&mut self, len: usize) -> Option<u32> {
        let digits = self.line.get(self.at..self.at + len)?;
        let mut number = 0;
        for digit in digits {
            let value = digit.wrapping_sub(b'0');
            if value > 9 {
                return None;
            }
            number = number * 10 + u32::from(value);
        }
        self.at += len;
        Some(number)
    }

    /// Returns the number of digits from here on, counted up to `most`.
    pub(in crate::record) fn count_digits(self, most: usize) -> usize {
        (0..most).take_while(|&distance| self.ahead(distance).is_ascii_digit()).count()
    }

    /// Steps over the first three letters of a month; returns its number from 1 on.
    pub(super) fn month(&mut self) -> Option<u32> {
        let name = self.line.get(self.at..self.at + 3)?.first_chunk()?;
        let month = index_of(*name, &MONTHS)?;
        self.at += 3;
        Some(month as u32 + 1)
    }

    /// Returns the position of the name of a day that stands before this one, as in `Wed Nov 25` and
    /// `Wed, 25 Nov`, or this position if none does.
    pub(super) fn before_day(self) -> usize {
        let start = |len: usize| {
            let at = self.at.checked_sub(len)?;
            let name = self.line[at..].first_chunk()?;
            index_of(*name, &DAYS).map(|_| at)
        };
        let before = &self.line[..self.at];
        let len = match () {
            () if before.ends_with(b", ") => 5,
            () if before.ends_with(b" ") => 4,
            () => return self.at,
        };
        start(len).unwrap_or(self.at)
    }

    /// Returns false if the bytes before this position belong to the same word, number or path.
    pub(super) fn is_start(self) -> bool {
        let before = &self.line[..self.at];
        match *before {
            // An ANSI escape sequence ends here.
            [.., b'm'] => ends_with_color(before),
            // The second form is `--2026-11-25 19:00:01--`.
            [] | [.., b'-', b'-'] => true,
            [.., byte] => !byte.is_ascii_alphanumeric() && !b"_-./\\+%".contains(&byte),
        }
    }

    /// Returns false if the bytes from this position on belong to the same word, number or path.
    pub(super) fn is_end(self) -> bool {
        match self.peek() {
            b'.' => !self.ahead(1).is_ascii_alphanumeric(),
            b':' | b'+' | b'-' => !self.ahead(1).is_ascii_digit(),
            byte => !byte.is_ascii_alphanumeric() && !b"_/\\%".contains(&byte),
        }
    }
}

fn index_of<const N: usize>(name: [u8; 3], names: &[&[u8; 3]; N]) -> Option<usize> {
    let lower = name.map(|letter| letter | 0x20);
    names.iter().position(|known| **known == lower)
}

/// Returns true if `bytes` end with an escape sequence such as `ESC [ 1 ; 31 m`.
fn ends_with_color(bytes: &[u8]) -> bool {
    let parameters = bytes.iter().rev().skip(1);
    let len = parameters.take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
    bytes[..bytes.len() - 1 - len].ends_with(b"\x1b[")
}
