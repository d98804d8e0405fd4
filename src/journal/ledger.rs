//! The ledger: what records refer to by number, and what a fresh journal begins with.
//!
//! A plain value without I/O. A log is known by its address, which stays its own
//! while the weak reference to it is kept.

use std::collections::{BTreeMap, HashMap};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use super::record::{Checkpoint, ExtentRef, Record};
use crate::event::{FileId, Log, Source};
use crate::store::{EntryContent, IndexEntry};

/// What a run is known by.
#[derive(Debug)]
pub(super) struct RunHeader {
    pub(super) epoch: String,
    pub(super) boot: String,
    pub(super) cutting: String,
    pub(super) patterns: Vec<PathBuf>,
}

#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) run: RunHeader,
    sources: BTreeMap<usize, (Arc<Source>, PathBuf)>,
    logs: HashMap<usize, LedgerLog>,
    /// How many logs were given a number.
    given: u64,
}

#[derive(Debug)]
struct LedgerLog {
    id: u64,
    log: Weak<dyn Log>,
    file: FileId,
    path: PathBuf,
    mark: Option<(u64, Checkpoint)>,
}

impl Ledger {
    pub(super) fn new(run: RunHeader) -> Self {
        Ledger { run, sources: BTreeMap::new(), logs: HashMap::new(), given: 0 }
    }

    /// Writes down under which path a source is followed.
    pub(super) fn path(&mut self, source: &Arc<Source>, path: &Path, items: &mut Vec<u8>) {
        self.sources.insert(source.id, (Arc::clone(source), path.to_owned()));
        push_source(source, path, items);
    }

    /// Writes down how far a file was read, unless it cannot be found again.
    pub(super) fn mark(
        &mut self,
        source: &Arc<Source>,
        (log, mark): (&Arc<dyn Log>, Checkpoint),
        items: &mut Vec<u8>,
    ) {
        let source = self.source(source, items);
        if let Some(known) = self.log(log, items) {
            known.mark = Some((source, mark));
            Record::Checkpoint { log: known.id, source, mark }.push(items);
        }
    }

    /// Writes down events; false if they cannot be had again.
    pub(super) fn entry(&mut self, entry: &IndexEntry, items: &mut Vec<u8>) -> bool {
        let (source, first) = (self.source(entry.source(), items), entry.first());
        match entry.kept() {
            EntryContent::Control(json) => Record::Control { source, first, json }.push(items),
            EntryContent::Extent(extent) => {
                let Some(known) = self.log(&extent.location.log, items) else { return false };
                let place = ExtentRef {
                    source,
                    first,
                    log: known.id,
                    offset: extent.location.offset,
                    crc: extent.location.crc,
                    carry: extent.carry,
                    time: extent.time,
                };
                Record::Lines { at: place, runs: &extent.runs }.push(items);
            }
        }
        true
    }

    /// Writes down all but the events, without the files that nobody needs any more.
    pub(super) fn snapshot(&mut self, items: &mut Vec<u8>) {
        let RunHeader { epoch, boot, cutting, patterns } = &self.run;
        Record::Begin { epoch, boot, cutting }.push(items);
        for pattern in patterns {
            Record::Pattern(pattern.as_os_str().as_bytes()).push(items);
        }
        for (source, path) in self.sources.values() {
            push_source(source, path, items);
        }
        self.logs.retain(|_, known| known.log.strong_count() > 0);
        let mut logs: Vec<_> = self.logs.values().collect();
        logs.sort_by_key(|known| known.id);
        for known in logs {
            known.push(items);
            if let Some((source, mark)) = known.mark {
                Record::Checkpoint { log: known.id, source, mark }.push(items);
            }
        }
    }

    fn source(&mut self, source: &Arc<Source>, items: &mut Vec<u8>) -> u64 {
        if !self.sources.contains_key(&source.id) {
            self.path(source, Path::new(""), items);
        }
        source.id as u64
    }

    fn log(&mut self, log: &Arc<dyn Log>, items: &mut Vec<u8>) -> Option<&mut LedgerLog> {
        let address = Arc::as_ptr(log).cast::<()>() as usize;
        if !self.logs.contains_key(&address) {
            let (file, path) = log.file()?;
            self.given += 1;
            let known =
                LedgerLog { id: self.given, log: Arc::downgrade(log), file, path, mark: None };
            known.push(items);
            self.logs.insert(address, known);
        }
        self.logs.get_mut(&address)
    }
}

impl LedgerLog {
    fn push(&self, items: &mut Vec<u8>) {
        let path = self.path.as_os_str().as_bytes();
        Record::Log { id: self.id, file: self.file, path }.push(items);
    }
}

fn push_source(source: &Source, path: &Path, items: &mut Vec<u8>) {
    let (id, path) = (source.id as u64, path.as_os_str().as_bytes());
    Record::Source { id, name: source.name.as_str(), path }.push(items);
}
