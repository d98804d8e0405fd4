//! The date in a name that a rotation gives.

use std::cmp::Ordering;

/// The shortest and the longest time in seconds since 1970 that a name states: from 2001 to 2096.
const SECONDS: std::ops::Range<u64> = 1_000_000_000..4_000_000_000;

/// A date, and the numbers behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RotationDate {
    /// Year, month, day and so on, as far as the name tells them, then a counter.
    Calendar {
        /// The parts of the date, the year first.
        date: Vec<u64>,
        /// The numbers behind it.
        rest: Vec<u64>,
    },
    /// Seconds or milliseconds since 1970, in milliseconds.
    Epoch(u64),
}

impl RotationDate {
    /// Returns the date that `added` begins with; none if it begins with another number.
    pub(super) fn parse(added: &[u8]) -> Option<Self> {
        let mut runs = digit_runs(added).peekable();
        let first = runs.next()?;
        let mut date = match first.len() {
            4 => {
                let (year, month) = (number(first), number(runs.next_if(|run| run.len() == 2)?));
                let day = runs.next_if(|run| run.len() == 2 && (1..=31).contains(&number(run)));
                [year, month].into_iter().chain(day.map(number)).collect()
            }
            8 | 10 | 12 | 14 => compact(first),
            _ => Vec::new(),
        };
        let is_valid = date.len() >= 2
            && (1970..2200).contains(&date[0])
            && (1..=12).contains(&date[1])
            && date.get(2).is_none_or(|day| (1..=31).contains(day));
        if !is_valid {
            return epoch(first);
        }
        if date.len() == 3 {
            let is_clock = |run: &&[u8]| matches!(run.len(), 2 | 4 | 6) && number(run) < 240_000;
            while date.len() < 6
                && let Some(run) = runs.next_if(is_clock)
            {
                date.extend(pairs(run));
            }
        }
        Some(RotationDate::Calendar { date, rest: runs.map(number).collect() })
    }

    /// Returns true if the dates are written so that they can be compared.
    pub(super) fn is_comparable(&self, other: &Self) -> bool {
        matches!(
            (self, other),
            (RotationDate::Calendar { .. }, RotationDate::Calendar { .. })
                | (RotationDate::Epoch(_), RotationDate::Epoch(_))
        )
    }

    /// Compares two dates; the earlier is less.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (
                RotationDate::Calendar { date, rest },
                RotationDate::Calendar { date: other_date, rest: other_rest },
            ) => date.cmp(other_date).then_with(|| rest.cmp(other_rest)),
            (RotationDate::Epoch(one), RotationDate::Epoch(other)) => one.cmp(other),
            _ => Ordering::Equal,
        }
    }
}

/// Returns the runs of digits in a text.
pub(super) fn digit_runs(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| !byte.is_ascii_digit()).filter(|run| !run.is_empty())
}

/// Returns the parts of a date of digits only, the year first.
fn compact(digits: &[u8]) -> Vec<u64> {
    let (year, rest) = digits.split_at(4);
    std::iter::once(number(year)).chain(pairs(rest)).collect()
}

fn pairs(digits: &[u8]) -> impl Iterator<Item = u64> {
    digits.chunks(2).map(number)
}

fn epoch(digits: &[u8]) -> Option<RotationDate> {
    let stated = number(digits);
    match digits.len() {
        10 if SECONDS.contains(&stated) => Some(RotationDate::Epoch(stated * 1000)),
        13 if SECONDS.contains(&(stated / 1000)) => Some(RotationDate::Epoch(stated)),
        _ => None,
    }
}

/// Returns the value of digits; the largest number if it is larger.
fn number(digits: &[u8]) -> u64 {
    str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(date: &[u64], rest: &[u64]) -> RotationDate {
        RotationDate::Calendar { date: date.to_vec(), rest: rest.to_vec() }
    }

    #[test]
    fn dates_are_read_in_any_usual_form() {
        let parse = |text: &str| RotationDate::parse(text.as_bytes()).expect("a date");
        assert_eq!(parse("-20261125"), calendar(&[2026, 11, 25], &[]));
        assert_eq!(parse(".2026-11-25.3"), calendar(&[2026, 11, 25], &[3]));
        assert_eq!(parse(".2026-11-25_10"), calendar(&[2026, 11, 25, 10], &[]));
        assert_eq!(parse(".2026-11"), calendar(&[2026, 11], &[]));
        assert_eq!(parse("-2026112510"), calendar(&[2026, 11, 25, 10], &[]));
        assert_eq!(parse("-20261125T103000"), calendar(&[2026, 11, 25, 10, 30, 0], &[]));
        let lumberjack = calendar(&[2026, 11, 25, 18, 30, 0], &[0]);
        assert_eq!(parse("-2026-11-25T18-30-00.000"), lumberjack);
        assert_eq!(parse(".1764028800"), RotationDate::Epoch(1_764_028_800_000));
        for text in [".1", "-1234", ".20261325", ".80801", "-25-11-2026", ".20261125123"] {
            assert_eq!(RotationDate::parse(text.as_bytes()), None, "{text}");
        }
    }
}
