//! The followed paths of one worker, by source ID.

use std::collections::BTreeMap;
use std::path::Path;

use super::followed_path::FollowedPath;
use crate::event::{FileId, Source};

/// Followed paths, in the order in which they were found.
#[derive(Debug, Default)]
pub(super) struct SourceMap {
    followed: BTreeMap<usize, FollowedPath>,
}

impl SourceMap {
    pub(super) fn len(&self) -> usize {
        self.followed.len()
    }

    pub(super) fn insert(&mut self, followed: FollowedPath) {
        self.followed.insert(followed.source.id, followed);
    }

    pub(super) fn remove(&mut self, id: usize) -> Option<FollowedPath> {
        self.followed.remove(&id)
    }

    pub(super) fn get(&self, id: usize) -> Option<&FollowedPath> {
        self.followed.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: usize) -> Option<&mut FollowedPath> {
        self.followed.get_mut(&id)
    }

    /// Returns the followed path of a source; none if the source is no path of this map.
    pub(super) fn of(&mut self, source: &Source) -> Option<&mut FollowedPath> {
        self.followed.get_mut(&source.id)
    }

    /// Returns a copy of all source IDs, in ascending order.
    pub(super) fn ids(&self) -> Vec<usize> {
        self.followed.keys().copied().collect()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &FollowedPath> {
        self.followed.values()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut FollowedPath> {
        self.followed.values_mut()
    }

    pub(super) fn into_values(self) -> impl Iterator<Item = FollowedPath> {
        self.followed.into_values()
    }

    /// Iterates over the followed paths whose source has ID `id` or a later one.
    pub(super) fn from(&self, id: usize) -> impl Iterator<Item = &FollowedPath> {
        self.followed.range(id..).map(|(_, followed)| followed)
    }

    /// Returns true if another source than `id` reads this file, so that `id` must not read it too.
    ///
    /// A file with two paths is read twice only if both paths were given.
    pub(super) fn is_read_elsewhere(&self, id: usize, file: FileId) -> bool {
        let is_explicit = self.get(id).is_some_and(|followed| followed.origin.is_explicit);
        self.others(id).any(|other| other.holds(file) && !(is_explicit && other.leads_to(file)))
    }

    /// Returns true if the path of another source than `id` leads to this file, which that source
    /// does not read yet.
    pub(super) fn is_expected_elsewhere(&self, id: usize, file: FileId) -> bool {
        self.others(id).any(|other| !other.holds(file) && other.leads_to(file))
    }

    /// Returns true if no source reads this file, or has this path and will read it.
    pub(super) fn is_unknown(&self, path: &Path, file: FileId) -> bool {
        self.iter().all(|followed| {
            let has_name = followed.path.file_name() == path.file_name();
            !followed.holds(file) && (!has_name || !followed.leads_to(file))
        })
    }

    fn others(&self, id: usize) -> impl Iterator<Item = &FollowedPath> {
        self.iter().filter(move |followed| followed.source.id != id)
    }
}
