//! The clock of lines: what a time without a zone or a year means.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::time::{DAY, days, year_of};

/// Time around `near` for which the transitions of a zone are known in advance, in seconds: five
/// years, which covers most logs. Twice the time takes twice the memory; with half of it, more
/// lines ask the zone, which takes ten times as long.
const KNOWN: i64 = 5 * 366 * DAY;
/// Most transitions that are known in advance; a zone with summer time has 21. With half as many,
/// such a zone is not known for all of [`KNOWN`]; a zone with more is asked for its other times.
const TRANSITIONS: usize = 64;

/// The time zone of times that name none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// Coordinated Universal Time.
    #[must_use]
    pub fn utc() -> Self {
        Zone(TimeZone::UTC)
    }

    /// Returns the seconds that the civil time `utc` of UTC is ahead by in this zone.
    pub(super) fn offset_at(&self, utc: i64) -> i64 {
        timestamp(utc).map_or(0, |at| self.0.to_offset(at).seconds().into())
    }

    /// Returns the time of a civil time, both in seconds since 1970.
    ///
    /// A civil time that a transition skips is read with the offset before it, and of one that
    /// comes twice, the first is meant.
    pub(super) fn utc_of(&self, civil: i64) -> i64 {
        let civil_time = timestamp(civil).map(|at| TimeZone::UTC.to_datetime(at));
        let time =
            civil_time.and_then(|civil| self.0.to_ambiguous_timestamp(civil).compatible().ok());
        time.map_or(civil, Timestamp::as_second)
    }
}

impl From<TimeZone> for Zone {
    fn from(zone: TimeZone) -> Self {
        Zone(zone)
    }
}

fn timestamp(seconds: i64) -> Option<Timestamp> {
    Timestamp::from_second(seconds).ok()
}

/// The zone and the year of times that do not state them.
#[derive(Clone, Debug)]
pub struct Clock {
    zone: Zone,
    /// The civil time near which the lines were written, in seconds since 1970.
    near: i64,
    offsets: Arc<Offsets>,
}

/// The offsets of a zone for a range of civil times.
#[derive(Debug)]
struct Offsets {
    /// The first civil time of the range, and the one after the last.
    range: std::ops::Range<i64>,
    /// The civil time from which each offset holds, in order.
    steps: Vec<(i64, i64)>,
}

impl Clock {
    /// Makes the clock of lines that were written near the time `near`, in milliseconds since 1970:
    /// a time without a zone is in `zone`, and a time without a year is in the year that brings it
    /// nearest to `near`.
    #[must_use]
    pub fn new(zone: &Zone, near: i64) -> Self {
        let near = near.div_euclid(1000);
        let offsets = Arc::new(Offsets::around(near, zone));
        Clock { zone: zone.clone(), near: near.saturating_add(zone.offset_at(near)), offsets }
    }

    /// The zone of times that name none.
    #[must_use]
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Returns the clock of lines that were written near another time, in milliseconds since 1970;
    /// it takes less time than to make another clock.
    #[must_use]
    pub fn near(&self, near: i64) -> Self {
        let near = near.div_euclid(1000);
        let near = near.saturating_add(self.zone.offset_at(near));
        Clock { zone: self.zone.clone(), near, offsets: Arc::clone(&self.offsets) }
    }

    /// Returns the time of a civil time, both in seconds since 1970; see [`Zone::utc_of`].
    pub(super) fn utc(&self, civil: i64) -> i64 {
        if !self.offsets.range.contains(&civil) {
            return self.zone.utc_of(civil);
        }
        let step = self.offsets.steps.partition_point(|&(from, _)| from <= civil);
        civil - self.offsets.steps[step - 1].1
    }

    /// Returns the civil time of a date without a year: the one nearest to `near` in the year of
    /// `near` and the two beside it; none if none of them has the date.
    pub(super) fn nearest_year(&self, month: u32, day: u32, second: i64) -> Option<i64> {
        let year = year_of(self.near);
        let civil = |year| days(year, month, day).map(|days| days * DAY + second);
        let times = (year - 1..=year + 1).filter_map(civil);
        times.min_by_key(|time| time.abs_diff(self.near))
    }
}

impl Offsets {
    /// Collects the offsets of `zone` around the time `near`.
    fn around(near: i64, zone: &Zone) -> Self {
        let (first, last) = (near.saturating_sub(KNOWN), near.saturating_add(KNOWN));
        let (Some(start), Some(_)) = (timestamp(first), timestamp(last)) else {
            return Offsets { range: 0..0, steps: Vec::new() };
        };
        let mut offset = zone.offset_at(first);
        let mut range = first + offset..last + offset;
        let mut steps = vec![(range.start, offset)];
        for transition in zone.0.following(start) {
            let (at, after) = (transition.timestamp().as_second(), transition.offset());
            let after = i64::from(after.seconds());
            // Before a transition, up to the later of its two civil times, the old offset holds.
            let from = at + offset.max(after);
            if at >= last || steps.len() == TRANSITIONS {
                range.end = from.min(range.end);
                break;
            }
            steps.push((from, after));
            offset = after;
        }
        // The civil times at both ends are left to the zone, because a transition may be near.
        range = range.start + DAY..range.end - DAY;
        Offsets { range, steps }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Zones with summer time in both hemispheres, without, of half an hour, and across midnight.
    const ZONES: [&str; 5] = [
        "CET-1CEST,M3.5.0,M10.5.0/3",
        "AEST-10AEDT,M10.1.0,M4.1.0/3",
        "<+0530>-5:30",
        "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
        "EST5EDT,M3.2.0,M11.1.0",
    ];

    fn zone(text: &str) -> Zone {
        TimeZone::posix(text).expect("a zone").into()
    }

    proptest! {
        #[test]
        fn a_clock_knows_the_offsets_of_its_zone(
            near in 0..4_000_000_000_i64, days in -2500..2500_i64, zone_at in 0..5_usize,
        ) {
            let zone = zone(ZONES[zone_at]);
            let clock = Clock::new(&zone, near * 1000);
            let around = near + days * DAY;
            let transition = zone.0.following(timestamp(around).expect("a time")).next();
            let transition = transition.map(|transition| transition.timestamp().as_second());
            for start in std::iter::once(around).chain(transition) {
                for quarter in -60..60 {
                    let civil = start + quarter * 900;
                    prop_assert_eq!(clock.utc(civil), zone.utc_of(civil), "{}", civil);
                }
            }
        }
    }

    #[test]
    fn a_civil_time_in_a_transition_has_the_offset_before_it() {
        let zone = zone(ZONES[0]);
        let second = |text: &str| text.parse::<Timestamp>().expect("a time").as_second();
        // On 2026-03-29, 02:30 does not exist; on 2026-10-25, it comes twice.
        for (civil, utc) in [
            ("2026-03-29T01:59:59Z", "2026-03-29T00:59:59Z"),
            ("2026-03-29T02:30:00Z", "2026-03-29T01:30:00Z"),
            ("2026-03-29T03:00:00Z", "2026-03-29T01:00:00Z"),
            ("2026-10-25T02:30:00Z", "2026-10-25T00:30:00Z"),
            ("2026-10-25T03:00:00Z", "2026-10-25T02:00:00Z"),
        ] {
            for near in [0, second("2026-05-01T00:00:00Z")] {
                assert_eq!(
                    Clock::new(&zone, near * 1000).utc(second(civil)),
                    second(utc),
                    "{civil}"
                );
            }
        }
    }

    #[test]
    fn extreme_times_are_no_failure() {
        for near in [i64::MIN, -1, 0, i64::MAX] {
            let clock = Clock::new(&zone(ZONES[0]), near);
            clock.utc(4_000_000_000);
            clock.nearest_year(2, 29, 0);
        }
    }
}
