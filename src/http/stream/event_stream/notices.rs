//! Control events that only this peer gets: heartbeats, and the lineage for a relay.

use std::task::{Context, Poll};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use super::EventStream;
use crate::event::{ControlEvent, Encoder, Medium};
use crate::http::stream::Gathered;

impl EventStream {
    /// Appends a comment, or an event where a comment does not do: for a page, which cannot see
    /// comments, and for a peer whose filter has let nothing through, which needs a fresh ID.
    pub(super) fn push_heartbeat(&mut self, frame: &mut Gathered) {
        let cursor = self.settled();
        let bytes = if self.query.ping || self.peer.position != cursor {
            let time = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |elapsed| elapsed.as_millis() as u64);
            self.encode_control(ControlEvent::Ping { time }, cursor)
        } else {
            match self.query.presentation.medium {
                Medium::Events => Encoder::HEARTBEAT,
                // These have no comments, and a blank line would be a line of a source.
                Medium::JsonLines | Medium::Plain => Bytes::new(),
            }
        };
        self.push(frame, bytes, 0, cursor);
    }

    /// Appends the lineage, if the peer is a relay and the lineage has changed.
    pub(super) fn push_lineage(&mut self, cx: &mut Context<'_>, frame: &mut Gathered) -> bool {
        let notice = self.lineage_notice.as_mut().map(|notice| notice.poll_changed(cx));
        let Some(Poll::Ready(epochs)) = notice else { return false };
        let cursor = self.settled();
        let event = ControlEvent::Lineage { epochs: &epochs };
        let bytes = self.encode_control(event, cursor);
        self.push(frame, bytes, 0, cursor);
        true
    }
}
