//! Requests to follow something.

use std::ffi::OsString;
use std::path::PathBuf;

use super::pattern::Pattern;

/// A path or pattern to follow, and the name for its events.
#[derive(Clone, Debug)]
pub struct WantedSource {
    /// The event name; none for a name made of the path.
    pub name: Option<OsString>,
    /// The files to follow.
    pub target: Target,
}

/// The files that a [`WantedSource`] means.
#[derive(Clone, Debug)]
pub enum Target {
    /// The file at this absolute path, now or later.
    Path(PathBuf),
    /// Every file that matches, now or later.
    Pattern(Pattern),
}
