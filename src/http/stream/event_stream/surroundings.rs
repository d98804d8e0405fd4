//! The lines around those that match, which are held back until they are known to be wanted.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::EventStream;
use crate::event::{Batch, Position, Section};
use crate::feed::Gap;
use crate::http::stream::Gathered;

/// Number of events that are read again before the position of a returning client: those at which
/// the lines around its next lines begin.
const READ_AGAIN: u64 = 1024;

impl EventStream {
    /// Adds sections of `batch`, or the batch of a control event, to those that are held back.
    pub(super) fn hold(&mut self, batch: &Arc<Batch>, sections: Vec<Section>) {
        let Some(held) = &mut self.surroundings else { return };
        if batch.lines().is_none() {
            held.sections.push_control(batch);
        }
        for section in sections {
            held.sections.push(batch, section);
        }
    }

    /// Appends the held lines that are known to be wanted.
    pub(super) fn push_decided(&mut self, frame: &mut Gathered) {
        let Some(held) = &mut self.surroundings else { return };
        let (from, wanted) = (held.from, held.sections.take());
        for wanted in wanted.into_iter().filter(|wanted| wanted.end() > from) {
            let end = wanted.end();
            self.push_sections(frame, &wanted.batch, from, &wanted.sections, end);
        }
    }

    /// Appends the held lines that are wanted; no other line makes more of them wanted.
    pub(super) fn push_held(&mut self, frame: &mut Gathered) {
        if let Some(held) = &mut self.surroundings {
            held.sections.close_before(held.sections.count());
        }
        self.push_decided(frame);
    }

    /// Appends the lines that have been held back for long enough; pending if there are none.
    pub(super) fn poll_held(&mut self, cx: &mut Context<'_>, frame: &mut Gathered) -> Poll<()> {
        let Some(held) = &mut self.surroundings else { return Poll::Pending };
        ready!(held.poll_old(cx));
        self.push_decided(frame);
        Poll::Ready(())
    }

    /// The position before which nothing is held back.
    pub(super) fn settled(&self) -> Position {
        let cursor = self.subscriber.cursor();
        match &self.surroundings {
            None => cursor,
            Some(held) => held.sections.position().unwrap_or(cursor).max(held.from),
        }
    }

    /// Goes back to `position`, the first event that the peer does not have. Events before it are
    /// read again, because they may have lines around them.
    pub(super) fn go_back(&mut self, position: Position) {
        if position < self.subscriber.cursor() {
            self.subscriber.rewind(position);
        }
        if let Some(held) = &mut self.surroundings {
            held.begin_at(position);
            self.subscriber.begin_earlier(READ_AGAIN);
        }
    }

    /// Returns the part of a gap behind what the peer has, if there is one.
    pub(super) fn unsent(&self, gap: Gap) -> Option<Gap> {
        let Some(held) = &self.surroundings else { return Some(gap) };
        let behind = gap.position.next.saturating_sub(held.from.next);
        let lost = gap.lost.map(|lost| lost.min(behind));
        (gap.lost.is_none() || gap.position > held.from).then_some(Gap { lost, ..gap })
    }
}
