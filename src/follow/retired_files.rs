//! Files that no source reads any more, kept open in case they appear under another path.

use std::collections::VecDeque;

use super::generation::Generation;
use super::mount::Mount;
use crate::event::FileId;

/// Most retired files. Each takes a descriptor; twice as many take twice the descriptors, and are
/// needed only if more files are renamed to other followed paths within one linger.
const MAX_RETIRED: usize = 64;

/// Retired files, oldest first.
#[derive(Debug, Default)]
pub(super) struct RetiredFiles {
    generations: VecDeque<Generation>,
}

impl RetiredFiles {
    /// Adds a file; the oldest is closed if there are too many.
    pub(super) fn add(&mut self, generation: Generation) {
        self.generations.push_back(generation);
        if self.generations.len() > MAX_RETIRED {
            self.generations.pop_front();
        }
    }

    /// Removes and returns the files of one mount.
    pub(super) fn take_mount(&mut self, mount: Mount) -> Self {
        let (taken, rest) =
            self.generations.drain(..).partition(|generation| generation.mount() == mount);
        self.generations = rest;
        RetiredFiles { generations: taken }
    }

    /// Removes a file that has appeared again.
    pub(super) fn take(&mut self, id: FileId) -> Option<Generation> {
        let position =
            self.generations.iter().position(|generation| generation.id().is_same_inode(id));
        position.and_then(|at| self.generations.remove(at))
    }

    /// Lets go of all files; returns false if there were none.
    pub(super) fn clear(&mut self) -> bool {
        let had_files = !self.generations.is_empty();
        self.generations.clear();
        had_files
    }

    /// Closes the files that were deleted.
    pub(super) fn close_deleted(&mut self) {
        self.generations.retain(Generation::is_linked);
    }
}
