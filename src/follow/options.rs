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

impl Default for FollowOptions {
    /// The last 100 lines of each file, 5 s to linger, with hints.
    fn default() -> Self {
        FollowOptions {
            start_at: StartAt::Last(100),
            linger: Duration::from_secs(5),
            cutting: Cutting::default(),
            watch: true,
        }
    }
}
