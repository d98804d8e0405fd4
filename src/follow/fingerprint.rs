//! Metadata that change when a file does.

use std::path::Path;
use std::time::SystemTime;

use crate::event::FileId;

/// Identity, size and time of the file behind a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint {
    pub(super) id: FileId,
    /// Size in bytes.
    pub(super) size: u64,
    modified: SystemTime,
}

impl Fingerprint {
    /// Returns the metadata of the file that `path` leads to; none if they cannot be read.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        let modified = metadata.modified().ok()?;
        Some(Fingerprint { id: FileId::of(&metadata), size: metadata.len(), modified })
    }
}
