//! The state of earlier runs, as the journal has recorded it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::note::Progress;
use super::record::Checkpoint;
use crate::event::{Carry, Epoch, FileId, Log, Seq, Source};
use crate::store::{History, Index};

/// The state of earlier runs; empty if there was none.
#[derive(Debug)]
pub struct Recovered {
    pub(super) epoch: Option<Epoch>,
    pub(super) cutting: String,
    pub(super) patterns: HashSet<PathBuf>,
    pub(super) sources: BTreeMap<u64, RecoveredSource>,
    pub(super) logs: BTreeMap<u64, RecoveredLog>,
    pub(super) index: Index,
    pub(super) next: Seq,
    pub(super) has_ended: bool,
    /// The time of the last write in nanoseconds since 1970; none if that is unknown.
    pub(super) written_at: Option<u64>,
}

/// A source of an earlier run.
#[derive(Debug)]
pub(crate) struct RecoveredSource {
    /// The source, with its number in that run.
    pub(crate) source: Arc<Source>,
    /// Its path; empty if it was not followed.
    pub(crate) path: PathBuf,
    /// The same source in this run, if it is followed again.
    pub(crate) now: Option<Arc<Source>>,
    /// The point up to which it was read, if it is the log of another program.
    pub(super) progress: Progress,
}

/// A file that an earlier run has read.
#[derive(Debug)]
pub(crate) struct RecoveredLog {
    pub(crate) file: FileId,
    pub(crate) path: PathBuf,
    /// The number of the source, and how far the file was read for it.
    pub(crate) checkpoint: Option<(u64, Checkpoint)>,
    /// The log that entries refer to before the file is found.
    pub(super) missing: Arc<dyn Log>,
    /// The log of the file that was found.
    pub(super) now: Option<Arc<dyn Log>>,
}

impl Recovered {
    /// Returns the state before the first run.
    #[must_use]
    pub fn nothing() -> Self {
        Recovered::with_capacity(0)
    }

    /// Returns the state before the first run, with an index of at most `index_bytes` of memory.
    pub(super) fn with_capacity(index_bytes: usize) -> Self {
        Recovered {
            epoch: None,
            cutting: String::new(),
            patterns: HashSet::new(),
            sources: BTreeMap::new(),
            logs: BTreeMap::new(),
            index: Index::new(index_bytes),
            next: 1,
            has_ended: false,
            written_at: None,
        }
    }

    /// The epoch of the last run, if its IDs can be resumed.
    #[must_use]
    pub fn epoch(&self) -> Option<&Epoch> {
        self.epoch.as_ref()
    }

    /// The time at which the earlier run has written last, in nanoseconds since 1970.
    pub(crate) fn written_at(&self) -> Option<u64> {
        self.written_at
    }

    /// The globs that were followed.
    pub(crate) fn patterns(&self) -> &HashSet<PathBuf> {
        &self.patterns
    }

    /// Iterates over the sources that were followed.
    pub(crate) fn followed(&mut self) -> impl Iterator<Item = &mut RecoveredSource> {
        self.sources.values_mut().filter(|known| known.path != Path::new(""))
    }

    /// Continues the source that an earlier run has followed under `path`, and that is `now` in this
    /// run; returns the point up to which it was read.
    ///
    /// For sources that are the log of another program; a file has a [`Checkpoint`].
    pub(crate) fn resume(&mut self, path: &Path, now: &Arc<Source>) -> Progress {
        let Some(earlier) = self.sources.values_mut().rfind(|known| known.path == path) else {
            return Progress::default();
        };
        earlier.now = Some(Arc::clone(now));
        earlier.progress.clone()
    }

    /// Returns the paths that begin with `prefix`, without it, of sources whose lines have left a
    /// state.
    pub(crate) fn paths_with_carry(&self, prefix: &str) -> Vec<String> {
        let rest = |known: &RecoveredSource| {
            known.progress.carry.filter(|carry| carry.lines != Carry::default().lines)?;
            known.path.to_str()?.strip_prefix(prefix).map(str::to_owned)
        };
        self.sources.values().filter_map(rest).collect()
    }

    /// Iterates over the sources that are followed again, with their paths.
    pub(super) fn resumed(&self) -> impl Iterator<Item = (&Arc<Source>, &Path, &Progress)> {
        self.sources
            .values()
            .filter_map(|known| Some((known.now.as_ref()?, &*known.path, &known.progress)))
    }

    /// Returns source `id` as it is in this run, if it is followed again.
    pub(crate) fn source(&self, id: u64) -> Option<&Arc<Source>> {
        self.sources.get(&id).and_then(|known| known.now.as_ref())
    }

    /// Iterates over the files that were read, with their numbers, in the order of their first read.
    pub(crate) fn logs(&self) -> impl Iterator<Item = (u64, &RecoveredLog)> {
        self.logs.iter().map(|(id, known)| (*id, known))
    }

    /// Sets the log of a file that was found again.
    pub(crate) fn set_log(&mut self, id: u64, now: Arc<dyn Log>) {
        if let Some(known) = self.logs.get_mut(&id) {
            known.now = Some(now);
        }
    }

    /// Returns the events before this run, with the sources and logs of this run.
    #[must_use]
    pub fn history(self, index_bytes: usize) -> History {
        let mut not_followed = HashMap::new();
        for known in self.sources.values().filter(|known| known.now.is_none()) {
            // One source for each name. IDs from the largest number down are none of this run's.
            let id = usize::MAX - not_followed.len();
            let name = known.source.name.clone();
            not_followed.entry(name.clone()).or_insert_with(|| Arc::new(Source { id, name }));
        }
        let source = |source: &Arc<Source>| {
            let now = self.sources.get(&(source.id as u64)).and_then(|known| known.now.as_ref());
            Arc::clone(now.or_else(|| not_followed.get(&source.name)).unwrap_or(source))
        };
        let address = |log: &Arc<dyn Log>| Arc::as_ptr(log).cast::<()>();
        let found: HashMap<_, _> =
            self.logs.values().map(|known| (address(&known.missing), &known.now)).collect();
        let log = |log: &Arc<dyn Log>| match found.get(&address(log)) {
            Some(Some(now)) => Arc::clone(now),
            _ => Arc::clone(log),
        };
        History { index: self.index.map(index_bytes, source, log), next: self.next }
    }
}

/// Returns the path of a record.
pub(super) fn path(text: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(text))
}
