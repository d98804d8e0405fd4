//! Files of an earlier run that were not found, and may have been compressed meanwhile.

use std::collections::HashSet;
use std::fs;

use super::descriptors::HeldFile;
use super::followed_path::FollowedPath;
use super::read_files::{has_head, has_read};
use super::rotated_files::visit_rotated;
use crate::event::FileId;
use crate::journal::Checkpoint;

/// A file of an earlier run that was not found.
#[derive(Debug)]
pub(super) struct MissingFile {
    /// The number of its log.
    pub(super) log: u64,
    pub(super) file: FileId,
    /// The ID of its source.
    pub(super) source: usize,
    pub(super) checkpoint: Checkpoint,
}

impl FollowedPath {
    /// Finds the compressed forms of files of this path beside it, and removes these files from
    /// `missing`; `known` are the files of the earlier run.
    pub(super) fn find_compressed(
        &self,
        missing: &mut Vec<MissingFile>,
        known: &HashSet<FileId>,
    ) -> Vec<(MissingFile, HeldFile)> {
        let is_own = |missing: &MissingFile| missing.source == self.source.id;
        if !missing.iter().any(is_own) {
            return Vec::new();
        }
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        visit_rotated(directory, name, |file| {
            if file.name.compression.is_none() || known.contains(&file.id) {
                return;
            }
            let Ok(form) = file.open(self.mount, &self.descriptors) else { return };
            let is_form =
                |missing: &MissingFile| is_own(missing) && is_form(&form, &missing.checkpoint);
            if let Some(at) = missing.iter().position(is_form) {
                found.push((missing.remove(at), form));
            }
        });
        found
    }
}

/// Returns whether `form` has the text of the file with this checkpoint. If only events are read
/// again from it, their checksums tell it better than the bytes before the checkpoint.
fn is_form(form: &HeldFile, checkpoint: &Checkpoint) -> bool {
    checkpoint.head_len > 0
        && has_head(form, checkpoint).unwrap_or(false)
        && (!checkpoint.is_followed || has_read(form, checkpoint).unwrap_or(false))
}
