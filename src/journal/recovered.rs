//! What an earlier run has left, read from its journal.
//!
//! Pure: bytes in, a value out. What cannot be read is dropped, and so is all that
//! comes after it; no bytes make it panic, or hold events that were not written down.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::record::{Checkpoint, ExtentRef, Framed, Record, frame};
use super::{HEADER, WHOLE};
use crate::event::{Epoch, FileId, Location, Log, Name, Seq, Source};
use crate::store::{EntryContent, Extent, Index, IndexEntry};

/// What is known of earlier runs; nothing, where there was none.
#[derive(Debug)]
pub struct Recovered {
    epoch: Option<Epoch>,
    cutting: String,
    patterns: HashSet<PathBuf>,
    sources: BTreeMap<u64, RecoveredSource>,
    logs: BTreeMap<u64, RecoveredLog>,
    index: Index,
    next: Seq,
    has_ended: bool,
}

/// A source of an earlier run.
#[derive(Debug)]
pub(crate) struct RecoveredSource {
    /// As events of that run know it.
    pub(crate) source: Arc<Source>,
    /// Empty if it was not followed then either.
    pub(crate) path: PathBuf,
    /// What it is in this run.
    pub(crate) now: Option<Arc<Source>>,
}

/// A file that an earlier run has read.
#[derive(Debug)]
pub(crate) struct RecoveredLog {
    pub(crate) file: FileId,
    pub(crate) path: PathBuf,
    /// How far it was read, and for which source.
    pub(crate) mark: Option<(u64, Checkpoint)>,
    /// Stands for it until it is found, and if it is not.
    missing: Arc<dyn Log>,
    now: Option<Arc<dyn Log>>,
}

/// Why IDs of the last run cannot be resumed, or what else there is to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecoveryIssue {
    /// The last record was not written to its end; nobody has seen what it tells of.
    Torn(usize),
    /// So many bytes at the end are none of ours.
    Damaged(usize),
    /// The last run could not write down everything.
    Void,
    /// The machine stopped, and may have lost what was not synced.
    Stopped,
    /// Lines were cut differently.
    CutOtherwise,
}

/// A file that was not found again.
#[derive(Debug)]
struct MissingLog {
    file: FileId,
    path: PathBuf,
}

impl Log for MissingLog {
    fn read_exact_at(&self, _: &mut [u8], _: u64) -> io::Result<()> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn file(&self) -> Option<(FileId, PathBuf)> {
        Some((self.file, self.path.clone()))
    }
}

impl Recovered {
    /// Nothing, as of the first run.
    #[must_use]
    pub fn nothing() -> Self {
        Recovered::within(0)
    }

    fn within(index_bytes: usize) -> Self {
        Recovered {
            epoch: None,
            cutting: String::new(),
            patterns: HashSet::new(),
            sources: BTreeMap::new(),
            logs: BTreeMap::new(),
            index: Index::new(index_bytes),
            next: 1,
            has_ended: false,
        }
    }

    /// What `journal` tells; `boot` and `cutting` are those of this run.
    ///
    /// None if it is no journal that this version can read.
    pub(super) fn read(
        journal: &[u8],
        index_bytes: usize,
        (boot, cutting): (&str, &str),
    ) -> Option<(Self, Vec<RecoveryIssue>)> {
        let mut recovered = Recovered::within(index_bytes);
        if journal.is_empty() {
            return Some((recovered, Vec::new()));
        }
        let (state, mut rest) = journal.strip_prefix(HEADER)?.split_first()?;
        let mut doubts = Vec::new();
        let mut last_boot = String::new();
        while !rest.is_empty() {
            rest = match frame(rest) {
                Framed::Items(items, after) if recovered.take(items, &mut last_boot) => after,
                Framed::Torn => {
                    doubts.push(RecoveryIssue::Torn(rest.len()));
                    break;
                }
                Framed::Items(..) | Framed::Damaged => {
                    doubts.push(RecoveryIssue::Damaged(rest.len()));
                    recovered.epoch = None;
                    break;
                }
            };
        }
        if *state != WHOLE {
            doubts.push(RecoveryIssue::Void);
            recovered.epoch = None;
        }
        if !recovered.has_ended && (boot.is_empty() || last_boot != boot) {
            doubts.push(RecoveryIssue::Stopped);
            recovered.epoch = None;
        }
        if recovered.cutting != cutting {
            doubts.push(RecoveryIssue::CutOtherwise);
            recovered.epoch = None;
            recovered.index = Index::new(index_bytes);
        }
        Some((recovered, doubts))
    }

    /// Takes in a frame; false at what cannot be.
    fn take(&mut self, mut items: &[u8], boot: &mut String) -> bool {
        while !items.is_empty() {
            let Some(item) = Record::take(&mut items) else { return false };
            if let Record::Begin { boot: this, .. } = item {
                this.clone_into(boot);
            }
            if self.add(item).is_none() {
                return false;
            }
        }
        true
    }

    fn add(&mut self, item: Record<'_>) -> Option<()> {
        self.has_ended = false;
        match item {
            Record::Begin { epoch, cutting, .. } => {
                self.epoch = Some(Epoch::parse(epoch)?);
                cutting.clone_into(&mut self.cutting);
            }
            Record::Pattern(text) => {
                self.patterns.insert(path(text));
            }
            Record::Source { id, name, path: text } => {
                let source = Source { id: usize::try_from(id).ok()?, name: Name::kept(name)? };
                let known =
                    RecoveredSource { source: Arc::new(source), path: path(text), now: None };
                let known = match self.sources.remove(&id) {
                    Some(earlier) => RecoveredSource { source: earlier.source, ..known },
                    None => known,
                };
                self.sources.insert(id, known);
            }
            Record::Log { id, file, path: text } => {
                let path = path(text);
                let missing = Arc::new(MissingLog { file, path: path.clone() });
                let known = RecoveredLog { file, path, mark: None, missing, now: None };
                self.logs.entry(id).or_insert(known);
            }
            Record::Checkpoint { log, source, mark } => {
                self.sources.get(&source)?;
                self.logs.get_mut(&log)?.mark = Some((source, mark));
            }
            Record::Lines { at: place, runs } => self.add_lines(place, runs)?,
            Record::Control { source, first, json } => {
                let source = Arc::clone(&self.sources.get(&source)?.source);
                // Whatever breaks a line was not written by this program.
                (!json.contains(char::is_control)).then_some(())?;
                self.add_entry(IndexEntry::recovered(
                    source,
                    first,
                    1,
                    EntryContent::Control(json.into()),
                )?)?;
            }
            Record::Next(next) => {
                self.next = (next >= self.next).then_some(next)?;
            }
            Record::End => self.has_ended = true,
        }
        Some(())
    }

    fn add_lines(&mut self, at: ExtentRef, runs: &[u8]) -> Option<()> {
        let source = Arc::clone(&self.sources.get(&at.source)?.source);
        let log = Arc::clone(&self.logs.get(&at.log)?.missing);
        let location = Location { log, offset: at.offset, crc: at.crc };
        let (extent, count) = Extent::recovered(location, at.carry, at.time, runs.to_vec())?;
        self.add_entry(IndexEntry::recovered(
            source,
            at.first,
            count,
            EntryContent::Extent(extent),
        )?)
    }

    fn add_entry(&mut self, entry: IndexEntry) -> Option<()> {
        if entry.first() < self.next {
            return None;
        }
        self.next = entry.next();
        self.index.add(entry);
        Some(())
    }

    /// The epoch of the last run, if its IDs still mean the same events.
    #[must_use]
    pub fn epoch(&self) -> Option<&Epoch> {
        self.epoch.as_ref()
    }

    /// The globs that were followed.
    pub(crate) fn patterns(&self) -> &HashSet<PathBuf> {
        &self.patterns
    }

    /// The sources that were followed.
    pub(crate) fn followed(&mut self) -> impl Iterator<Item = &mut RecoveredSource> {
        self.sources.values_mut().filter(|known| known.path != Path::new(""))
    }

    /// What a source is in this run, if it is followed.
    pub(crate) fn source(&self, id: u64) -> Option<&Arc<Source>> {
        self.sources.get(&id).and_then(|known| known.now.as_ref())
    }

    /// The files that were read, in the order in which they came.
    pub(crate) fn logs(&self) -> impl Iterator<Item = (u64, &RecoveredLog)> {
        self.logs.iter().map(|(id, known)| (*id, known))
    }

    /// A file was found again.
    pub(crate) fn found(&mut self, log: u64, now: Arc<dyn Log>) {
        if let Some(known) = self.logs.get_mut(&log) {
            known.now = Some(now);
        }
    }

    /// What can still be had of the events before this run, and the seq of the next one.
    #[must_use]
    pub fn history(self, index_bytes: usize) -> (Index, Seq) {
        let mut left_out = HashMap::new();
        for known in self.sources.values().filter(|known| known.now.is_none()) {
            // They are told apart by name, and from those of this run by numbers from the end.
            let id = usize::MAX - left_out.len();
            let name = known.source.name.clone();
            left_out.entry(name.clone()).or_insert_with(|| Arc::new(Source { id, name }));
        }
        let source = |source: &Arc<Source>| {
            let now = self.sources.get(&(source.id as u64)).and_then(|known| known.now.as_ref());
            Arc::clone(now.or_else(|| left_out.get(&source.name)).unwrap_or(source))
        };
        let address = |log: &Arc<dyn Log>| Arc::as_ptr(log).cast::<()>();
        let found: HashMap<_, _> =
            self.logs.values().map(|k| (address(&k.missing), &k.now)).collect();
        let log = |log: &Arc<dyn Log>| match found.get(&address(log)) {
            Some(Some(now)) => Arc::clone(now),
            _ => Arc::clone(log),
        };
        (self.index.rebound(index_bytes, source, log), self.next)
    }
}

fn path(text: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(text))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::Index as At;

    use super::*;
    use crate::event::{Batch, Carry, Control, Cutting, End, LineFilter, Lines, Splitter};
    use crate::journal::ledger::{Ledger, RunHeader};
    use crate::journal::record::{FRAME, seal};
    use crate::store::samples::source;

    const CAPACITY: usize = 1 << 20;
    const NOW: (&str, &str) = ("boot", "cutting");

    /// A journal of a run with two files, and standard input; a frame for each write.
    fn journal(writes: &[(usize, Vec<usize>)]) -> Vec<u8> {
        let run = RunHeader {
            epoch: "k3f9q2".into(),
            boot: NOW.0.into(),
            cutting: NOW.1.into(),
            patterns: vec![PathBuf::from("/a/*.log")],
        };
        let mut ledger = Ledger::new(run);
        let file = |inode| FileId { device: 1, inode, born: Some(inode) };
        let logs: [Arc<dyn Log>; 2] =
            [1, 2].map(|n| Arc::new(MissingLog { file: file(n), path: "/a/x".into() }) as _);
        let mut journal = [HEADER, &[WHOLE]].concat();
        let mut frame = |fill: &mut dyn FnMut(&mut Vec<u8>)| {
            let mut items = vec![0; FRAME];
            fill(&mut items);
            seal(&mut items);
            journal.extend(items);
        };
        frame(&mut |items| {
            ledger.snapshot(items);
            ledger.path(&source(), Path::new("/a/x.log"), items);
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
                let control = Control { json: format!("{{\"n\":{}}}", lens.len()) };
                Batch::of_control(source(), next, control, Arc::default())
            };
            next = batch.next();
            let entry = IndexEntry::new(&batch).expect("it can be had again");
            let mark = Checkpoint { held: true, offset, ..Checkpoint::default() };
            frame(&mut |items| {
                ledger.mark(&source(), (&logs[0], mark), items);
                ledger.entry(&entry, items);
                if *which == 3 {
                    // Standard input: nobody can have this again.
                    next += 5;
                    Record::Next(next).push(items);
                }
            });
        }
        journal
    }

    fn cut(text: &str) -> Option<Lines> {
        let splitter = Splitter { max_line: 1000, binary: false };
        let cutting = Cutting { splitter, filter: LineFilter::default() };
        cutting.cut(text.as_bytes(), &mut Carry::default(), End::Open).0
    }

    /// All events that can be had, each with where it lies.
    fn events(recovered: &Recovered) -> Vec<(Seq, String)> {
        let mut all = Vec::new();
        let mut next = 1;
        for entry in recovered.index.entries() {
            assert!(entry.first() >= next && entry.next() > entry.first(), "seqs only grow");
            next = entry.next();
            let lies = match entry.kept() {
                EntryContent::Control(json) => json.to_string(),
                EntryContent::Extent(extent) => {
                    format!("{:?} {:?}", extent.location.log, extent.location.offset)
                }
            };
            all.extend((entry.first()..next).map(|seq| (seq, lies.clone())));
        }
        assert!(recovered.next >= next);
        all
    }

    fn writes() -> impl Strategy<Value = Vec<(usize, Vec<usize>)>> {
        vec((0usize..4, vec(0usize..60, 1..5)), 1..20)
    }

    proptest! {
        #[test]
        fn what_was_written_down_is_recovered(writes in writes()) {
            let (recovered, doubts) = Recovered::read(&journal(&writes), CAPACITY, NOW).expect("one");
            prop_assert_eq!(doubts, []);
            prop_assert_eq!(recovered.epoch().map(Epoch::as_str), Some("k3f9q2"));
            let events = events(&recovered);
            let lines = |(which, lens): &(usize, Vec<usize>)| if *which < 2 { lens.len() } else { 1 };
            prop_assert_eq!(events.len(), writes.iter().map(lines).sum::<usize>());
            let gaps = writes.iter().filter(|(which, _)| *which == 3).count() * 5;
            prop_assert_eq!(recovered.next, 1 + (events.len() + gaps) as u64);
            prop_assert!(recovered.patterns.contains(Path::new("/a/*.log")));
        }

        #[test]
        fn what_is_cut_off_leaves_what_was_before(writes in writes(), at: At) {
            let journal = journal(&writes);
            let whole = Recovered::read(&journal, CAPACITY, NOW).expect("one").0;
            let start = HEADER.len() + 1;
            let len = start + at.index(journal.len() - start);
            let (recovered, _) = Recovered::read(&journal[..len], CAPACITY, NOW).expect("one");
            prop_assert!(events(&whole).starts_with(&events(&recovered)));
            prop_assert!(recovered.next <= whole.next);
        }

        #[test]
        fn a_changed_byte_is_noticed(writes in writes(), at: At, change in 1u8..) {
            let mut journal = journal(&writes);
            let whole = Recovered::read(&journal, CAPACITY, NOW).expect("one").0;
            let at = at.index(journal.len());
            journal[at] ^= change;
            let read = Recovered::read(&journal, CAPACITY, NOW);
            prop_assert_eq!(read.is_none(), at < HEADER.len());
            if let Some((recovered, doubts)) = read {
                prop_assert!(!doubts.is_empty());
                prop_assert!(recovered.epoch().is_none(), "IDs may mean other events now");
                prop_assert!(events(&whole).starts_with(&events(&recovered)));
            }
        }

        /// As if somebody had made records of their own, with checksums that hold.
        #[test]
        fn whatever_records_say_does_no_harm(frames in vec(vec(0u8..40, 0..60), 0..6)) {
            let mut journal = journal(&[(0, vec![3]), (2, vec![1])]);
            for items in frames {
                let mut frame = [vec![0; FRAME], items].concat();
                seal(&mut frame);
                journal.extend(frame);
            }
            let (recovered, _) = Recovered::read(&journal, CAPACITY, NOW).expect("one");
            let (index, next) = recovered.history(CAPACITY);
            prop_assert!(index.entries().all(|entry| entry.next() <= next));
        }
    }

    #[test]
    fn another_boot_or_other_lines_are_another_epoch() {
        let mut journal = journal(&[(0, vec![3])]);
        let epoch = |journal: &[u8], now| {
            let (recovered, doubts) = Recovered::read(journal, CAPACITY, now).expect("one");
            (recovered.epoch().is_some(), recovered.index.entries().count(), doubts)
        };
        assert_eq!(epoch(&journal, ("other", NOW.1)), (false, 1, vec![RecoveryIssue::Stopped]));
        assert_eq!(epoch(&journal, ("", NOW.1)), (false, 1, vec![RecoveryIssue::Stopped]));
        assert_eq!(
            epoch(&journal, (NOW.0, "other")),
            (false, 0, vec![RecoveryIssue::CutOtherwise])
        );
        let mut end = vec![0; FRAME];
        Record::End.push(&mut end);
        seal(&mut end);
        journal.extend(end);
        assert_eq!(epoch(&journal, ("other", NOW.1)), (true, 1, vec![]));
        journal[HEADER.len()] = crate::journal::VOID;
        assert_eq!(epoch(&journal, NOW), (false, 1, vec![RecoveryIssue::Void]));
    }
}
