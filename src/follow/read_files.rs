//! The files that were read under a path before, by the checksums of their checkpoints.

use std::collections::VecDeque;
use std::io;

use super::comparison::{GUARD, HEAD};
use super::log_file::LogFile;
use crate::journal::Checkpoint;

/// Most files that are remembered. With half as many, a file that is compressed long after its
/// rotation, while the program is stopped, may be read again.
const REMEMBERED: usize = 64;

/// The files that were read, the last one at the end.
#[derive(Debug, Default)]
pub(super) struct ReadFiles(VecDeque<Checkpoint>);

impl ReadFiles {
    /// Adds a file that was read up to this checkpoint.
    pub(super) fn add(&mut self, checkpoint: Checkpoint) {
        self.0.push_back(checkpoint);
        if self.0.len() > REMEMBERED {
            self.0.pop_front();
        }
    }

    /// Returns the checkpoints of the files that begin as `file` does, in the order of their offsets.
    pub(super) fn with_head(&self, file: &LogFile) -> VecDeque<Checkpoint> {
        let is_same = |checkpoint: &&Checkpoint| {
            checkpoint.head_len > 0 && has_head(file, checkpoint).unwrap_or(false)
        };
        let mut found: Vec<Checkpoint> = self.0.iter().filter(is_same).copied().collect();
        found.sort_by_key(|checkpoint| checkpoint.offset);
        found.into()
    }

    /// Returns whether `file` has the text of one of the files, compressed or not.
    pub(super) fn has(&self, file: &LogFile) -> bool {
        let is_read = |checkpoint: &Checkpoint| has_text_of(file, checkpoint).unwrap_or(false);
        self.0.iter().any(is_read)
    }
}

/// Returns whether `file` has the text that was read up to `checkpoint`; false if the checkpoint
/// is at its first byte.
pub(super) fn has_text_of(file: &LogFile, checkpoint: &Checkpoint) -> io::Result<bool> {
    Ok(checkpoint.head_len > 0 && has_head(file, checkpoint)? && has_read(file, checkpoint)?)
}

/// Returns whether `file` has the bytes that a checkpoint remembers.
pub(super) fn has_read(file: &LogFile, checkpoint: &Checkpoint) -> io::Result<bool> {
    let guard = checkpoint.offset.min(GUARD as u64);
    let before = file.read_back(checkpoint.offset - guard, guard as usize)?;
    Ok(before.len() as u64 == guard
        && crc32fast::hash(&before) == checkpoint.guard
        && has_head(file, checkpoint)?)
}

/// Returns whether `file` begins with the bytes that a checkpoint remembers.
pub(super) fn has_head(file: &LogFile, checkpoint: &Checkpoint) -> io::Result<bool> {
    let len = checkpoint.head_len.min(HEAD as u64) as usize;
    Ok(crc32fast::hash(&file.read_back(0, len)?) == checkpoint.head)
}
