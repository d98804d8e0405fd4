//! Sources of a server of which nothing can be read any more: others take their places.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::{Forgotten, MAX_SOURCES, Relay};
use crate::feed::DraftContent;
use crate::journal::JournalNote;

/// Time between two looks for such sources. Each look locks the feed once for each source; with half
/// the time, a server that names every event differently does that twice as often.
const PAUSE: Duration = Duration::from_secs(1);

impl Relay {
    /// Returns the place of another source; none if there are too many.
    pub(super) fn free_place(&mut self) -> Option<usize> {
        let next = self.children.len();
        if next <= MAX_SOURCES { Some(next) } else { self.forgotten.places.pop() }
    }

    /// Forgets the sources of which nothing can be read any more, if there is no place for others.
    ///
    /// Everything that was taken must be published before.
    pub(super) fn forget_sources(&mut self) {
        let is_full = self.children.len() > MAX_SOURCES && self.forgotten.places.is_empty();
        if !is_full || self.forgotten.looked.is_some_and(|looked| looked.elapsed() < PAUSE) {
            return;
        }
        let is_over = |index: &usize| {
            let child = &self.children[*index];
            let newest = self.registry.newest(&child.source);
            child.is_idle() && !self.publisher.has_lines(&child.source, newest)
        };
        let over: HashSet<usize> = (1..self.children.len()).filter(is_over).collect();
        for &index in &over {
            self.registry.remove(&self.children[index].source);
            self.draft(index, DraftContent::Note(JournalNote::Forgotten));
        }
        self.by_name.retain(|_, index| !over.contains(index));
        self.last = (Vec::new(), 0);
        self.forgotten =
            Forgotten { places: over.into_iter().collect(), looked: Some(Instant::now()) };
    }
}
