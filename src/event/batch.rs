//! A batch: consecutive lines of one source that were read together, or one control event.
//!
//! The batch is the unit that is stored, encoded and shared, and it never changes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use bytes::Bytes;

use super::encoded::{DeflatedForms, EncodedForms};
use super::{Deflated, Line, Lines, Location, Log, MessagePlace, Presentation, Seq, Source};
use crate::record::Context;

/// Consecutive events of one source; see the documentation of the module.
#[derive(Debug)]
pub struct Batch {
    source: Arc<Source>,
    first: Seq,
    content: BatchContent,
    encoded: EncodedForms,
    /// The message that has the events, if they come from a stream of messages.
    place: Option<Arc<MessagePlace>>,
    /// Offset of the first byte in the file or stream of the source.
    offset: u64,
    /// The batch before, if no log has their lines.
    previous: Weak<Batch>,
    /// The context of the first line, once somebody has found or guessed it.
    context: OnceLock<FirstContext>,
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
    context: FirstContext,
}

/// The context of a line.
#[derive(Clone, Copy, Debug)]
struct FirstContext {
    context: Context,
    /// The lines before could not be read.
    is_guess: bool,
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
            place: None,
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

    /// Sets the message that has the events, by which their IDs are made.
    #[must_use]
    pub fn in_message(mut self, place: Arc<MessagePlace>) -> Self {
        self.place = Some(place);
        self
    }

    /// The message that has the events, if they come from a stream of messages.
    #[must_use]
    pub fn place(&self) -> Option<&Arc<MessagePlace>> {
        self.place.as_ref()
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

    /// Returns true if the events can be read again when they are not in memory.
    #[must_use]
    pub fn is_logged(&self) -> bool {
        self.place.is_some() || self.location().is_some()
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
        self.context.get().map(|first| first.context).or_else(at_start)
    }

    /// Returns true if the context of the first line was guessed: another batch of the same events
    /// may have other records.
    #[must_use]
    pub fn has_guessed_context(&self) -> bool {
        self.context.get().is_some_and(|first| first.is_guess)
    }

    /// Sets the context of the first line, unless it is known.
    pub fn set_context(&self, context: Context) {
        let _ = self.context.set(FirstContext { context, is_guess: false });
    }

    /// Sets the context of the first line, before which no line could be read, unless it is known.
    pub fn guess_context(&self, context: Context) {
        let _ = self.context.set(FirstContext { context, is_guess: true });
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
        let context = FirstContext { context, is_guess: self.has_guessed_context() };
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

    /// Returns the compressed form for `presentation` that refers to the batches before, if it was
    /// made.
    #[must_use]
    pub fn chained(&self, presentation: Presentation) -> Option<&Deflated> {
        self.deflated(presentation).chained.get()?.as_ref()
    }

    /// Returns the compressed form for `presentation` that refers to the batches before; `deflate` is
    /// called at most once to make it, and may make none.
    pub fn chained_or(
        &self,
        presentation: Presentation,
        deflate: impl FnOnce() -> Option<Deflated>,
    ) -> Option<&Deflated> {
        let chained = &self.deflated(presentation).chained;
        chained.get_or_init(|| Some(self.metered(deflate()?))).as_ref()
    }

    /// Returns the compressed form for `presentation` that refers to nothing before the batch;
    /// `deflate` makes it if there is none yet.
    pub fn alone_or(
        &self,
        presentation: Presentation,
        deflate: impl FnOnce() -> Deflated,
    ) -> &Deflated {
        self.deflated(presentation).alone.get_or_init(|| self.metered(deflate()))
    }

    fn deflated(&self, presentation: Presentation) -> &DeflatedForms {
        self.encoded.deflated(presentation, |size| {
            self.meter.fetch_add(size, Ordering::Relaxed);
        })
    }

    fn metered(&self, deflated: Deflated) -> Deflated {
        self.meter.fetch_add(deflated.blocks.len(), Ordering::Relaxed);
        deflated
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
            let _ = batch.context.set(self.context);
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.meter.fetch_sub(self.size(), Ordering::Relaxed);
    }
}
