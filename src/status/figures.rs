//! Figures of the status line.

/// Figures of the status line at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) sources: usize,
    pub(crate) clients: usize,
    /// Lines published.
    pub(crate) lines: u64,
    /// Gaps sent to clients.
    pub(crate) gaps: u64,
    /// Bytes read from files.
    pub(crate) file_bytes: u64,
    /// Bytes of files that were not read yet.
    pub(crate) backlog: u64,
    /// Bytes read from standard input.
    pub(crate) input_bytes: u64,
}

impl Figures {
    pub(super) fn bytes_read(&self) -> u64 {
        self.file_bytes + self.input_bytes
    }
}
