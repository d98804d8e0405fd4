//! The expressions of a read.

use std::sync::Arc;

use super::Grep;

/// The expressions with which the lines of a read are searched.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// The expressions for the lines that are wanted; none wants all.
    pub grep: Option<Arc<Grep>>,
    /// The expression of the line after which no further one is wanted.
    pub stop: Option<Arc<Grep>>,
}
