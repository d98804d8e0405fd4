//! The frame that an event stream returned last, part by part.
//!
//! The writer may put parts back that it could not send. Nothing counts as sent before the writer
//! asks for the next frame, or drops the stream.

use bytes::Bytes;

use super::Gathered;
use crate::event::{Position, Stream};
use crate::http::gzip::Decoded;

/// The state of a peer that has received the stream up to some byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PeerState {
    /// The position from which such a peer resumes.
    pub(super) position: Position,
    /// The source and the stream of a plain line whose end was not sent.
    pub(super) unfinished: Option<(usize, Option<Stream>)>,
    /// The text of its gzip member, if it gets one.
    pub(super) decoded: Decoded,
}

impl PeerState {
    /// The state of a peer that has received nothing, and is to get the events from `position` on.
    pub(super) fn at(position: Position) -> Self {
        PeerState { position, unfinished: None, decoded: Decoded::default() }
    }
}

/// Number of bytes and events in one part of a [`Gathered`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) bytes: u64,
    pub(super) events: u64,
}

/// One entry for each part of the last frame.
#[derive(Debug, Default)]
pub(super) struct LastFrame {
    parts: Vec<Part>,
}

/// A part of a frame: its size, and the state of a peer that has it.
#[derive(Debug)]
struct Part {
    sent: Sent,
    state: PeerState,
    is_deflated: bool,
}

impl LastFrame {
    /// Appends `bytes`, which may be deflated blocks, to `frame`; `state` is that of a peer that has
    /// them.
    pub(super) fn push(
        &mut self,
        frame: &mut Gathered,
        bytes: Bytes,
        is_deflated: bool,
        events: u64,
        state: PeerState,
    ) {
        let sent = Sent { bytes: bytes.len() as u64, events };
        let may_join = self.parts.last().is_some_and(|last| last.is_deflated == is_deflated);
        if frame.push(bytes, may_join) {
            self.parts.push(Part { sent, state, is_deflated });
        } else if let Some(last) = self.parts.last_mut() {
            // The bytes were joined to the last part.
            last.sent.bytes += sent.bytes;
            last.sent.events += sent.events;
            last.state = state;
        }
    }

    /// Replaces each part of `frame` by what `deflate` makes of it; its second argument says that the
    /// part is deflated already.
    pub(super) fn deflate(
        &mut self,
        mut frame: Gathered,
        mut deflate: impl FnMut(Bytes, bool) -> Bytes,
    ) -> Gathered {
        let mut deflated = Gathered::default();
        for part in &mut self.parts {
            let Some(bytes) = frame.pop() else { break };
            let bytes = deflate(bytes, part.is_deflated);
            part.sent.bytes = bytes.len() as u64;
            part.is_deflated = true;
            deflated.push(bytes, false);
        }
        deflated
    }

    /// Forgets all but the first `kept` parts; returns the state of a peer that has those, if any
    /// were forgotten.
    pub(super) fn truncate(&mut self, kept: usize) -> Option<PeerState> {
        if kept >= self.parts.len() {
            return None;
        }
        let state = self.parts.get(kept.checked_sub(1)?)?.state;
        self.parts.truncate(kept);
        Some(state)
    }

    /// Takes the parts, which were sent; an idle stream keeps no memory for them.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Sent> + use<> {
        std::mem::take(&mut self.parts).into_iter().map(|part| part.sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(next: u64) -> PeerState {
        PeerState::at(Position::before(next))
    }

    fn last_frame(sizes: &[usize]) -> (LastFrame, Gathered) {
        let (mut last, mut frame) = (LastFrame::default(), Gathered::default());
        for (n, &size) in (1..).zip(sizes) {
            last.push(&mut frame, vec![b'x'; size].into(), false, 1, state(n));
        }
        (last, frame)
    }

    #[test]
    fn every_part_of_the_frame_has_one_entry() {
        let (mut last, mut frame) = last_frame(&[10, 20, 9000, 0, 9001, 5]);
        let sizes: Vec<u64> =
            std::iter::from_fn(|| frame.pop()).map(|part| part.len() as u64).collect();
        let sent: Vec<Sent> = last.take().collect();
        assert_eq!(sizes, [30, 9000, 9001, 5]);
        assert_eq!(sent.iter().map(|part| part.bytes).collect::<Vec<_>>(), sizes);
        assert_eq!(sent.iter().map(|part| part.events).collect::<Vec<_>>(), [2, 2, 1, 1]);
    }

    #[test]
    fn parts_that_were_put_back_are_not_sent() {
        let (mut last, _) = last_frame(&[9000, 9000, 9000]);
        assert_eq!(last.truncate(3), None, "all are kept");
        assert_eq!(last.truncate(2), Some(state(2)));
        assert_eq!(last.truncate(2), None);
        assert_eq!(last.take().count(), 2);
        assert_eq!(last.truncate(1), None, "all were sent");
    }
}
