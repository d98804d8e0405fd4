//! The time of day behind a date, and its zone.

use super::civil::second_of_day;
use super::cursor::Cursor;

/// A time of day.
#[derive(Clone, Copy)]
pub(in crate::record) struct OfDay {
    /// Seconds since midnight; one more than a day has for a leap second.
    pub(in crate::record) second: u32,
    pub(in crate::record) millis: u32,
}

/// The zone that a time names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::record) enum StatedZone {
    /// Seconds east of UTC.
    Offset(i32),
    /// None, or a name that is not known everywhere, such as `CET`.
    Local,
}

/// Most digits of a fraction of a second.
const FRACTION: usize = 9;

impl OfDay {
    /// Parses `hh:mm:ss` with an optional fraction.
    pub(super) fn with_seconds(cursor: &mut Cursor) -> Option<Self> {
        let (hour, minute) = hour_and_minute(cursor)?;
        let second = cursor.eat(b':').then(|| cursor.number(2)).flatten()?;
        Some(OfDay { second: second_of_day(hour, minute, second)?, millis: fraction(cursor) })
    }

    /// Parses `hh:mm` or `hh:mm:ss` with an optional fraction.
    pub(in crate::record) fn with_minutes(cursor: &mut Cursor) -> Option<Self> {
        let start = *cursor;
        OfDay::with_seconds(cursor).or_else(|| {
            *cursor = start;
            let (hour, minute) = hour_and_minute(cursor)?;
            // A second that is not valid makes the time not valid.
            let is_minute = cursor.peek() != b':' || !cursor.ahead(1).is_ascii_digit();
            let second = is_minute.then(|| second_of_day(hour, minute, 0)).flatten()?;
            Some(OfDay { second, millis: 0 })
        })
    }

    /// Parses `h:mm:ss AM` and `h:mm:ss PM`, between whose parts Java puts U+202F since its version
    /// 20, in place of a space.
    pub(super) fn of_twelve_hours(cursor: &mut Cursor) -> Option<Self> {
        let hour = cursor.number(cursor.count_digits(2)).filter(|hour| (1..=12).contains(hour))?;
        let minute = cursor.eat(b':').then(|| cursor.number(2)).flatten()?;
        let second = cursor.eat(b':').then(|| cursor.number(2)).flatten()?;
        if !cursor.eat(b' ') && !cursor.eat_text("\u{202f}".as_bytes()) {
            return None;
        }
        let is_afternoon = cursor.eat_any(b"AP")? == b'P';
        let hour = hour % 12 + if is_afternoon { 12 } else { 0 };
        let second = second_of_day(hour, minute, second)?;
        cursor.eat(b'M').then_some(OfDay { second, millis: 0 })
    }

    /// Parses `hhmmss` with an optional fraction.
    pub(super) fn basic(cursor: &mut Cursor) -> Option<Self> {
        let (hour, minute) = (cursor.number(2)?, cursor.number(2)?);
        let second = second_of_day(hour, minute, cursor.number(2)?)?;
        Some(OfDay { second, millis: fraction(cursor) })
    }
}

fn hour_and_minute(cursor: &mut Cursor) -> Option<(u32, u32)> {
    let hour = cursor.number(2)?;
    cursor.eat(b':').then(|| cursor.number(2)).flatten().map(|minute| (hour, minute))
}

/// Steps over a fraction of one to nine digits; returns its milliseconds.
fn fraction(cursor: &mut Cursor) -> u32 {
    let mut digits = *cursor;
    if digits.eat_any(b".,").is_none() {
        return 0;
    }
    let len = digits.count_digits(FRACTION + 1);
    if len == 0 || len > FRACTION {
        return 0;
    }
    cursor.at = digits.at + len;
    let shown = len.min(3);
    let value = digits.number(shown).unwrap_or(0);
    value * [100, 10, 1][shown - 1]
}

impl StatedZone {
    /// Steps over the zone of a time, if there is one.
    ///
    /// A space may stand before `+hhmm`, `+hh:mm`, `UTC`, `GMT` and `Z`, but not before `+hh`.
    pub(in crate::record) fn parse(cursor: &mut Cursor) -> Self {
        let mut zone = *cursor;
        let has_space = zone.eat(b' ');
        let parsed = match zone.peek() {
            b'Z' | b'z' => {
                zone.at += 1;
                Some(0)
            }
            b'U' | b'G' => (zone.eat_text(b"UTC") || zone.eat_text(b"GMT")).then_some(0),
            b'+' | b'-' => offset(&mut zone, has_space),
            _ => None,
        };
        match parsed {
            Some(seconds) if zone.is_end() => {
                *cursor = zone;
                StatedZone::Offset(seconds)
            }
            _ => StatedZone::Local,
        }
    }
}

/// Parses `+hh:mm`, `+hhmm` or `+hh`; the last only if `needs_minutes` is false.
fn offset(cursor: &mut Cursor, needs_minutes: bool) -> Option<i32> {
    let sign = if cursor.eat_any(b"+-")? == b'-' { -1 } else { 1 };
    unsigned_offset(cursor, needs_minutes).map(|seconds| sign * seconds)
}

/// Parses `hh:mm`, `hhmm` or `hh`; returns seconds.
pub(in crate::record) fn unsigned_offset(cursor: &mut Cursor, needs_minutes: bool) -> Option<i32> {
    let hours = cursor.number(2)?;
    let mut rest = *cursor;
    rest.eat(b':');
    let minutes = match rest.number(2) {
        Some(minutes) => {
            *cursor = rest;
            minutes
        }
        None if needs_minutes => return None,
        None => 0,
    };
    (hours < 24 && minutes < 60).then_some((hours * 3600 + minutes * 60).cast_signed())
}
