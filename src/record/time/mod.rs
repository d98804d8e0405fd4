//! The times that lines state.
//!
//! The bytes of a line and a [`Clock`] come in, and milliseconds since 1970 go out.
//! A time needs a date and a time of day, and must not be a part of a longer word, number or path.
//! Nothing here allocates.

mod civil;
mod cursor;
mod date;
mod epoch;
mod found_time;
mod of_day;
mod runs;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub(super) use self::civil::{DAY, days, year_of};
pub(super) use self::cursor::Cursor;
pub(super) use self::found_time::FoundTime;
pub(super) use self::of_day::{OfDay, StatedZone, unsigned_offset};
use self::runs::digit_runs;
use super::Clock;

/// Number of characters of a line in which its time begins. Half as many miss the times that stand
/// behind the names of hosts, threads and clients; twice as many take twice the time for a line
/// without one, and find times that are about something else.
const CHARACTERS: usize = 64;

/// Most bytes of a character.
const CHARACTER_LEN: usize = 4;

/// Finds the first time whose digits begin in the first 64 characters of a line that is neither
/// JSON nor logfmt.
pub(super) fn find(line: &[u8], clock: &Clock) -> Option<FoundTime> {
    if line.first().is_some_and(u8::is_ascii_digit)
        && let Some((time, end)) = epoch::leading(line)
    {
        return Some(FoundTime { time, start: 0, end });
    }
    digit_runs(line, limit(line)).find_map(|(start, len)| date::parse(line, start, len, clock))
}

/// Returns the time of a field that is a string: a number, or a time that may have other words
/// behind it.
pub(super) fn of_text(value: &[u8], clock: &Clock) -> Option<i64> {
    let value = value.trim_ascii();
    let is_apart = |end: usize| value.get(end).is_none_or(|byte| *byte == b' ');
    epoch::of_number(value).or_else(|| {
        let found = find(value, clock)?;
        (found.start == 0 && is_apart(found.end)).then_some(found.time)
    })
}

/// Returns the time of a field that is a number, written as `digits`: seconds, milliseconds,
/// microseconds or nanoseconds since 1970.
pub(super) fn of_number(digits: &[u8]) -> Option<i64> {
    epoch::of_number(digits)
}

/// Returns the index after the first [`CHARACTERS`] of a line.
fn limit(line: &[u8]) -> usize {
    let ascii = &line[..line.len().min(CHARACTERS)];
    if ascii.is_ascii() {
        return ascii.len();
    }
    let bytes = &line[..line.len().min(CHARACTERS * CHARACTER_LEN)];
    let is_first = |byte: u8| byte & 0xC0 != 0x80;
    let starts = bytes.iter().enumerate().filter(|(_, byte)| is_first(**byte));
    starts.map(|(at, _)| at).nth(CHARACTERS).unwrap_or(bytes.len())
}
