//! Civil times: a date and a time of day, without a zone.
//!
//! A civil time is counted in seconds since 1970, as if its zone were UTC.

/// Number of seconds of a day.
pub(in crate::record) const DAY: i64 = 86_400;

/// The years that a date may have. Years outside are more often other numbers than dates.
const YEARS: std::ops::RangeInclusive<u32> = 1970..=2199;

/// Returns the number of days from 1970-01-01 to a date, or none if there is no such date.
pub(in crate::record) fn days(year: u32, month: u32, day: u32) -> Option<i64> {
    if !YEARS.contains(&year) || !(1..=12).contains(&month) || day < 1 || day > len(year, month) {
        return None;
    }
    // Years begin in March, so that the day of a leap year is the last of its year.
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let days = year * 365 + year / 4 - year / 100 + year / 400 + day_of_year;
    // The number of days from the first of March of year zero to 1970-01-01.
    Some(i64::from(days) - 719_468)
}

/// Returns the seconds of a civil time, or none if there is no such time.
///
/// The second 60 of a leap second is the first one of the next minute.
pub(super) fn second_of_day(hour: u32, minute: u32, second: u32) -> Option<u32> {
    let is_valid = hour < 24 && minute < 60 && second <= 60;
    is_valid.then_some(hour * 3600 + minute * 60 + second)
}

/// Returns the year of a civil time.
pub(in crate::record) fn year_of(seconds: i64) -> u32 {
    let days = seconds.div_euclid(DAY);
    // At most the real year, because no year has more days.
    let elapsed = u32::try_from(days.div_euclid(366)).unwrap_or(0);
    let mut year = (YEARS.start().saturating_add(elapsed)).min(*YEARS.end());
    while self::days(year + 1, 1, 1).is_some_and(|next| next <= days) {
        year += 1;
    }
    year
}

/// Returns the number of days of a month.
fn len(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        let (mut expected, mut date) = (0, jiff::civil::date(1970, 1, 1));
        while date.year() < 2200 {
            let (year, month, day) = (date.year(), date.month(), date.day());
            let unsigned = (year.cast_unsigned().into(), month.cast_unsigned().into());
            assert_eq!(days(unsigned.0, unsigned.1, day.cast_unsigned().into()), Some(expected));
            assert_eq!(year_of(expected * DAY + 86_399), unsigned.0);
            expected += 1;
            date = date.tomorrow().expect("a date");
        }
        for (year, month, day) in [
            (2026, 13, 1),
            (2026, 0, 1),
            (2026, 2, 29),
            (2100, 2, 29),
            (2026, 4, 31),
            (2026, 1, 0),
            (1969, 12, 31),
            (2200, 1, 1),
        ] {
            assert_eq!(days(year, month, day), None, "{year}-{month}-{day}");
        }
    }
}
