//! The wall clock.

use std::time::SystemTime;

/// Returns the time in milliseconds since 1970.
pub(crate) fn wall_clock() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_millis() as u64)
}

/// Returns the time in nanoseconds since 1970, as the times of birth of files are kept.
pub(super) fn wall_clock_nanos() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_nanos() as u64)
}
