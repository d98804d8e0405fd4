//! Searches through compressed text, which can only be read forward: a step at a time, so that
//! other files are read meanwhile.

use std::collections::VecDeque;
use std::io;

use super::log_file::LogFile;
use super::log_lines::LogText;
use super::since::last_change;
use super::start_at::encoding;
use crate::event::TextEncoding;
use crate::record::{Clock, Zone, stated_time};

/// Number of bytes of text that one step reads. Twice as many let other sources wait twice as long.
pub(super) const STEP: usize = 1 << 20;

/// Number of bytes whose lines are counted together. Half as many take twice the memory if many
/// lines are wanted.
const BLOCK: usize = 256 * 1024;

/// A count of the lines of a text, which finds the last of them.
#[derive(Debug)]
pub(super) struct LineCount {
    wanted: u64,
    encoding: TextEncoding,
    /// The offset of the next block.
    offset: u64,
    /// Number of line ends before it.
    lines: u64,
    /// The last bytes end a line.
    is_finished: bool,
    /// The offset of each block in which the first wanted line may begin, and the number of line
    /// ends before it.
    blocks: VecDeque<(u64, u64)>,
    /// The offset up to which the text was passed over once more, when the lines are counted.
    passed: u64,
}

impl LineCount {
    /// Begins a search for the last `wanted` lines.
    pub(super) fn new(file: &LogFile, wanted: u64) -> io::Result<Self> {
        Ok(LineCount {
            wanted,
            encoding: encoding(file)?,
            offset: 0,
            lines: 0,
            is_finished: true,
            blocks: VecDeque::new(),
            passed: 0,
        })
    }

    /// Reads on; returns the offset of the first wanted line, and by how many the text has fewer,
    /// once it is known.
    pub(super) fn step(&mut self, file: &LogFile) -> io::Result<Option<(u64, u64)>> {
        if file.len()? <= self.offset {
            return self.find(file);
        }
        let mut block = vec![0; BLOCK];
        for _ in 0..STEP / BLOCK {
            let read = file.read_at(&mut block, self.offset)?;
            self.add(&block[..read]);
            if read < BLOCK {
                break;
            }
        }
        Ok(None)
    }

    fn add(&mut self, block: &[u8]) {
        if block.is_empty() {
            return;
        }
        self.blocks.push_back((self.offset, self.lines));
        self.offset += block.len() as u64;
        self.lines += self.encoding.line_ends(block).count() as u64;
        self.is_finished = self.encoding.line_ends(block).next_back() == Some(block.len());
        let surplus = self.lines.saturating_sub(self.wanted);
        while self.blocks.get(1).is_some_and(|(_, lines)| *lines < surplus) {
            self.blocks.pop_front();
        }
    }

    /// Finds the first wanted line, when all are counted.
    fn find(&mut self, file: &LogFile) -> io::Result<Option<(u64, u64)>> {
        let all = self.lines + u64::from(!self.is_finished);
        let Some(surplus) = all.checked_sub(self.wanted).filter(|surplus| *surplus > 0) else {
            return Ok(Some((0, self.wanted - all)));
        };
        let block = self.blocks.iter().rev().find(|(_, lines)| *lines < surplus);
        let (start, lines) = *block.unwrap_or(&(0, 0));
        // Only a decoder that begins again can go back.
        if self.passed < start {
            file.read_at(&mut [0], self.passed)?;
            self.passed = start.min(self.passed + STEP as u64);
            return Ok(None);
        }
        let bytes = file.read_back(start, BLOCK)?;
        let mut line_ends = self.encoding.line_ends(&bytes);
        let first = line_ends.nth((surplus - lines - 1) as usize);
        Ok(Some((start + first.unwrap_or(0) as u64, 0)))
    }
}

/// A search for the first line at or after a time.
#[derive(Debug)]
pub(super) struct TimeSearch {
    time: i64,
    clock: Clock,
    encoding: TextEncoding,
    /// Lines that begin before this offset were looked at.
    offset: u64,
    /// A line has stated a time.
    has_times: bool,
}

/// The first line in range, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FirstInRange {
    /// It stands behind the lines that were looked at, if there is one.
    Later,
    At(u64),
    Nowhere,
}

impl TimeSearch {
    pub(super) fn new(file: &LogFile, time: i64, zone: &Zone) -> io::Result<Self> {
        let clock = Clock::new(zone, last_change(file).unwrap_or(time));
        let encoding = encoding(file)?;
        Ok(TimeSearch { time, clock, encoding, offset: 0, has_times: false })
    }

    /// Reads on.
    ///
    /// If no line states a time, all lines have the time of the last change of the file, which is
    /// in range.
    pub(super) fn step(&mut self, file: &LogFile) -> io::Result<FirstInRange> {
        let text = LogText { file, encoding: self.encoding, len: file.len()? };
        let (start, end) = (self.offset, self.offset + STEP as u64);
        let mut found = None;
        let visit = |offset, line: &[u8]| {
            let stated = stated_time(&self.encoding.decode(line), &self.clock);
            self.has_times |= stated.is_some();
            found = stated.is_some_and(|stated| stated >= self.time).then_some(offset);
            found.is_some()
        };
        if start == 0 {
            text.visit_lines(0, end, visit)?;
        } else {
            text.visit_lines_after(start, end, visit)?;
        }
        self.offset = end;
        Ok(match found {
            Some(offset) => FirstInRange::At(offset),
            None if file.len()? > end => FirstInRange::Later,
            None if self.has_times => FirstInRange::Nowhere,
            None => FirstInRange::At(0),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use proptest::prelude::*;

    use super::super::compressed::Compression;
    use super::super::descriptors::{Descriptors, HeldFile};
    use super::super::mount::Mount;
    use super::super::start_at::last_lines;
    use super::*;

    /// Returns the text as a plain and as a compressed file.
    fn files(text: &str) -> (HeldFile, HeldFile) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = |name: &str| directory.path().join(name);
        std::fs::write(path("a"), text).expect("written");
        let file = std::fs::File::create(path("a.gz")).expect("created");
        let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).and_then(|()| gzip.try_finish()).expect("written");
        let descriptors = Descriptors::new();
        let open = |name, form| descriptors.open_as(&path(name), Mount::Local, form);
        let plain = open("a", None).expect("opened");
        (plain, open("a.gz", Some(Compression::Gzip)).expect("opened"))
    }

    fn counted(file: &LogFile, wanted: u64) -> (u64, u64) {
        let mut count = LineCount::new(file, wanted).expect("read");
        loop {
            if let Some(found) = count.step(file).expect("read") {
                return found;
            }
        }
    }

    #[test]
    fn lines_are_found_by_their_time() {
        let line = |n: usize| format!("2026-11-25 {:02}:{:02}:00 text\n", n / 60, n % 60);
        let text: String = (0..1440).map(|n| line(n) + &"x".repeat(3000) + "\n").collect();
        let (plain, compressed) = files(&text);
        let since = |time: i64| {
            let mut search = TimeSearch::new(&compressed, time, &Zone::utc()).expect("read");
            loop {
                let found = search.step(&compressed).expect("read");
                if found != FirstInRange::Later {
                    return found;
                }
            }
        };
        let start = 1_795_564_800_000;
        for minute in [0, 1, 700, 1439_u32] {
            let found = since(start + i64::from(minute) * 60_000);
            let expected = FirstInRange::At(u64::from(minute) * 3026);
            assert_eq!(found, expected, "minute {minute}");
        }
        assert_eq!(since(start + 1440 * 60_000), FirstInRange::Nowhere);
        assert_eq!(plain.len().expect("known"), 1440 * 3026);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(30))]
        #[test]
        fn compressed_lines_are_counted_as_plain_ones(
            lens in proptest::collection::vec(
                prop_oneof![0_usize..40, Just(200_000)], 0..60),
            is_unfinished: bool, wanted in 1_u64..70,
        ) {
            let mut text: String = lens.iter().map(|&len| "x".repeat(len) + "\n").collect();
            if is_unfinished {
                text.push_str("unfinished");
            }
            let (plain, compressed) = files(&text);
            let expected = last_lines(&plain, wanted).expect("read");
            prop_assert_eq!(counted(&compressed, wanted), expected);
        }
    }
}
