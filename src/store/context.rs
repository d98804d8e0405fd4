//! The context of a batch: what the lines before it in its log have left.

use crate::event::{Batch, Carry, Cutting, End, LineFilter, Lines, Location, TextEncoding};
use crate::record::{Clock, Context, EXAMINED, Recognizer};

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
        let Some(location) = &lines.location else {
            return batch.set_context(Context::at(batch.offset()));
        };
        let first = location.offset - lines.carry.part_bytes;
        let found = self.find_before(lines, location, first);
        let mut context = found.unwrap_or_else(|| Context::at(first));
        if lines.carry.part_bytes > 0 {
            self.read_first_part(lines, location, first, &mut context);
        }
        batch.set_context(context);
    }

    /// Finds the context of the line at `first`.
    fn find_before(&self, lines: &Lines, location: &Location, first: u64) -> Option<Context> {
        let start = Context::start(first);
        let near = first.saturating_sub(FIRST_READ).max(start);
        let text = self.read(lines, location, near, first)?;
        let mut recognizer = self.recognizer(lines);
        if let Some(context) = text.context_by_anchor(&mut recognizer) {
            return Some(context);
        }
        let text = if near > start { self.read(lines, location, start, first)? } else { text };
        Some(text.context(&mut recognizer, first))
    }

    /// Reads the first bytes of the line at `first`, of which `lines` begin with a later section.
    fn read_first_part(
        &self,
        lines: &Lines,
        location: &Location,
        first: u64,
        context: &mut Context,
    ) {
        let len = lines.carry.part_bytes.min(EXAMINED as u64) as usize;
        let mut bytes = vec![0; len];
        if location.log.read_exact_at(&mut bytes, first).is_err() {
            return;
        }
        let mut carry = Carry { encoding: lines.carry.encoding, ..Carry::default() };
        let (Some(part), _) = self.cutting.cut(&bytes, &mut carry, End::Part) else { return };
        context.read(&mut self.recognizer(lines), first, &part.bytes);
    }

    /// Reads and cuts the lines from `start` to `end`, which follow a line end or begin the log.
    fn read(&self, lines: &Lines, location: &Location, start: u64, end: u64) -> Option<Text> {
        let encoding = lines.carry.encoding.unwrap_or(TextEncoding::Utf8);
        let unit = encoding.newline().len() as u64;
        // The newline of the line before shows that a line begins at `start`.
        let from = (start - start % unit).saturating_sub(unit);
        let len = (end - from) as usize;
        let part_len = (location.offset - end) as usize;
        let mut bytes = vec![0; len + part_len + lines.source_len()];
        location.log.read_exact_at(&mut bytes, from).ok()?;
        if !location.is_of(&bytes[len + part_len..]) {
            return None;
        }
        bytes.truncate(len);
        let skipped = if from == 0 {
            TextEncoding::detect(&bytes).map_or(0, |(_, mark)| mark)
        } else {
            encoding.line_ends(&bytes).next().unwrap_or(len)
        };
        let mut text = Text { batches: Vec::new() };
        let mut carry = Carry { encoding: Some(encoding), ..Carry::default() };
        let mut at = skipped;
        while at < len {
            let (cut, used) = self.cutting.cut(&bytes[at..], &mut carry, End::Open);
            if used == 0 {
                break;
            }
            text.batches.extend(cut.map(|lines| (from + at as u64, lines)));
            at += used;
        }
        Some(text)
    }

    fn recognizer(&self, lines: &Lines) -> Recognizer {
        Recognizer::new(self.clock.near(lines.time.cast_signed()))
    }
}

/// Lines before a batch, and the offset of each group.
struct Text {
    batches: Vec<(u64, Lines)>,
}

impl Text {
    /// Returns the context behind the text if one of its lines needs no context.
    fn context_by_anchor(&self, recognizer: &mut Recognizer) -> Option<Context> {
        let lines: Vec<(u64, &[u8])> = self.lines().collect();
        let anchor = lines.iter().rposition(|(_, line)| recognizer.is_anchor(line))?;
        let mut context = Context::at(lines[anchor].0);
        for (offset, line) in &lines[anchor..] {
            context.read(recognizer, *offset, line);
        }
        Some(context)
    }

    /// Returns the context of the line at `end`, directly behind the text.
    fn context(&self, recognizer: &mut Recognizer, end: u64) -> Context {
        let first = self.lines().next().map_or(end, |(offset, _)| offset);
        let mut context = Context::at(first);
        self.lines().for_each(|(offset, line)| {
            context.read(recognizer, offset, line);
        });
        context
    }

    fn lines(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.batches.iter().flat_map(|(offset, lines)| {
            lines.sections().map(move |(at, line)| (offset + u64::from(at), line))
        })
    }
}

#[cfg(test)]
mod tests;
