//! Lines that a stream holds back, because a later line can make them wanted.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use crate::event::{HeldSections, Position, Surroundings};

/// Time for which a line is held back while nothing is read, and up to twice this time.
///
/// Lines of other sources wait meanwhile. With half the value, more entries that are written slowly
/// begin at their match; with twice the value, the lines of other sources arrive later.
const HOLD_TIME: Duration = Duration::from_millis(250);

/// The state of a stream whose peer wants the lines around those that match.
pub(super) struct HeldLines {
    pub(super) sections: HeldSections,
    /// Events before this position are not sent: the peer has them.
    pub(super) from: Position,
    timer: Option<Pin<Box<Sleep>>>,
    /// Number of sections that are released when the timer fires.
    old: u64,
}

impl HeldLines {
    pub(super) fn new(surroundings: Surroundings) -> Self {
        let sections = HeldSections::new(surroundings);
        HeldLines { sections, from: Position::before(0), timer: None, old: 0 }
    }

    /// Ready when lines have been held back for long enough, and are released; pending if none are.
    pub(super) fn poll_old(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.sections.position().is_none() {
            self.timer = None;
            return Poll::Pending;
        }
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(HOLD_TIME)));
        ready!(timer.as_mut().poll(cx));
        self.timer = None;
        self.sections.close_before(self.old);
        self.old = self.sections.count();
        Poll::Ready(())
    }

    /// Forgets all lines; those before `position` are not sent when they are added again.
    pub(super) fn begin_at(&mut self, position: Position) {
        self.sections.clear();
        (self.from, self.timer, self.old) = (position, None, 0);
    }
}
