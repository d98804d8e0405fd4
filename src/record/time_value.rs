//! Times that a person writes: the values of `--since`, `since` and `until`.

use std::fmt;
use std::time::Duration;

use super::Zone;
use super::time::{Cursor, DAY, OfDay, StatedZone, days, unsigned_offset};

/// Smallest integer that is read as milliseconds since 1970, which is in 1973. Smaller ones are
/// refused, because they are more likely seconds or a duration without a unit.
const SMALLEST_MILLIS: i64 = 100_000_000_000;

/// The text is not a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadTime;

impl fmt::Display for BadTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "expected a time, e.g. 10m (ago), 14:00, 2026-11-25, 2026-11-25 14:00, \
             2026-11-25T14:00:00Z, or milliseconds since 1970",
        )
    }
}

impl std::error::Error for BadTime {}

/// Parses a time; returns it in milliseconds since 1970.
///
/// `now` is the current time in milliseconds since 1970; times without a zone are in `zone`.
///
/// | text | time |
/// |---|---|
/// | `2026-11-25T14:00:00Z` | RFC 3339, also with a space, without seconds, or without a zone |
/// | `2026-11-25` | the start of that day |
/// | `14:00`, `14:00:05` | today, also if it is still to come |
/// | `10m`, `2h30m` | so long before `now` |
/// | `now`, `today`, `yesterday` | `now`, or the start of that day |
/// | `1764097201123` | milliseconds since 1970, of at least 12 digits |
///
/// The `+` of a zone may have become a space, as in the query of a URL.
pub fn parse_time(text: &str, now: i64, zone: &Zone) -> Result<i64, BadTime> {
    let text = text.trim();
    let today = Today { now, zone };
    let word = match text {
        "now" => Some(now),
        "today" => Some(today.midnight(0)),
        "yesterday" => Some(today.midnight(-1)),
        _ => None,
    };
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().filter(|&time| time >= SMALLEST_MILLIS).ok_or(BadTime);
    }
    word.or_else(|| date_and_time(text, zone))
        .or_else(|| today.time_of_day(text))
        .or_else(|| ago(text, now))
        .ok_or(BadTime)
}

/// The day of the current time.
struct Today<'a> {
    now: i64,
    zone: &'a Zone,
}

impl Today<'_> {
    /// Returns the first civil second of the day, `days` after today.
    fn civil(&self, days: i64) -> i64 {
        let seconds = self.now.div_euclid(1000);
        (seconds.saturating_add(self.zone.offset_at(seconds)).div_euclid(DAY) + days) * DAY
    }

    /// Returns the time at which the day begins that is `days` after today.
    fn midnight(&self, days: i64) -> i64 {
        self.zone.utc_of(self.civil(days)).saturating_mul(1000)
    }

    /// Parses `14:00` or `14:00:05`.
    fn time_of_day(&self, text: &str) -> Option<i64> {
        let mut cursor = Cursor::new(text.as_bytes(), 0);
        let of_day = OfDay::with_minutes(&mut cursor)?;
        let seconds = self.zone.utc_of(self.civil(0) + i64::from(of_day.second));
        (cursor.at == text.len()).then(|| millis(seconds, of_day))
    }
}

/// Parses a date with an optional time of day and an optional zone.
fn date_and_time(text: &str, zone: &Zone) -> Option<i64> {
    let mut cursor = Cursor::new(text.as_bytes(), 0);
    let year = cursor.number(4)?;
    let month = cursor.eat(b'-').then(|| cursor.number(2)).flatten()?;
    let day = cursor.eat(b'-').then(|| cursor.number(2)).flatten()?;
    let civil = days(year, month, day)? * DAY;
    if cursor.at == text.len() {
        return Some(zone.utc_of(civil) * 1000);
    }
    cursor.eat_any(b"Tt ")?;
    let of_day = OfDay::with_minutes(&mut cursor)?;
    let civil = civil + i64::from(of_day.second);
    let stated = match StatedZone::parse(&mut cursor) {
        StatedZone::Local if cursor.eat(b' ') => {
            StatedZone::Offset(unsigned_offset(&mut cursor, false)?)
        }
        stated => stated,
    };
    let seconds = match stated {
        StatedZone::Offset(offset) => civil - i64::from(offset),
        StatedZone::Local => zone.utc_of(civil),
    };
    (cursor.at == text.len()).then(|| millis(seconds, of_day))
}

fn millis(seconds: i64, of_day: OfDay) -> i64 {
    seconds * 1000 + i64::from(of_day.millis)
}

/// Parses a duration; returns the time so long ago.
fn ago(text: &str, now: i64) -> Option<i64> {
    let duration: Duration = humantime::parse_duration(text).ok()?;
    now.checked_sub(i64::try_from(duration.as_millis()).ok()?)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;

    fn zone() -> Zone {
        TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a zone").into()
    }

    fn time(text: &str) -> i64 {
        text.parse::<Timestamp>().expect("a time").as_millisecond()
    }

    #[track_caller]
    fn is_parsed(now: &str, cases: &[(&str, &str)]) {
        for (text, expected) in cases {
            let parsed = parse_time(text, time(now), &zone())
                .map(|parsed| Timestamp::from_millisecond(parsed).expect("a time").to_string());
            let expected = expected.parse::<Timestamp>().expect("a time").to_string();
            assert_eq!(parsed, Ok(expected), "{text}");
        }
    }

    #[test]
    fn every_form_is_a_time() {
        is_parsed(
            "2026-11-25T18:00:00.500Z",
            &[
                ("2026-11-25T14:00:00Z", "2026-11-25T14:00:00Z"),
                ("2026-11-25t14:00:00.25z", "2026-11-25T14:00:00.25Z"),
                ("2026-11-25T14:00:00+01:00", "2026-11-25T13:00:00Z"),
                ("2026-11-25T14:00:00 01:00", "2026-11-25T13:00:00Z"),
                ("2026-11-25 14:00:00 0100", "2026-11-25T13:00:00Z"),
                ("2026-11-25T14:00:00-0530", "2026-11-25T19:30:00Z"),
                ("2026-11-25 14:00+02", "2026-11-25T12:00:00Z"),
                ("2026-11-25 14:00 UTC", "2026-11-25T14:00:00Z"),
                ("2026-11-25", "2026-11-24T23:00:00Z"),
                ("2026-11-25 14:00", "2026-11-25T13:00:00Z"),
                ("2026-11-25T14:00", "2026-11-25T13:00:00Z"),
                (" 2026-11-25 14:00:05,5 ", "2026-11-25T13:00:05.5Z"),
                ("14:00", "2026-11-25T13:00:00Z"),
                ("14:00:05", "2026-11-25T13:00:05Z"),
                ("23:00", "2026-11-25T22:00:00Z"),
                ("10m", "2026-11-25T17:50:00.5Z"),
                ("2h30m", "2026-11-25T15:30:00.5Z"),
                ("2h 30m", "2026-11-25T15:30:00.5Z"),
                ("1d", "2026-11-24T18:00:00.5Z"),
                ("500ms", "2026-11-25T18:00:00Z"),
                ("now", "2026-11-25T18:00:00.5Z"),
                ("today", "2026-11-24T23:00:00Z"),
                ("yesterday", "2026-11-23T23:00:00Z"),
                ("1764097201123", "2025-11-25T19:00:01.123Z"),
                ("100000000000", "1973-03-03T09:46:40Z"),
            ],
        );
    }

    #[test]
    fn a_day_has_23_or_25_hours_when_the_offset_changes() {
        is_parsed(
            "2026-03-29T20:00:00Z",
            &[
                ("today", "2026-03-28T23:00:00Z"),
                ("2026-03-30", "2026-03-29T22:00:00Z"),
                ("02:30", "2026-03-29T01:30:00Z"),
                ("14:00", "2026-03-29T12:00:00Z"),
            ],
        );
        is_parsed(
            "2026-10-25T20:00:00Z",
            &[
                ("today", "2026-10-24T22:00:00Z"),
                ("02:30", "2026-10-25T00:30:00Z"),
                ("2026-10-25 02:30", "2026-10-25T00:30:00Z"),
                ("14:00", "2026-10-25T13:00:00Z"),
            ],
        );
    }

    #[test]
    fn other_texts_are_refused_with_examples() {
        for text in [
            "",
            " ",
            "soon",
            "10",
            "1764097201",
            "99999999999",
            "2026-13-01",
            "2026-02-29",
            "2026-11",
            "2026-11-25T",
            "2026-11-25T25:00",
            "2026-11-25 14:00:61",
            "2026-11-25 14:00 CET",
            "14:60",
            "14",
            "24:00",
            "14:00Z",
            "-10m",
            "10x",
            "2026-11-25 14:00 1",
            "99999999999999999999",
            "9999999999y",
            "2026-11-25x",
            "14:00:0",
        ] {
            assert_eq!(parse_time(text, 0, &zone()), Err(BadTime), "{text}");
        }
        assert!(BadTime.to_string().starts_with("expected a time, e.g. 10m (ago), 14:00"));
    }

    proptest! {
        #[test]
        fn no_text_is_a_failure(text in "[-0-9TZ:+. adhmnosty]{0,30}", now in any::<i64>()) {
            let _ = parse_time(&text, now, &zone());
        }

        #[test]
        fn rfc_3339_is_parsed(millis in 0..4_000_000_000_000_i64) {
            let text = Timestamp::from_millisecond(millis).expect("a time").to_string();
            prop_assert_eq!(parse_time(&text, 0, &zone()), Ok(millis));
        }
    }
}
