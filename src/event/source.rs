//! A source, as events refer to it.

use super::Name;

/// A followed file or standard input.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// Distinguishes sources that have the same name.
    pub id: usize,
    /// The event name.
    pub name: Name,
}
