//! The check of a followed path that costs least: whether its file has changed.

use super::clock::wall_clock_nanos;
use super::fingerprint::Fingerprint;
use super::followed_path::FollowedPath;

impl FollowedPath {
    /// Compares the metadata with those of the last two calls; returns whether the file has not
    /// changed, so that it need not be read.
    ///
    /// Two equal results are needed, because two changes within one tick of the file system's
    /// clock have the same time. The metadata of a pipe do not tell whether it has bytes.
    pub(super) fn check_unchanged(&mut self) -> bool {
        let time = wall_clock_nanos();
        let Some(fingerprint) = Fingerprint::of(&self.path) else { return false };
        if self.newest().is_some_and(|newest| newest.id() == fingerprint.id) {
            self.seen_at = Some(time);
        }
        let was_stable = self.is_stable;
        self.is_stable = self.fingerprint.replace(fingerprint) == Some(fingerprint);
        let Some(newest) = self.newest().filter(|newest| !newest.is_pipe()) else { return false };
        let is_read = (newest.id(), newest.offset()) == (fingerprint.id, fingerprint.size);
        was_stable
            && self.is_stable
            && self.history.is_none()
            && self.generations.len() == 1
            && is_read
    }
}
