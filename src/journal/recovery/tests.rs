//! Unit tests of the recovery: random journals, whole, cut off and changed.

use std::path::{Path, PathBuf};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index as At;

use super::*;
use crate::event::{Batch, Carry, End, Lines, Log};
use crate::journal::block::{BLOCK_HEADER, INCOMPLETE, empty_block, seal};
use crate::journal::ledger::{Ledger, RunHeader};
use crate::journal::record::Checkpoint;
use crate::store::History;
use crate::store::samples::{cutting, source};

const CAPACITY: usize = 1 << 20;
const NOW: CurrentRun<'_> = CurrentRun { boot: "boot", cutting: "cutting" };

/// The journal of a run with two files, standard input and control events; one block for each write.
fn journal(writes: &[(usize, Vec<usize>)]) -> Vec<u8> {
    let run = RunHeader {
        epoch: "k3f9q2".into(),
        boot: NOW.boot.into(),
        cutting: NOW.cutting.into(),
        patterns: vec![PathBuf::from("/a/*.log")],
    };
    let mut ledger = Ledger::new(run);
    let file = |inode| FileId { device: 1, inode, born: Some(inode) };
    let logs: [Arc<dyn Log>; 2] =
        [1, 2].map(|n| Arc::new(MissingLog { file: file(n), path: "/a/x".into() }) as _);
    let mut journal = [HEADER, &[COMPLETE]].concat();
    let mut block = |fill: &mut dyn FnMut(&mut Vec<u8>)| {
        let mut block = empty_block();
        fill(&mut block);
        seal(&mut block);
        journal.extend(block);
    };
    block(&mut |records| {
        ledger.push_snapshot(records);
        ledger.push_path(&source(), Path::new("/a/x.log"), records);
        for (log, inode) in logs.iter().zip(1..) {
            ledger.add_log(log, file(inode), path(b"/a/x"), records);
        }
    });
    let (mut next, mut offset) = (1, 0);
    for (which, lens) in writes {
        let text: String = lens.iter().map(|&len| "x".repeat(len) + "\n").collect();
        let content = logs.get(*which).and_then(|log| Some((log, cut(&text)?)));
        let batch = if let Some((log, lines)) = content {
            let location = Some(Location::of(&lines.bytes, Arc::clone(log), offset));
            offset += lines.bytes.len() as u64;
            Batch::of_lines(source(), next, Lines { location, ..lines }, Arc::default())
        } else {
            let json = format!("{{\"n\":{}}}", lens.len());
            Batch::of_control(source(), next, json.into(), Arc::default())
        };
        next = batch.next();
        let entry = IndexEntry::new(&batch).expect("it can be read again");
        let checkpoint = Checkpoint { is_followed: true, offset, ..Checkpoint::default() };
        block(&mut |records| {
            ledger.push_checkpoint(&source(), &logs[0], checkpoint, records);
            ledger.push_entry(&entry, records);
            if *which == 3 {
                // Standard input: these events cannot be read again.
                next += 5;
                Record::Next(next).push(records);
            }
        });
    }
    journal
}

fn cut(text: &str) -> Option<Lines> {
    cutting(1000).cut(text.as_bytes(), &mut Carry::default(), End::Open).0
}

/// All events that can be read again, each with its location or its JSON.
fn events(recovered: &Recovered) -> Vec<(Seq, String)> {
    let mut all = Vec::new();
    let mut next = 1;
    for entry in recovered.index.entries() {
        assert!(entry.first() >= next && entry.next() > entry.first(), "seqs only grow");
        next = entry.next();
        let location = match entry.content() {
            EntryContent::Control(json) => json.to_string(),
            EntryContent::Messages(_) => panic!("the journal has no messages"),
            EntryContent::Extent(extent) => {
                format!("{:?} {:?}", extent.location.log, extent.location.offset)
            }
        };
        all.extend((entry.first()..next).map(|seq| (seq, location.clone())));
    }
    assert!(recovered.next >= next);
    all
}

fn writes() -> impl Strategy<Value = Vec<(usize, Vec<usize>)>> {
    vec((0usize..4, vec(0usize..60, 1..5)), 1..20)
}

proptest! {
    #[test]
    fn every_record_is_recovered(writes in writes()) {
        let (recovered, issues) = recover(&journal(&writes), CAPACITY, NOW).expect("one");
        prop_assert_eq!(issues, []);
        prop_assert_eq!(recovered.epoch().map(Epoch::as_str), Some("k3f9q2"));
        let events = events(&recovered);
        let lines = |(which, lens): &(usize, Vec<usize>)| if *which < 2 { lens.len() } else { 1 };
        prop_assert_eq!(events.len(), writes.iter().map(lines).sum::<usize>());
        let gaps = writes.iter().filter(|(which, _)| *which == 3).count() * 5;
        prop_assert_eq!(recovered.next, 1 + (events.len() + gaps) as u64);
        prop_assert!(recovered.patterns.contains(Path::new("/a/*.log")));
    }

    #[test]
    fn a_journal_that_is_cut_off_has_all_earlier_records(writes in writes(), at: At) {
        let journal = journal(&writes);
        let whole = recover(&journal, CAPACITY, NOW).expect("one").0;
        let start = HEADER.len() + 1;
        let len = start + at.index(journal.len() - start);
        let (recovered, _) = recover(&journal[..len], CAPACITY, NOW).expect("one");
        prop_assert!(events(&whole).starts_with(&events(&recovered)));
        prop_assert!(recovered.next <= whole.next);
    }

    #[test]
    fn a_changed_byte_is_noticed(writes in writes(), at: At, change in 1u8..) {
        let mut journal = journal(&writes);
        let whole = recover(&journal, CAPACITY, NOW).expect("one").0;
        let at = at.index(journal.len());
        journal[at] ^= change;
        prop_assume!(OLD_HEADERS.iter().all(|old| !journal.starts_with(old)));
        let read = recover(&journal, CAPACITY, NOW);
        prop_assert_eq!(read.is_none(), at < HEADER.len());
        if let Some((recovered, issues)) = read {
            prop_assert!(!issues.is_empty());
            prop_assert!(recovered.epoch().is_none(), "IDs may mean other events now");
            prop_assert!(events(&whole).starts_with(&events(&recovered)));
        }
    }

    /// Random records with correct checksums.
    #[test]
    fn no_records_cause_a_panic(blocks in vec(vec(0u8..40, 0..60), 0..6)) {
        let mut journal = journal(&[(0, vec![3]), (2, vec![1])]);
        for records in blocks {
            let mut block = [vec![0; BLOCK_HEADER], records].concat();
            seal(&mut block);
            journal.extend(block);
        }
        let (recovered, _) = recover(&journal, CAPACITY, NOW).expect("one");
        let History { index, next } = recovered.history(CAPACITY);
        prop_assert!(index.entries().all(|entry| entry.next() <= next));
    }
}

#[test]
fn another_boot_or_other_cutting_ends_the_epoch() {
    let mut journal = journal(&[(0, vec![3])]);
    let epoch = |journal: &[u8], now| {
        let (recovered, issues) = recover(journal, CAPACITY, now).expect("one");
        (recovered.epoch().is_some(), recovered.index.entries().count(), issues)
    };
    let (other_boot, no_boot) =
        (CurrentRun { boot: "other", ..NOW }, CurrentRun { boot: "", ..NOW });
    let other_cutting = CurrentRun { cutting: "other", ..NOW };
    assert_eq!(epoch(&journal, other_boot), (false, 1, vec![RecoveryIssue::MachineStopped]));
    assert_eq!(epoch(&journal, no_boot), (false, 1, vec![RecoveryIssue::MachineStopped]));
    assert_eq!(epoch(&journal, other_cutting), (false, 0, vec![RecoveryIssue::OtherCutting]));
    let mut end = empty_block();
    Record::End.push(&mut end);
    seal(&mut end);
    journal.extend(end);
    assert_eq!(epoch(&journal, other_boot), (true, 1, vec![]));
    journal[HEADER.len()] = INCOMPLETE;
    assert_eq!(epoch(&journal, NOW), (false, 1, vec![RecoveryIssue::Incomplete]));
}

#[test]
fn the_progress_of_a_source_is_recovered_from_records_and_from_a_snapshot() {
    let mut ledger = Ledger::new(run());
    let carry = Carry { part_bytes: 7, ..Carry::default() };
    let mut block = empty_block();
    ledger.push_snapshot(&mut block);
    ledger.push_path(&source(), Path::new("https://web1/"), &mut block);
    ledger.push_position(&source(), "abc123-1", &mut block);
    ledger.push_position(&source(), "abc123-2", &mut block);
    ledger.push_carry(&source(), carry, &mut block);
    ledger.push_rest(&source(), 0, b"abc", &mut block);
    ledger.push_rest(&source(), 2, b"xy", &mut block);
    let mut snapshot = empty_block();
    ledger.push_snapshot(&mut snapshot);
    for mut block in [block, snapshot] {
        seal(&mut block);
        let journal = [HEADER, &[COMPLETE], &block].concat();
        let (mut recovered, issues) = recover(&journal, CAPACITY, NOW).expect("one");
        assert_eq!(issues, []);
        let other = recovered.resume(Path::new("https://web2/"), &source());
        assert_eq!(other, Progress::default());
        let progress = recovered.resume(Path::new("https://web1/"), &source());
        let (position, rest) = (Some("abc123-2".to_owned()), b"abxy".to_vec());
        assert_eq!(progress, Progress { position, carry: Some(carry), rest });
        assert_eq!(recovered.source(source().id as u64), Some(&source()));
    }
}

#[test]
fn a_source_that_has_published_nothing_yet_keeps_its_place() {
    let named = |id, name| Arc::new(Source { id, name: Name::from_wire(name).expect("a name") });
    let (first, second) = (named(0, "web1"), named(1, "web2"));
    let mut ledger = Ledger::new(run());
    let mut block = empty_block();
    ledger.push_snapshot(&mut block);
    for (source, path) in [(&first, "https://web1/"), (&second, "https://web2/")] {
        ledger.push_path(source, Path::new(path), &mut block);
        ledger.push_position(source, "abc123-1", &mut block);
    }
    let mut recovered = recovered(&mut block);
    // The next run has them in another order, and ends before the second one publishes anything.
    let (first, second) = (named(1, "web1"), named(0, "web2"));
    recovered.resume(Path::new("https://web1/"), &first);
    recovered.resume(Path::new("https://web2/"), &second);
    let mut ledger = Ledger::new(run());
    ledger.keep(&recovered);
    let mut block = empty_block();
    ledger.push_snapshot(&mut block);
    ledger.push_position(&first, "abc123-2", &mut block);
    let mut recovered = self::recovered(&mut block);
    for (path, position) in [("https://web1/", "abc123-2"), ("https://web2/", "abc123-1")] {
        let progress = recovered.resume(Path::new(path), &first);
        assert_eq!(progress.position.as_deref(), Some(position), "{path}");
    }
}

fn run() -> RunHeader {
    RunHeader {
        epoch: "k3f9q2".into(),
        boot: NOW.boot.into(),
        cutting: NOW.cutting.into(),
        patterns: Vec::new(),
    }
}

/// Returns what a journal of one block says.
fn recovered(block: &mut [u8]) -> Recovered {
    seal(block);
    let journal = [HEADER, &[COMPLETE], block].concat();
    let (recovered, issues) = recover(&journal, CAPACITY, NOW).expect("one");
    assert_eq!(issues, []);
    recovered
}

#[test]
fn journals_of_the_versions_before_are_read() {
    let journal = journal(&[(0, vec![3])]);
    for header in OLD_HEADERS {
        let old = [header, &journal[HEADER.len()..]].concat();
        let (recovered, issues) = recover(&old, CAPACITY, NOW).expect("one");
        assert_eq!((recovered.index.entries().count(), issues), (1, vec![]));
    }
}
