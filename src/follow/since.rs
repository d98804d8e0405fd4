//! The first line at or after a time, of a file whose times grow.
//!
//! A text, a time and a function that returns the time of a line come in; an offset goes out.
//! The search halves the text down to a few lines, and then reads forward.
//! The time of a line may be up to [`JITTER`] before that of a line above it, as when several
//! threads write: above a line that is more than that before the wanted time, all lines are before
//! it too.

use std::io;
use std::time::UNIX_EPOCH;

use super::log_file::LogFile;
use super::log_lines::LogText;

/// Most milliseconds by which the time of a line may be before that of a line above it. With half
/// as many, lines of slow threads are skipped; with twice as many, twice as many lines are read.
const JITTER: i64 = 10_000;

/// Number of bytes down to which the text is halved. With half as many, the search takes another
/// step; with twice as many, twice as many bytes are read forward.
const NARROW: u64 = 32 * 1024;

/// Number of bytes at one place in which a line has to state its time. With half as many, a long
/// trace hides the times around it; with twice as many, files without times take twice as long.
const PROBE: u64 = 256 * 1024;

/// Returns the offset of the first line at or after `time`, in milliseconds since 1970; none if
/// there is no such line.
///
/// Lines without a time belong to the line above that has one. If no line states a time where it
/// is sought, all lines have the time of the last change of the file.
pub(super) fn first_line_since(
    text: LogText,
    time: i64,
    time_of: impl Fn(&[u8]) -> Option<i64>,
) -> io::Result<Option<u64>> {
    let search = Search { text, time_of };
    if let Some(start) = search.early_line(time.saturating_sub(JITTER))? {
        return search.first_line(start, time);
    }
    let is_newer = last_change(text.file).is_none_or(|change| change >= time);
    Ok(is_newer.then_some(0))
}

/// Returns the time of the last change of a file, in milliseconds since 1970.
pub(super) fn last_change(file: &LogFile) -> Option<i64> {
    let change = file.metadata().ok()?.modified().ok()?;
    change.duration_since(UNIX_EPOCH).ok()?.as_millis().try_into().ok()
}

/// A text that is searched.
struct Search<'a, T> {
    text: LogText<'a>,
    time_of: T,
}

impl<T: Fn(&[u8]) -> Option<i64>> Search<'_, T> {
    /// Returns the offset of a line before `time`, or of the first line; none if no line states a
    /// time where it was sought.
    ///
    /// If the times grow, few lines behind it are before `time`.
    fn early_line(&self, time: i64) -> io::Result<Option<u64>> {
        let mut first = None;
        let end = PROBE.min(self.text.len);
        self.text.visit_lines(0, end, |_, line| {
            first = self.time_of(line);
            first.is_some()
        })?;
        let mut has_times = first.is_some();
        let (mut early, mut late) = (0, self.text.len);
        while late - early > NARROW {
            let middle = early + (late - early) / 2;
            let probed = self.time_after(middle, late)?;
            has_times |= probed.is_some();
            match probed {
                Some((offset, stated)) if stated < time => early = offset,
                _ => late = middle,
            }
        }
        Ok(has_times.then_some(early))
    }

    /// Returns the first line that states a time, of those that begin from `middle` on and before
    /// `late`, and its time.
    fn time_after(&self, middle: u64, late: u64) -> io::Result<Option<(u64, i64)>> {
        let mut found = None;
        self.text.visit_lines_after(middle, late.min(middle + PROBE), |offset, line| {
            found = self.time_of(line).map(|stated| (offset, stated));
            found.is_some()
        })?;
        Ok(found)
    }

    /// Returns the first line from `start` on that states a time at or after `time`.
    fn first_line(&self, start: u64, time: i64) -> io::Result<Option<u64>> {
        let mut found = None;
        self.text.visit_lines(start, u64::MAX, |offset, line| {
            let is_in_range = self.time_of(line).is_some_and(|stated| stated >= time);
            found = is_in_range.then_some(offset);
            is_in_range
        })?;
        Ok(found)
    }

    fn time_of(&self, line: &[u8]) -> Option<i64> {
        (self.time_of)(&self.text.encoding.decode(line))
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::{Duration, SystemTime};

    use proptest::prelude::*;

    use super::super::descriptors::Descriptors;
    use super::super::mount::Mount;
    use super::super::start_at::StartAt;
    use super::*;
    use crate::record::Zone;

    /// 2026-11-25 00:00:00 UTC.
    const DAY: i64 = 1_795_564_800_000;

    fn written(bytes: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), bytes).expect("written");
        file
    }

    fn offset(path: &std::path::Path, time: i64) -> usize {
        let file = Descriptors::new().open(path, Mount::Local).expect("opened");
        let start_at = StartAt::Since { time, zone: Zone::utc() };
        start_at.place(&file).expect("read").0 as usize
    }

    /// Returns the lines of `text` that are read.
    fn since(text: &str, time: i64) -> &str {
        &text[offset(written(text.as_bytes()).path(), time)..]
    }

    fn time(hour: i64, minute: i64) -> i64 {
        DAY + (hour * 60 + minute) * 60_000
    }

    #[test]
    fn reading_begins_with_the_first_line_in_range() {
        let text = "banner\n2026-11-25 10:00:00 a\n at b\n2026-11-25 11:00:00 c\n at d\nunfinished";
        let from = |start: &str| &text[text.find(start).expect("a start")..];
        assert_eq!(since(text, time(9, 0)), from("2026-11-25 10"));
        assert_eq!(since(text, time(10, 0)), from("2026-11-25 10"));
        assert_eq!(since(text, time(10, 0) + 1), from("2026-11-25 11"));
        assert_eq!(since(text, time(11, 0)), from("2026-11-25 11"));
        assert_eq!(since(text, time(11, 0) + 1), "unfinished");
        assert_eq!(
            since("2026-11-25 10:00:00 a\r\n2026-11-25 11:00:00\r\n", time(10, 1)),
            "2026-11-25 11:00:00\r\n"
        );
        assert_eq!(since("", time(10, 0)), "");
        assert_eq!(
            since("2026-11-25 10:00:00 unfinished", time(11, 0)),
            "2026-11-25 10:00:00 unfinished"
        );
    }

    #[test]
    fn a_file_without_times_is_as_old_as_its_last_change() {
        let file = written(b"one\ntwo\nunfinished");
        let change = SystemTime::UNIX_EPOCH + Duration::from_millis(DAY.cast_unsigned());
        File::options()
            .write(true)
            .open(file.path())
            .expect("opened")
            .set_modified(change)
            .expect("set");
        assert_eq!(offset(file.path(), DAY), 0);
        assert_eq!(offset(file.path(), DAY + 1), 8);
    }

    #[test]
    fn a_time_without_a_year_is_near_the_last_change() {
        let text = b"Dec 30 10:00:00 a\nJan  2 10:00:00 b\n";
        let file = written(text);
        let change =
            SystemTime::UNIX_EPOCH + Duration::from_millis((DAY + 40 * 86_400_000).cast_unsigned());
        File::options()
            .write(true)
            .open(file.path())
            .expect("opened")
            .set_modified(change)
            .expect("set");
        assert_eq!(offset(file.path(), DAY), 0);
        assert_eq!(offset(file.path(), DAY + 37 * 86_400_000), 18);
    }

    #[test]
    fn long_lines_are_passed_over() {
        let long = "x".repeat(3 << 20);
        let text =
            format!("2026-11-25 10:00:00 {long}\n{long}\n2026-11-25 11:00:00 {long}\nlast\n");
        assert!(since(&text, time(9, 0)) == text);
        assert!(since(&text, time(10, 30)).starts_with("2026-11-25 11"));
        assert_eq!(since(&text, time(12, 0)), "");
    }

    #[cfg(not(feature = "portable"))]
    #[test]
    fn holes_and_nuls_are_passed_over() {
        use std::os::unix::fs::FileExt as _;
        let file = written(b"2026-11-25 10:00:00 a\n");
        let write = |text: &[u8], at| file.as_file().write_all_at(text, at).expect("written");
        write(b"2026-11-25 11:00:00 b\n2026-11-25 12:00:00 c\n", 1 << 40);
        file.as_file().set_len(2 << 40).expect("extended");
        assert_eq!(offset(file.path(), time(9, 0)), 0);
        // The hole is a part of the offset at which its text begins.
        assert!((22..=1 << 40).contains(&offset(file.path(), time(10, 30))));
        assert_eq!(offset(file.path(), time(11, 30)), (1 << 40) + 22);
        assert_eq!(offset(file.path(), time(12, 30)), (1 << 40) + 44);
    }

    /// An entry of a log: milliseconds since the one before, those by which it is late, the number
    /// of bytes of its text, and the number of lines without a time below it.
    type Entry = (i64, i64, usize, usize);

    fn entries() -> impl Strategy<Value = Vec<Entry>> {
        let step = prop_oneof![Just(0), 0..5000_i64, 0..600_000_i64];
        let late = prop_oneof![Just(0), 0..=JITTER];
        let len = prop_oneof![0..200_usize, 0..4000_usize, Just(70_000)];
        let below = prop_oneof![Just(0), 0..30_usize];
        proptest::collection::vec((step, late, len, below), 1..200)
    }

    /// Returns the lines of a log, and the time of each that states one.
    fn log(entries: &[Entry], format: usize) -> Vec<(String, Option<i64>)> {
        let formats = ["%Y-%m-%d %H:%M:%S", "[%d/%b/%Y:%H:%M:%S +0000]", "%b %e %H:%M:%S", "%s"];
        let mut now = DAY;
        let mut lines = Vec::new();
        for &(step, late, len, below) in entries {
            now += step;
            let second = (now - late).div_euclid(1000);
            let stamp = jiff::Timestamp::from_second(second).expect("a time");
            let stamp = jiff::tz::TimeZone::UTC.to_datetime(stamp);
            let stamp = match formats[format] {
                "%s" => second.to_string(),
                format => stamp.strftime(format).to_string(),
            };
            lines.push((format!("{stamp} {}\n", "x".repeat(len)), Some(second * 1000)));
            lines.extend((0..below).map(|n| (format!("  at {n}\n"), None)));
        }
        lines
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        #[test]
        fn the_offset_is_that_of_a_simple_search(
            entries in entries(), format in 0..4_usize, at in any::<proptest::sample::Index>(),
            around in -3000..3000_i64, is_utf16 in any::<bool>(),
        ) {
            let lines = log(&entries, format);
            let stated: Vec<i64> = lines.iter().filter_map(|(_, time)| *time).collect();
            let wanted = stated[at.index(stated.len())] + around;
            let first = lines.iter().position(|(_, time)| time.is_some_and(|time| time >= wanted));
            let first = first.unwrap_or(lines.len());
            let text: String = lines.iter().map(|(line, _)| line.as_str()).collect();
            let before: usize = lines[..first].iter().map(|(line, _)| line.len()).sum();
            let (bytes, before) = if is_utf16 {
                let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
                let before = if first == 0 { 0 } else { 2 + 2 * before };
                (units.flat_map(u16::to_le_bytes).collect(), before)
            } else {
                (text.into_bytes(), before)
            };
            let file = written(&bytes);
            let change = SystemTime::UNIX_EPOCH + Duration::from_millis(DAY.cast_unsigned());
            file.as_file().set_modified(change).expect("set");
            prop_assert_eq!(offset(file.path(), wanted), before);
        }
    }
}
