//! The context of a batch: what the lines before it in its log have left.

use std::borrow::Borrow;
use std::sync::{Arc, Weak};

use crate::event::{Batch, Carry, Cutting, End, LineFilter, Lines, Location, TextEncoding};
use crate::record::{Clock, Context, EXAMINED};

/// Number of bytes before a batch that are read first.
///
/// They hold a line that needs no context in most logs. With half the value, all bytes are read more
/// often; with twice the value, as many more bytes are examined each time.
const FIRST_READ: u64 = 4096;

/// Finds the contexts of batches; does I/O.
#[derive(Clone, Debug)]
pub(crate) struct ContextFinder {
    /// The rules by which lines were cut, without the filter: hidden lines count too.
    cutting: Cutting,
    clock: Clock,
}

impl ContextFinder {
    pub(crate) fn new(cutting: &Cutting, clock: &Clock) -> Self {
        let cutting = Cutting { filter: LineFilter::default(), ..cutting.clone() };
        ContextFinder { cutting, clock: clock.clone() }
    }

    /// Finds the context of `batch` unless it is known.
    ///
    /// The log has to hold the bytes of the batch as well: if it does not, the bytes before may be
    /// others too, and the lines of the batch count as the first of their file.
    pub(crate) fn find(&self, batch: &Batch) {
        let (Some(lines), None) = (batch.lines(), batch.context()) else { return };
        let Some(location) = &lines.location else { return };
        let first = location.offset - lines.carry.part_bytes;
        let place = Place { batch, lines, location, first };
        let found = self.find_before(&place);
        let context = found.unwrap_or_else(|| Context::at(first));
        let is_part = lines.carry.part_bytes > 0;
        let behind = is_part.then(|| self.behind_first_part(&place, context)).flatten();
        let is_known = found.is_some() && is_part == behind.is_some();
        let context = behind.unwrap_or(context);
        if is_known {
            batch.set_context(context);
        } else {
            batch.guess_context(context);
        }
    }

    /// Finds the context of `batch`, which stands behind `text` in a stream without a log, unless it
    /// is known.
    pub(crate) fn find_behind(&self, text: &[Arc<Batch>], batch: &Batch) {
        if batch.context().is_some() {
            return;
        }
        let context = self.context_by_anchor(text).unwrap_or_else(|| {
            let offset = text.first().map_or(batch.offset(), |first| first.offset());
            self.context_behind(text, Context::at(offset))
        });
        batch.set_context(context);
    }

    /// Finds the context of the first line.
    fn find_before(&self, place: &Place) -> Option<Context> {
        let start = Context::start(place.first);
        let near = place.first.saturating_sub(FIRST_READ).max(start);
        let text = self.read(place, near)?;
        if let Some(context) = self.context_by_anchor(&text) {
            return Some(context);
        }
        let text = if near > start { self.read(place, start)? } else { text };
        let offset = text.first().map_or(place.first, Batch::offset);
        Some(self.context_behind(&text, Context::at(offset)))
    }

    /// Returns the context behind `text` if one of its lines needs no context.
    fn context_by_anchor(&self, text: &[impl Borrow<Batch>]) -> Option<Context> {
        let behind = |at: usize| text[at].borrow().context_behind_anchor(&self.clock);
        let found = (0..text.len()).rev().find_map(|at| Some((at, behind(at)?)));
        let (at, context) = found?;
        Some(self.context_behind(&text[at + 1..], context))
    }

    /// Returns the context behind `text`, whose first line has `context`.
    fn context_behind(&self, text: &[impl Borrow<Batch>], context: Context) -> Context {
        let behind = |context, batch: &_| {
            Borrow::<Batch>::borrow(batch).context_behind(context, &self.clock)
        };
        text.iter().fold(context, behind)
    }

    /// Returns the context behind the first sections of the line whose later ones the batch begins
    /// with, which follow a line in `context`.
    fn behind_first_part(&self, place: &Place, context: Context) -> Option<Context> {
        let Place { lines, location, first, .. } = place;
        let len = lines.carry.part_bytes.min(EXAMINED as u64) as usize;
        let mut bytes = vec![0; len];
        location.log.read_exact_at(&mut bytes, *first).ok()?;
        let mut carry = Carry { encoding: lines.carry.encoding, ..Carry::default() };
        let (cut, _) = self.cutting.cut(&bytes, &mut carry, End::Part);
        Some(self.context_behind(&[place.batch_at(*first, cut?)], context))
    }

    /// Reads and cuts the lines from `start` to the first line; a line end stands before `start`, or
    /// the log begins there.
    fn read(&self, place: &Place, start: u64) -> Option<Vec<Batch>> {
        let Place { lines, location, first, .. } = place;
        let encoding = lines.carry.encoding.unwrap_or(TextEncoding::Utf8);
        let unit = encoding.newline().len() as u64;
        // The newline of the line before shows that a line begins at `start`.
        let from = (start - start % unit).saturating_sub(unit);
        let (len, behind) = ((first - from) as usize, (location.offset - from) as usize);
        let mut bytes = vec![0; behind + lines.source_len()];
        location.log.read_exact_at(&mut bytes, from).ok()?;
        if !location.is_of(&bytes[behind..]) {
            return None;
        }
        bytes.truncate(len);
        let mut at = if from == 0 {
            TextEncoding::detect(&bytes).map_or(0, |(_, mark)| mark)
        } else {
            encoding.line_ends(&bytes).next().unwrap_or(len)
        };
        let mut text = Vec::new();
        let mut carry = Carry { encoding: Some(encoding), ..Carry::default() };
        loop {
            let (cut, used) = self.cutting.cut(&bytes[at..], &mut carry, End::Open);
            text.extend(cut.map(|lines| place.batch_at(from + at as u64, lines)));
            at += used;
            if used == 0 {
                return Some(text);
            }
        }
    }
}

/// The place of a batch in its log.
struct Place<'a> {
    batch: &'a Batch,
    lines: &'a Lines,
    location: &'a Location,
    /// Offset of the line with which the batch begins, also if it begins with a later section.
    first: u64,
}

impl Place<'_> {
    /// Makes a batch of lines before this place.
    fn batch_at(&self, offset: u64, lines: Lines) -> Batch {
        let lines = Lines { time: self.lines.time, ..lines };
        let batch = Batch::of_lines(Arc::clone(self.batch.source()), 0, lines, Arc::default());
        batch.at(offset, Weak::new())
    }
}

#[cfg(test)]
mod tests;
