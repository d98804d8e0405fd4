//! The part of a feed that only publishers use.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use super::draft::{Draft, DraftContent};
use super::inline::InlinePolicy;
use crate::event::{Batch, Encoder, Seq};
use crate::journal::{Journal, Publication};
use crate::record::Context;
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
    /// By the ID of a source whose lines have no location: the offset and the context of its next
    /// line.
    streams: HashMap<usize, (u64, Context)>,
    encoder: Arc<Encoder>,
}

impl Writer {
    /// Makes the writer of the events from `next` on.
    pub(super) fn new(
        next: Seq,
        meter: Arc<AtomicUsize>,
        journal: Option<Journal>,
        encoder: Arc<Encoder>,
    ) -> Self {
        let inline = InlinePolicy::new();
        Writer { next, meter, journal, inline, streams: HashMap::new(), encoder }
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
            let batch = self.place(batch);
            self.next = batch.next();
            batches.push(Arc::new(batch));
        }
        if let Some(journal) = &mut self.journal {
            journal.append(Publication { batches: &batches, notes: &notes, first }, history);
        }
        batches
    }

    /// Sets the context of lines that have no location: nobody can read the lines before them again.
    fn place(&mut self, batch: Batch) -> Batch {
        let Some(lines) = batch.lines().filter(|lines| lines.location.is_none() && !lines.chunks)
        else {
            return batch;
        };
        let len = lines.source_len() as u64;
        let (offset, context) =
            self.streams.get(&batch.source().id).copied().unwrap_or((0, Context::at(0)));
        let batch = batch.at(offset, context);
        let next = batch.read_records(self.encoder.clock()).unwrap_or(context);
        self.streams.insert(batch.source().id, (offset + len, next));
        batch
    }
}
