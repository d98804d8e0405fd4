//! Following: from files, globs and standard input to batches.
//!
//! The only folder that touches what is followed, the spool, and linemux.
//! Data comes in from open files and standard input, and goes out through a
//! [`Publisher`](crate::feed::Publisher); no subscriber that lies behind it can
//! make the reading wait, only the disk of a spool or a journal.
//!
//! A [`Follower`] has a thread of its own. Hints from linemux wake it; a check
//! of its own, many times a second, finds what no hint told. For every path it keeps
//! the open files behind it as *generations*: a file that was replaced is read
//! to its end, and for a while longer, before it is let go.

mod file;
mod follower;
mod generation;
mod input;
mod opened;
mod pattern;
mod registry;
mod restore;
mod schedule;
mod source;
mod spool;
mod start_at;
mod watch;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::event::Cutting;
pub use follower::Follower;
pub use input::{Input, InputCopies};
pub use opened::OpenedSources;
pub use pattern::Pattern;
pub use registry::{Registry, SourceState, SourceStatus};
pub use spool::{Spool, SpoolNames};
pub use start_at::StartAt;

/// Something to follow, and the name it was asked for under.
#[derive(Clone, Debug)]
pub struct WantedSource {
    /// The event name, if not the file's own.
    pub name: Option<OsString>,
    /// An absolute path, or a pattern over them.
    pub target: Target,
}

/// Target to follow.
#[derive(Clone, Debug)]
pub enum Target {
    /// One path, whatever is under it now or later.
    Path(PathBuf),
    /// Every file that matches, now or later.
    Pattern(Pattern),
}

/// How files are followed.
#[derive(Clone, Debug)]
pub struct FollowOptions {
    /// Where to begin in files that exist at start.
    pub start_at: StartAt,
    /// How long a replaced file is still read.
    pub linger: Duration,
    /// How lines are cut.
    pub cutting: Cutting,
    /// Take hints from the kernel; without them, changes are found by looking.
    pub watch: bool,
}

impl Default for FollowOptions {
    /// The last 100 lines to begin with, and 5 s to linger.
    fn default() -> Self {
        FollowOptions {
            start_at: StartAt::Last(100),
            linger: Duration::from_secs(5),
            cutting: Cutting::default(),
            watch: true,
        }
    }
}

/// Milliseconds since 1970.
fn wall_clock() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_millis() as u64)
}
