//! The gzip member of a stream that is compressed.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use super::EventStream;
use crate::event::{Batch, Position};
use crate::http::gzip::Run;
use crate::http::stream::Gathered;

impl EventStream {
    /// Returns true if the peer gets gzip.
    pub(super) fn is_compressed(&self) -> bool {
        self.member.is_some()
    }

    /// Appends `text` to `frame`; a peer that has it resumes from `position`, and the last that it has
    /// decoded is `run`.
    pub(super) fn push_text(
        &mut self,
        frame: &mut Gathered,
        text: Bytes,
        events: u64,
        position: Position,
        run: Run,
    ) {
        self.peer.position = position;
        if self.is_compressed() && !text.is_empty() {
            self.peer.decoded.push(&text, run);
        }
        self.last_frame.push(frame, text, false, events, self.peer);
    }

    /// Appends all events of `batch` to `frame`, compressed once for all peers unless they are few
    /// bytes.
    pub(super) fn push_shared(&mut self, frame: &mut Gathered, batch: &Arc<Batch>) {
        let presentation = self.query.presentation;
        let text = batch.encoded(self.site.feed.encoder(), presentation);
        if text.is_empty() {
            return;
        }
        let (events, position) = (batch.len() as u64, Position::before(batch.next()));
        if presentation.has_records() && batch.has_guessed_context() {
            // Other peers may have got another text of these events.
            return self.push_text(frame, text, events, position, Run::default());
        }
        let run = self.peer.decoded.run_with(batch);
        let now = Instant::now();
        match self.site.compression.share(batch, presentation, &text, run.since, now) {
            Some(deflated) => {
                self.peer.position = position;
                self.peer.decoded.append(&deflated, run);
                self.last_frame.push(frame, deflated.blocks, true, events, self.peer);
            }
            None => self.push_text(frame, text, events, position, run),
        }
    }

    /// Compresses what only this peer gets of `frame`.
    pub(super) fn deflate(&mut self, frame: Gathered) -> Gathered {
        let Some(member) = &mut self.member else { return frame };
        let compression = &self.site.compression;
        self.last_frame.deflate(frame, |bytes, is_deflated| {
            member.send(if is_deflated { bytes } else { compression.deflate(&bytes).into() })
        })
    }

    /// Returns the end of the member; none if there is no member, or the peer has got its end.
    pub(super) fn end_member(&mut self) -> Option<Gathered> {
        let end = self.member.as_mut()?.end(self.peer.decoded)?;
        let mut frame = Gathered::default();
        self.last_frame.push(&mut frame, end, true, 0, self.peer);
        Some(frame)
    }
}
