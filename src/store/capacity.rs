//! The capacity of a feed.

/// Limits of what a feed keeps in memory.
#[derive(Clone, Copy, Debug)]
pub struct Capacity {
    /// Number of events in the ring that a new subscriber can get.
    pub lines: u64,
    /// Bytes of memory for the batches in the ring, with their encoded forms.
    pub bytes: usize,
    /// Bytes of memory for the index.
    pub index_bytes: usize,
}

impl Capacity {
    /// 10,000 lines in at most 16 MiB, and 16 MiB for the index.
    pub const DEFAULT: Capacity =
        Capacity { lines: 10_000, bytes: 16 << 20, index_bytes: 16 << 20 };
}

impl Default for Capacity {
    fn default() -> Self {
        Capacity::DEFAULT
    }
}
