//! The first line to publish of a file that exists at start: `-n N` and `-n +N`, as in tail(1), and
//! `--since TIME`.

use std::io;

use super::log_file::LogFile;
use super::log_lines::LogText;
use super::nuls::{data_end, text_end};
use super::since::{first_line_since, last_change};
use crate::event::TextEncoding;
use crate::record::{Clock, Zone, stated_time};

/// Number of bytes that are searched for newlines at a time. Half as many take twice the system
/// calls; twice as many read more than is needed for the usual 100 lines.
const BLOCK: usize = 64 * 1024;

/// The lines that are published of a file that exists at start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartAt {
    /// This many lines at its end, an unfinished one included.
    Last(u64),
    /// All lines from this one on; the first is 1.
    Line(u64),
    /// All lines from the first one on that states a time at or after this one, and an unfinished
    /// line.
    ///
    /// The times have to grow: a line may be at most ten seconds before a line above it. If they do
    /// not, the first line may be another one that states a time in range.
    /// If no line states a time, all lines have the time of the last change of the file.
    Since {
        /// Milliseconds since 1970.
        time: i64,
        /// The zone of times in the file that name none.
        zone: Zone,
    },
}

/// The lines that are published of the files before one, which were rotated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Older {
    /// All.
    All,
    /// This many lines at their end.
    Last(u64),
    /// All lines from the first one on that states a time at or after this one.
    Since {
        /// Milliseconds since 1970.
        time: i64,
        /// The zone of times that name none.
        zone: Zone,
    },
}

impl StartAt {
    /// Returns the lines that are wanted of older files if the file itself has none.
    pub(super) fn older(&self) -> Option<Older> {
        match self {
            StartAt::Last(lines) => (*lines > 0).then_some(Older::Last(*lines)),
            StartAt::Line(line) => (*line <= 1).then_some(Older::All),
            StartAt::Since { time, zone } => Some(Older::Since { time: *time, zone: zone.clone() }),
        }
    }

    /// Returns the offset at which reading begins, and the lines that are wanted of older files.
    pub(super) fn place(&self, file: &LogFile) -> io::Result<(u64, Option<Older>)> {
        match self {
            StartAt::Last(lines) => {
                let (offset, missing) = last_lines(file, *lines)?;
                Ok((offset, (missing > 0).then_some(Older::Last(missing))))
            }
            StartAt::Line(line) => Ok((nth_line(file, *line)?, (*line <= 1).then_some(Older::All))),
            StartAt::Since { time, zone } => {
                let offset = match since(file, *time, zone)? {
                    Some(offset) => offset,
                    None => last_lines(file, 0)?.0,
                };
                Ok((offset, Some(Older::Since { time: *time, zone: zone.clone() })))
            }
        }
    }
}

/// Returns the offset of the last `lines` lines, and by how many the file has fewer; for zero, the
/// offset of the unfinished line, which is published once it is finished.
///
/// Reads backwards, so that the cost depends on these lines and not on the size of the file. Skips
/// holes, and NULs at the end of the file, which are not read either.
pub(super) fn last_lines(file: &LogFile, lines: u64) -> io::Result<(u64, u64)> {
    let encoding = encoding(file)?;
    let mut len = file.len()?;
    if encoding == TextEncoding::Utf8 {
        len = text_end(file, len)?;
    }
    let mut block = vec![0; BLOCK];
    // Half of a unit of UTF-16 at the end belongs to the unfinished line.
    let mut end = len - len % encoding.newline().len() as u64;
    // The newline that ends the last line does not begin another.
    let mut wanted =
        if lines > 0 && !ends_unfinished(file, len, encoding)? { lines + 1 } else { lines.max(1) };
    loop {
        end = data_end(file, end);
        if end == 0 {
            return Ok((0, wanted - 1));
        }
        let start = end.saturating_sub(BLOCK as u64);
        let block = &mut block[..(end - start) as usize];
        file.read_at(block, start)?;
        for line_end in encoding.line_ends(block).rev() {
            wanted -= 1;
            if wanted == 0 {
                return Ok((start + line_end as u64, 0));
            }
        }
        end = start;
    }
}

/// Returns the offset of the first line at or after `time`, if there is one.
///
/// A time without a year is near the last change of the file.
pub(super) fn since(file: &LogFile, time: i64, zone: &Zone) -> io::Result<Option<u64>> {
    let encoding = encoding(file)?;
    let mut len = file.len()?;
    if encoding == TextEncoding::Utf8 {
        len = text_end(file, len)?;
    }
    let clock = Clock::new(zone, last_change(file).unwrap_or(time));
    let text = LogText { file, encoding, len };
    first_line_since(text, time, |line| stated_time(line, &clock))
}

/// Returns the encoding that the first bytes of a file name.
pub(super) fn encoding(file: &LogFile) -> io::Result<TextEncoding> {
    let mut mark = [0; 3];
    let read = file.read_at(&mut mark, 0)?;
    Ok(TextEncoding::detect(&mark[..read]).map_or(TextEncoding::Utf8, |(encoding, _)| encoding))
}

fn ends_unfinished(file: &LogFile, len: u64, encoding: TextEncoding) -> io::Result<bool> {
    let newline = encoding.newline();
    let mut last = newline.to_vec();
    if len > 0 {
        file.read_at(&mut last, len.saturating_sub(newline.len() as u64))?;
    }
    Ok(last != newline || !len.is_multiple_of(newline.len() as u64))
}

fn nth_line(file: &LogFile, line: u64) -> io::Result<u64> {
    let encoding = encoding(file)?;
    let mut missing = line.saturating_sub(1);
    let mut block = vec![0; BLOCK];
    let mut offset = 0;
    let mut line_start = 0;
    while missing > 0 {
        let Some(data) = file.next_data(offset) else { break };
        offset = data;
        let read = file.read_at(&mut block, offset)?;
        if read == 0 {
            break;
        }
        for line_end in encoding.line_ends(&block[..read]) {
            missing -= 1;
            line_start = offset + line_end as u64;
            if missing == 0 {
                return Ok(line_start);
            }
        }
        offset += read as u64;
    }
    // The unfinished line is published once it is finished.
    Ok(line_start)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::descriptors::Descriptors;
    use super::super::mount::Mount;
    use super::*;

    /// Returns the part of `text` that tail(1) prints.
    fn tail(text: &str, start_at: &StartAt) -> String {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("written");
        let offset = start_at
            .place(&Descriptors::new().open(file.path(), Mount::Local).expect("open"))
            .expect("read")
            .0;
        text[offset as usize..].to_owned()
    }

    #[test]
    fn reading_begins_where_tail_begins() {
        assert_eq!(tail("a\nb\nc\n", &StartAt::Last(2)), "b\nc\n");
        assert_eq!(tail("a\nb\nc", &StartAt::Last(2)), "b\nc");
        assert_eq!(tail("a\nb\nc\n", &StartAt::Last(9)), "a\nb\nc\n");
        assert_eq!(tail("a\nb\nc\n", &StartAt::Last(0)), "");
        assert_eq!(tail("a\nb\nc\n", &StartAt::Line(2)), "b\nc\n");
        assert_eq!(tail("a\nb\nc\n", &StartAt::Line(0)), "a\nb\nc\n");
        assert_eq!(tail("a\nb\nc\n", &StartAt::Line(9)), "");
        assert_eq!(tail("a\nb", &StartAt::Line(9)), "b");
        assert_eq!(tail("", &StartAt::Last(3)), "");
    }

    #[test]
    fn an_unfinished_line_is_read_even_if_no_line_is_wanted() {
        assert_eq!(tail("a\nb", &StartAt::Last(0)), "b");
        assert_eq!(tail("b", &StartAt::Last(0)), "b");
    }

    #[cfg(not(feature = "portable"))]
    #[test]
    fn holes_and_nuls_at_the_end_are_no_lines() {
        use std::os::unix::fs::FileExt as _;
        let file = tempfile::NamedTempFile::new().expect("a file");
        file.as_file().write_all_at(b"a\nb\n", 0).expect("written");
        file.as_file().write_all_at(b"c\nd\n", 1 << 40).expect("written");
        file.as_file().set_len(2 << 40).expect("extended");
        let file = Descriptors::new().open(file.path(), Mount::Local).expect("open");
        let offset = |start_at: &StartAt| start_at.place(&file).expect("read").0;
        assert_eq!(offset(&StartAt::Last(0)), (1 << 40) + 4);
        assert_eq!(offset(&StartAt::Last(1)), (1 << 40) + 2);
        assert_eq!(offset(&StartAt::Last(3)), 2);
        assert_eq!(offset(&StartAt::Last(9)), 0);
        assert_eq!(offset(&StartAt::Line(4)), (1 << 40) + 2);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn the_offset_does_not_depend_on_blocks(
            lines in proptest::collection::vec(0usize..9000, 1..40), count in 1usize..45,
        ) {
            let lines: Vec<String> = lines.iter().map(|&len| "x".repeat(len) + "\n").collect();
            let text = lines.concat();
            let last = lines[lines.len().saturating_sub(count)..].concat();
            prop_assert_eq!(tail(&text, &StartAt::Last(count as u64)), last);
            let rest = lines[(count - 1).min(lines.len())..].concat();
            prop_assert_eq!(tail(&text, &StartAt::Line(count as u64)), rest);
        }
    }
}
