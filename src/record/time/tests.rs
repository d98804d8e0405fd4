//! Tests of the times that lines state.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::samples::LINES;
use super::*;
use crate::record::Zone;

/// Two hours ahead in summer, one in winter.
fn zone() -> TimeZone {
    TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a zone")
}

fn millis(time: &str) -> i64 {
    time.parse::<Timestamp>().expect("a time").as_millisecond()
}

/// A clock near 2026-11-25, one hour ahead of UTC then.
fn clock() -> Clock {
    Clock::new(&Zone::from(zone()), millis("2026-11-25T20:00:00Z"))
}

#[test]
fn times_of_real_lines_are_found() {
    for (time, text, line) in LINES {
        let found = find(line.as_bytes(), &clock()).map(|found| {
            let time = Timestamp::from_millisecond(found.time).expect("a time").to_string();
            (time, &line[found.start..found.end])
        });
        assert_eq!(found, Some((time.to_owned(), text)), "{line}");
    }
}

#[test]
fn other_numbers_are_no_times() {
    for line in [
        "",
        "no digit at all",
        "19:00:01.123 without a date",
        "[   12.345678] usb 1-1: new device",
        "2026-11-25 without a time of day",
        "version 1.2.3, build 20261125",
        "10.20.30.40 and 2001:db8::1",
        "GET /2026/11/25/ HTTP/1.1",
        "/var/log/2026-11-25 19:00:01/x",
        "backup-2026-11-25T19:00:01Z.tar.gz",
        "2026-11-25T19:00:01Z.tar.gz",
        "2026-11-25T19:00:01.tar.gz",
        "x2026-11-25 19:00:01",
        "2026-11-25 19:00:01x",
        "2026-11-25 19:00:0",
        "2026-11-25 19:00:61",
        "2026-11-25 19:00:01:5",
        "2026-11-25 19:60:01",
        "2026-11-25 25:00:01",
        "2026-11-25 24:00:00",
        "2026-13-25 19:00:01",
        "2026-02-29 19:00:01",
        "2026-11-31 19:00:01",
        "2026-11/25 19:00:01",
        "0026-11-25 19:00:01",
        "2026/11/25 19:00",
        "12026-11-25 19:00:01",
        "Nov 31 19:00:01 host",
        "Nov 25 19:00 host",
        "Xov 25 19:00:01 host",
        "DNov 25 19:00:01 host",
        "Nov 25, nothing",
        "Feb 29 19:00:01 in no year nearby",
        "35/Nov/2026:19:00:01 +0100",
        "25/Nov-2026:19:00:01 +0100",
        "X1125 19:00:01.123456 1 x.go:1] ok",
        "AE1125 19:00:01.123456 1 x.go:1] ok",
        "E1125 19:00:01 without a fraction",
        "E1325 19:00:01.123456 no such month",
        "20261125190001 x",
        "20261325T190001 x",
        "550e8400-e29b-41d4-a716-446655440000",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "1764097201a",
        "x 1764097201 y",
        "12345678901 x",
        "4102444801 x",
        "2026-11-25T19:00:01.1234567890Z",
    ] {
        assert_eq!(find(line.as_bytes(), &clock()), None, "{line}");
    }
}

#[test]
fn the_first_time_in_64_characters_counts() {
    let time = "2026-11-25T19:00:01Z";
    for (before, is_found) in [
        ("a ".repeat(31) + " ", true),
        ("a ".repeat(31) + "  ", false),
        ("é ".repeat(31) + " ", true),
        ("é ".repeat(31) + "  ", false),
        ("\u{1F980} ".repeat(31) + " ", true),
        ("2025-01-01 1.2.3 ".to_owned(), true),
    ] {
        let found = find((before.clone() + time).as_bytes(), &clock());
        assert_eq!(
            found.map(|found| (found.time, found.start)),
            is_found.then_some((millis(time), before.len())),
            "{before}"
        );
    }
    let two = "2026-11-25T19:00:01Z 2027-01-01T00:00:00Z";
    assert_eq!(find(two.as_bytes(), &clock()).map(|found| found.time), Some(millis(time)));
}

#[test]
fn a_leap_day_is_in_the_nearest_leap_year() {
    let near = |time: &str| Clock::new(&Zone::utc(), millis(time));
    let found = |time: &str| find(b"Feb 29 12:00:00 x", &near(time)).map(|found| found.time);
    assert_eq!(found("2024-01-01T00:00:00Z"), Some(millis("2024-02-29T12:00:00Z")));
    assert_eq!(found("2025-01-01T00:00:00Z"), Some(millis("2024-02-29T12:00:00Z")));
    assert_eq!(found("2023-12-01T00:00:00Z"), Some(millis("2024-02-29T12:00:00Z")));
    assert_eq!(found("2026-01-01T00:00:00Z"), None);
}

#[test]
fn fields_are_texts_or_numbers() {
    let text = |value: &str| of_text(value.as_bytes(), &clock());
    assert_eq!(text("2026-11-25T19:00:01Z"), Some(millis("2026-11-25T19:00:01Z")));
    assert_eq!(text(" 2026-11-25 19:00:01 "), Some(millis("2026-11-25T18:00:01Z")));
    assert_eq!(text("Wed, 25 Nov 2026 19:00:01 GMT"), Some(millis("2026-11-25T19:00:01Z")));
    assert_eq!(text("1764097201.5"), Some(millis("2025-11-25T19:00:01.5Z")));
    assert_eq!(text("at 2026-11-25T19:00:01Z"), None);
    assert_eq!(text("2026-11-25T19:00:01Z,1"), None);
    assert_eq!(text("2026-11-25T19:00:01Z m=+0.1"), Some(millis("2026-11-25T19:00:01Z")));
    assert_eq!(text("12"), None);
    assert_eq!(text(""), None);
    assert_eq!(of_number(b"1764097201123"), Some(millis("2025-11-25T19:00:01.123Z")));
}

/// Formats of strftime(3), the number of digits of their fractions, and whether they have a zone.
const FORMATS: [(&str, u32, bool); 20] = [
    ("%Y-%m-%dT%H:%M:%SZ", 0, true),
    ("%Y-%m-%dT%H:%M:%S.%3fZ", 3, true),
    ("%Y-%m-%d %H:%M:%S,%6f UTC x", 6, true),
    ("[%Y-%m-%d %H:%M:%S.%9f +0000] x", 9, true),
    ("%Y-%m-%d %H:%M:%S", 0, false),
    ("x: %Y-%m-%d %H:%M:%S.%3f", 3, false),
    ("%Y/%m/%d %H:%M:%S x", 0, false),
    ("%Y/%m/%d %H:%M:%S.%6f", 6, false),
    ("%Y%m%dT%H%M%SZ", 0, true),
    ("%Y%m%d %H:%M:%S x", 0, false),
    ("%b %e %H:%M:%S host", 0, false),
    ("%b %d %H:%M:%S.%6f host", 6, false),
    ("%a %b %e %H:%M:%S %Y", 0, false),
    ("[%a %b %d %H:%M:%S.%6f %Y] x", 6, false),
    ("%a %b %e %H:%M:%S UTC %Y", 0, true),
    ("%a, %d %b %Y %H:%M:%S GMT", 0, true),
    ("- [%d/%b/%Y:%H:%M:%S +0000] x", 0, true),
    ("%d-%b-%Y %H:%M:%S.%3f x", 3, false),
    ("E%m%d %H:%M:%S.%6f 1 x.go:1] y", 6, false),
    ("1:M %d %b %Y %H:%M:%S.%3f * x", 3, false),
];

proptest! {
    #[test]
    fn a_time_is_found_in_every_format(
        millis in 1_000_000_000_000..4_000_000_000_000_i64, near in -180..180_i64,
    ) {
        let near = millis + near * 86_400_000;
        let clock = Clock::new(&Zone::from(zone()), near);
        let time = Timestamp::from_millisecond(millis).expect("a time");
        for (format, digits, has_zone) in FORMATS {
            let zone = if has_zone { TimeZone::UTC } else { zone() };
            let civil = zone.to_datetime(time);
            let line = civil.strftime(format).to_string();
            // The hour that comes twice is read as the first one.
            let first = zone.to_ambiguous_timestamp(civil).compatible().expect("a time");
            let expected = if digits == 0 { first.as_second() * 1000 } else { first.as_millisecond() };
            let found = find(line.as_bytes(), &clock).map(|found| found.time);
            prop_assert_eq!(found, Some(expected), "{}", line);
        }
    }

    #[test]
    fn no_bytes_are_a_failure(line in proptest::collection::vec(any::<u8>(), 0..200)) {
        find(&line, &clock());
        of_text(&line, &clock());
        of_number(&line);
    }

    #[test]
    fn a_found_time_depends_on_the_first_bytes_only(
        before in "[-0-9TZ:/., A-Za-z\\[é]{0,70}",
        at in 0..LINES.len(),
        cut in 0..40_usize,
        behind in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        let line = format!("{before}{}", LINES[at].2);
        let line = &line.as_bytes()[..line.len() - cut.min(line.len())];
        let found = find(line, &clock());
        if let Some(found) = found {
            prop_assert!(found.start < found.end && found.end <= line.len());
        }
        let bounded: Vec<u8> = line.iter().copied().chain([b' '; 400]).take(400).collect();
        let longer = [bounded.as_slice(), &behind].concat();
        prop_assert_eq!(find(&bounded, &clock()), find(&longer, &clock()));
    }
}
