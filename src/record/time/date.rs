//! The forms of dates, each with the time of day and the zone behind it.
//!
//! A form is tried where its first digits stand.

use super::civil::{DAY, days};
use super::cursor::Cursor;
use super::found_time::FoundTime;
use super::of_day::{OfDay, StatedZone};
use crate::record::Clock;

/// Letters before the date of klog and glog: the level.
const KLOG_LEVELS: &[u8] = b"IWEFD";

/// Parses the time whose date begins with `len` digits at `start`.
pub(super) fn parse(line: &[u8], start: usize, len: usize, clock: &Clock) -> Option<FoundTime> {
    let cursor = Cursor::new(line, start);
    match len {
        4 if cursor.is_start() => year_first(cursor, clock),
        4 => klog(line, cursor, clock),
        1 | 2 => month_first(line, cursor, len, clock).or_else(|| day_first(cursor, len, clock)),
        8 => without_separators(line, cursor, clock),
        _ => None,
    }
}

/// A date, in which the year may be missing.
#[derive(Clone, Copy)]
struct Date {
    year: Option<u32>,
    month: u32,
    day: u32,
}

/// Parses `2026-11-25T19:00:01`, `2026/11/25 19:00:01`, and `2026-11-25  19:00:01` of apt.
fn year_first(mut cursor: Cursor, clock: &Clock) -> Option<FoundTime> {
    let start = cursor.at;
    let year = cursor.number(4)?;
    let separator = cursor.eat_any(b"-/")?;
    let month = cursor.number(2)?;
    let day = cursor.eat(separator).then(|| cursor.number(2)).flatten()?;
    if cursor.eat_any(b"Tt _")? == b' ' {
        cursor.eat(b' ');
    }
    let of_day = match separator {
        b'-' => OfDay::with_minutes(&mut cursor)?,
        _ => OfDay::with_seconds(&mut cursor)?,
    };
    let zone = StatedZone::parse(&mut cursor);
    found(start, cursor, Date { year: Some(year), month, day }, of_day, zone, clock)
}

/// Parses `E1125 19:00:01.123456`.
fn klog(line: &[u8], mut cursor: Cursor, clock: &Clock) -> Option<FoundTime> {
    let start = cursor.at;
    if !is_behind_level(line, start) {
        return None;
    }
    let date = Date { year: None, month: cursor.number(2)?, day: cursor.number(2)? };
    let of_day = klog_time(&mut cursor)?;
    found(start, cursor, date, of_day, StatedZone::Local, clock)
}

/// Parses the time of day of klog, which always has a fraction.
fn klog_time(cursor: &mut Cursor) -> Option<OfDay> {
    let has_fraction = cursor.ahead(1 + "hh:mm:ss".len()) == b'.';
    (has_fraction && cursor.eat(b' ')).then(|| OfDay::with_seconds(cursor)).flatten()
}

fn is_behind_level(line: &[u8], start: usize) -> bool {
    start > 0 && KLOG_LEVELS.contains(&line[start - 1]) && Cursor::new(line, start - 1).is_start()
}

/// Parses `20261125T190001`, `20261125 19:00:01`, and `E20261125 19:00:01.123456` of glog.
fn without_separators(line: &[u8], mut cursor: Cursor, clock: &Clock) -> Option<FoundTime> {
    let start = cursor.at;
    if !cursor.is_start() && !is_behind_level(line, start) {
        return None;
    }
    let (year, month, day) = (cursor.number(4)?, cursor.number(2)?, cursor.number(2)?);
    let separator = cursor.eat_any(b"Tt -")?;
    let is_basic = b"Tt".contains(&separator) && cursor.ahead(2) != b':';
    let of_day =
        if is_basic { OfDay::basic(&mut cursor)? } else { OfDay::with_seconds(&mut cursor)? };
    let zone = StatedZone::parse(&mut cursor);
    found(start, cursor, Date { year: Some(year), month, day }, of_day, zone, clock)
}

/// Parses `Nov 25 19:00:01` of syslog, which may have a year behind the day,
/// `Wed Nov 25 19:00:01 UTC 2026` of ctime(3) and date(1), and `Nov 25, 2026 7:00:01 PM` of Java.
fn month_first(line: &[u8], mut cursor: Cursor, len: usize, clock: &Clock) -> Option<FoundTime> {
    let before = &line[..cursor.at];
    let spaces = if before.ends_with(b"  ") { 2 } else { 1 };
    let mut name = Cursor::new(line, cursor.at.checked_sub(3 + spaces)?);
    let start = name.before_day();
    let (is_start, month) = (name.is_start(), name.month()?);
    if !is_start || name.peek() != b' ' {
        return None;
    }
    let day = cursor.number(len)?;
    if cursor.eat_text(b", ") {
        let year = Some(cursor.number(4)?);
        let of_day = cursor.eat(b' ').then(|| OfDay::of_twelve_hours(&mut cursor)).flatten()?;
        return found(start, cursor, Date { year, month, day }, of_day, StatedZone::Local, clock);
    }
    if !cursor.eat(b' ') {
        return None;
    }
    let mut year = (cursor.ahead(4) == b' ').then(|| cursor.number(4)).flatten();
    cursor.at += usize::from(year.is_some());
    let of_day = OfDay::with_seconds(&mut cursor)?;
    let mut zone = StatedZone::parse(&mut cursor);
    if year.is_none() {
        year = year_behind(&mut cursor);
    }
    if zone == StatedZone::Local {
        zone = StatedZone::parse(&mut cursor);
    }
    found(start, cursor, Date { year, month, day }, of_day, zone, clock)
}

/// Steps over ` 2026` or ` CET 2026`.
fn year_behind(cursor: &mut Cursor) -> Option<u32> {
    let mut rest = *cursor;
    if !rest.eat(b' ') {
        return None;
    }
    let letters = (0..6).take_while(|&at| rest.ahead(at).is_ascii_uppercase()).count();
    if letters > 0 {
        rest.at += letters;
        rest.eat(b' ').then_some(())?;
    }
    let year = rest.number(4).filter(|&year| rest.is_end() && days(year, 1, 1).is_some())?;
    *cursor = rest;
    Some(year)
}

/// Parses `25 Nov 2026 19:00:01`, `25-Nov-2026 19:00:01` and `25/Nov/2026:19:00:01`.
fn day_first(mut cursor: Cursor, len: usize, clock: &Clock) -> Option<FoundTime> {
    if !cursor.is_start() {
        return None;
    }
    let start = cursor.before_day();
    let day = cursor.number(len)?;
    let separator = cursor.eat_any(b" -/")?;
    let month = cursor.month()?;
    let year = cursor.eat(separator).then(|| cursor.number(4)).flatten()?;
    cursor.eat_any(b" :T")?;
    let of_day = OfDay::with_seconds(&mut cursor)?;
    let zone = StatedZone::parse(&mut cursor);
    found(start, cursor, Date { year: Some(year), month, day }, of_day, zone, clock)
}

/// Returns the time, if the date exists and nothing belongs to it that was not understood.
fn found(
    start: usize,
    cursor: Cursor,
    date: Date,
    of_day: OfDay,
    zone: StatedZone,
    clock: &Clock,
) -> Option<FoundTime> {
    if !cursor.is_end() {
        return None;
    }
    let second = i64::from(of_day.second);
    let civil = match date.year {
        Some(year) => days(year, date.month, date.day)? * DAY + second,
        None => clock.nearest_year(date.month, date.day, second)?,
    };
    let seconds = match zone {
        StatedZone::Offset(offset) => civil - i64::from(offset),
        StatedZone::Local => clock.utc(civil),
    };
    Some(FoundTime { time: seconds * 1000 + i64::from(of_day.millis), start, end: cursor.at })
}
