//! The clock of lines: what a time without a zone or a year means.

use jiff::tz::TimeZone;

/// The time zone of times that name none.
#[derive(Clone, Debug)]
pub struct Zone(pub(super) TimeZone);

impl Zone {
    /// Coordinated Universal Time.
    #[must_use]
    pub fn utc() -> Self {
        Zone(TimeZone::UTC)
    }
}

impl From<TimeZone> for Zone {
    fn from(zone: TimeZone) -> Self {
        Zone(zone)
    }
}

/// The zone and the year of times that do not state them.
#[derive(Clone, Debug)]
pub struct Clock {
    /// The zone of times that name none.
    pub zone: Zone,
    /// Time near which the lines were written, in milliseconds since 1970: a time without a year
    /// is in the year that brings it nearest to this.
    pub near: i64,
}
