//! The end of a subscriber: an event before which it stops.

use super::Subscriber;
use crate::event::{Position, Seq};

impl Subscriber {
    /// Seq of the first event that is not read; reads may return later ones.
    #[must_use]
    pub fn end(&self) -> Seq {
        self.end
    }

    /// Ends the subscriber before event `end`, unless it ends earlier.
    pub fn end_before(&mut self, end: Seq) {
        self.end = self.end.min(end);
        if self.cursor.next > self.end {
            self.cursor = Position::before(self.end);
        }
    }

    /// Ends the subscriber before the next event that will be published.
    pub fn end_before_next(&mut self) {
        let next = self.shared.lock().ring.next();
        self.end_before(next);
    }

    /// Ends the subscriber at its cursor.
    pub fn end_here(&mut self) {
        self.search = None;
        self.cursor = self.cursor();
        self.loss = None;
        self.end = self.end.min(self.cursor.next);
    }

    /// Removes the end.
    pub fn go_on(&mut self) {
        self.end = Seq::MAX;
    }

    /// Returns true if everything before the end was read.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        let is_reading = self.search.is_some() || self.gap.is_some() || self.loss.is_some();
        !is_reading && self.cursor.next >= self.end
    }
}
