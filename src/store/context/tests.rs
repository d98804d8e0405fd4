use std::io;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::event::{
    Encoder, Epoch, Format, Log, Position, Presentation, Scan, ScanRange, Section, Selection,
    Surroundings,
};
use crate::record::{BLOCK, Record, Zone};
use crate::store::samples::source;

const LINES: [&str; 14] = [
    "2026-11-25 19:00:01 ERROR failed",
    "2026-11-25 19:00:02 INFO fine",
    "    at com.example.Main.run(Main.java:1)",
    "Traceback (most recent call last):",
    "  File \"a.py\", line 1, in <module>",
    "ValueError: bad",
    "plain text",
    "",
    "warning: unused",
    "{\"level\":\"error\",\"time\":\"2026-11-25T19:00:01Z\"}",
    "thread 'main' panicked at src/main.rs:1:1:",
    "boom",
    "2026-11-25 19:00:03 WARN low",
    "Caused by: java.io.IOException",
];

fn clock() -> Clock {
    Clock::new(&Zone::utc(), 0)
}

/// A file in memory.
#[derive(Debug)]
struct InMemory(Vec<u8>);

impl Log for InMemory {
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        let read = self.0.get(offset as usize..).and_then(|rest| rest.get(..bytes.len()));
        bytes.copy_from_slice(read.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

/// Cuts the bytes from `from` on into batches, at the places `cuts` at the latest.
fn batches(log: &Arc<InMemory>, from: usize, cuts: &[usize], cutting: &Cutting) -> Vec<Batch> {
    let bytes = &log.0;
    let mut ends: Vec<usize> =
        cuts.iter().map(|cut| from + cut % (bytes.len() - from + 1)).collect();
    ends.push(bytes.len());
    ends.sort_unstable();
    let (mut batches, mut at, mut seq) = (Vec::new(), from, 1);
    let mut carry = Carry { encoding: Some(TextEncoding::Utf8), ..Carry::default() };
    for end in ends {
        loop {
            let (lines, used) = cutting.cut(&bytes[at..end], &mut carry, End::Open);
            if let Some(lines) = lines {
                let log: Arc<dyn Log> = log.clone();
                let location = Some(Location::of(&bytes[at..at + used], log, at as u64));
                let lines = Lines { location, ..lines };
                let batch = Batch::of_lines(source(), seq, lines, Arc::default());
                seq = batch.next();
                batches.push(batch);
            }
            at += used;
            if used == 0 {
                break;
            }
        }
    }
    batches
}

/// Returns the offset and the record of each section.
fn records(batch: &Batch) -> Vec<(u64, Record)> {
    let selection = Selection { surroundings: Surroundings::Entry, ..Selection::default() };
    let range = ScanRange { start: Position::before(batch.first()), end: batch.next() };
    let scan = Scan::of(batch, range, &selection, Some(&clock()), || true);
    let lines = batch.lines().expect("lines");
    let place = |section: Section| {
        let start = lines.spans[section.spans.start].start;
        (batch.offset() + u64::from(start), section.record)
    };
    scan.sections.into_iter().map(place).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// The records do not depend on where reading began, on the batches, on the filter, or on how a
    /// context was found.
    #[test]
    fn records_do_not_depend_on_batches(
        lines in vec((0..LINES.len(), prop_oneof![9 => 0usize..50, 1 => 0usize..100_000]), 1..80),
        start: usize, cuts in vec(any::<usize>(), 0..20), is_filtered: bool, uses_next: bool,
    ) {
        let mut text = String::new();
        let mut starts = vec![];
        for (line, padding) in lines {
            starts.push(text.len());
            text.push_str(LINES[line]);
            text.push_str(&" ".repeat(padding));
            text.push('\n');
        }
        let log = Arc::new(InMemory(text.into_bytes()));
        let whole_cutting = Cutting::default();
        let exclude = regex::bytes::RegexSet::new(["fine", "boom"]).expect("expressions");
        let filter = LineFilter::new(regex::bytes::RegexSet::empty(), exclude);
        let filtered = Cutting { filter, ..Cutting::default() };
        let cutting = if is_filtered { &filtered } else { &whole_cutting };
        let encoder = Encoder::new(Epoch::from_random(1)).with_clock(clock());
        let json = Presentation { format: Format::Json, ..Presentation::default() };
        let finder = ContextFinder::new(cutting, &clock());

        let all = batches(&log, 0, &[], &whole_cutting);
        let mut expected = Vec::new();
        for batch in &all {
            finder.find(batch);
            expected.extend(records(batch));
        }
        let from = starts[start % starts.len()];
        let some = batches(&log, from, &cuts, cutting);
        let mut before: Option<&Batch> = None;
        for batch in &some {
            if let Some(before) = before.filter(|_| uses_next) {
                let _ = encoder.encode(before, json);
                before.leaves().expect("in a file").set(batch);
            }
            finder.find(batch);
            for (offset, record) in records(batch) {
                let found = expected.iter().find(|(other, _)| *other == offset);
                prop_assert_eq!(found, Some(&(offset, record)), "at {} of {}", offset, BLOCK);
            }
            before = Some(batch);
        }
    }
}

#[test]
fn a_context_is_a_guess_where_the_lines_before_cannot_be_read() {
    let text = LINES.join("\n") + "\n";
    let (log, gone) = (Arc::new(InMemory(text.into_bytes())), Arc::new(InMemory(Vec::new())));
    let from = LINES[0].len() + 1;
    let finder = ContextFinder::new(&Cutting::default(), &clock());
    let encoder = Encoder::new(Epoch::from_random(1)).with_clock(clock());
    let json = Presentation { format: Format::Json, ..Presentation::default() };
    for is_gone in [false, true] {
        let mut some = batches(&log, from, &[100], &Cutting::default());
        if is_gone {
            let lines = some[0].lines().expect("lines").clone();
            let location = lines.location.clone().map(|at| Location { log: gone.clone(), ..at });
            let lines = Lines { location, ..lines };
            some[0] = Batch::of_lines(source(), 1, lines, Arc::default());
        }
        finder.find(&some[0]);
        assert_eq!(some[0].has_guessed_context(), is_gone);
        let _ = encoder.encode(&some[0], json);
        let end = some[0].offset() + some[0].lines().expect("lines").source_len() as u64;
        let text = some[1].lines().expect("lines").clone();
        let location = some[0].location().cloned().map(|at| Location { offset: end, ..at });
        let lines = Lines { location, ..text };
        let next = Batch::of_lines(source(), some[0].next(), lines, Arc::default());
        some[0].leaves().expect("in a file").set(&next);
        assert_eq!(next.has_guessed_context(), is_gone, "that of the next batch");
    }
}
