//! The part of a feed that only publishers use.

use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Weak};

use super::draft::{Draft, DraftContent};
use super::inline::InlinePolicy;
use crate::event::{Batch, Seq};
use crate::journal::{Journal, Publication};
use crate::store::IndexEntry;

/// Turns drafts into batches and writes their records.
#[derive(Debug)]
pub(super) struct Writer {
    /// Seq of the next event.
    pub(super) next: Seq,
    /// The meter of the ring.
    pub(super) meter: Arc<AtomicUsize>,
    pub(super) journal: Option<Journal>,
    pub(super) inline: InlinePolicy,
    /// By the ID of a source whose lines have no location: the offset of its next line, and its
    /// newest batch.
    streams: HashMap<usize, (u64, Weak<Batch>)>,
}

impl Writer {
    /// Makes the writer of the events from `next` on.
    pub(super) fn new(next: Seq, meter: Arc<AtomicUsize>, journal: Option<Journal>) -> Self {
        let inline = InlinePolicy::new();
        Writer { next, meter, journal, inline, streams: HashMap::new() }
    }

    /// Assigns seqs to the events of `drafts`, writes the records, and returns the batches.
    ///
    /// `history(seq)` returns the next entries from `seq` on, for the journal.
    pub(super) fn write(
        &mut self,
        drafts: Vec<Draft>,
        history: impl Fn(Seq) -> Vec<IndexEntry>,
    ) -> Vec<Arc<Batch>> {
        let first = self.next;
        let mut batches = Vec::with_capacity(drafts.len());
        let mut notes = Vec::new();
        for Draft { source, content } in drafts {
            let (next, meter) = (self.next, Arc::clone(&self.meter));
            let batch = match content {
                DraftContent::Lines(lines) => Batch::of_lines(source, next, lines, meter),
                DraftContent::Control(json) => Batch::of_control(source, next, json.into(), meter),
                DraftContent::Note(note) => {
                    notes.push((source, note));
                    continue;
                }
            };
            self.next = batch.next();
            batches.push(self.place(batch));
        }
        if let Some(journal) = &mut self.journal {
            journal.append(Publication { batches: &batches, notes: &notes, first }, history);
        }
        batches
    }

    /// Sets the place of lines that have no location.
    fn place(&mut self, batch: Batch) -> Arc<Batch> {
        let lines = batch.lines().filter(|lines| lines.location.is_none());
        let Some(len) = lines.map(|lines| lines.source_len() as u64) else {
            return Arc::new(batch);
        };
        let (offset, newest) = self.streams.entry(batch.source().id).or_default();
        let batch = Arc::new(batch.at(*offset, newest.clone()));
        (*offset, *newest) = (*offset + len, Arc::downgrade(&batch));
        batch
    }
}
