//! The time and the time zone of the system.

#[cfg(feature = "cli")]
use std::time::SystemTime;

use jiff::tz::TimeZone;

use crate::record::Zone;

/// Returns the time zone that `TZ` or the system names, or UTC if neither can be read.
#[must_use]
pub fn local_zone() -> Zone {
    TimeZone::try_system().unwrap_or(TimeZone::UTC).into()
}

/// Returns the time in milliseconds since 1970, or zero if it is earlier.
#[cfg(feature = "cli")]
pub(crate) fn wall_clock() -> i64 {
    let elapsed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    elapsed.map_or(0, |elapsed| i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
}
