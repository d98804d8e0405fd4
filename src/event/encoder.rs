//! The event encoder: turns batches and control events into the bytes of a response body.
//!
//! The encoder and its [`template`](super::template) are the only code that knows the wire format.
//! Event streams follow the WHATWG HTML standard, section 9.2; docs/PROTOCOL.md is the contract.

use std::time::Duration;

use bytes::Bytes;

use super::grep::Search;
use super::template::{LINE_END, Template};
use super::{Batch, Epoch, EventId, Grep, Medium, Position, Presentation, Seq};

/// Encodes the events of one run.
#[derive(Debug)]
pub struct Encoder {
    epoch: Epoch,
}

impl Encoder {
    /// A comment that keeps a quiet connection open.
    pub const HEARTBEAT: Bytes = Bytes::from_static(b":\n");

    /// The end of a plain line.
    pub const LINE_END: &[u8] = LINE_END;

    /// Makes an encoder whose IDs name `epoch`.
    #[must_use]
    pub fn new(epoch: Epoch) -> Self {
        Encoder { epoch }
    }

    /// The epoch that the IDs name.
    #[must_use]
    pub fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    /// Returns the last event ID of a client that has everything before `position`.
    #[must_use]
    pub fn id(&self, position: Position) -> EventId {
        EventId { epoch: self.epoch.clone(), position }
    }

    /// Returns the first bytes of every event stream: a comment, so that something is flushed at
    /// once, and the reconnection time.
    #[must_use]
    pub fn preamble(reconnection_time: Duration) -> Bytes {
        format!(":\nretry: {}\n", reconnection_time.as_millis()).into()
    }

    /// Counts the events in encoded `bytes`.
    #[must_use]
    pub fn count(bytes: &[u8], medium: Medium) -> u64 {
        match medium {
            Medium::Events => memchr::memmem::find_iter(bytes, b"\n\n").count() as u64,
            Medium::JsonLines | Medium::Plain => memchr::memchr_iter(b'\n', bytes).count() as u64,
        }
    }

    /// Encodes all events of `batch`.
    #[must_use]
    pub fn encode(&self, batch: &Batch, presentation: Presentation) -> Bytes {
        let start = Position::before(batch.first());
        self.encode_from(batch, presentation, start, batch.next(), None)
    }

    /// Encodes the events of `batch` from `start` to `end`, without the latter, and without the
    /// lines that do not match `grep`.
    #[must_use]
    pub fn encode_from(
        &self,
        batch: &Batch,
        presentation: Presentation,
        start: Position,
        end: Seq,
        grep: Option<&Grep>,
    ) -> Bytes {
        let Some(lines) = batch.lines() else {
            let json = batch.control_json().map_or("", |json| json);
            return self.control(presentation.medium, json, Position::before(batch.next()));
        };
        let mut search = grep.map(|grep| grep.search(lines));
        if search.as_ref().is_some_and(Search::is_over) {
            return Bytes::new();
        }
        let name = batch.source().name.as_str();
        let template = Template::new(self.epoch.as_str(), presentation, name, lines);
        let events = lines.spans.len();
        let mut out = Vec::with_capacity(lines.bytes.len() + events * (template.fixed_len() + 12));
        let first = start.next.saturating_sub(batch.first()) as usize;
        let lines = batch.lines_from(start.next).take_while(|(seq, _)| *seq < end);
        for (index, (seq, line)) in (first..).zip(lines) {
            if search.as_mut().is_none_or(|search| search.matches(index)) {
                let skip = if seq == start.next { start.skip as usize } else { 0 };
                template.push_line(&mut out, seq, line, skip.min(line.bytes.len()));
            }
        }
        out.into()
    }

    /// Encodes a control event with the data `json`; a client that has it has everything before
    /// `position`.
    #[must_use]
    pub fn control(&self, medium: Medium, json: &str, position: Position) -> Bytes {
        let id = self.id(position);
        match medium {
            Medium::Events => format!("event: ssetail\ndata: {json}\nid: {id}\n\n").into(),
            Medium::JsonLines => {
                let fields = json.strip_suffix('}').unwrap_or(json);
                format!("{fields},\"id\":\"{id}\"}}\n").into()
            }
            Medium::Plain => Bytes::new(),
        }
    }
}

impl Batch {
    /// Returns all events of the batch encoded, which happens once for each presentation.
    pub fn encoded(&self, encoder: &Encoder, presentation: Presentation) -> Bytes {
        self.encoded_form(presentation, || encoder.encode(self, presentation))
    }
}
