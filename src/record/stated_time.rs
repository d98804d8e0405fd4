//! The time that a line states, by itself.

use std::io::Write as _;

use super::fields::{Field, field};
use super::{Clock, time};

/// Fields of JSON and logfmt that hold the time of a line, the most usual first.
const FIELDS: [&str; 6] = ["time", "ts", "timestamp", "@timestamp", "t", "@t"];

/// Most bytes of the first key of logfmt. Half as many could be a real key; with twice as many, a
/// line of one long word takes longer.
const LONGEST_KEY: usize = 32;

/// Mark at the start of a text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Returns the time that `line` states, in milliseconds since 1970: that of a field if it is a JSON
/// object or begins as logfmt, else the first one near its start.
///
/// `line` has no terminator; a byte order mark and NULs before it say nothing.
#[must_use]
pub fn stated_time(line: &[u8], clock: &Clock) -> Option<i64> {
    let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
    let text = line.iter().position(|&byte| byte != 0)?;
    let line = &line[text..];
    if line.trim_ascii_start().starts_with(b"{") {
        return of_fields(line, clock);
    }
    let of_logfmt = begins_with_pair(line).then(|| of_fields(line, clock)).flatten();
    of_logfmt.or_else(|| time::find(line, clock).map(|found| found.time))
}

/// Returns true if the first word is `KEY=VALUE`.
fn begins_with_pair(line: &[u8]) -> bool {
    let is_key = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.@".contains(byte);
    let key = line.iter().take(LONGEST_KEY).take_while(|byte| is_key(byte)).count();
    key > 0 && line.get(key) == Some(&b'=')
}

fn of_fields(line: &[u8], clock: &Clock) -> Option<i64> {
    FIELDS.iter().find_map(|key| match field(line, key)? {
        Field::Text(text) => time::of_text(text.as_bytes(), clock),
        Field::Number(number) => of_float(number),
        Field::Bool(_) | Field::Null => None,
    })
}

fn of_float(number: f64) -> Option<i64> {
    // The shortest digits that give the number, so that those of the line come back. Times have at
    // most 20 bytes, and the numbers that do not fit are none.
    let mut digits = [0; 32];
    let mut rest = digits.as_mut_slice();
    write!(rest, "{number}").ok()?;
    let len = 32 - rest.len();
    time::of_number(&digits[..len])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Zone;

    #[test]
    fn a_float_has_the_time_of_its_digits() {
        assert_eq!(of_float(1_764_097_201.123), Some(1_764_097_201_123));
        assert_eq!(of_float(1_764_097_201_123.0), Some(1_764_097_201_123));
        assert_eq!(of_float(1.764_097_201_123_456_8e18), Some(1_764_097_201_123));
        for number in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e300, f64::MIN_POSITIVE] {
            assert_eq!(of_float(number), None, "{number}");
        }
    }

    #[test]
    fn a_mark_and_nuls_before_a_line_say_nothing() {
        let clock = Clock::new(&Zone::utc(), 0);
        let time = Some(1_764_097_201_000);
        for line in [
            "2025-11-25T19:00:01Z a",
            "\u{FEFF}2025-11-25T19:00:01Z a",
            "\0\0\x002025-11-25T19:00:01Z a",
            "\u{FEFF}1764097201 a",
            "level=info time=2025-11-25T19:00:01Z",
        ] {
            assert_eq!(stated_time(line.as_bytes(), &clock), time, "{line:?}");
        }
        for line in ["", "\0\0", "{\"message\":\"2025-11-25T19:00:01Z\"}", "a=b"] {
            assert_eq!(stated_time(line.as_bytes(), &clock), None, "{line:?}");
        }
    }
}
