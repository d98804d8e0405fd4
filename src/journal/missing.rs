//! The log of an earlier run, before its file is found.

use std::io;
use std::path::PathBuf;

use crate::event::{FileId, Log};

/// A file that was not found; reading fails.
#[derive(Debug)]
pub(super) struct MissingLog {
    pub(super) file: FileId,
    pub(super) path: PathBuf,
}

impl Log for MissingLog {
    fn read_exact_at(&self, _: &mut [u8], _: u64) -> io::Result<()> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn file(&self) -> Option<(FileId, PathBuf)> {
        Some((self.file, self.path.clone()))
    }
}
