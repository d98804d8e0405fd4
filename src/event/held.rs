//! Sections that are held back until it is known whether a line near them matches.
//!
//! Sections come in as they were scanned, and the wanted ones go out in the same order.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::{Batch, Position, Section, Seq, Surroundings};
use crate::record::Record;

/// Bytes of memory of the batches of held sections after which the oldest section is released.
///
/// Twice the value doubles the memory of each stream that asks for surroundings; with half the
/// value, an entry that is written while other sources write much may begin at its match.
const MAX_HELD: usize = 1 << 20;

/// Decides which sections are wanted together with those that match.
#[derive(Debug)]
pub struct HeldSections {
    surroundings: Surroundings,
    /// In the order of their seqs.
    held: VecDeque<HeldSection>,
    /// Number of sections that were released.
    released: u64,
    /// By the ID of a source.
    sources: HashMap<usize, SourceSections>,
    /// Bytes of memory of the batches of `held`.
    size: usize,
    /// Wanted sections that were released and not taken.
    ready: Vec<WantedSections>,
}

#[derive(Debug)]
struct HeldSection {
    batch: Arc<Batch>,
    section: Section,
    /// `None` until that is known.
    is_wanted: Option<bool>,
    /// Bytes of memory of the batch, if this is its first section.
    size: usize,
}

/// The newest sections of one source.
#[derive(Debug, Default)]
struct SourceSections {
    /// The numbers of those that a later line can make wanted, among all sections.
    open: VecDeque<u64>,
    /// Number of later sections that are wanted for an earlier one; for an entry, one until the
    /// entry ends.
    wanted: usize,
}

/// Consecutive wanted sections of one batch.
#[derive(Debug)]
pub struct WantedSections {
    /// The batch.
    pub batch: Arc<Batch>,
    /// Its sections.
    pub sections: Vec<Section>,
}

impl WantedSections {
    /// The position behind the last section.
    #[must_use]
    pub fn end(&self) -> Position {
        let spans = self.sections.last().map_or(0, |section| section.spans.end);
        Position::before(self.batch.first() + spans as Seq)
    }
}

impl HeldSection {
    fn is_of(&self, batch: &Arc<Batch>) -> bool {
        Arc::ptr_eq(&self.batch, batch)
    }
}

impl HeldSections {
    /// Holds no section yet.
    #[must_use]
    pub fn new(surroundings: Surroundings) -> Self {
        let (held, sources, ready) = (VecDeque::new(), HashMap::new(), Vec::new());
        HeldSections { surroundings, held, released: 0, sources, size: 0, ready }
    }

    /// Adds the next section of `batch`.
    pub fn push(&mut self, batch: &Arc<Batch>, section: Section) {
        let number = self.released + self.held.len() as u64;
        let source = self.sources.entry(batch.source().id).or_default();
        if self.surroundings == Surroundings::Entry && !section.continues {
            source.wanted = 0;
            decide(&mut self.held, self.released, source.open.drain(..), false);
        }
        let is_wanted = section.is_match || source.wanted > 0;
        if section.is_match {
            decide(&mut self.held, self.released, source.open.drain(..), true);
        }
        match self.surroundings {
            Surroundings::Lines(lines) if section.is_match => source.wanted = lines,
            Surroundings::Entry => source.wanted = usize::from(is_wanted),
            _ => source.wanted = source.wanted.saturating_sub(1),
        }
        if !is_wanted {
            source.open.push_back(number);
            if let Surroundings::Lines(lines) = self.surroundings {
                let excess = source.open.len().saturating_sub(lines);
                decide(&mut self.held, self.released, source.open.drain(..excess), false);
            }
        }
        self.hold(batch, section, is_wanted.then_some(true));
    }

    /// Adds a batch of a control event, which is always wanted.
    pub fn push_control(&mut self, batch: &Arc<Batch>) {
        let record = Record::default();
        let section =
            Section { spans: 0..1, record, continues: false, is_rest: false, is_match: true };
        self.hold(batch, section, Some(true));
    }

    fn hold(&mut self, batch: &Arc<Batch>, section: Section, is_wanted: Option<bool>) {
        let is_first = self.held.back().is_none_or(|last| !last.is_of(batch));
        let size = if is_first { batch.size() } else { 0 };
        self.size += size;
        self.held.push_back(HeldSection { batch: Arc::clone(batch), section, is_wanted, size });
        while self.size > MAX_HELD && !self.held.is_empty() {
            self.close_first();
            self.release();
        }
    }

    /// Decides that the first section is not wanted for a later one.
    fn close_first(&mut self) {
        let Some(first) = self.held.front() else { return };
        if let Some(source) = self.sources.get_mut(&first.batch.source().id) {
            let closed = source.open.partition_point(|number| *number <= self.released);
            decide(&mut self.held, self.released, source.open.drain(..closed), false);
        }
    }

    /// Number of sections that were added; see [`close_before`](HeldSections::close_before).
    #[must_use]
    pub fn count(&self) -> u64 {
        self.released + self.held.len() as u64
    }

    /// Decides that the first `count` sections that were added are not wanted for later ones.
    pub fn close_before(&mut self, count: u64) {
        for source in self.sources.values_mut() {
            let closed = source.open.partition_point(|number| *number < count);
            decide(&mut self.held, self.released, source.open.drain(..closed), false);
        }
    }

    /// Forgets all sections; the ones that are added next need not follow them.
    pub fn clear(&mut self) {
        *self = HeldSections::new(self.surroundings);
    }

    /// Releases the first sections about which all is known; returns the wanted ones.
    pub fn take(&mut self) -> Vec<WantedSections> {
        self.release();
        std::mem::take(&mut self.ready)
    }

    fn release(&mut self) {
        while self.held.front().is_some_and(|held| held.is_wanted.is_some())
            && let Some(held) = self.held.pop_front()
        {
            self.released += 1;
            self.size -= held.size;
            if let Some(next) = self.held.front_mut().filter(|next| next.is_of(&held.batch)) {
                next.size = held.size;
                self.size += held.size;
            }
            if held.is_wanted != Some(true) {
                continue;
            }
            let last = self.ready.last_mut().filter(|last| Arc::ptr_eq(&last.batch, &held.batch));
            if let Some(last) = last {
                last.sections.push(held.section);
            } else {
                let sections = vec![held.section];
                self.ready.push(WantedSections { batch: held.batch, sections });
            }
        }
    }

    /// The position of the first section that is held; `None` if none is.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        let first = self.held.front()?;
        Some(Position::before(first.batch.first() + first.section.spans.start as Seq))
    }
}

/// Decides about sections that are open, by their numbers.
fn decide(
    held: &mut VecDeque<HeldSection>,
    released: u64,
    numbers: impl Iterator<Item = u64>,
    is_wanted: bool,
) {
    for number in numbers {
        if let Some(section) = held.get_mut((number - released) as usize) {
            section.is_wanted = Some(is_wanted);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::event::{Carry, Cutting, End, Name, Source};

    /// A line: the ID of its source, whether it matches, and whether it continues an entry.
    type Line = (usize, bool, bool);

    fn any_surroundings() -> impl Strategy<Value = Surroundings> {
        prop_oneof![Just(Surroundings::Entry), (1usize..4).prop_map(Surroundings::Lines)]
    }

    /// Returns the indices of the wanted lines, which are added in batches of one source, and
    /// whether each was wanted as soon as it could be.
    fn wanted(lines: &[Line], surroundings: Surroundings) -> Vec<usize> {
        let mut held = HeldSections::new(surroundings);
        let mut wanted = Vec::new();
        let mut first = 0;
        for group in lines.chunk_by(|a, b| a.0 == b.0) {
            let name = Name::new(OsStr::new("x"));
            let text = "x\n".repeat(group.len());
            let cut = Cutting::default().cut(text.as_bytes(), &mut Carry::default(), End::Open);
            let source = Arc::new(Source { id: group[0].0, name });
            let lines = cut.0.expect("lines");
            let batch = Arc::new(Batch::of_lines(source, first as Seq, lines, Arc::default()));
            for (index, &(_, is_match, continues)) in group.iter().enumerate() {
                let record = Record::default();
                let spans = index..index + 1;
                held.push(&batch, Section { spans, record, continues, is_rest: false, is_match });
            }
            let taken = held.take();
            wanted.extend(seqs(&taken));
            let next = held.position().map_or(first + group.len(), |at| at.next as usize);
            assert!(taken.last().is_none_or(|last| last.end().next as usize <= next));
            first += group.len();
        }
        held.close_before(held.count());
        wanted.extend(seqs(&held.take()));
        assert_eq!((held.size, held.position()), (0, None));
        wanted
    }

    fn seqs(taken: &[WantedSections]) -> Vec<usize> {
        let seq = |taken: &WantedSections, section: &Section| {
            taken.batch.first() as usize + section.spans.start
        };
        taken.iter().flat_map(|t| t.sections.iter().map(move |s| seq(t, s))).collect()
    }

    /// Returns the same by looking at all lines of a source at once.
    fn expected(lines: &[Line], surroundings: Surroundings) -> Vec<usize> {
        let mut wanted = Vec::new();
        for source in 0..3 {
            let own: Vec<usize> = (0..lines.len()).filter(|&at| lines[at].0 == source).collect();
            for (place, &at) in own.iter().enumerate() {
                let near: Vec<usize> = match surroundings {
                    Surroundings::None => vec![at],
                    Surroundings::Lines(n) => {
                        own[place.saturating_sub(n)..own.len().min(place + n + 1)].to_vec()
                    }
                    Surroundings::Entry => {
                        let is_head = |at: &&usize| !lines[**at].2;
                        let before = own[..=place].iter().rposition(|at| is_head(&at)).unwrap_or(0);
                        let behind = own[place + 1..].iter().position(|at| is_head(&at));
                        own[before..behind.map_or(own.len(), |n| place + 1 + n)].to_vec()
                    }
                };
                if near.iter().any(|&near| lines[near].1) {
                    wanted.push(at);
                }
            }
        }
        wanted.sort_unstable();
        wanted
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn the_lines_around_matches_are_wanted_in_their_order(
            lines in vec((0usize..3, prop::bool::weighted(0.2), any::<bool>()), 0..40),
            surroundings in any_surroundings(),
        ) {
            prop_assert_eq!(wanted(&lines, surroundings), expected(&lines, surroundings));
        }
    }
}
