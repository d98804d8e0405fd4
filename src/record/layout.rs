//! The layout of the usual lines of a logger: a time at the start, and a level in upper case behind
//! it, as `2026-11-25 19:00:01,123 INFO …`.
//!
//! Most lines of a log have the layout and the minute of the line before. The level of such a line
//! is found by one comparison of bytes, without reading its time.

use super::text_level::behind_time;
use super::{Clock, Level, time};

/// Number of bytes that are compared: the longest usual time, and the byte behind it.
///
/// With half the value, times with fractions and zones do not fit; twice the value takes longer, and
/// shorter lines would not have so many bytes.
const COMPARED: usize = 32;

/// The layout of the line that was read last.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    /// Index after the last byte of the time; 0 if there is no layout.
    end: usize,
    /// The bytes of that line.
    bytes: [u8; COMPARED],
    /// 255 for the bytes that are the same in all lines of the layout; 0 for others.
    fixed: [u8; COMPARED],
    /// 255 for the bytes that may be any digit; 0 for others.
    digits: [u8; COMPARED],
}

impl Layout {
    /// Returns the level of a line of the usual layout; `None` also for lines whose level is
    /// stated in another way.
    ///
    /// Neither the record of such a line, nor the state after it, depends on the lines before it.
    pub(super) fn level(&mut self, line: &[u8], clock: &Clock) -> Option<Level> {
        let start = line.first_chunk::<COMPARED>()?;
        if !self.is_of(start) {
            self.learn(line, start, clock);
        }
        behind_time(line, self.end)
    }

    /// Returns whether a line that starts with `start` has its time where the layout has it.
    fn is_of(&self, start: &[u8; COMPARED]) -> bool {
        let parts = start.iter().zip(&self.bytes).zip(self.fixed.iter().zip(&self.digits));
        let difference = parts.fold(0, |difference, ((byte, known), (fixed, digit))| {
            let is_no_digit = if byte.wrapping_sub(b'0') > 9 { 255 } else { 0 };
            difference | (byte ^ known) & fixed | is_no_digit & digit
        });
        self.end > 0 && difference == 0
    }

    /// Takes the layout of `line`, if it has one.
    fn learn(&mut self, line: &[u8], start: &[u8; COMPARED], clock: &Clock) {
        self.end = 0;
        if !start[0].is_ascii_digit() {
            return;
        }
        let found = time::find(line, clock).filter(|found| found.start == 0);
        let Some(end) = found.map(|found| found.end).filter(|end| *end < COMPARED) else { return };
        if behind_time(line, end).is_none() {
            return;
        }
        let mut layout = Layout { end, bytes: *start, ..Layout::default() };
        layout.fixed[..=end].fill(255);
        for index in varying_digits(&start[..end]) {
            (layout.fixed[index], layout.digits[index]) = (0, 255);
        }
        *self = layout;
    }
}

/// Returns the indices of the digits that may differ between times of the same ten seconds: the last
/// digit of the seconds, and those of the fraction. There are none if the time has no seconds.
fn varying_digits(time: &[u8]) -> impl Iterator<Item = usize> {
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let is_time_of_day = |window: &[u8]| {
        window.iter().enumerate().all(|(at, byte)| match at {
            2 | 5 => *byte == b':',
            6 => matches!(byte, b'0'..=b'5'),
            _ => is_digit(byte),
        })
    };
    let seconds = time.windows(8).position(is_time_of_day).map(|start| start + 7);
    let fraction = seconds.map_or(0..0, |last| {
        let start = last + 2;
        match time.get(last + 1) {
            Some(b'.' | b',') => {
                start..start + time[start..].iter().take_while(|byte| is_digit(byte)).count()
            }
            _ => start..start,
        }
    });
    seconds.into_iter().chain(fraction)
}

#[cfg(test)]
mod tests {
    use super::super::clock_near;
    use super::*;

    #[test]
    fn lines_of_the_same_ten_seconds_need_no_reading_of_times() {
        let clock = clock_near(0);
        let mut layout = Layout::default();
        let first = "2026-11-25T19:00:01.123Z INFO  started after a while";
        assert_eq!(layout.level(first.as_bytes(), &clock), Some(Level::Info));
        for (line, is_same) in [
            ("2026-11-25T19:00:09.999Z ERROR refused by the other side", true),
            ("2026-11-25T19:00:01.123Z no level is stated behind the time", true),
            ("2026-11-25T19:00:11.123Z INFO  another ten seconds", false),
            ("2026-11-25T19:00:01.12xZ INFO  a letter in the fraction", false),
            ("2026-11-25T19:00:01.123456Z INFO  a longer fraction", false),
            ("2026-11-25 19:00:01.123Z INFO  another separator", false),
        ] {
            let start = line.as_bytes().first_chunk().expect("a long line");
            assert_eq!(layout.is_of(start), is_same, "{line}");
        }
    }
}
