//! From the messages of a stream to the batches of its hosts, the same on every node.

use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use async_nats::HeaderMap;
use bytes::Bytes;
use serde_json::Value;

use super::address::StreamAddress;
use super::chain::{Chains, Link, MAX_HOSTS};
use super::message::Head;
use super::payload::{Part, PartContent};
use crate::event::{
    Batch, Check, ControlEvent, Epoch, GapReason, Lines, MessagePlace, Seq, Source, seq_in_message,
};
use crate::follow::{Registry, SourceKind, SourceState};
use crate::upstream::{Notice, below, end_json, gap_json, state_after};

/// Most sources of one host; lines of further ones belong to the host itself. A host that names every
/// line differently takes this much memory.
const MAX_SOURCES: usize = 4096;

/// A message as it was read.
pub(super) struct Received {
    pub(super) subject: String,
    pub(super) sequence: u64,
    pub(super) headers: HeaderMap,
    pub(super) payload: Bytes,
}

/// The state that messages leave to the next ones.
#[derive(Debug, Default)]
pub(super) struct Before {
    pub(super) chains: Chains,
    /// By the ID of a source: the offset behind its newest batch, and that batch.
    streams: HashMap<usize, (u64, Weak<Batch>)>,
}

/// The meaning of sequences, and the meter of the batches.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    pub(super) epoch: Epoch,
    pub(super) shift: u64,
    pub(super) meter: Arc<AtomicUsize>,
}

/// Makes batches of messages.
#[derive(Debug)]
pub(super) struct Decoder {
    address: StreamAddress,
    kind: SourceKind,
    registry: Registry,
    /// The source that stands for the stream.
    head: Arc<Source>,
    /// By its name: the source that stands for a host, and its sources by the names on the host.
    hosts: Mutex<HashMap<String, Host>>,
}

#[derive(Debug)]
struct Host {
    head: Arc<Source>,
    sources: HashMap<String, Arc<Source>>,
}

/// A message that is being decoded.
struct Decoding<'a> {
    decoder: &'a Decoder,
    host: &'a str,
    place: Arc<MessagePlace>,
    numbers: &'a Numbers,
    batches: Vec<Arc<Batch>>,
    /// Seq of the next event.
    next: Seq,
    /// Number of events that are left out.
    skipped: u64,
}

impl Decoder {
    pub(super) fn new(address: StreamAddress, registry: Registry, head: Arc<Source>) -> Self {
        let kind = kind_of(&address);
        Decoder { address, kind, registry, head, hosts: Mutex::default() }
    }

    /// The source that stands for the stream.
    pub(super) fn head(&self) -> &Arc<Source> {
        &self.head
    }

    /// Returns the host to which a subject belongs.
    pub(super) fn host_of(&self, subject: &str) -> Option<String> {
        self.address.host_of(subject)
    }

    /// Returns the batches of a message, and whether it follows the one before it of its host.
    pub(super) fn decode(
        &self,
        message: &Received,
        numbers: &Numbers,
        before: &mut Before,
    ) -> (Vec<Arc<Batch>>, Link) {
        let head = Head::parse(&message.headers);
        // The stream can have further subjects, which are not for ssetail.
        let Some(host) = self.host_of(&message.subject) else { return (Vec::new(), Link::Whole) };
        let mut decoding = Decoding {
            decoder: self,
            host: &host,
            place: place_of(message, head.as_ref(), numbers),
            numbers,
            batches: Vec::new(),
            next: seq_in_message(message.sequence + numbers.shift, 1),
            skipped: 0,
        };
        let Some(head) = head else {
            // Another program has written it.
            decoding.push_gap(GapReason::Unknown, None);
            return (decoding.batches, Link::Whole);
        };
        let link = before.chains.add(&host, &head.after, &head.last);
        match link {
            Link::Whole => {}
            Link::Broken(reason, lost) => decoding.push_gap(head.gap.unwrap_or(reason), lost),
            Link::Repeated(events) => decoding.skipped = events,
        }
        match head.parts(&message.payload) {
            Some(parts) => parts.into_iter().for_each(|part| decoding.push(part, before)),
            None => decoding.push_gap(GapReason::Unknown, Some(head.events)),
        }
        (decoding.batches, link)
    }

    /// Returns a batch that says that messages before `next` cannot be read any more.
    pub(super) fn evicted(&self, next: &Received, numbers: &Numbers) -> Arc<Batch> {
        let json = gap_json(&self.head.name, GapReason::Evicted, None);
        let place = place_of(next, Head::parse(&next.headers).as_ref(), numbers);
        let first = seq_in_message(next.sequence + numbers.shift, 0);
        let meter = Arc::clone(&numbers.meter);
        let batch = Batch::of_control(Arc::clone(&self.head), first, json.into(), meter);
        Arc::new(batch.in_message(place))
    }

    /// Returns the source that a host calls `name`; without a name, the one that stands for the host.
    fn source(&self, host: &str, name: &str) -> Arc<Source> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if !hosts.contains_key(host) && hosts.len() < MAX_HOSTS {
            let name = crate::event::Name::new(host.as_ref());
            let head = self.add(name);
            hosts.insert(host.to_owned(), Host { head, sources: HashMap::new() });
        }
        let Some(Host { head, sources }) = hosts.get_mut(host) else {
            return Arc::clone(&self.head);
        };
        if let Some(source) = sources.get(name) {
            return Arc::clone(source);
        }
        let full = below(&head.name, name.as_bytes());
        let Some(full) = full.filter(|_| sources.len() < MAX_SOURCES) else {
            return Arc::clone(head);
        };
        let source = self.add(full);
        sources.insert(name.to_owned(), Arc::clone(&source));
        source
    }

    fn add(&self, name: crate::event::Name) -> Arc<Source> {
        let source = self.registry.add(self.kind.clone(), name);
        self.registry.update(&source, |status| status.state = SourceState::Live);
        source
    }
}

/// Returns the place of the events of a message.
fn place_of(message: &Received, head: Option<&Head>, numbers: &Numbers) -> Arc<MessagePlace> {
    let check = head.map_or_else(|| Check::of(&message.payload), Head::check);
    let (epoch, sequence) = (numbers.epoch.clone(), message.sequence);
    Arc::new(MessagePlace { epoch, sequence, check })
}

/// The kind of the sources of a stream.
pub(super) fn kind_of(address: &StreamAddress) -> SourceKind {
    SourceKind::Upstream(address.to_string().into())
}

impl Decoding<'_> {
    fn push_gap(&mut self, reason: GapReason, lost: Option<u64>) {
        let source = self.decoder.source(self.host, "");
        let json = gap_json(&source.name, reason, lost);
        let first = seq_in_message(self.place.sequence + self.numbers.shift, 0);
        if self.batches.iter().all(|batch| batch.first() > first) {
            self.push_control(source, first, json);
        }
    }

    fn push_control(&mut self, source: Arc<Source>, first: Seq, json: String) {
        let meter = Arc::clone(&self.numbers.meter);
        let batch = Batch::of_control(source, first, json.into(), meter);
        self.batches.push(Arc::new(batch.in_message(Arc::clone(&self.place))));
    }

    fn push(&mut self, part: Part, before: &mut Before) {
        let events = part.len();
        let skipped = self.skipped.min(events);
        self.skipped -= skipped;
        if skipped < events {
            match part.content {
                PartContent::Lines(lines, offset) => {
                    let source = self.decoder.source(self.host, &part.name);
                    self.push_lines(source, lines, offset, skipped, before);
                }
                PartContent::Control(json) => self.push_notice(&part.name, &json),
            }
        }
        self.next += events;
    }

    /// Appends the lines without the first `skipped`.
    fn push_lines(
        &mut self,
        source: Arc<Source>,
        lines: Lines,
        offset: u64,
        skipped: u64,
        before: &mut Before,
    ) {
        let skipped = skipped as usize;
        let spans = lines.spans[skipped..].into();
        let envelopes = lines.envelopes.get(skipped..).unwrap_or_default().into();
        let offsets = lines.offsets.skip(skipped);
        let lines = Lines { spans, envelopes, offsets, ..lines };
        let len = lines.source_len() as u64;
        let first = self.next + skipped as u64;
        let meter = Arc::clone(&self.numbers.meter);
        let (id, place) = (source.id, Arc::clone(&self.place));
        let (_, newest) = before.streams.entry(id).or_default();
        let batch = Batch::of_lines(source, first, lines, meter).at(offset, newest.clone());
        let batch = Arc::new(batch.in_message(place));
        before.streams.insert(id, (offset + len, Arc::downgrade(&batch)));
        self.batches.push(batch);
    }

    /// Appends a control event of the host, with the names that its sources have here.
    fn push_notice(&mut self, name: &str, json: &str) {
        let of = |file: &str| self.decoder.source(self.host, file);
        let (source, json) = match Notice::parse(json.as_bytes()) {
            Notice::Gap { reason, lost, file } => {
                let source = of(file.as_deref().unwrap_or_default());
                let json = gap_json(&source.name, reason, lost);
                (source, json)
            }
            Notice::Source { file, change } => {
                let source = of(&file);
                let state = state_after(change);
                self.decoder.registry.update(&source, |status| status.state = state);
                let json = ControlEvent::Source { file: &source.name, change }.to_json();
                (source, json)
            }
            Notice::End { file, fields } => {
                let source = of(&file);
                let ended = SourceState::Ended;
                self.decoder.registry.update(&source, |status| status.state = ended);
                let json = end_json(&source.name, &fields);
                (source, json)
            }
            Notice::Lineage(_) | Notice::Other => (of(name), one_line(json)),
        };
        self.push_control(source, self.next, json);
    }
}

/// Returns the JSON of a control event without line breaks, which would end its field in an event
/// stream; `{}` for anything that is no object.
fn one_line(json: &str) -> String {
    let value: Value = serde_json::from_str(json).unwrap_or_default();
    if value.is_object() { value.to_string() } else { "{}".to_owned() }
}

#[cfg(test)]
mod tests;
