//! Times of container runtimes: from RFC 3339 to milliseconds since 1970.

/// Parses a time such as `2026-11-25T19:00:01.123456789Z`; returns milliseconds since 1970.
///
/// `None` if it is not a time of RFC 3339 with a `T` in upper case.
pub(super) fn parse_timestamp(text: &[u8]) -> Option<i64> {
    let (fixed, rest) = text.split_first_chunk::<19>()?;
    let separators = [fixed[4], fixed[7], fixed[10], fixed[13], fixed[16]];
    if separators != *b"--T::" {
        return None;
    }
    let (year, month, day) = (number(&fixed[..4])?, number(&fixed[5..7])?, number(&fixed[8..10])?);
    let (hour, minute) = (number(&fixed[11..13])?, number(&fixed[14..16])?);
    let second = number(&fixed[17..])?;
    let is_valid = (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !is_valid {
        return None;
    }
    let (millis, zone) = fraction(rest)?;
    let seconds = (days_since_1970(year, month, day) * 24 + hour) * 3600 + minute * 60 + second;
    Some((seconds - offset(zone)?) * 1000 + millis)
}

/// Parses the fraction of a second at the start of `text`, if there is one; returns whole
/// milliseconds and the rest.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some(digits) = text.strip_prefix(b".") else { return Some((0, text)) };
    let len = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = digits.split_at(len);
    let millis = (0..3)
        .fold(0, |sum, at| sum * 10 + digits.get(at).map_or(0, |digit| i64::from(digit - b'0')));
    (len > 0).then_some((millis, rest))
}

/// Returns the distance of a zone to UTC in seconds.
fn offset(zone: &[u8]) -> Option<i64> {
    let (sign, rest) = match zone {
        b"Z" => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let [hour @ .., b':', ten, one] = rest else { return None };
    let (hour, minute) = (number(hour)?, number(&[*ten, *one])?);
    (hour < 24 && minute < 60).then_some(sign * (hour * 3600 + minute * 60))
}

/// Returns the number of up to four digits.
fn number(digits: &[u8]) -> Option<i64> {
    let is_number = (1..=4).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    is_number.then(|| digits.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')))
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Returns the days from 1970-01-01 to a date of the Gregorian calendar.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    // Years begin with March here, so that the leap day is the last one.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Option<i64> {
        parse_timestamp(text.as_bytes())
    }

    #[test]
    fn times_have_fractions_and_zones() {
        assert_eq!(parse("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse("2026-11-25T19:00:01.123456789Z"), Some(1_795_633_201_123));
        assert_eq!(parse("2026-11-25T19:00:01.1Z"), Some(1_795_633_201_100));
        assert_eq!(parse("2026-11-26T00:30:01+05:30"), Some(1_795_633_201_000));
        assert_eq!(parse("2026-11-25T12:00:01-07:00"), Some(1_795_633_201_000));
        assert_eq!(parse("1969-12-31T23:59:59.999Z"), Some(-1));
        assert_eq!(parse("2024-02-29T00:00:00Z"), Some(1_709_164_800_000));
    }

    #[test]
    fn other_texts_are_no_times() {
        for text in [
            "",
            "2026-11-25",
            "2026-11-25 19:00:01Z",
            "2026-11-25T19:00:01",
            "2026-11-25T19:00:01.Z",
            "2026-13-25T19:00:01Z",
            "2026-02-29T19:00:01Z",
            "2026-11-25T24:00:01Z",
            "2026-11-25T19:00:01ZZ",
            "2026-11-25T19:00:01+1:5",
            "+026-11-25T19:00:01Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_time_is_that_of_another_implementation(seconds in -60_000_000_000i64..250_000_000_000) {
            let time = jiff::Timestamp::from_second(seconds).expect("a time");
            prop_assert_eq!(parse(&time.to_string()), Some(seconds * 1000));
        }
    }
}
