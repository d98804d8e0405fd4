//! The error of a query that cannot be answered.

use std::fmt;

/// A sentence that names the values that a parameter accepts.
#[derive(Debug, PartialEq, Eq)]
pub struct BadQuery(String);

impl BadQuery {
    pub(super) fn new(sentence: String) -> Self {
        BadQuery(sentence)
    }

    /// A query whose parser has failed.
    pub(super) fn unread() -> Self {
        BadQuery("the query could not be read: send a simpler one, as grep=error|warn".to_owned())
    }
}

impl From<&str> for BadQuery {
    fn from(sentence: &str) -> Self {
        BadQuery(sentence.to_owned())
    }
}

impl fmt::Display for BadQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
