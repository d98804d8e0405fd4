//! The end of an event stream whose query asks for one.

use super::EventStream;
use crate::event::{ControlEvent, Medium};
use crate::http::stream::Gathered;

impl EventStream {
    /// Ends a read that has waited for its first event after those that are there.
    pub(super) fn note_event(&mut self) {
        if self.read_end.is_first_event() {
            self.subscriber.end_before_next();
        }
    }

    /// Appends what was held back to `frame`, and then what is sent at the end; none after that.
    pub(super) fn read_end_of_events(&mut self, mut frame: Gathered) -> Option<Gathered> {
        self.push_held(&mut frame);
        if !frame.is_empty() {
            self.note_event();
            return Some(frame);
        }
        if self.subscriber.is_at_end() { self.end(frame) } else { None }
    }

    /// Appends to `frame` that the read has ended, if the medium has an event for that; none if the
    /// peer was told, and an empty frame if the read goes on.
    fn end(&mut self, mut frame: Gathered) -> Option<Gathered> {
        if self.read_end.begins_to_wait() {
            self.subscriber.go_on();
            return Some(frame);
        }
        let reason = self.read_end.take_reason()?;
        // The last event has the ID that a client of an event stream needs.
        if self.query.presentation.medium != Medium::JsonLines {
            return None;
        }
        let cursor = self.subscriber.cursor();
        let bytes = self.encode_control(ControlEvent::EndOfRead { reason }, cursor);
        self.push(&mut frame, bytes, 0, cursor);
        Some(frame)
    }

    /// Returns true if the body is aborted at its end: the server stops, and the read has not
    /// reached an end of its own.
    pub(super) fn is_aborted(&self) -> bool {
        let has_ended = self.query.clean_end || self.subscriber.is_at_end();
        self.site.feed.is_aborting() && !has_ended
    }
}
