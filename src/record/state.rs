//! The state that a line leaves for the next one in its file.

use super::Level;
use super::entry::Trace;

/// State that the lines of a file leave for the next one; the default is that of its first line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineState {
    /// The time that a line has stated last, in milliseconds since 1970.
    pub(super) time: Option<i64>,
    /// The level of the entry to which the last line belongs.
    pub(super) level: Option<Level>,
    /// The part of that entry to which it belongs.
    pub(super) trace: Trace,
}
