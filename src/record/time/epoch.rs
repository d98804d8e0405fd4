//! Numbers that count the time since 1970.

/// The seconds that are read as a time: from 2001-09-09, which is the first with ten digits, to the
/// end of 2099.
const SECONDS: std::ops::Range<u64> = 1_000_000_000..4_102_444_800;

/// The units with their number in a second. The ranges that follow from [`SECONDS`] do not overlap.
const UNITS: [u64; 4] = [1, 1_000, 1_000_000, 1_000_000_000];

/// Returns the time of a decimal number of seconds, milliseconds, microseconds or nanoseconds since
/// 1970, in milliseconds; none if `digits` are not a number or it is not plausible in any unit.
pub(super) fn of_number(digits: &[u8]) -> Option<i64> {
    let point = digits.iter().position(|&byte| byte == b'.');
    let (whole, fraction) = match point {
        Some(point) => (&digits[..point], &digits[point + 1..]),
        None => (digits, b"".as_slice()),
    };
    // No time has more digits than nanoseconds.
    if whole.len() > 19 || (point.is_some() && fraction.is_empty()) {
        return None;
    }
    let number = number(whole)?;
    let unit = UNITS.into_iter().find(|&unit| SECONDS.contains(&(number / unit)))?;
    if !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let millis = match unit {
        1 => {
            let digit = |at: usize| fraction.get(at).map_or(0, |digit| u64::from(digit - b'0'));
            number * 1000 + digit(0) * 100 + digit(1) * 10 + digit(2)
        }
        unit => number / (unit / 1000),
    };
    Some(millis.cast_signed())
}

/// Returns the time of a number at the start of a line that ends there or before white space, with
/// the index after it.
pub(super) fn leading(line: &[u8]) -> Option<(i64, usize)> {
    let is_number = |byte: &&u8| byte.is_ascii_digit() || **byte == b'.';
    // A number of seconds with ten digits and nine of its fraction has 20 bytes.
    let len = line.iter().take(21).take_while(is_number).count();
    let is_alone = line.get(len).is_none_or(|byte| b" \t\r".contains(byte));
    let time = (len >= 10 && is_alone).then(|| of_number(&line[..len])).flatten()?;
    Some((time, len))
}

fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_follows_from_the_size_of_the_number() {
        for digits in [
            "1764097201.123",
            "1764097201.1239",
            "1764097201123",
            "1764097201123.9",
            "1764097201123456",
            "1764097201123456789",
        ] {
            assert_eq!(of_number(digits.as_bytes()), Some(1_764_097_201_123), "{digits}");
        }
        assert_eq!(of_number(b"1764097201"), Some(1_764_097_201_000));
        assert_eq!(of_number(b"1764097201.5"), Some(1_764_097_201_500));
        for digits in [
            "",
            "1",
            "12345678",
            "999999999",
            "4102444800",
            "99999999999",
            "-1764097201",
            "1764097201.",
            "1764097201.5x",
            "1764097201e3",
            "99999999999999999999",
            ".5",
            "1764097201.1.2",
        ] {
            assert_eq!(of_number(digits.as_bytes()), None, "{digits}");
        }
    }

    #[test]
    fn a_number_at_the_start_of_a_line_ends_before_white_space() {
        let end = 1_764_097_201_123;
        assert_eq!(leading(b"1764097201.123    45 10.0.0.1"), Some((end, 14)));
        assert_eq!(leading(b"1764097201123"), Some((end, 13)));
        for line in ["1764097201,5", "1764097201/a", "1764097201a", "123 a", "x1764097201 "] {
            assert_eq!(leading(line.as_bytes()), None, "{line}");
        }
    }
}
