//! A batch: consecutive lines of one source that were read together, or one control event.
//!
//! The batch is the unit that is stored, encoded and shared, and it never changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

use super::encoded::EncodedForms;
use super::{Line, Lines, Location, Presentation, Seq, Source};

/// Consecutive events of one source; see the documentation of the module.
#[derive(Debug)]
pub struct Batch {
    source: Arc<Source>,
    first: Seq,
    content: BatchContent,
    encoded: EncodedForms,
    /// Bytes of memory of all batches that share the meter.
    meter: Arc<AtomicUsize>,
}

#[derive(Debug)]
enum BatchContent {
    Lines(Lines),
    /// The JSON of a [`ControlEvent`](super::ControlEvent) that all clients get.
    Control(Arc<str>),
}

impl Batch {
    /// Makes a batch of lines, whose first line is event `first`.
    ///
    /// `meter` counts the memory of the batch, with its encoded forms, until it is dropped.
    #[must_use]
    pub fn of_lines(
        source: Arc<Source>,
        first: Seq,
        lines: Lines,
        meter: Arc<AtomicUsize>,
    ) -> Self {
        Batch::new(source, first, BatchContent::Lines(lines), meter)
    }

    /// Makes a batch of one control event, number `first`, with the data `json`.
    #[must_use]
    pub fn of_control(
        source: Arc<Source>,
        first: Seq,
        json: Arc<str>,
        meter: Arc<AtomicUsize>,
    ) -> Self {
        Batch::new(source, first, BatchContent::Control(json), meter)
    }

    fn new(
        source: Arc<Source>,
        first: Seq,
        content: BatchContent,
        meter: Arc<AtomicUsize>,
    ) -> Self {
        let batch = Batch { source, first, content, encoded: EncodedForms::default(), meter };
        batch.meter.fetch_add(batch.own_size(), Ordering::Relaxed);
        batch
    }

    /// The source of the events.
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
        self.first + self.len() as Seq
    }

    /// Number of events, at least one.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a batch is never empty")]
    pub fn len(&self) -> usize {
        match &self.content {
            BatchContent::Lines(lines) => lines.spans.len(),
            BatchContent::Control(_) => 1,
        }
    }

    /// The lines, or `None` for a control event.
    #[must_use]
    pub fn lines(&self) -> Option<&Lines> {
        match &self.content {
            BatchContent::Lines(lines) => Some(lines),
            BatchContent::Control(_) => None,
        }
    }

    /// The JSON of the control event, or `None` for lines.
    #[must_use]
    pub fn control_json(&self) -> Option<&Arc<str>> {
        match &self.content {
            BatchContent::Lines(_) => None,
            BatchContent::Control(json) => Some(json),
        }
    }

    /// Where the lines can be read again.
    #[must_use]
    pub fn location(&self) -> Option<&Location> {
        self.lines().and_then(|lines| lines.location.as_ref())
    }

    /// Iterates over the lines from event `seq` on, each with its seq.
    pub(super) fn lines_from(&self, seq: Seq) -> impl Iterator<Item = (Seq, Line<'_>)> {
        let index = seq.saturating_sub(self.first) as usize;
        self.lines()
            .into_iter()
            .flat_map(move |lines| lines.from(index))
            .zip(self.first + index as Seq..)
            .map(|(line, seq)| (seq, line))
    }

    /// Returns the encoded form for `presentation`, which `encode` makes if there is none yet.
    pub(super) fn encoded_form(
        &self,
        presentation: Presentation,
        encode: impl FnOnce() -> Bytes,
    ) -> Bytes {
        self.encoded.get_or_init(presentation, || {
            let bytes = encode();
            self.meter.fetch_add(bytes.len(), Ordering::Relaxed);
            bytes
        })
    }

    /// Bytes of memory that the batch takes, with its encoded forms.
    #[must_use]
    pub fn size(&self) -> usize {
        self.own_size() + self.encoded.size()
    }

    fn own_size(&self) -> usize {
        let content = match &self.content {
            BatchContent::Lines(lines) => lines.size(),
            BatchContent::Control(json) => json.len(),
        };
        size_of::<Self>() + content
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.meter.fetch_sub(self.size(), Ordering::Relaxed);
    }
}
