//! The wall clock.

use std::time::SystemTime;

/// Returns the time in milliseconds since 1970.
pub(super) fn wall_clock() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_millis() as u64)
}
