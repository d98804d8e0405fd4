//! The index: where evicted batches lie in their files.
//!
//! A plain value without lock, clock or I/O.
//! Neighbouring batches of one file become one entry, which keeps what is needed
//! to cut it into the same batches again: with one busy file, an entry and a few
//! bytes for each 256 KiB of it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use bytes::Bytes;

use crate::event::{Batch, Carry, Control, Cutting, End, Lines, Log, Place, Seq, Source};

/// Batches of one file are kept together up to so many bytes.
const ENTRY_SIZE: u64 = 256 * 1024;
/// How many files of one source are kept open for its history.
const MAX_LOGS: usize = 64;

/// What can still be had of what the ring has evicted; bounded in memory.
#[derive(Debug)]
pub struct Index {
    /// In the order of their seqs; what is missing between them cannot be had.
    entries: VecDeque<Entry>,
    capacity: usize,
    bytes: usize,
    /// The files that entries of each source refer to, oldest first.
    logs: HashMap<usize, VecDeque<Arc<dyn Log>>>,
}

/// Consecutive events that can be had again.
#[derive(Clone, Debug)]
pub struct Entry {
    source: Arc<Source>,
    first: Seq,
    count: u64,
    kept: Kept,
}

#[derive(Clone, Debug)]
enum Kept {
    /// Bytes of a file.
    Extent(Extent),
    /// The event itself: there are few, and no file has them.
    Control(Arc<str>),
}

/// A range of a file, and how it was cut.
#[derive(Clone, Debug)]
struct Extent {
    place: Place,
    len: u64,
    carry: Carry,
    /// How the last run ends.
    end: End,
    time: u64,
    /// For each batch its length, its number of events and the time since the one before,
    /// as variable-length numbers.
    runs: Vec<u8>,
}

/// What stands at a seq.
#[derive(Debug)]
pub enum Found<'a> {
    /// Events that can be had, this one among them.
    Entry(&'a Entry),
    /// Nothing before the next entry that begins at this seq; none if there is none.
    Hole(Option<Seq>),
}

impl Index {
    /// An empty index that takes no more than `capacity` bytes of memory.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Index { entries: VecDeque::new(), capacity, bytes: 0, logs: HashMap::new() }
    }

    /// Keeps the place of an evicted batch, if it has one.
    pub fn push(&mut self, batch: &Batch) {
        if let (Some(lines), Some(last)) = (batch.lines(), self.entries.back_mut())
            && let Some(grown) = last.merge(batch, lines)
        {
            self.bytes += grown;
        } else if let Some(entry) = Entry::new(batch).filter(|entry| !entry.is_dropped()) {
            self.remember_log(&entry);
            self.bytes += entry.size();
            self.entries.push_back(entry);
        }
        while self.bytes > self.capacity {
            self.forget_oldest();
        }
    }

    /// The first event that can be had.
    #[must_use]
    pub fn oldest(&self) -> Option<Seq> {
        self.entries.front().map(|entry| entry.first)
    }

    /// What stands at `seq`.
    #[must_use]
    pub fn find(&self, seq: Seq) -> Found<'_> {
        let at = self.entries.partition_point(|entry| entry.next() <= seq);
        match self.entries.get(at) {
            Some(entry) if entry.first <= seq => Found::Entry(entry),
            later => Found::Hole(later.map(|entry| entry.first)),
        }
    }

    /// All entries, oldest first.
    #[must_use]
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Bytes of memory that it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn remember_log(&mut self, entry: &Entry) {
        let Kept::Extent(extent) = &entry.kept else { return };
        let logs = self.logs.entry(entry.source.id).or_default();
        if logs.back().is_some_and(|log| Arc::ptr_eq(log, &extent.place.log)) {
            return;
        }
        logs.push_back(Arc::clone(&extent.place.log));
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
            Kept::Extent(extent) => !Arc::ptr_eq(&extent.place.log, log),
            Kept::Control(_) => true,
        });
    }

    fn retain(&mut self, is_kept: impl Fn(&Entry) -> bool) {
        self.entries.retain(is_kept);
        self.bytes = self.entries.iter().map(Entry::size).sum();
    }

    fn forget_oldest(&mut self) {
        let Some(entry) = self.entries.pop_front() else {
            self.bytes = 0;
            return;
        };
        self.bytes -= entry.size();
        let Kept::Extent(extent) = &entry.kept else { return };
        let is_same = |other: &Entry| match &other.kept {
            Kept::Extent(other) => Arc::ptr_eq(&other.place.log, &extent.place.log),
            Kept::Control(_) => false,
        };
        // Entries of a file follow each other closely, unless there are many busy sources.
        if !self.entries.iter().take(MAX_LOGS).any(is_same)
            && let Some(logs) = self.logs.get_mut(&entry.source.id)
        {
            logs.retain(|log| !Arc::ptr_eq(log, &extent.place.log));
        }
    }
}

impl Entry {
    fn new(batch: &Batch) -> Option<Self> {
        let kept = match (batch.lines(), batch.control()) {
            (Some(lines), _) => Kept::Extent(Extent::new(lines)?),
            (None, control) => Kept::Control(control?.json.as_str().into()),
        };
        Some(Entry {
            source: Arc::clone(batch.source()),
            first: batch.first(),
            count: batch.len() as u64,
            kept,
        })
    }

    /// Takes in the batch that follows; none if it does not, or too much would come together.
    fn merge(&mut self, batch: &Batch, lines: &Lines) -> Option<usize> {
        let is_next = self.next() == batch.first() && self.source.id == batch.source().id;
        let Kept::Extent(extent) = &mut self.kept else { return None };
        let before = extent.runs.capacity();
        if !is_next || !extent.merge(lines) {
            return None;
        }
        self.count += batch.len() as u64;
        Some(extent.runs.capacity() - before)
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
            Kept::Extent(_) => self.count,
            Kept::Control(_) => 0,
        }
    }

    /// Whether its log has let go of it.
    #[must_use]
    pub fn is_dropped(&self) -> bool {
        match &self.kept {
            Kept::Extent(extent) => extent.place.is_dropped(),
            Kept::Control(_) => false,
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
    pub(super) fn recall_metered(
        &self,
        cutting: &Cutting,
        meter: impl Fn() -> Arc<AtomicUsize>,
    ) -> Option<Vec<Arc<Batch>>> {
        let contents = match &self.kept {
            Kept::Extent(extent) => extent.recall(cutting)?,
            Kept::Control(json) => {
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
            Kept::Extent(extent) => extent.runs.capacity(),
            Kept::Control(json) => json.len(),
        };
        size_of::<Self>() + kept
    }
}

impl Extent {
    fn new(lines: &Lines) -> Option<Self> {
        let mut extent = Extent {
            place: lines.place.clone()?,
            len: lines.bytes.len() as u64,
            carry: lines.carry,
            end: lines.end,
            time: lines.time,
            runs: Vec::new(),
        };
        push_run(&mut extent.runs, lines, 0);
        Some(extent)
    }

    fn merge(&mut self, lines: &Lines) -> bool {
        let Some(place) = &lines.place else { return false };
        let len = lines.bytes.len() as u64;
        let fits = Arc::ptr_eq(&self.place.log, &place.log)
            && self.place.offset + self.len == place.offset
            && self.len + len <= ENTRY_SIZE
            && self.end != End::Finished;
        if fits {
            push_run(&mut self.runs, lines, lines.time.wrapping_sub(self.time));
            let mut crc = crc32fast::Hasher::new_with_initial_len(self.place.crc, self.len);
            crc.combine(&crc32fast::Hasher::new_with_initial_len(place.crc, len));
            self.place.crc = crc.finalize();
            self.len += len;
            self.end = lines.end;
        }
        fits
    }

    fn recall(&self, cutting: &Cutting) -> Option<Vec<Lines>> {
        let mut bytes = vec![0; self.len as usize];
        self.place.log.read_exact_at(&mut bytes, self.place.offset).ok()?;
        if crc32fast::hash(&bytes) != self.place.crc {
            return None;
        }
        let bytes = Bytes::from(bytes);
        let mut all = Vec::new();
        let mut carry = self.carry;
        let mut runs = &*self.runs;
        let mut at = 0;
        while let Some(Run { len, count, end, later }) = take_run(&mut runs) {
            let run = bytes.get(at..at + len)?;
            let (lines, used) = cutting.cut_by(run, &mut carry, end, |used| bytes.slice_ref(used));
            let lines = lines.filter(|lines| used == len && lines.spans.len() == count)?;
            let offset = self.place.offset + at as u64;
            let place = Place { offset, ..self.place.clone() };
            let time = self.time.wrapping_add(later);
            all.push(Lines { place: Some(place), time, ..lines });
            at += len;
        }
        Some(all)
    }
}

/// A batch, as an extent remembers it.
struct Run {
    len: usize,
    count: usize,
    end: End,
    later: u64,
}

fn push_run(runs: &mut Vec<u8>, lines: &Lines, later: u64) {
    // Clocks can be set back: the sign goes to the last bit, so that small steps stay short.
    let later = later.cast_signed();
    let folded = ((later << 1) ^ (later >> 63)).cast_unsigned();
    let end = match lines.end {
        End::Open => 0,
        End::Finished => 1,
        End::Part => 2,
    };
    let count = lines.spans.len() as u64 * 4 + end;
    for number in [lines.bytes.len() as u64, count, folded] {
        let mut rest = number;
        while rest >= 0x80 {
            runs.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        runs.push(rest as u8);
    }
}

fn take_run(runs: &mut &[u8]) -> Option<Run> {
    let mut number = || {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = runs.split_first()?;
            *runs = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    };
    let (len, count, folded) = (number()?, number()?, number()?);
    let later = (folded >> 1).cast_signed() ^ -((folded & 1).cast_signed());
    let end = match count % 4 {
        1 => End::Finished,
        2 => End::Part,
        _ => End::Open,
    };
    let count = (count / 4) as usize;
    Some(Run { len: len as usize, count, end, later: later.cast_unsigned() })
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Mutex;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::event::{Encoder, Epoch, Format, LineFilter, Medium, Presentation, Splitter};
    use crate::feed::tests::source;

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
                let place = Place::of(&lines.bytes, log, (offset + at) as u64);
                let lines = Lines { place: Some(place), time: *time, ..lines };
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
                let Found::Entry(entry) = index.find(at) else { panic!("{at} is not found") };
                prop_assert_eq!(entry.first(), at);
                recalled.extend(entry.recall(&cutting(max_line)).expect("the bytes are there"));
                at = entry.next();
            }
            let all: Vec<_> = all.into_iter().map(Arc::new).collect();
            prop_assert_eq!(encoded(&recalled), encoded(&all));
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
                    Found::Hole(after) => {
                        prop_assert!(seq < oldest);
                        prop_assert_eq!(after, index.oldest());
                    }
                    Found::Entry(entry) => {
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
            prop_assert_eq!(index.bytes(), index.entries().map(Entry::size).sum::<usize>());
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
        assert!(matches!(index.find(1), Found::Hole(Some(11))));
        assert!(matches!(index.find(11), Found::Entry(_)));
        assert_eq!(Arc::strong_count(&logs[0]), 1, "its descriptor is let go");
    }
}
