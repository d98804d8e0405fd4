//! The selection of a read: the lines that a client wants.

use std::sync::Arc;

use super::Grep;
use crate::record::{Condition, Level, Record};

/// The lines that a client wants; all by default.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// The expressions for the lines that are wanted; none wants all.
    pub grep: Option<Arc<Grep>>,
    /// Conditions for the fields of the lines that are wanted.
    pub conditions: Vec<Condition>,
    /// The least level of the lines that are wanted.
    pub level: Option<Level>,
    /// The earliest time of the lines that are wanted, in milliseconds since 1970.
    pub since: Option<i64>,
    /// The latest time of the lines that are wanted, in milliseconds since 1970.
    pub until: Option<i64>,
    /// The lines around each of these lines that are wanted, too.
    pub surroundings: Surroundings,
    /// The expression of the line after which no further one is wanted.
    pub stop: Option<Arc<Grep>>,
}

/// The lines around a line that are wanted together with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Surroundings {
    /// No others.
    #[default]
    None,
    /// This number of lines of the same source before it, and as many behind it.
    Lines(usize),
    /// The whole entry to which it belongs.
    Entry,
}

impl Selection {
    /// Returns whether some lines are left out.
    #[must_use]
    pub fn is_filter(&self) -> bool {
        self.has_text_filter() || self.has_record_filter()
    }

    /// Returns whether every line is wanted, and none ends the read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.is_filter() && self.stop.is_none()
    }

    /// Returns whether a client chose expressions, which may take long for each byte.
    pub(super) fn has_expressions(&self) -> bool {
        self.has_text_filter() || self.stop.is_some()
    }

    /// Returns whether the text of a line alone can leave it out.
    pub(super) fn has_text_filter(&self) -> bool {
        self.grep.is_some() || !self.conditions.is_empty()
    }

    fn has_record_filter(&self) -> bool {
        self.level.is_some() || self.since.is_some() || self.until.is_some()
    }

    /// Returns whether the lines that are wanted depend on records.
    #[must_use]
    pub fn needs_records(&self) -> bool {
        let has_entries = self.is_filter() && self.surroundings == Surroundings::Entry;
        self.has_record_filter() || has_entries
    }

    /// Returns whether the level and the time of a line are wanted; a line without a time has the
    /// time `read` at which it was read.
    pub(super) fn wants(&self, record: &Record, read: u64) -> bool {
        let time = record.time.unwrap_or(read.cast_signed());
        self.level.is_none_or(|least| record.level >= Some(least))
            && self.since.is_none_or(|since| time >= since)
            && self.until.is_none_or(|until| time <= until)
    }
}
