//! The lines that are written, which tell who they are and when they were written.

use std::fs::File;
use std::io::Write;
use std::ops::Range;
use std::time::{SystemTime, UNIX_EPOCH};

use memchr::memmem::find;

/// Bytes of a line, without its end.
pub const LENGTH: usize = 100;
const MARK: &[u8] = b"line=";
const NUMBER: Range<usize> = 5..15;
const TIME: Range<usize> = 16..36;
const PAD: &[u8; 64] = b" the rest is the same in every line, so that it can be checked..";

/// What a line says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    pub number: u64,
    /// Nanoseconds since 1970, taken before it was written.
    pub time: u64,
}

/// Why an event holds no line that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Not {
    /// It is about something else.
    Line,
    /// It holds a line that was changed.
    Whole,
}

pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    since.as_nanos() as u64
}

/// Writes lines to a file, numbered from 0 on.
pub struct Writer {
    file: File,
    bytes: Vec<u8>,
    /// The next line, with its end.
    next: Vec<u8>,
    pub written: u64,
}

impl Writer {
    pub fn open(path: &str) -> Self {
        let file = File::options().append(true).open(path).expect("a file to write to");
        let next = [b"line=0000000000 00000000000000000000", &PAD[..], b"\n"].concat();
        Writer { file, bytes: Vec::new(), next, written: 0 }
    }

    /// Writes so many lines with one write(2); to make them must cost nearly nothing.
    pub fn write(&mut self, lines: u64) {
        self.next[TIME].copy_from_slice(format!("{:020}", now()).as_bytes());
        self.bytes.clear();
        for _ in 0..lines {
            self.bytes.extend_from_slice(&self.next);
            count_up(&mut self.next[NUMBER]);
        }
        self.file.write_all(&self.bytes).expect("a file that can be written");
        self.written += lines;
    }
}

/// Adds one to a number in digits.
fn count_up(digits: &mut [u8]) {
    for digit in digits.iter_mut().rev() {
        *digit = if *digit == b'9' { b'0' } else { *digit + 1 };
        if *digit != b'0' {
            return;
        }
    }
}

/// The line that an event holds, in whatever form.
pub fn line_in(event: &[u8]) -> Result<Line, Not> {
    let start = find(event, MARK).ok_or(Not::Line)?;
    let line = event.get(start..start + LENGTH).ok_or(Not::Whole)?;
    let is_whole = line[15] == b' '
        && line[36..] == *PAD
        && matches!(event.get(start + LENGTH), Some(b'\n' | b'"'));
    match (is_whole, number(line, NUMBER), number(line, TIME)) {
        (true, Some(number), Some(time)) => Ok(Line { number, time }),
        _ => Err(Not::Whole),
    }
}

fn number(line: &[u8], at: Range<usize>) -> Option<u64> {
    line[at].iter().try_fold(0u64, |number, byte| {
        byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(end: &str) -> String {
        let line = format!("line=0000000007 {:020}{}", 99, String::from_utf8_lossy(PAD));
        assert_eq!(line.len(), LENGTH);
        format!("event: x\ndata: {line}{end}")
    }

    #[test]
    fn a_line_is_found_with_its_number_and_time() {
        let seven = Ok(Line { number: 7, time: 99 });
        assert_eq!(line_in(event("\nid: 1").as_bytes()), seven);
        assert_eq!(line_in(event("\"}").as_bytes()), seven);
    }

    #[test]
    fn numbers_count_up() {
        let mut digits = *b"0198";
        let seen = [b"0199", b"0200", b"0201"];
        assert_eq!(seen.map(|_| (count_up(&mut digits), digits).1), seen.map(|next| *next));
    }

    #[test]
    fn a_changed_line_is_not_whole() {
        assert_eq!(line_in(b"data: line=7"), Err(Not::Whole));
        assert_eq!(line_in(event("x").as_bytes()), Err(Not::Whole));
        assert_eq!(line_in(event("\n").replace("same", "sane").as_bytes()), Err(Not::Whole));
        assert_eq!(line_in(event("\n").replace("007 ", "0O7 ").as_bytes()), Err(Not::Whole));
    }

    #[test]
    fn another_event_is_no_line() {
        assert_eq!(line_in(b"event: ssetail\ndata: {}\n"), Err(Not::Line));
    }
}
