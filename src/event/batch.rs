//! A batch: consecutive lines of one source that were read together.
//!
//! It is the unit that is stored, encoded and shared, and it never changes.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::{Carry, Encoder, End, LineFilter, Name, Presentation, Seq, Span, Splitter};

/// Lines of a batch begin within so many bytes, so that what one slow peer holds stays small.
const BATCH_SIZE: u32 = 32 * 1024;

/// Something that is followed, as events know it.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// Tells sources apart that were asked for under one name.
    pub id: usize,
    /// The event name.
    pub name: Name,
}

/// Where bytes can be read again after they were dropped from memory.
pub trait Log: Send + Sync + fmt::Debug {
    /// Fills `bytes` from `offset` on.
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()>;

    /// Where the bytes begin that were not dropped on purpose.
    fn oldest(&self) -> u64 {
        0
    }

    /// Whether readers know it as a file, in which lines have their offsets.
    fn is_a_file(&self) -> bool {
        true
    }

    /// The file by which it can be found again after a restart; none if it cannot be.
    fn file(&self) -> Option<(FileId, PathBuf)> {
        None
    }
}

/// What tells one file from another, whatever it is called.
///
/// The time of birth, in nanoseconds since 1970 where the file system knows it, tells a new
/// file from a deleted one whose inode it got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileId {
    /// The device it is on.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
    /// When it was made.
    pub born: Option<u64>,
}

/// Which bytes of which log a batch was cut from.
#[derive(Clone, Debug)]
pub struct Location {
    /// The open file.
    pub log: Arc<dyn Log>,
    /// Where in it the batch begins.
    pub offset: u64,
    /// The CRC-32 of its bytes, by which they are known again.
    pub crc: u32,
}

/// How bytes become published lines: the same bytes, the same lines.
#[derive(Clone, Debug, Default)]
pub struct Cutting {
    /// How they are cut.
    pub splitter: Splitter,
    /// Which are published.
    pub filter: LineFilter,
}

/// Lines, with all that is needed to show them in any way.
#[derive(Debug)]
pub struct Lines {
    /// The bytes as they were read, terminators included.
    pub bytes: Bytes,
    /// Which of them are published lines; not empty.
    pub spans: Box<[Span]>,
    /// Where the bytes stand in their file; none for standard input without a spool.
    pub location: Option<Location>,
    /// What the batch before left of the first line.
    pub carry: Carry,
    /// How the bytes end.
    pub end: End,
    /// They are pieces of a file of bytes, which have no terminators.
    pub chunks: bool,
    /// When they were read, in milliseconds since 1970.
    pub time: u64,
}

/// An event of our own, for everybody: its place in the sequence is its place in time.
#[derive(Debug)]
pub struct Control {
    /// The event's data.
    pub json: String,
}

/// One published line, or part of a line.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// Its bytes, without the terminator.
    pub bytes: &'a [u8],
    /// Another part of the same line follows.
    pub more: bool,
    /// Where the line starts in its file.
    pub offset: Option<u64>,
}

/// Immutable: see the module's documentation.
#[derive(Debug)]
pub struct Batch {
    source: Arc<Source>,
    first: Seq,
    content: BatchContent,
    encoded: OnceLock<Box<Encoded>>,
    meter: Arc<AtomicUsize>,
}

#[derive(Debug)]
enum BatchContent {
    Lines(Lines),
    Control(Control),
}

/// One presentation of a batch, and a place for the next that somebody asks for.
#[derive(Debug)]
struct Encoded {
    presentation: Presentation,
    bytes: OnceLock<Bytes>,
    next: OnceLock<Box<Encoded>>,
}

impl Location {
    /// The place of `bytes`, which stand in `log` at `offset`.
    #[must_use]
    pub fn of(bytes: &[u8], log: Arc<dyn Log>, offset: u64) -> Self {
        Location { log, offset, crc: crc32fast::hash(bytes) }
    }

    /// Whether the log has let go of the bytes.
    #[must_use]
    pub fn is_dropped(&self) -> bool {
        self.offset < self.log.oldest()
    }
}

impl Cutting {
    /// Cuts and filters the first of `bytes`; gives the lines and how many bytes were used.
    ///
    /// Call it again with the rest until it uses none.
    /// `carry` is what the bytes before left, and becomes what these leave.
    /// None when no line is to be published, whatever was used.
    #[must_use]
    pub fn cut(&self, bytes: &[u8], carry: &mut Carry, end: End) -> (Option<Lines>, usize) {
        self.cut_by(bytes, carry, end, Bytes::copy_from_slice)
    }

    /// The same; `own` makes the bytes that were used last.
    #[must_use]
    pub fn cut_by(
        &self,
        bytes: &[u8],
        carry: &mut Carry,
        end: End,
        own: impl FnOnce(&[u8]) -> Bytes,
    ) -> (Option<Lines>, usize) {
        let before = *carry;
        let mut spans = Vec::new();
        let used = self.splitter.split(bytes, carry.into > 0, end, |span| {
            if self.filter.keeps_part(bytes, span, carry) {
                spans.push(span);
            }
            let len = u64::from(span.end - span.start);
            carry.into = if span.more { carry.into + len } else { 0 };
            span.end < BATCH_SIZE
        });
        let lines = (!spans.is_empty()).then(|| Lines {
            bytes: own(&bytes[..used]),
            spans: spans.into(),
            location: None,
            carry: before,
            // A part is cut because of the byte that follows it, which another batch has.
            end: if carry.into > 0 { End::Part } else { end },
            chunks: self.splitter.binary,
            time: 0,
        });
        (lines, used)
    }
}

impl Lines {
    /// The lines from the one with this index on.
    fn from(&self, index: usize) -> impl Iterator<Item = Line<'_>> {
        let place = self.location.as_ref().filter(|place| place.log.is_a_file());
        let base = place.map(|place| place.offset);
        let mut line_start = base.map(|base| base - self.carry.into);
        self.spans.iter().enumerate().filter_map(move |(i, span)| {
            if !span.continued {
                line_start = base.map(|base| base + u64::from(span.start));
            }
            (i >= index).then(|| Line {
                bytes: &self.bytes[span.start as usize..span.end as usize],
                more: span.more,
                offset: line_start,
            })
        })
    }
}

impl Batch {
    /// A batch of lines whose first one is event `first`.
    #[must_use]
    pub fn of_lines(
        source: Arc<Source>,
        first: Seq,
        lines: Lines,
        meter: Arc<AtomicUsize>,
    ) -> Self {
        Batch::new(source, first, BatchContent::Lines(lines), meter)
    }

    /// A batch that is the control event `first`.
    #[must_use]
    pub fn of_control(
        source: Arc<Source>,
        first: Seq,
        control: Control,
        meter: Arc<AtomicUsize>,
    ) -> Self {
        Batch::new(source, first, BatchContent::Control(control), meter)
    }

    fn new(
        source: Arc<Source>,
        first: Seq,
        content: BatchContent,
        meter: Arc<AtomicUsize>,
    ) -> Self {
        let batch = Batch { source, first, content, encoded: OnceLock::new(), meter };
        batch.meter.fetch_add(batch.own_size(), Ordering::Relaxed);
        batch
    }

    /// What the events are about.
    #[must_use]
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The first event.
    #[must_use]
    pub fn first(&self) -> Seq {
        self.first
    }

    /// The event after the last one.
    #[must_use]
    pub fn next(&self) -> Seq {
        self.first + self.len() as Seq
    }

    /// How many events it holds, at least one.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a batch is never empty")]
    pub fn len(&self) -> usize {
        match &self.content {
            BatchContent::Lines(lines) => lines.spans.len(),
            BatchContent::Control(_) => 1,
        }
    }

    /// The lines, unless it is a control event.
    #[must_use]
    pub fn lines(&self) -> Option<&Lines> {
        match &self.content {
            BatchContent::Lines(lines) => Some(lines),
            BatchContent::Control(_) => None,
        }
    }

    /// The control event, if it is one.
    #[must_use]
    pub fn control(&self) -> Option<&Control> {
        match &self.content {
            BatchContent::Lines(_) => None,
            BatchContent::Control(control) => Some(control),
        }
    }

    /// Where it can be read again.
    #[must_use]
    pub fn location(&self) -> Option<&Location> {
        self.lines().and_then(|lines| lines.location.as_ref())
    }

    /// The published lines from event `seq` on, each with its event.
    pub(super) fn lines_from(&self, seq: Seq) -> impl Iterator<Item = (Seq, Line<'_>)> {
        let index = seq.saturating_sub(self.first) as usize;
        self.lines()
            .into_iter()
            .flat_map(move |lines| lines.from(index))
            .zip(self.first + index as Seq..)
            .map(|(line, seq)| (seq, line))
    }

    /// All of its events as they are sent; made once for each presentation.
    pub fn encoded(&self, encoder: &Encoder, presentation: Presentation) -> Bytes {
        let mut slot = &self.encoded;
        loop {
            let form = slot.get_or_init(|| Box::new(Encoded::new(presentation)));
            if form.presentation == presentation {
                let make = || {
                    let bytes = encoder.encode(self, presentation);
                    self.meter.fetch_add(bytes.len(), Ordering::Relaxed);
                    bytes
                };
                return form.bytes.get_or_init(make).clone();
            }
            slot = &form.next;
        }
    }

    /// Bytes of memory that it takes, encoded forms included.
    #[must_use]
    pub fn size(&self) -> usize {
        self.own_size() + self.encoded_size()
    }

    fn own_size(&self) -> usize {
        let content = match &self.content {
            BatchContent::Lines(lines) => lines.bytes.len() + size_of_val(&*lines.spans),
            BatchContent::Control(control) => control.json.len(),
        };
        size_of::<Self>() + content
    }

    fn encoded_size(&self) -> usize {
        let mut size = 0;
        let mut slot = self.encoded.get();
        while let Some(encoded) = slot {
            size += encoded.bytes.get().map_or(0, Bytes::len);
            slot = encoded.next.get();
        }
        size
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.meter.fetch_sub(self.size(), Ordering::Relaxed);
    }
}

impl Encoded {
    fn new(presentation: Presentation) -> Self {
        Encoded { presentation, bytes: OnceLock::new(), next: OnceLock::new() }
    }
}
