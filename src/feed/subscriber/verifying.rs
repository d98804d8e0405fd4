//! Waits of a subscriber until the last event ID of its client was compared with its message.

use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use super::Subscriber;
use crate::event::{Batch, GapReason, Numbering, message_of};
use crate::feed::start::{StartPoint, Unverified};
use crate::feed::verification::Step;
use crate::store::Resolved;

impl Subscriber {
    /// Ready when the last event ID of the client was compared with its message.
    pub(super) fn poll_verification(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Some(verification) = &mut self.verification {
            if let Some(read) = &mut verification.read {
                let batches = ready!(read.as_mut().poll(cx));
                self.compare(batches.as_deref());
                continue;
            }
            let mut state = self.shared.lock();
            match verification.step(&state) {
                Step::Known(resolved) => {
                    drop(state);
                    self.begin_as(&resolved);
                }
                Step::Wait if state.closed => {
                    drop(state);
                    self.verification = None;
                }
                Step::Wait => {
                    let reader = state.waiters.wait(self.key, cx);
                    drop(state);
                    reader.into_iter().for_each(Waker::wake);
                    return Poll::Pending;
                }
                Step::Read(entry) => {
                    drop(state);
                    // Clients that come back together have the same ID, and read it once.
                    let cell = self.shared.reloader.reload(entry, None);
                    let read = Box::pin(async move { cell.wait().await.clone() });
                    verification.read = Some(read);
                }
            }
        }
        Poll::Ready(())
    }

    /// Compares the ID with the message that was read.
    fn compare(&mut self, batches: Option<&[Arc<Batch>]>) {
        let Some(verification) = &self.verification else { return };
        let state = self.shared.lock();
        let id = &verification.id.id;
        let resolved = state.messages.as_ref().map(|messages| messages.resolve(id, &state.ring));
        drop(state);
        let Some(Resolved::Unverified(position)) = resolved else {
            return self.begin_as(&resolved.unwrap_or(Resolved::Unknown));
        };
        let named = if position.skip > 0 { position.next } else { position.next - 1 };
        let number = message_of(named).0;
        let place = batches
            .unwrap_or_default()
            .iter()
            .find(|batch| message_of(batch.first()).0 == number)
            .and_then(|batch| batch.place().cloned());
        let is_same =
            place.is_none_or(|place| id.numbering == Numbering::Messages(Some(place.check)));
        self.begin_as(&if is_same { Resolved::At(position) } else { Resolved::Unknown });
    }

    /// Begins where the ID of the client is.
    fn begin_as(&mut self, resolved: &Resolved) {
        let Some(verification) = self.verification.take() else { return };
        let reason = match resolved {
            Resolved::At(position) | Resolved::Unverified(position) => {
                self.cursor = *position;
                return;
            }
            Resolved::OtherStream => GapReason::Restart,
            Resolved::Evicted | Resolved::Unknown => GapReason::Unknown,
        };
        let Unverified { otherwise, candidates, .. } = verification.id;
        let state = self.shared.lock();
        let start = StartPoint::of_backlog(&state, otherwise, candidates).after_gap(reason);
        drop(state);
        self.cursor = start.cursor;
        self.gap = start.gap;
        self.source_starts = start.source_starts;
        self.search = start.search.map(Box::new);
    }
}
