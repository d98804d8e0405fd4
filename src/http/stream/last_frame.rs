//! The frame that an event stream returned last, part by part.
//!
//! The writer may put parts back that it could not send. Nothing counts as sent before the writer
//! asks for the next frame, or drops the stream.

use bytes::Bytes;

use super::Gathered;
use crate::event::{Position, Stream};

/// The state of a peer that has received the stream up to some byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PeerState {
    /// The position from which such a peer resumes.
    pub(super) position: Position,
    /// The source and the stream of a plain line whose end was not sent.
    pub(super) unfinished: Option<(usize, Option<Stream>)>,
}

/// Number of bytes and events in one part of a [`Gathered`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) bytes: u64,
    pub(super) events: u64,
}

/// One entry for each part of the last frame: its size, and the state of a peer that has it.
#[derive(Debug, Default)]
pub(super) struct LastFrame {
    parts: Vec<(Sent, PeerState)>,
}

impl LastFrame {
    /// Appends `bytes` to `frame`; `state` is that of a peer that has them.
    pub(super) fn push(
        &mut self,
        frame: &mut Gathered,
        bytes: Bytes,
        events: u64,
        state: PeerState,
    ) {
        let sent = Sent { bytes: bytes.len() as u64, events };
        if frame.push(bytes) {
            self.parts.push((sent, state));
        } else if let Some((last, last_state)) = self.parts.last_mut() {
            // The bytes were joined to the last part.
            last.bytes += sent.bytes;
            last.events += sent.events;
            *last_state = state;
        }
    }

    /// Forgets all but the first `kept` parts; returns the state of a peer that has those, if any
    /// were forgotten.
    pub(super) fn truncate(&mut self, kept: usize) -> Option<PeerState> {
        if kept >= self.parts.len() {
            return None;
        }
        let (_, state) = *self.parts.get(kept.checked_sub(1)?)?;
        self.parts.truncate(kept);
        Some(state)
    }

    /// Takes the parts, which were sent.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Sent> {
        self.parts.drain(..).map(|(sent, _)| sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(next: u64) -> PeerState {
        PeerState { position: Position::before(next), unfinished: None }
    }

    fn last_frame(sizes: &[usize]) -> (LastFrame, Gathered) {
        let (mut last, mut frame) = (LastFrame::default(), Gathered::default());
        for (n, &size) in (1..).zip(sizes) {
            last.push(&mut frame, vec![b'x'; size].into(), 1, state(n));
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
