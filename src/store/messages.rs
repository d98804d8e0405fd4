//! The messages of a stream that lie behind the ring: every event in them can be read again.
//!
//! A plain value without lock or I/O; only a [`MessageLog`] reads.
//!
//! Messages have numbers of their own, which only grow.
//! An *era* is a range of numbers that differ from the sequences of the stream by a constant: another
//! era begins when the stream was made anew, or has lost its newest messages and gives their
//! sequences to other ones.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use super::{IndexEntry, MessageGroup, MessageLog, Ring};
use crate::event::{
    Batch, Epoch, EventId, Numbering, Position, Seq, Source, message_of, seq_in_message,
};

/// Most messages that are read together. With half the number, small messages are read at half the
/// speed; with twice the number, a client waits for twice as many.
const GROUP: u64 = 16;

/// Bytes of messages after which no further one is read together with them: the size of an extent.
///
/// The cache of read messages has 8 MiB: with 16 messages of 512 KiB, it was too small for one read,
/// and ten clients got a seventh of what they got from a file.
const GROUP_BYTES: u64 = 512 * 1024;

/// Most groups whose start is known; each takes 8 bytes. Of older messages, only the mean size is
/// known.
const KNOWN_GROUPS: usize = 1 << 16;

/// A range of messages whose numbers differ from their sequences by a constant.
#[derive(Clone, Debug)]
pub struct Era {
    /// The name of the stream in IDs.
    pub epoch: Epoch,
    /// Number of the first message of the era.
    pub first: u64,
    /// Difference between the numbers and the sequences.
    pub shift: u64,
    /// Number of the first message that a new client gets.
    pub start: u64,
    /// Number of the message at which those end that the stream has under these numbers.
    pub end: u64,
    /// The stream.
    pub log: Arc<dyn MessageLog>,
}

/// The eras of a feed, the oldest first.
#[derive(Debug)]
pub struct Messages {
    eras: Vec<Era>,
    /// The source that stands for the stream.
    head: Arc<Source>,
    /// The numbers of the messages with which groups begin that the ring has evicted.
    groups: VecDeque<u64>,
    /// The newest message that the ring has evicted, and the bytes of its group.
    newest: (u64, u64),
}

/// Messages behind the ring.
#[derive(Debug)]
pub enum Found {
    /// These messages have the event, or events near it.
    Group(IndexEntry),
    /// No message has the event; the next ones begin at this seq, if there are any.
    Hole(Option<Seq>),
    /// The event is older than everything that a client of this feed can know.
    Unknown(Seq),
}

/// The position that an ID names.
#[derive(Debug, PartialEq, Eq)]
pub enum Resolved {
    /// A position of this feed.
    At(Position),
    /// A position of this feed, if message `number` is the one that the ID means.
    Unverified(Position),
    /// The message was removed from the stream.
    Evicted,
    /// The stream is another one.
    OtherStream,
    /// The ID names an event that does not exist.
    Unknown,
}

impl Messages {
    /// Makes the value for a stream that nothing is known about.
    #[must_use]
    pub fn new(head: Arc<Source>) -> Self {
        Messages { eras: Vec::new(), head, groups: VecDeque::new(), newest: (0, 0) }
    }

    /// The source that stands for the stream.
    #[must_use]
    pub fn head(&self) -> &Arc<Source> {
        &self.head
    }

    /// Notes that the ring has evicted a batch of a message.
    pub fn note_evicted(&mut self, batch: &Batch) {
        let (number, _) = message_of(batch.first());
        let (newest, bytes) = self.newest;
        let is_full = |first: &u64| bytes >= GROUP_BYTES || number - first >= GROUP;
        let begins = self.groups.back().is_none_or(is_full) && number != newest;
        if begins {
            self.groups.push_back(number);
        }
        if self.groups.len() > KNOWN_GROUPS {
            self.groups.pop_front();
        }
        let size = batch.lines().map_or(0, |lines| lines.bytes.len() as u64);
        self.newest = (number, if begins { size } else { bytes + size });
    }

    /// Begins another era.
    pub fn begin(&mut self, era: Era) {
        for earlier in &mut self.eras {
            // The old messages that the stream still has, under the same sequences.
            let is_same = earlier.epoch == era.epoch;
            let kept = if is_same { era.first - era.shift + earlier.shift } else { 0 };
            earlier.end = earlier.end.min(kept);
        }
        self.eras.push(era);
    }

    /// The newest era.
    #[must_use]
    pub fn newest(&self) -> Option<&Era> {
        self.eras.last()
    }

    /// Seq of the first event that can be read.
    #[must_use]
    pub fn oldest(&self) -> Option<Seq> {
        let first = self.eras.iter().find_map(|era| Some(era.readable()).filter(|r| !r.is_empty()));
        first.map(|readable| seq_in_message(readable.start, 0))
    }

    /// Searches the messages with event `seq`, which is older than `end`, the start of the ring.
    #[must_use]
    pub fn find(&self, seq: Seq, end: Seq) -> Found {
        let (number, _) = message_of(seq);
        let Some(oldest) = self.eras.first() else { return Found::Hole(None) };
        if number == 0 {
            return Found::Unknown(seq_in_message(oldest.start, 0));
        }
        for era in &self.eras {
            let readable = era.readable();
            if readable.is_empty() || number >= readable.end {
                continue;
            }
            if number < readable.start {
                return Found::Hole(Some(seq_in_message(readable.start, 0).min(end)));
            }
            return Found::Group(self.group(era, &readable, number, end));
        }
        Found::Hole(None)
    }

    /// Returns message `number` alone, if it can be read.
    #[must_use]
    pub fn message(&self, number: u64) -> Option<IndexEntry> {
        let era = self.eras.iter().find(|era| era.readable().contains(&number))?;
        let sequence = number - era.shift;
        let (log, sequences) = (Arc::clone(&era.log), sequence..sequence + 1);
        let group = MessageGroup { log, sequences, shift: era.shift };
        Some(IndexEntry::of_messages(Arc::clone(&self.head), group))
    }

    /// Returns the last messages before event `seq`.
    #[must_use]
    pub fn before(&self, seq: Seq) -> Option<IndexEntry> {
        let (number, index) = message_of(seq);
        // Message `number` begins before `seq` if that is not its first event.
        let number = if index > 0 { number + 1 } else { number };
        let era = self.eras.iter().rev().find(|era| {
            let readable = era.readable();
            !readable.is_empty() && readable.start < number
        })?;
        let readable = era.readable();
        let last = number.min(readable.end) - 1;
        Some(self.group(era, &readable, last, seq))
    }

    /// Returns the messages that are read together with message `number`, before event `end`.
    fn group(&self, era: &Era, readable: &Range<u64>, number: u64, end: Seq) -> IndexEntry {
        let (end, index) = message_of(end);
        let end = if index > 0 { end + 1 } else { end };
        let (first, next) = self.bounds(era, number);
        let first = first.max(readable.start);
        let next = next.min(readable.end).min(end).max(number + 1);
        let group = MessageGroup {
            log: Arc::clone(&era.log),
            sequences: first - era.shift..next - era.shift,
            shift: era.shift,
        };
        IndexEntry::of_messages(Arc::clone(&self.head), group)
    }

    /// Returns the start and the end of the group of message `number`.
    fn bounds(&self, era: &Era, number: u64) -> (u64, u64) {
        let behind = self.groups.partition_point(|first| *first <= number);
        let next = self.groups.get(behind).copied();
        if let Some(first) = behind.checked_sub(1).map(|at| self.groups[at]) {
            return (first, next.unwrap_or(u64::MAX));
        }
        let mean = (GROUP_BYTES / era.log.message_size().max(1)).clamp(1, GROUP);
        let first = number - number % mean;
        (first, (first + mean).min(next.unwrap_or(u64::MAX)))
    }

    /// Finds the position that `id` names.
    #[must_use]
    pub fn resolve(&self, id: &EventId, ring: &Ring) -> Resolved {
        let Numbering::Messages(check) = id.numbering else { return Resolved::OtherStream };
        if !self.eras.iter().any(|era| era.epoch == id.epoch) {
            return Resolved::OtherStream;
        }
        let is_in_event = id.position.skip > 0;
        let named = if is_in_event { id.position.next } else { id.position.next - 1 };
        let sequence = message_of(named).0;
        for era in self.eras.iter().rev().filter(|era| era.epoch == id.epoch) {
            let number = sequence + era.shift;
            let next = id.position.next + seq_in_message(era.shift, 0);
            let position = Position { next, ..id.position };
            let place = ring.place_of(number);
            match (check, place) {
                (Some(check), Some(place)) if place.check == check => {
                    return Resolved::At(position);
                }
                (None, Some(_)) => return Resolved::At(position),
                _ => {}
            }
        }
        self.resolve_outside(id, sequence, check.is_some(), ring)
    }

    /// Finds a position in a message that the ring does not have.
    fn resolve_outside(
        &self,
        id: &EventId,
        sequence: u64,
        has_check: bool,
        ring: &Ring,
    ) -> Resolved {
        if self.eras.last().is_none_or(|era| era.epoch != id.epoch) {
            return Resolved::OtherStream;
        }
        // Messages before a loss have the numbers of the earlier era.
        let eras = self.eras.iter().rev().filter(|era| era.epoch == id.epoch);
        let mut holding = eras.skip_while(|era| sequence + era.shift < era.first);
        let Some(era) = holding.next() else { return Resolved::Unknown };
        let number = sequence + era.shift;
        let next = id.position.next + seq_in_message(era.shift, 0);
        let position = Position { next, ..id.position };
        if number + 1 < era.log.oldest() + era.shift {
            return Resolved::Evicted;
        }
        // Another message has this sequence now.
        if ring.place_of(number).is_some() {
            return Resolved::Unknown;
        }
        if has_check { Resolved::Unverified(position) } else { Resolved::At(position) }
    }

    /// Returns the ID of a client that has everything before `position`.
    #[must_use]
    pub fn id(&self, position: Position, ring: &Ring) -> Option<EventId> {
        let named = if position.skip > 0 { position.next } else { position.next.saturating_sub(1) };
        let (number, _) = message_of(named);
        let era = self.eras.iter().rev().find(|era| era.first <= number).or(self.eras.first())?;
        let place = ring.place_of(number).filter(|place| place.epoch == era.epoch);
        let next = position.next.saturating_sub(seq_in_message(era.shift, 0));
        Some(EventId {
            epoch: era.epoch.clone(),
            position: Position { next, ..position },
            numbering: Numbering::Messages(place.map(|place| place.check)),
        })
    }
}

impl Era {
    /// The sequences of the messages that begin before event `seq` and can be read.
    #[must_use]
    pub fn sequences_before(&self, seq: Seq) -> Range<u64> {
        let Range { start, end } = self.readable();
        let end = message_of(seq).0.min(end).max(start);
        start - self.shift..end - self.shift
    }

    /// The numbers of the messages that can be read.
    fn readable(&self) -> Range<u64> {
        self.first.max(self.log.oldest() + self.shift)..self.end
    }
}
