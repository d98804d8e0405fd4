//! The ledger: the numbers by which records refer to sources and logs, and the records with which a
//! new journal begins.
//!
//! A plain value without I/O.
//! A log is identified by its address, which no other log gets while the weak reference exists.

use std::collections::{BTreeMap, HashMap};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use super::note::Progress;
use super::record::{Checkpoint, ExtentRef, Record};
use super::recovered::Recovered;
use crate::event::{Carry, FileId, Log, Source};
use crate::store::{EntryContent, IndexEntry};

/// The properties of a run that the next run compares with its own.
#[derive(Debug)]
pub(super) struct RunHeader {
    pub(super) epoch: String,
    /// Boot ID of the machine.
    pub(super) boot: String,
    /// Description of the [`Cutting`](crate::event::Cutting).
    pub(super) cutting: String,
    /// The globs that are followed.
    pub(super) patterns: Vec<PathBuf>,
}

/// Sources and logs with their numbers, and the newest checkpoint of each log.
#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) run: RunHeader,
    sources: BTreeMap<usize, (Arc<Source>, PathBuf)>,
    /// By the ID of the source: the point up to which the log of another program was read.
    progress: BTreeMap<usize, Progress>,
    /// By the address of the log.
    logs: HashMap<usize, LedgerLog>,
    /// The number of the newest log.
    last_log: u64,
}

#[derive(Debug)]
struct LedgerLog {
    id: u64,
    log: Weak<dyn Log>,
    file: FileId,
    path: PathBuf,
    /// The number of the source, and how far the log was read for it.
    checkpoint: Option<(u64, Checkpoint)>,
}

impl Ledger {
    pub(super) fn new(run: RunHeader) -> Self {
        let (sources, progress) = (BTreeMap::new(), BTreeMap::new());
        Ledger { run, sources, progress, logs: HashMap::new(), last_log: 0 }
    }

    /// Takes over the sources of the earlier run that are followed again, with the points up to
    /// which the logs of other programs were read.
    ///
    /// The first snapshot of this run has them, so that no source loses its place because another
    /// one was first to publish.
    pub(super) fn keep(&mut self, recovered: &Recovered) {
        for (source, path, progress) in recovered.resumed() {
            self.sources.insert(source.id, (Arc::clone(source), path.to_owned()));
            if *progress != Progress::default() {
                self.progress.insert(source.id, progress.clone());
            }
        }
    }

    /// Returns whether records can refer to `log`.
    pub(super) fn has_log(&self, log: &Arc<dyn Log>) -> bool {
        self.logs.contains_key(&address(log))
    }

    /// Appends the record of a new log, whose file can be found again by its identity and path.
    pub(super) fn add_log(
        &mut self,
        log: &Arc<dyn Log>,
        file: FileId,
        path: PathBuf,
        records: &mut Vec<u8>,
    ) {
        self.last_log += 1;
        let (id, weak) = (self.last_log, Arc::downgrade(log));
        let new = LedgerLog { id, log: weak, file, path, checkpoint: None };
        new.push(records);
        self.logs.insert(address(log), new);
    }

    /// Appends the record of a source that is followed under `path`.
    pub(super) fn push_path(&mut self, source: &Arc<Source>, path: &Path, records: &mut Vec<u8>) {
        self.sources.insert(source.id, (Arc::clone(source), path.to_owned()));
        push_source(source, path, records);
    }

    /// Leaves a source out of later snapshots, until an event refers to it.
    pub(super) fn forget(&mut self, source: &Source) {
        self.sources.remove(&source.id);
        self.progress.remove(&source.id);
    }

    /// Appends the record of the position up to which the log of another program was read.
    pub(super) fn push_position(
        &mut self,
        source: &Arc<Source>,
        text: &str,
        records: &mut Vec<u8>,
    ) {
        let number = self.source(source, records);
        Record::Position { source: number, text }.push(records);
        self.progress_of(source).position = Some(text.to_owned());
    }

    /// Appends the record of the state that the lines of such a log have left.
    pub(super) fn push_carry(&mut self, source: &Arc<Source>, carry: Carry, records: &mut Vec<u8>) {
        let number = self.source(source, records);
        Record::Carry { source: number, carry }.push(records);
        self.progress_of(source).carry = Some(carry);
    }

    /// Appends the record of the bytes of such a log that are not published yet.
    pub(super) fn push_rest(
        &mut self,
        source: &Arc<Source>,
        kept: usize,
        added: &[u8],
        records: &mut Vec<u8>,
    ) {
        let number = self.source(source, records);
        let progress = self.progress_of(source);
        let kept = kept.min(progress.rest.len());
        let _ = progress.set_rest(kept, added);
        Record::Rest { source: number, kept: kept as u64, added }.push(records);
    }

    fn progress_of(&mut self, source: &Source) -> &mut Progress {
        self.progress.entry(source.id).or_default()
    }

    /// Appends the record of how far a log was read, if the ledger has the log.
    pub(super) fn push_checkpoint(
        &mut self,
        source: &Arc<Source>,
        log: &Arc<dyn Log>,
        checkpoint: Checkpoint,
        records: &mut Vec<u8>,
    ) {
        let source = self.source(source, records);
        if let Some(known) = self.logs.get_mut(&address(log)) {
            known.checkpoint = Some((source, checkpoint));
            Record::Checkpoint { log: known.id, source, checkpoint }.push(records);
        }
    }

    /// Appends the record of events; returns false if they are in a log that the ledger does not
    /// have.
    pub(super) fn push_entry(&mut self, entry: &IndexEntry, records: &mut Vec<u8>) -> bool {
        let (source, first) = (self.source(entry.source(), records), entry.first());
        match entry.content() {
            EntryContent::Control(json) => Record::Control { source, first, json }.push(records),
            // A feed of messages has no journal.
            EntryContent::Messages(_) => {}
            EntryContent::Extent(extent) => {
                let Some(known) = self.logs.get(&address(&extent.location.log)) else {
                    return false;
                };
                let extent_ref = ExtentRef {
                    source,
                    first,
                    log: known.id,
                    offset: extent.location.offset,
                    crc: extent.location.crc,
                    carry: extent.carry,
                    time: extent.time,
                };
                Record::Lines { extent: extent_ref, shapes: &extent.shapes }.push(records);
            }
        }
        true
    }

    /// Appends the first records of a new journal: everything but events, and without logs that
    /// nothing refers to any more.
    pub(super) fn push_snapshot(&mut self, records: &mut Vec<u8>) {
        let RunHeader { epoch, boot, cutting, patterns } = &self.run;
        Record::Begin { epoch, boot, cutting }.push(records);
        for pattern in patterns {
            Record::Pattern(pattern.as_os_str().as_bytes()).push(records);
        }
        for (source, path) in self.sources.values() {
            push_source(source, path, records);
        }
        for (&id, progress) in &self.progress {
            push_progress(id as u64, progress, records);
        }
        self.logs.retain(|_, known| known.log.strong_count() > 0);
        let mut logs: Vec<_> = self.logs.values().collect();
        logs.sort_by_key(|known| known.id);
        for known in logs {
            known.push(records);
            if let Some((source, checkpoint)) = known.checkpoint {
                Record::Checkpoint { log: known.id, source, checkpoint }.push(records);
            }
        }
    }

    /// Returns the number of a source, after the record of a source that has no path yet.
    fn source(&mut self, source: &Arc<Source>, records: &mut Vec<u8>) -> u64 {
        if !self.sources.contains_key(&source.id) {
            self.push_path(source, Path::new(""), records);
        }
        source.id as u64
    }
}

impl LedgerLog {
    fn push(&self, records: &mut Vec<u8>) {
        let path = self.path.as_os_str().as_bytes();
        Record::Log { id: self.id, file: self.file, path }.push(records);
    }
}

fn address(log: &Arc<dyn Log>) -> usize {
    Arc::as_ptr(log).cast::<()>() as usize
}

fn push_progress(source: u64, progress: &Progress, records: &mut Vec<u8>) {
    if let Some(text) = &progress.position {
        Record::Position { source, text }.push(records);
    }
    if let Some(carry) = progress.carry {
        Record::Carry { source, carry }.push(records);
    }
    if !progress.rest.is_empty() {
        Record::Rest { source, kept: 0, added: &progress.rest }.push(records);
    }
}

fn push_source(source: &Source, path: &Path, records: &mut Vec<u8>) {
    let (id, path) = (source.id as u64, path.as_os_str().as_bytes());
    Record::Source { id, name: source.name.as_str(), path }.push(records);
}
