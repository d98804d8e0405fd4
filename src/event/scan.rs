//! The scan of a batch for the lines that a client wants.

use std::ops::Range;

use super::grep::{PIECE, Search};
use super::records::Records;
use super::{Batch, Grep, Lines, Position, Selection, Seq, Surroundings};
use crate::record::{Clock, Record};

/// Number of bytes after which a scan without expressions may end: the time for a byte is known.
///
/// With half the value, asking the clock takes longer than some lines; with twice the value, other
/// clients wait for twice as long, which is a few microseconds.
const LONG_PIECE: usize = 4096;

/// A section of a batch that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its spans in the lines of the batch.
    pub spans: Range<usize>,
    /// Its record; empty if records are not needed.
    pub record: Record,
    /// It continues an entry, or a line.
    pub continues: bool,
    /// It is a later section of a line.
    pub is_rest: bool,
    /// The selection wants it for itself.
    pub is_match: bool,
}

/// The result of [`Scan::of`].
#[derive(Debug)]
pub struct Scan {
    /// The sections that match; with [`Surroundings`], all sections that were scanned.
    pub sections: Vec<Section>,
    /// The position of the first event that was not scanned.
    pub reached: Position,
    /// The event before that position is the line that stops the selection.
    pub is_stopped: bool,
}

/// The part of a batch that is scanned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanRange {
    /// The position of the first event.
    pub start: Position,
    /// Seq of the event behind the last one.
    pub end: Seq,
}

/// The tests of the sections of one batch, in their order.
struct Tests<'a> {
    selection: &'a Selection,
    lines: &'a Lines,
    grep: Option<Search<'a>>,
    stop: Option<Search<'a>>,
    records: Option<Records<'a>>,
    /// All sections need a record, and not only those that match.
    reads_all: bool,
}

impl Scan {
    /// Scans the events of `batch` in `range` for those that `selection` wants, and none after the
    /// first line that stops it.
    ///
    /// The sections have records if `clock` is that of their times; the context of the batch must
    /// be known then.
    /// Asks `may_go_on` at the end of a line, after each 256 bytes if a client chose expressions, and
    /// after each 4 KiB if not.
    pub fn of(
        batch: &Batch,
        range: ScanRange,
        selection: &Selection,
        clock: Option<&Clock>,
        mut may_go_on: impl FnMut() -> bool,
    ) -> Self {
        let ScanRange { start, end } = range;
        let mut scan =
            Scan { sections: Vec::new(), reached: Position::before(end), is_stopped: false };
        let Some(lines) = batch.lines() else { return scan };
        let mut tests = Tests::new(batch, lines, selection, clock);
        let end_index = (end.min(batch.next()) - batch.first()) as usize;
        let mut index = start.next.saturating_sub(batch.first()) as usize;
        let pause = if selection.has_expressions() { PIECE } else { LONG_PIECE };
        let mut scanned = 0;
        while index < end_index {
            let section = lines.section_of(index);
            if scanned >= pause {
                scanned = 0;
                if !may_go_on() {
                    scan.reached = Position::before(batch.first() + index as Seq);
                    return scan;
                }
            }
            scanned += lines.section_bytes(&section).len() + 1;
            let spans = index..section.end.min(end_index);
            scan.sections.extend(tests.test(spans));
            if tests.stops(index) && section.end <= end_index {
                scan.reached = Position::before(batch.first() + section.end as Seq);
                scan.is_stopped = true;
                return scan;
            }
            index = section.end;
        }
        if end_index == batch.len() {
            tests.finish();
        }
        scan
    }
}

impl<'a> Tests<'a> {
    fn new(
        batch: &'a Batch,
        lines: &'a Lines,
        selection: &'a Selection,
        clock: Option<&Clock>,
    ) -> Self {
        let search = |grep: &'a Grep| grep.search(lines);
        Tests {
            selection,
            lines,
            grep: selection.grep.as_deref().map(search),
            stop: selection.stop.as_deref().map(search),
            records: clock.and_then(|clock| Records::new(batch, clock)),
            reads_all: selection.needs_records(),
        }
    }

    /// Returns the section with `spans`, if it is found.
    fn test(&mut self, spans: Range<usize>) -> Option<Section> {
        let index = spans.start;
        let mut is_match = self.has_text(index);
        let keeps_all = self.selection.surroundings != Surroundings::None;
        if !is_match && !keeps_all {
            return None;
        }
        if !keeps_all && self.is_of_low_level(index) {
            return None;
        }
        let record = self.records.as_mut().map(|records| records.record(index)).unwrap_or_default();
        is_match = is_match && self.selection.wants(&record, self.lines.time);
        let is_rest = self.lines.spans[index].continued;
        let continues = record.continues || is_rest;
        (is_match || keeps_all).then_some(Section { spans, record, continues, is_rest, is_match })
    }

    /// Returns whether the section with span `index` is a usual line of a level that is not wanted.
    fn is_of_low_level(&mut self, index: usize) -> bool {
        let (Some(least), Some(records)) = (self.selection.level, &mut self.records) else {
            return false;
        };
        records.is_usual_below(index, least)
    }

    /// Returns whether the text of the section with span `index` is wanted.
    fn has_text(&mut self, index: usize) -> bool {
        if !self.grep.as_mut().is_none_or(|grep| grep.matches(index)) {
            return false;
        }
        let conditions = &self.selection.conditions;
        if conditions.is_empty() {
            return true;
        }
        let text = self.lines.section_text(&self.lines.section_of(index));
        conditions.iter().all(|condition| condition.holds(&text))
    }

    fn stops(&mut self, index: usize) -> bool {
        self.stop.as_mut().is_some_and(|stop| stop.matches(index))
    }

    /// Reads the remaining records, if the next batch will need their context.
    fn finish(self) {
        if let Some(records) = self.records.filter(|_| self.reads_all) {
            records.finish();
        }
    }
}
