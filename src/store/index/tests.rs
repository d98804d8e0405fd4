//! Unit tests of the index, against files in memory.

use std::io;
use std::sync::Mutex;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::event::{
    Carry, Cutting, Encoder, End, Epoch, Format, LineFilter, Lines, Location, Medium, Presentation,
    Splitter, TextEncoding,
};
use crate::store::samples::{cutting, source};

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

/// Appends `writes` to files in turn and cuts each as it is written.
fn batches(logs: &[Arc<Memory>], writes: &[(usize, String, u64)], max_line: usize) -> Vec<Batch> {
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

/// Appends text in UTF-16 to a file, and cuts it in the writes that `lens` give.
fn utf16_batches(log: &Arc<Memory>, text: &str, lens: &[usize], cutting: &Cutting) -> Vec<Batch> {
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    log.0.lock().expect("whole").extend_from_slice(&bytes);
    let mut carry = Carry { encoding: Some(TextEncoding::Utf16Be), ..Carry::default() };
    let mut batches: Vec<Batch> = Vec::new();
    let (mut at, mut read) = (0, 0);
    for len in lens.iter().copied().chain([bytes.len()]) {
        read = (read + len).min(bytes.len());
        loop {
            let (lines, used) = cutting.cut(&bytes[at..read], &mut carry, End::Open);
            if used == 0 {
                break;
            }
            if let Some(lines) = lines {
                let location = Location::of(&bytes[at..at + used], log.clone(), at as u64);
                let lines = Lines { location: Some(location), ..lines };
                let first = batches.last().map_or(1, Batch::next);
                batches.push(Batch::of_lines(source(), first, lines, Arc::default()));
            }
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

    /// Every event is found, and has the same bytes as before.
    #[test]
    fn reloaded_batches_are_the_evicted_batches(
        writes in vec((0usize..3, "[a-zé\r\n]{0,60}", any::<u64>()), 1..60), max_line in 4usize..40,
    ) {
        let logs: Vec<_> = (0..3).map(|_| Arc::new(Memory::default())).collect();
        let all = batches(&logs, &writes, max_line);
        let mut index = Index::new(1 << 20);
        fill(&mut index, &all);
        let next = all.last().map_or(1, Batch::next);
        let mut reloaded = Vec::new();
        let mut at = 1;
        while at < next {
            let Lookup::Entry(entry) = index.find(at) else { panic!("{at} is not found") };
            prop_assert_eq!(entry.first(), at);
            reloaded.extend(entry.reload(&cutting(max_line)).expect("the bytes are there"));
            at = entry.next();
        }
        let all: Vec<_> = all.into_iter().map(Arc::new).collect();
        prop_assert_eq!(encoded(&reloaded), encoded(&all));
        // Reloaded batches can be evicted again.
        let mut again = Index::new(1 << 20);
        for batch in &reloaded {
            again.push(batch);
        }
        let whole = again.entries().map(|entry| entry.reload(&cutting(max_line)));
        let batches: Vec<_> = whole.flat_map(|batches| batches.expect("there")).collect();
        prop_assert_eq!(encoded(&batches), encoded(&all));
    }

    /// Sections, parts, hidden lines and offsets of UTF-16 are the same when they are read again.
    #[test]
    fn reloaded_utf16_is_the_evicted_text(
        lines in vec("[ax\\r🦀ĊĀ]{0,30}", 0..40), lens in vec(0usize..50, 0..40),
        max_line in 4usize..40, section in 4usize..40,
    ) {
        let exclude = regex::bytes::RegexSet::new(["x$"]).expect("an expression");
        let cutting = Cutting {
            splitter: Splitter { max_line, section, binary: false },
            filter: LineFilter::new(regex::bytes::RegexSet::empty(), exclude),
            ..Cutting::default()
        };
        let log = Arc::new(Memory::default());
        let all = utf16_batches(&log, &(lines.join("\n") + "\n"), &lens, &cutting);
        let mut index = Index::new(1 << 20);
        fill(&mut index, &all);
        let reloaded = index.entries().map(|entry| entry.reload(&cutting).expect("there"));
        let reloaded: Vec<_> = reloaded.flatten().collect();
        let all: Vec<_> = all.into_iter().map(Arc::new).collect();
        let events = String::from_utf8(encoded(&all)).expect("UTF-8");
        prop_assert_eq!(&encoded(&reloaded), events.as_bytes());
        let memory = log.0.lock().expect("whole");
        for rest in events.split("\"offset\":").skip(1) {
            let digits = rest.split([',', '}']).next().expect("a number");
            let offset: usize = digits.parse().expect("a number");
            prop_assert!(offset == 0 || memory[..offset].ends_with(b"\0\n"), "{}", offset);
        }
    }

    #[test]
    fn memory_is_bounded_and_the_newest_events_stay(
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
                    let reloaded = entry.reload(&cutting(100)).expect("the bytes are there");
                    let is_of = |batch: &&Arc<Batch>| {
                        batch.first() >= entry.first() && batch.next() <= entry.next()
                    };
                    let own: Vec<_> = all.iter().filter(is_of).cloned().collect();
                    let text = |batches: &[Arc<Batch>]| -> Vec<u8> {
                        batches.iter().flat_map(|b| b.lines().expect("lines").bytes.to_vec()).collect()
                    };
                    prop_assert_eq!(text(&reloaded), text(&own));
                }
            }
        }
        prop_assert_eq!(index.bytes(), index.entries().map(IndexEntry::size).sum::<usize>());
    }

    #[test]
    fn changed_bytes_are_noticed(at in 0usize..100, byte: u8) {
        let logs = [Arc::new(Memory::default())];
        let writes: Vec<_> = (0..10).map(|n| (0, format!("line {n:04}"), 0)).collect();
        let all = batches(&logs, &writes, 100);
        let mut index = Index::new(1 << 20);
        fill(&mut index, &all);
        let is_changed = {
            let mut memory = logs[0].0.lock().expect("whole");
            std::mem::replace(&mut memory[at], byte) != byte
        };
        let reloaded = index.entries().next().expect("an entry").reload(&cutting(100));
        prop_assert_eq!(reloaded.is_none(), is_changed);
    }
}

#[test]
fn one_busy_file_takes_little_memory() {
    let logs = [Arc::new(Memory::default())];
    let writes: Vec<_> = (0..100).map(|_| (0, ("x".repeat(99) + "\n").repeat(320), 0)).collect();
    let mut index = Index::new(1 << 20);
    fill(&mut index, &batches(&logs, &writes, 100));
    let bytes = logs[0].0.lock().expect("whole").len();
    assert!(index.bytes() * 1000 < bytes, "{} bytes for {bytes}", index.bytes());
}

#[test]
fn only_the_newest_files_of_a_source_stay_open() {
    let logs: Vec<_> = (0..MAX_LOGS + 10).map(|_| Arc::new(Memory::default())).collect();
    let writes: Vec<_> = (0..logs.len()).map(|n| (n, "x".to_owned(), 0)).collect();
    let mut index = Index::new(1 << 20);
    fill(&mut index, &batches(&logs, &writes, 100));
    assert_eq!(index.oldest(), Some(11));
    assert!(matches!(index.find(1), Lookup::Hole(Some(11))));
    assert!(matches!(index.find(11), Lookup::Entry(_)));
    assert_eq!(Arc::strong_count(&logs[0]), 1, "its file is closed");
}
