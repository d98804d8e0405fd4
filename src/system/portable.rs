//! Fallbacks for the calls that only Linux has; each says what is lost.

use std::fs::File;
use std::io;
use std::time::Duration;

use tokio::net::TcpStream;

/// Takes every file for an ordinary one.
pub(crate) fn is_synthetic(_: &File) -> bool {
    false
}

/// Takes every file for one without holes: the NULs of a hole are read, and skipped then.
pub(crate) fn first_data(_: &File) -> u64 {
    0
}

/// Leaves the precision of sleeps to the system.
pub(crate) fn sleep_precisely() {}

/// Knows no boot id: after an unclean end, a kept state begins a new epoch.
pub(crate) fn boot_id() -> Option<String> {
    None
}

/// Recognizes the limit by the text of the error.
pub(crate) fn is_out_of_watches(error: &io::Error) -> bool {
    error.to_string().contains("limit")
}

/// Leaves the size of the send buffer to the system.
pub(crate) fn limit_unsent(_: &TcpStream, _: u32) {}

/// Leaves vanished peers to the send timeout of this program.
pub(crate) fn time_out_peer(_: &TcpStream, _: Duration) {}
