//! The result of the search for a time.

/// The time that a line states near its start, and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::record) struct FoundTime {
    /// The time in milliseconds since 1970.
    pub(in crate::record) time: i64,
    /// Index of its first byte; that of the date for klog, whose level stands before it.
    pub(in crate::record) start: usize,
    /// Index after its last byte.
    pub(in crate::record) end: usize,
}
