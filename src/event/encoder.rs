//! The event encoder: turns batches and control events into the bytes of a response body.
//!
//! The encoder and its [`template`](super::template) are the only code that knows the wire format.
//! Event streams follow the WHATWG HTML standard, section 9.2; docs/PROTOCOL.md is the contract.

use std::time::Duration;

use bytes::Bytes;

use super::grep::PIECE;
use super::template::{LINE_END, Template};
use super::{Batch, Epoch, EventId, Grep, Lines, Medium, Position, Presentation, Selection, Seq};

/// The result of [`Encoder::encode_matches`].
#[derive(Debug)]
pub struct Matches {
    /// The events.
    pub bytes: Bytes,
    /// The position of the first event that was not searched.
    pub reached: Position,
    /// The event before that position is the line that stops the selection.
    pub is_stopped: bool,
}

impl Matches {
    fn new(bytes: impl Into<Bytes>, next: Seq, is_stopped: bool) -> Self {
        Matches { bytes: bytes.into(), reached: Position::before(next), is_stopped }
    }
}

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
        self.encode_from(batch, presentation, start, batch.next())
    }

    /// Encodes the events of `batch` from `start` to `end`, without the latter.
    #[must_use]
    pub fn encode_from(
        &self,
        batch: &Batch,
        presentation: Presentation,
        start: Position,
        end: Seq,
    ) -> Bytes {
        let Some(lines) = batch.lines() else { return self.encode_control(batch, presentation) };
        let template = self.template(batch, presentation, lines);
        let events = lines.spans.len();
        let mut out = Vec::with_capacity(lines.bytes.len() + events * (template.fixed_len() + 12));
        for (seq, line) in batch.lines_from(start.next).take_while(|(seq, _)| *seq < end) {
            let skip = if seq == start.next { start.skip as usize } else { 0 };
            template.push_line(&mut out, seq, line, skip.min(line.bytes.len()));
        }
        out.into()
    }

    /// Encodes the events of `batch` from `start` to `end`, without the latter, that `selection` lets
    /// through, and none after the first line that stops it.
    ///
    /// Asks `may_go_on` after each 256 bytes, at the end of a line.
    pub fn encode_matches(
        &self,
        batch: &Batch,
        presentation: Presentation,
        start: Position,
        end: Seq,
        selection: &Selection,
        mut may_go_on: impl FnMut() -> bool,
    ) -> Matches {
        let Some(lines) = batch.lines() else {
            return Matches::new(self.encode_control(batch, presentation), end, false);
        };
        let all = Grep::default();
        let mut search = selection.grep.as_deref().unwrap_or(&all).search(lines);
        let mut stop = selection.stop.as_deref().map(|stop| stop.search(lines));
        let template = self.template(batch, presentation, lines);
        let (mut out, mut searched, mut stop_end) = (Vec::new(), 0, None);
        let first = start.next.saturating_sub(batch.first()) as usize;
        let wanted = batch.lines_from(start.next).take_while(|(seq, _)| *seq < end);
        for (index, (seq, line)) in (first..).zip(wanted) {
            if stop_end.is_some_and(|end| seq >= end) {
                break;
            }
            if searched >= PIECE && !search.is_matched(index) {
                searched = 0;
                if !may_go_on() {
                    return Matches::new(out, seq, false);
                }
            }
            searched += line.bytes.len() + 1;
            if let Some(stop) = stop.as_mut().and_then(|stop| stop.end_of_match(index)) {
                stop_end = Some(batch.first() + stop as Seq);
            }
            if search.matches(index) {
                let skip = if seq == start.next { start.skip as usize } else { 0 };
                template.push_line(&mut out, seq, line, skip.min(line.bytes.len()));
            }
        }
        match stop_end.filter(|stop_end| *stop_end <= end) {
            Some(stop_end) => Matches::new(out, stop_end, true),
            None => Matches::new(out, end, false),
        }
    }

    fn template<'a>(
        &'a self,
        batch: &'a Batch,
        presentation: Presentation,
        lines: &'a Lines,
    ) -> Template<'a> {
        Template::new(self.epoch.as_str(), presentation, batch.source().name.as_str(), lines)
    }

    /// Encodes a batch of one control event.
    fn encode_control(&self, batch: &Batch, presentation: Presentation) -> Bytes {
        let json = batch.control_json().map_or("", |json| json);
        self.control(presentation.medium, json, Position::before(batch.next()))
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
