//! Unit tests of the index, against files in memory.

use std::io;
use std::sync::Mutex;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::event::{Carry, Encoder, End, Epoch, Format, Lines, Location, Medium, Presentation};
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
