//! The state of a followed path in the registry, which `/sources` shows.

use super::followed_path::FollowedPath;
use super::generation::Generation;
use super::registry::Registry;

impl FollowedPath {
    /// Lets the next update of the registry write everything.
    pub(super) fn refresh(&mut self) {
        self.registered = None;
    }

    /// Updates the registry, if anything has changed.
    pub(super) fn update_registry(&mut self, registry: &Registry) {
        let offset = self.newest().map_or(0, Generation::offset);
        let size = self.fingerprint.map_or(0, |fingerprint| fingerprint.size).max(offset);
        let is_read = self.newest().is_none_or(Generation::is_holding_back);
        let backlog = if is_read { 0 } else { size - offset };
        let now = (self.state, offset, size, backlog);
        if self.registered.replace(now) != Some(now) {
            registry.update(&self.source, |status| {
                (status.state, status.offset, status.size, status.backlog) = now;
            });
        }
    }
}
