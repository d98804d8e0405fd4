//! The event encoder: turns batches and control events into the bytes of a response body.
//!
//! The encoder and its [`template`](super::template) are the only code that knows the wire format.
//! Event streams follow the WHATWG HTML standard, section 9.2; docs/PROTOCOL.md is the contract.

use std::time::Duration;

use bytes::Bytes;

use super::records::Records;
use super::template::{LINE_END, Template};
use super::{
    Batch, Epoch, EventId, Lines, Medium, Numbering, Position, Presentation, Section, Seq,
    message_of, seq_in_message,
};
use crate::record::{Clock, Zone};

/// Encodes the events of one run.
#[derive(Debug)]
pub struct Encoder {
    epoch: Epoch,
    clock: Clock,
}

impl Encoder {
    /// A comment that keeps a quiet connection open.
    pub const HEARTBEAT: Bytes = Bytes::from_static(b":\n");

    /// The end of a plain line.
    pub const LINE_END: &[u8] = LINE_END;

    /// Makes an encoder whose IDs name `epoch`; times of lines that name no zone are in UTC.
    #[must_use]
    pub fn new(epoch: Epoch) -> Self {
        Encoder { epoch, clock: Clock::new(&Zone::utc(), 0) }
    }

    /// Sets the clock of the times of lines.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Encoder { clock, ..self }
    }

    /// The clock of the times of lines.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The epoch that the IDs name.
    #[must_use]
    pub fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    /// Returns the last event ID of a client that has everything before `position` of this run.
    #[must_use]
    pub fn id(&self, position: Position) -> EventId {
        EventId { epoch: self.epoch.clone(), position, numbering: Numbering::Run }
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

    /// Encodes all events of `batch`; the objects of JSON have no records if the context of the batch
    /// is not known.
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
        let first = start.next.max(batch.first());
        let unread = (first - batch.first()) as usize..end.saturating_sub(batch.first()) as usize;
        if start.skip == 0 && template.push_unchanged(&mut out, first, lines.bytes_of(unread)) {
            return out.into();
        }
        let mut records = self.records(batch, presentation);
        for (seq, line) in batch.lines_from(start.next).take_while(|(seq, _)| *seq < end) {
            let index = (seq - batch.first()) as usize;
            let record = records.as_mut().map(|records| records.record(index)).unwrap_or_default();
            let skip = if seq == start.next { start.skip as usize } else { 0 };
            template.push_line(&mut out, seq, line, &record, skip.min(line.bytes.len()));
        }
        if let Some(records) = records.filter(|_| end >= batch.next()) {
            records.finish();
        }
        out.into()
    }

    /// Encodes the events of `sections` of `batch`, in their order, without the events before
    /// `start`; a batch of a control event is encoded whole.
    #[must_use]
    pub fn encode_sections(
        &self,
        batch: &Batch,
        presentation: Presentation,
        start: Position,
        sections: &[Section],
    ) -> Bytes {
        let Some(lines) = batch.lines() else { return self.encode_control(batch, presentation) };
        let Some(first) = sections.first() else { return Bytes::new() };
        let template = self.template(batch, presentation, lines);
        let mut out = Vec::new();
        let first = batch.first() + first.spans.start as Seq;
        let mut wanted = batch.lines_from(first.max(start.next)).peekable();
        for Section { spans, record, .. } in sections {
            let range = batch.first() + spans.start as Seq..batch.first() + spans.end as Seq;
            while wanted.next_if(|(seq, _)| *seq < range.start).is_some() {}
            while let Some((seq, line)) = wanted.next_if(|(seq, _)| *seq < range.end) {
                let skip = if seq == start.next { start.skip as usize } else { 0 };
                template.push_line(&mut out, seq, line, record, skip.min(line.bytes.len()));
            }
        }
        out.into()
    }

    /// Returns the time of the first line of `batch` in milliseconds since 1970, or the time of
    /// reading if it has none; `None` if the context of the batch is not known.
    #[must_use]
    pub fn first_time(&self, batch: &Batch) -> Option<i64> {
        let read = batch.lines()?.time.cast_signed();
        Some(Records::new(batch, &self.clock)?.record(0).time.unwrap_or(read))
    }

    /// Returns the records of a batch, if the presentation shows them.
    fn records<'a>(&self, batch: &'a Batch, presentation: Presentation) -> Option<Records<'a>> {
        presentation.has_records().then(|| Records::new(batch, &self.clock)).flatten()
    }

    fn template<'a>(
        &'a self,
        batch: &'a Batch,
        presentation: Presentation,
        lines: &'a Lines,
    ) -> Template<'a> {
        let place = batch.place().map(|place| &**place);
        let epoch = place.map_or(self.epoch.as_str(), |place| place.epoch.as_str());
        Template::new(epoch, place, presentation, batch.source().name.as_str(), lines)
    }

    /// Encodes a batch of one control event.
    fn encode_control(&self, batch: &Batch, presentation: Presentation) -> Bytes {
        let json = batch.control_json().map_or("", |json| json);
        Encoder::control(
            presentation.medium,
            json,
            &self.id_in(batch, Position::before(batch.next())),
        )
    }

    /// Returns the last event ID of a client that has everything before `position`, which is in
    /// `batch` or directly behind it.
    #[must_use]
    pub fn id_in(&self, batch: &Batch, position: Position) -> EventId {
        let Some(place) = batch.place() else { return self.id(position) };
        let (number, _) = message_of(batch.first());
        let next = seq_in_message(place.sequence, position.next - seq_in_message(number, 0));
        EventId {
            epoch: place.epoch.clone(),
            position: Position { next, ..position },
            numbering: Numbering::Messages(Some(place.check)),
        }
    }

    /// Encodes a control event with the data `json`; `id` is the ID of a client that has it.
    #[must_use]
    pub fn control(medium: Medium, json: &str, id: &EventId) -> Bytes {
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
