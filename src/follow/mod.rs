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
mod last_lines;
mod opened;
mod pace;
mod pattern;
mod registry;
mod restore;
mod source;
mod spool;
mod watch;

use std::collections::HashSet;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::event::Cutting;
pub use follower::Follower;
pub use input::{Copies, Input};
pub use last_lines::From;
pub use opened::Opened;
pub use pattern::Pattern;
pub use registry::{Entry, Registry, State};
pub use spool::{Spool, SpoolNames};

/// Something to follow, and the name it was asked for under.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The event name, if not the file's own.
    pub name: Option<OsString>,
    /// An absolute path, or a pattern over them.
    pub what: What,
}

/// What to follow.
#[derive(Clone, Debug)]
pub enum What {
    /// One path, whatever is under it now or later.
    Path(PathBuf),
    /// Every file that matches, now or later.
    Pattern(Pattern),
}

/// How files are followed.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to begin in files that exist at start.
    pub begin: From,
    /// How long a replaced file is still read.
    pub linger: Duration,
    /// How lines are cut.
    pub cutting: Cutting,
    /// Take hints from the kernel; without them, changes are found by looking.
    pub watch: bool,
}

impl Default for Options {
    /// The last 100 lines to begin with, and 5 s to linger.
    fn default() -> Self {
        Options {
            begin: From::Last(100),
            linger: Duration::from_secs(5),
            cutting: Cutting::default(),
            watch: true,
        }
    }
}

/// Where a sentence for whoever runs the program goes.
#[derive(Clone)]
pub struct Report {
    say: Arc<dyn Fn(&str) + Send + Sync>,
    said_once: Arc<Mutex<HashSet<&'static str>>>,
}

impl Report {
    /// Sentences are handed to `say`.
    pub fn new(say: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Report { say: Arc::new(say), said_once: Arc::default() }
    }

    /// Hands on one sentence.
    pub fn say(&self, sentence: &str) {
        (self.say)(sentence);
    }

    /// Hands on a sentence that would be the same for many files, the first time only.
    fn say_once(&self, sentence: &'static str) {
        if self.said_once.lock().unwrap_or_else(PoisonError::into_inner).insert(sentence) {
            self.say(sentence);
        }
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Report")
    }
}

/// Milliseconds since 1970.
fn wall_clock() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_millis() as u64)
}
