//! A batch: consecutive lines of one source that were read together, or one control event.
//!
//! The batch is the unit that is stored, encoded and shared, and it never changes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use bytes::Bytes;

use super::encoded::EncodedForms;
use super::{Line, Lines, Location, Log, Presentation, Seq, Source};
use crate::record::Context;

/// Consecutive events of one source; see the documentation of the module.
#[derive(Debug)]
pub struct Batch {
    source: Arc<Source>,
    first: Seq,
    content: BatchContent,
    encoded: EncodedForms,
    /// Offset of the first byte in the file or stream of the source.
    offset: u64,
    /// The batch before, if no log has their lines.
    previous: Weak<Batch>,
    /// The context of the first line, once somebody has found it.
    context: OnceLock<Context>,
    /// The context of the line behind the batch, once the records of all lines were read.
    next_context: OnceLock<Context>,
    /// Bytes of memory of all batches that share the meter.
    meter: Arc<AtomicUsize>,
}

/// The context of the line at an offset in a log.
#[derive(Clone, Debug)]
pub struct NextContext {
    log: Option<Weak<dyn Log>>,
    offset: u64,
    context: Context,
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
        let offset = match &content {
            BatchContent::Lines(Lines { location: Some(location), .. }) => location.offset,
            _ => 0,
        };
        let batch = Batch {
            source,
            first,
            content,
            encoded: EncodedForms::default(),
            offset,
            previous: Weak::new(),
            context: OnceLock::new(),
            next_context: OnceLock::new(),
            meter,
        };
        batch.meter.fetch_add(batch.own_size(), Ordering::Relaxed);
        batch
    }

    /// Sets the place of lines that have no location: the offset of the first byte in the stream of
    /// the source, and the batch that stands before it there.
    #[must_use]
    pub fn at(mut self, offset: u64, previous: Weak<Batch>) -> Self {
        (self.offset, self.previous) = (offset, previous);
        self
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

    /// Offset of the first byte in the file or the stream of the source.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The batch that stands before this one in a stream without a log, while it is in memory.
    #[must_use]
    pub fn previous(&self) -> Option<Arc<Batch>> {
        self.previous.upgrade()
    }

    /// The context of the first line, if it is known.
    #[must_use]
    pub fn context(&self) -> Option<Context> {
        let at_start = || (self.lines().is_some() && self.offset == 0).then(|| Context::at(0));
        self.context.get().copied().or_else(at_start)
    }

    /// Sets the context of the first line, unless it is known.
    pub fn set_context(&self, context: Context) {
        let _ = self.context.set(context);
    }

    /// The context of the line behind the batch, if the records of all lines were read.
    #[must_use]
    pub(super) fn next_context(&self) -> Option<Context> {
        self.next_context.get().copied()
    }

    /// Sets the context of the line behind the batch.
    pub(super) fn set_next_context(&self, context: Context) {
        let _ = self.next_context.set(context);
    }

    /// Returns what the batch leaves for the next one in its log, if that is known.
    #[must_use]
    pub fn leaves(&self) -> Option<NextContext> {
        let (lines, context) = (self.lines()?, self.next_context()?);
        let log = lines.location.as_ref().map(|location| Arc::downgrade(&location.log));
        Some(NextContext { log, offset: self.offset + lines.source_len() as u64, context })
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

impl NextContext {
    /// Sets the context of `batch` if it begins at this place.
    pub fn set(&self, batch: &Batch) {
        let is_here = self.offset == batch.offset()
            && match (&self.log, batch.location()) {
                (Some(log), Some(location)) => {
                    std::ptr::addr_eq(log.as_ptr(), Arc::as_ptr(&location.log))
                }
                (log, location) => log.is_none() && location.is_none(),
            };
        if is_here {
            batch.set_context(self.context);
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.meter.fetch_sub(self.size(), Ordering::Relaxed);
    }
}
