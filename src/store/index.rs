//! The index: where evicted batches lie in their files.
//!
//! A plain value without lock, clock or I/O.
//! Neighbouring batches of one file become one entry, which keeps what is needed
//! to cut it into the same batches again: with one busy file, an entry and a few
//! bytes for each 256 KiB of it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use super::extent::Extent;
use crate::event::{Batch, Control, Cutting, Log, Seq, Source};

/// How many files of one source are kept open for its history.
const MAX_LOGS: usize = 64;

/// What can still be had of what the ring has evicted; bounded in memory.
#[derive(Debug)]
pub struct Index {
    /// In the order of their seqs; what is missing between them cannot be had.
    entries: VecDeque<IndexEntry>,
    capacity: usize,
    bytes: usize,
    /// The files that entries of each source refer to, oldest first.
    logs: HashMap<usize, VecDeque<Arc<dyn Log>>>,
}

/// Consecutive events that can be had again.
#[derive(Clone, Debug)]
pub struct IndexEntry {
    source: Arc<Source>,
    first: Seq,
    count: u64,
    kept: EntryContent,
}

/// What is kept of events.
#[derive(Clone, Debug)]
pub(crate) enum EntryContent {
    /// Bytes of a file.
    Extent(Extent),
    /// The event itself: there are few, and no file has them.
    Control(Arc<str>),
}

/// What stands at a seq.
#[derive(Debug)]
pub enum Lookup<'a> {
    /// Events that can be had, this one among them.
    Entry(&'a IndexEntry),
    /// Nothing before the next entry that begins at this seq; none if there is none.
    Hole(Option<Seq>),
}

impl Index {
    /// An empty index that takes no more than `capacity` bytes of memory.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Index { entries: VecDeque::new(), capacity, bytes: 0, logs: HashMap::new() }
    }

    /// Keeps the location of an evicted batch, if it has one.
    pub fn push(&mut self, batch: &Batch) {
        if let Some(entry) = IndexEntry::new(batch) {
            self.add(entry);
        }
    }

    /// Keeps the events that follow all others.
    pub(crate) fn add(&mut self, entry: IndexEntry) {
        if let Some(grown) = self.entries.back_mut().and_then(|last| last.merge(&entry)) {
            self.bytes += grown;
        } else if !entry.is_dropped() {
            self.remember_log(&entry);
            self.bytes += entry.size();
            self.entries.push_back(entry);
        }
        while self.bytes > self.capacity {
            self.forget_oldest();
        }
    }

    /// Takes out the newest events.
    pub(crate) fn pop(&mut self) -> Option<IndexEntry> {
        let entry = self.entries.pop_back()?;
        self.bytes -= entry.size();
        Some(entry)
    }

    /// The same events, with what is told of their sources and logs, within another capacity.
    pub(crate) fn rebound(
        self,
        capacity: usize,
        source: impl Fn(&Arc<Source>) -> Arc<Source>,
        log: impl Fn(&Arc<dyn Log>) -> Arc<dyn Log>,
    ) -> Self {
        let mut index = Index::new(capacity);
        for mut entry in self.entries {
            entry.source = source(&entry.source);
            if let EntryContent::Extent(extent) = &mut entry.kept {
                extent.location.log = log(&extent.location.log);
            }
            index.add(entry);
        }
        index
    }

    /// The first event that can be had.
    #[must_use]
    pub fn oldest(&self) -> Option<Seq> {
        self.entries.front().map(|entry| entry.first)
    }

    /// What stands at `seq`.
    #[must_use]
    pub fn find(&self, seq: Seq) -> Lookup<'_> {
        let at = self.entries.partition_point(|entry| entry.next() <= seq);
        match self.entries.get(at) {
            Some(entry) if entry.first <= seq => Lookup::Entry(entry),
            later => Lookup::Hole(later.map(|entry| entry.first)),
        }
    }

    /// The entries from the one on that ends behind `seq`.
    pub(crate) fn from(&self, seq: Seq) -> impl Iterator<Item = &IndexEntry> {
        self.entries.range(self.entries.partition_point(|entry| entry.next() <= seq)..)
    }

    /// All entries, oldest first.
    #[must_use]
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &IndexEntry> {
        self.entries.iter()
    }

    /// Bytes of memory that it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn remember_log(&mut self, entry: &IndexEntry) {
        let EntryContent::Extent(extent) = &entry.kept else { return };
        let logs = self.logs.entry(entry.source.id).or_default();
        if logs.iter().rev().any(|log| Arc::ptr_eq(log, &extent.location.log)) {
            return;
        }
        logs.push_back(Arc::clone(&extent.location.log));
        if logs.len() > MAX_LOGS
            && let Some(oldest) = logs.pop_front()
        {
            self.forget_log(&oldest);
        }
    }

    /// Lets go of what its log has dropped.
    pub fn forget_dropped(&mut self) {
        self.retain(|entry| !entry.is_dropped());
    }

    fn forget_log(&mut self, log: &Arc<dyn Log>) {
        self.retain(|entry| match &entry.kept {
            EntryContent::Extent(extent) => !Arc::ptr_eq(&extent.location.log, log),
            EntryContent::Control(_) => true,
        });
    }

    fn retain(&mut self, is_kept: impl Fn(&IndexEntry) -> bool) {
        self.entries.retain(is_kept);
        self.bytes = self.entries.iter().map(IndexEntry::size).sum();
    }

    fn forget_oldest(&mut self) {
        let Some(entry) = self.entries.pop_front() else {
            self.bytes = 0;
            return;
        };
        self.bytes -= entry.size();
        let EntryContent::Extent(extent) = &entry.kept else { return };
        let is_same = |other: &IndexEntry| match &other.kept {
            EntryContent::Extent(other) => Arc::ptr_eq(&other.location.log, &extent.location.log),
            EntryContent::Control(_) => false,
        };
        // Entries of a file follow each other closely, unless there are many busy sources.
        if !self.entries.iter().take(MAX_LOGS).any(is_same)
            && let Some(logs) = self.logs.get_mut(&entry.source.id)
        {
            logs.retain(|log| !Arc::ptr_eq(log, &extent.location.log));
        }
    }
}

impl IndexEntry {
    /// What is kept of a batch; none if it cannot be had again.
    pub(crate) fn new(batch: &Batch) -> Option<Self> {
        let kept = match (batch.lines(), batch.control()) {
            (Some(lines), _) => EntryContent::Extent(Extent::new(lines)?),
            (None, control) => EntryContent::Control(control?.json.as_str().into()),
        };
        Some(IndexEntry {
            source: Arc::clone(batch.source()),
            first: batch.first(),
            count: batch.len() as u64,
            kept,
        })
    }

    /// What was written down of so many events from `first` on; none if there cannot be so many.
    pub(crate) fn recovered(
        source: Arc<Source>,
        first: Seq,
        count: u64,
        kept: EntryContent,
    ) -> Option<Self> {
        first.checked_add(count)?;
        Some(IndexEntry { source, first, count, kept })
    }

    /// Takes in the events that follow; none if they do not, or too much would come together.
    fn merge(&mut self, next: &IndexEntry) -> Option<usize> {
        let is_next = self.next() == next.first && self.source.id == next.source.id;
        let (EntryContent::Extent(extent), EntryContent::Extent(more)) =
            (&mut self.kept, &next.kept)
        else {
            return None;
        };
        let before = extent.size();
        if !is_next || !extent.merge(more) {
            return None;
        }
        self.count += next.count;
        Some(extent.size() - before)
    }

    /// What is kept of the events.
    pub(crate) fn kept(&self) -> &EntryContent {
        &self.kept
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
        self.first + self.count
    }

    /// How many of the events are lines.
    #[must_use]
    pub fn lines(&self) -> u64 {
        match self.kept {
            EntryContent::Extent(_) => self.count,
            EntryContent::Control(_) => 0,
        }
    }

    /// Whether its log has let go of it.
    #[must_use]
    pub fn is_dropped(&self) -> bool {
        match &self.kept {
            EntryContent::Extent(extent) => extent.location.is_dropped(),
            EntryContent::Control(_) => false,
        }
    }

    /// The same batches as before; none if the file does not have their bytes any more.
    ///
    /// The only I/O is that of the [`Log`].
    #[must_use]
    pub fn recall(&self, cutting: &Cutting) -> Option<Vec<Arc<Batch>>> {
        self.recall_metered(cutting, Arc::default)
    }

    /// The same; each batch is counted by the meter that it is made with.
    pub(crate) fn recall_metered(
        &self,
        cutting: &Cutting,
        meter: impl Fn() -> Arc<AtomicUsize>,
    ) -> Option<Vec<Arc<Batch>>> {
        let contents = match &self.kept {
            EntryContent::Extent(extent) => extent.recall(cutting)?,
            EntryContent::Control(json) => {
                let control = Control { json: json.to_string() };
                let source = Arc::clone(&self.source);
                let batch = Batch::of_control(source, self.first, control, meter());
                return Some(vec![Arc::new(batch)]);
            }
        };
        let mut next = self.first;
        let batches = contents.into_iter().map(|lines| {
            let batch = Batch::of_lines(Arc::clone(&self.source), next, lines, meter());
            next = batch.next();
            Arc::new(batch)
        });
        let batches: Vec<_> = batches.collect();
        (next == self.next()).then_some(batches)
    }

    fn size(&self) -> usize {
        let kept = match &self.kept {
            EntryContent::Extent(extent) => extent.size(),
            EntryContent::Control(json) => json.len(),
        };
        size_of::<Self>() + kept
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Mutex;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::event::{
        Carry, Encoder, End, Epoch, Format, LineFilter, Lines, Location, Medium, Presentation,
        Splitter,
    };
    use crate::store::samples::source;

    /// A file in memory.
    #[derive(Debug, Default)]
    struct Memory(Mutex<Vec<u8>>);

    impl Log for Memory {
        fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
            let memory = self.0.lock().expect("whole");
            let range = offset as usize..offset as usize + bytes.len();
            let found = memory.get(range).ok_or(io::ErrorKind::UnexpectedEof)?;
            bytes.copy_from_slice(found);
            Ok(())
        }
    }

    fn cutting(max_line: usize) -> Cutting {
        Cutting { splitter: Splitter { max_line, binary: false }, filter: LineFilter::default() }
    }

    /// Appends `writes` to files by turns and cuts each as it was written.
    fn batches(
        logs: &[Arc<Memory>],
        writes: &[(usize, String, u64)],
        max_line: usize,
    ) -> Vec<Batch> {
        let mut carries = vec![Carry::default(); logs.len()];
        let mut batches: Vec<Batch> = Vec::new();
        for (file, text, time) in writes {
            let mut memory = logs[*file].0.lock().expect("whole");
            let offset = memory.len();
            let text = format!("{text}\n");
            memory.extend_from_slice(text.as_bytes());
            let mut at = 0;
            loop {
                let rest = &text.as_bytes()[at..];
                let (lines, used) = cutting(max_line).cut(rest, &mut carries[*file], End::Open);
                let Some(lines) = lines else { break };
                let log: Arc<dyn Log> = logs[*file].clone();
                let location = Location::of(&lines.bytes, log, (offset + at) as u64);
                let lines = Lines { location: Some(location), time: *time, ..lines };
                let first = batches.last().map_or(1, Batch::next);
                batches.push(Batch::of_lines(source(), first, lines, Arc::default()));
                at += used;
            }
        }
        batches
    }

    fn fill(index: &mut Index, batches: &[Batch]) {
        for batch in batches {
            index.push(batch);
        }
    }

    fn encoded(batches: &[Arc<Batch>]) -> Vec<u8> {
        let encoder = Encoder::new(Epoch::from_random(0));
        let json = Presentation { medium: Medium::Events, format: Format::Json, named: true };
        batches.iter().flat_map(|batch| encoder.encode(batch, json)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Every event is found, and is the same bytes as before.
        #[test]
        fn what_is_recalled_is_what_was_evicted(
            writes in vec((0usize..3, "[a-zé\r\n]{0,60}", any::<u64>()), 1..60), max_line in 4usize..40,
        ) {
            let logs: Vec<_> = (0..3).map(|_| Arc::new(Memory::default())).collect();
            let all = batches(&logs, &writes, max_line);
            let mut index = Index::new(1 << 20);
            fill(&mut index, &all);
            let next = all.last().map_or(1, Batch::next);
            let mut recalled = Vec::new();
            let mut at = 1;
            while at < next {
                let Lookup::Entry(entry) = index.find(at) else { panic!("{at} is not found") };
                prop_assert_eq!(entry.first(), at);
                recalled.extend(entry.recall(&cutting(max_line)).expect("the bytes are there"));
                at = entry.next();
            }
            let all: Vec<_> = all.into_iter().map(Arc::new).collect();
            prop_assert_eq!(encoded(&recalled), encoded(&all));
            // What was read again can be evicted again.
            let mut again = Index::new(1 << 20);
            for batch in &recalled {
                again.push(batch);
            }
            let whole = again.entries().map(|entry| entry.recall(&cutting(max_line)));
            let batches: Vec<_> = whole.flat_map(|batches| batches.expect("there")).collect();
            prop_assert_eq!(encoded(&batches), encoded(&all));
        }

        #[test]
        fn memory_is_bounded_and_the_newest_is_kept(
            writes in vec((0usize..3, "[a-z]{0,30}", Just(0)), 1..200), capacity in 0usize..5000,
        ) {
            let logs: Vec<_> = (0..3).map(|_| Arc::new(Memory::default())).collect();
            let mut index = Index::new(capacity);
            for batch in batches(&logs, &writes, 100) {
                index.push(&batch);
                prop_assert!(index.bytes() <= capacity);
            }
            let all: Vec<_> =
                batches(&[0; 3].map(|_| Arc::new(Memory::default())), &writes, 100)
                    .into_iter().map(Arc::new).collect();
            let next = all.last().map_or(1, |batch| batch.next());
            let oldest = index.oldest().unwrap_or(next);
            for seq in 1..next {
                match index.find(seq) {
                    Lookup::Hole(after) => {
                        prop_assert!(seq < oldest);
                        prop_assert_eq!(after, index.oldest());
                    }
                    Lookup::Entry(entry) => {
                        prop_assert!(seq >= oldest && entry.first() <= seq && seq < entry.next());
                        let recalled = entry.recall(&cutting(100)).expect("the bytes are there");
                        let is_of = |batch: &&Arc<Batch>| {
                            batch.first() >= entry.first() && batch.next() <= entry.next()
                        };
                        let own: Vec<_> = all.iter().filter(is_of).cloned().collect();
                        let text = |batches: &[Arc<Batch>]| -> Vec<u8> {
                            batches.iter().flat_map(|b| b.lines().expect("lines").bytes.to_vec()).collect()
                        };
                        prop_assert_eq!(text(&recalled), text(&own));
                    }
                }
            }
            prop_assert_eq!(index.bytes(), index.entries().map(IndexEntry::size).sum::<usize>());
        }

        #[test]
        fn changed_bytes_are_never_taken_for_the_old_ones(at in 0usize..100, byte: u8) {
            let logs = [Arc::new(Memory::default())];
            let writes: Vec<_> = (0..10).map(|n| (0, format!("line {n:04}"), 0)).collect();
            let all = batches(&logs, &writes, 100);
            let mut index = Index::new(1 << 20);
            fill(&mut index, &all);
            let is_changed = {
                let mut memory = logs[0].0.lock().expect("whole");
                std::mem::replace(&mut memory[at], byte) != byte
            };
            let recalled = index.entries().next().expect("an entry").recall(&cutting(100));
            prop_assert_eq!(recalled.is_none(), is_changed);
        }
    }

    #[test]
    fn one_busy_file_costs_little() {
        let logs = [Arc::new(Memory::default())];
        let writes: Vec<_> =
            (0..100).map(|_| (0, ("x".repeat(99) + "\n").repeat(320), 0)).collect();
        let mut index = Index::new(1 << 20);
        fill(&mut index, &batches(&logs, &writes, 100));
        let bytes = logs[0].0.lock().expect("whole").len();
        assert!(index.bytes() * 1000 < bytes, "{} bytes for {bytes}", index.bytes());
    }

    #[test]
    fn a_source_with_many_files_keeps_the_newest() {
        let logs: Vec<_> = (0..MAX_LOGS + 10).map(|_| Arc::new(Memory::default())).collect();
        let writes: Vec<_> = (0..logs.len()).map(|n| (n, "x".to_owned(), 0)).collect();
        let mut index = Index::new(1 << 20);
        fill(&mut index, &batches(&logs, &writes, 100));
        assert_eq!(index.oldest(), Some(11));
        assert!(matches!(index.find(1), Lookup::Hole(Some(11))));
        assert!(matches!(index.find(11), Lookup::Entry(_)));
        assert_eq!(Arc::strong_count(&logs[0]), 1, "its descriptor is let go");
    }
}
