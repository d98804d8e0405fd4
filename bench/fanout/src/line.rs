//! The lines that are written; each contains its number and the time at which it was written.

use std::fs::File;
use std::io::Write;
use std::ops::Range;
use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use memchr::memmem::find;

/// Number of bytes of a line, without its newline.
pub const LENGTH: usize = 100;
const MARK: &[u8] = b"line=";
const NUMBER: Range<usize> = 5..15;
const TIME: Range<usize> = 16..36;
const PAD: &[u8; 64] = b" the rest is the same in every line, so that it can be checked..";
/// Number of different ends of lines. So many lines are longer than the window of gzip.
const ENDS: usize = 1021;
/// Ends of lines that differ as those of an access log do.
static ACCESS_ENDS: LazyLock<Vec<[u8; 64]>> = LazyLock::new(|| (0..ENDS).map(access_end).collect());

/// The content of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    pub number: u64,
    /// Nanoseconds since 1970, taken before the line was written.
    pub time: u64,
}

/// The reason why an event contains no line that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Not {
    /// The event is no line.
    Line,
    /// The event contains a line that was changed.
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
    /// The next line, with its newline.
    next: Vec<u8>,
    is_access: bool,
    pub written: u64,
}

impl Writer {
    /// `is_access`: lines differ as those of an access log do, and are not all but the same.
    pub fn open(path: &str, is_access: bool) -> Self {
        let file = File::options().append(true).open(path).expect("a file to write to");
        let next = [b"line=0000000000 00000000000000000000", &PAD[..], b"\n"].concat();
        Writer { file, bytes: Vec::new(), next, is_access, written: 0 }
    }

    /// Writes this number of lines with one write(2); making them must cost nearly nothing.
    pub fn write(&mut self, lines: u64) {
        self.next[TIME].copy_from_slice(format!("{:020}", now()).as_bytes());
        self.bytes.clear();
        for number in self.written..self.written + lines {
            if self.is_access {
                self.next[TIME.end..LENGTH].copy_from_slice(&ACCESS_ENDS[number as usize % ENDS]);
            }
            self.bytes.extend_from_slice(&self.next);
            count_up(&mut self.next[NUMBER]);
        }
        self.file.write_all(&self.bytes).expect("a file that can be written");
        self.written += lines;
    }
}

/// Returns the end of line `n` of an access log.
fn access_end(n: usize) -> [u8; 64] {
    let random = |step: u64, below: u64| ((n as u64 + 1).wrapping_mul(step) >> 33) % below;
    let (host, path) = (random(0x9E37_79B9_7F4A_7C15, 255), random(0xD6E8_FEB8_6659_FD93, 1 << 17));
    let size = random(0xCA5A_8263_9512_1157, 1 << 16);
    let text =
        format!(" 10.0.{host}.{} GET /api/v1/orders/{path} 200 {size} \"Mozilla/5.0\" ", host / 3);
    std::array::from_fn(|at| text.as_bytes().get(at).copied().unwrap_or(b'.'))
}

/// Adds one to a number in decimal digits.
fn count_up(digits: &mut [u8]) {
    for digit in digits.iter_mut().rev() {
        *digit = if *digit == b'9' { b'0' } else { *digit + 1 };
        if *digit != b'0' {
            return;
        }
    }
}

/// Returns the line in an event of any format.
pub fn line_in(event: &[u8]) -> Result<Line, Not> {
    let start = find(event, MARK).ok_or(Not::Line)?;
    let line = event.get(start..start + LENGTH).ok_or(Not::Whole)?;
    let has_frame = line[15] == b' ' && matches!(event.get(start + LENGTH), Some(b'\n' | b'"'));
    match (has_frame, number(line, NUMBER), number(line, TIME)) {
        (true, Some(number), Some(time)) if is_end(&line[TIME.end..], number) => {
            Ok(Line { number, time })
        }
        _ => Err(Not::Whole),
    }
}

/// Whether a line with this number may end so.
fn is_end(end: &[u8], number: u64) -> bool {
    end == PAD || end == ACCESS_ENDS[number as usize % ENDS]
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
    fn lines_of_an_access_log_are_known_by_their_number() {
        let event = |number: usize, end: usize| {
            let end = String::from_utf8_lossy(&access_end(end)).into_owned();
            format!("data: line={number:010} {:020}{end}\n", 99)
        };
        assert_eq!(line_in(event(1024, 3).as_bytes()), Ok(Line { number: 1024, time: 99 }));
        assert_eq!(line_in(event(1024, 4).as_bytes()), Err(Not::Whole));
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
