//! An entry of the index: consecutive evicted events.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use bytes::Bytes;

use super::{Extent, MessageGroup};
use crate::event::{Batch, Cutting, Location, Log, Seq, Source, seq_in_message};

/// Consecutive events of one source that can be read again.
#[derive(Clone, Debug)]
pub struct IndexEntry {
    source: Arc<Source>,
    first: Seq,
    count: u64,
    content: EntryContent,
}

/// The part of an entry from which its events can be made again.
#[derive(Clone, Debug)]
pub(crate) enum EntryContent {
    /// A byte range of a log.
    Extent(Extent),
    /// The JSON of a control event. No log has it, and control events are rare.
    Control(Arc<str>),
    /// Messages of a stream, with events of many sources.
    Messages(MessageGroup),
}

impl EntryContent {
    fn new(batch: &Batch) -> Option<Self> {
        match batch.lines() {
            Some(lines) => Extent::new(lines).map(EntryContent::Extent),
            None => batch.control_json().map(|json| EntryContent::Control(Arc::clone(json))),
        }
    }

    /// Bytes of memory on the heap.
    fn size(&self) -> usize {
        match self {
            EntryContent::Extent(extent) => extent.size(),
            EntryContent::Control(json) => json.len(),
            EntryContent::Messages(_) => 0,
        }
    }
}

impl IndexEntry {
    /// Returns the entry of a batch, or `None` if the batch cannot be read again.
    pub(crate) fn new(batch: &Batch) -> Option<Self> {
        Some(IndexEntry {
            content: EntryContent::new(batch)?,
            source: Arc::clone(batch.source()),
            first: batch.first(),
            count: batch.len() as u64,
        })
    }

    /// Makes an entry of `count` events from a record of the journal; `None` if their seqs overflow.
    pub(crate) fn recovered(
        source: Arc<Source>,
        first: Seq,
        count: u64,
        content: EntryContent,
    ) -> Option<Self> {
        first.checked_add(count)?;
        Some(IndexEntry { source, first, count, content })
    }

    /// Returns the entry of messages of the stream for which `head` stands.
    pub(super) fn of_messages(head: Arc<Source>, group: MessageGroup) -> Self {
        let first = seq_in_message(group.sequences.start + group.shift, 0);
        let next = seq_in_message(group.sequences.end + group.shift, 0);
        let (count, content) = (next - first, EntryContent::Messages(group));
        IndexEntry { source: head, first, count, content }
    }

    /// The messages of the entry, if it has events of many sources.
    #[must_use]
    pub fn messages(&self) -> Option<&MessageGroup> {
        match &self.content {
            EntryContent::Messages(group) => Some(group),
            EntryContent::Extent(_) | EntryContent::Control(_) => None,
        }
    }

    /// Appends the events of `next`; returns the number of bytes by which this entry has grown, or
    /// `None` if the events do not follow or the two would be too long.
    pub(super) fn merge(&mut self, next: &IndexEntry) -> Option<usize> {
        let is_next = self.next() == next.first && self.source.id == next.source.id;
        let (EntryContent::Extent(extent), EntryContent::Extent(more)) =
            (&mut self.content, &next.content)
        else {
            return None;
        };
        let before = extent.size();
        if !is_next || !extent.merge(more) {
            return None;
        }
        self.count += next.count;
        Some(extent.size() - before)
    }

    /// Returns the entry with the source and the log that `source` and `log` return.
    pub(super) fn map(
        mut self,
        source: impl Fn(&Arc<Source>) -> Arc<Source>,
        log: impl Fn(&Arc<dyn Log>) -> Arc<dyn Log>,
    ) -> Self {
        self.source = source(&self.source);
        if let EntryContent::Extent(extent) = &mut self.content {
            extent.location.log = log(&extent.location.log);
        }
        self
    }

    /// The part from which the events can be made again.
    pub(crate) fn content(&self) -> &EntryContent {
        &self.content
    }

    /// The log of the events, if they are lines.
    pub(crate) fn log(&self) -> Option<&Arc<dyn Log>> {
        match &self.content {
            EntryContent::Extent(extent) => Some(&extent.location.log),
            EntryContent::Control(_) | EntryContent::Messages(_) => None,
        }
    }

    /// The source of the events, or the one that stands for a stream of messages.
    #[must_use]
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Seq of the first event.
    #[must_use]
    pub fn first(&self) -> Seq {
        self.first
    }

    /// Seq of the event after the last one.
    #[must_use]
    pub fn next(&self) -> Seq {
        self.first + self.count
    }

    /// Number of events that are lines; of messages, an upper bound.
    #[must_use]
    pub fn lines(&self) -> u64 {
        match self.content {
            EntryContent::Extent(_) | EntryContent::Messages(_) => self.count,
            EntryContent::Control(_) => 0,
        }
    }

    /// Returns whether the log has removed the bytes of the events on purpose.
    #[must_use]
    pub fn is_dropped(&self) -> bool {
        match &self.content {
            EntryContent::Extent(extent) => extent.location.is_dropped(),
            EntryContent::Control(_) => false,
            EntryContent::Messages(group) => group.log.oldest() >= group.sequences.end,
        }
    }

    /// Reads the batches of the entry again, or returns `None` if the log does not have their bytes
    /// any more.
    #[must_use]
    pub fn reload(&self, cutting: &Cutting) -> Option<Vec<Arc<Batch>>> {
        self.reload_with(cutting, Arc::default, Location::read)
    }

    /// Does the same as [`reload`](IndexEntry::reload); each batch gets a meter from `meter`, and
    /// `read` reads a number of bytes at a location.
    pub(crate) fn reload_with(
        &self,
        cutting: &Cutting,
        meter: impl Fn() -> Arc<AtomicUsize>,
        read: impl FnOnce(&Location, usize) -> Option<Bytes>,
    ) -> Option<Vec<Arc<Batch>>> {
        let source = || Arc::clone(&self.source);
        let extent = match &self.content {
            EntryContent::Extent(extent) => extent,
            EntryContent::Control(json) => {
                let batch = Batch::of_control(source(), self.first, Arc::clone(json), meter());
                return Some(vec![Arc::new(batch)]);
            }
            // Their server is asked, which takes a runtime.
            EntryContent::Messages(_) => return None,
        };
        let mut next = self.first;
        let batches = extent.reload(cutting, read)?.into_iter().map(|lines| {
            let batch = Batch::of_lines(source(), next, lines, meter());
            next = batch.next();
            Arc::new(batch)
        });
        let batches: Vec<_> = batches.collect();
        (next == self.next()).then_some(batches)
    }

    /// Bytes of memory of the entry.
    pub(super) fn size(&self) -> usize {
        size_of::<Self>() + self.content.size()
    }
}
