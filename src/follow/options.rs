//! Options of following files.

use std::time::Duration;

use super::start_at::StartAt;
use crate::event::Cutting;

/// Options that hold for all followed files.
#[derive(Clone, Debug)]
pub struct FollowOptions {
    /// The first line to publish of a file that exists at start.
    pub start_at: StartAt,
    /// Time for which a replaced file is still read.
    pub linger: Duration,
    /// Rules by which bytes become published lines.
    pub cutting: Cutting,
    /// Take hints from the kernel; without them, changes are found by polling.
    pub watch: bool,
}

impl FollowOptions {
    /// Default of `start_at`: the last 100 lines, as context.
    pub const DEFAULT_START: StartAt = StartAt::Last(100);
    /// Default of `linger`: the time in which a writer is expected to open the new file.
    pub const DEFAULT_LINGER: Duration = Duration::from_secs(5);
}

impl Default for FollowOptions {
    /// The default constants, with hints.
    fn default() -> Self {
        FollowOptions {
            start_at: FollowOptions::DEFAULT_START,
            linger: FollowOptions::DEFAULT_LINGER,
            cutting: Cutting::default(),
            watch: true,
        }
    }
}
