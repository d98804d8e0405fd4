//! The journal: what is published, kept in a directory over restarts.
//!
//! Nobody sees an event before its record is in the hands of the kernel, so that after
//! `kill -9` the same ID is the same event. Only a machine that stops can lose records,
//! as they are synced once a second and at the end; the next run then has an epoch of its own.
//!
//! When the journal has grown, a fresh one takes its place in one step. The directory is
//! held by one process, and written to only by the threads that publish.

mod ledger;
mod record;
mod recovered;

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use self::ledger::{Ledger, RunHeader};
use self::record::{FRAME, Record, seal};
use self::recovered::RecoveryIssue;
use crate::event::{Batch, Cutting, Epoch, Log, Seq, Source};
use crate::store::IndexEntry;
use crate::system::boot_id;
pub use record::Checkpoint;
pub use recovered::Recovered;

/// What a journal that this version can read begins with; the next byte tells its state.
const HEADER: &[u8] = b"ssetail journal 1\n";
/// All that was published is written down.
const WHOLE: u8 = b'+';
/// Something was published that is not.
const VOID: u8 = b'-';
/// How often it is synced.
const SYNC: Duration = Duration::from_secs(1);
/// How soon it is tried again after it could not be written.
const RETRY: Duration = Duration::from_secs(1);
/// It is written afresh when it is twice as large as it would then be, and this much more.
const SLACK: u64 = 4 << 20;
/// A frame of a fresh journal is closed when it is larger.
const LARGE: usize = 64 << 10;

/// What the journal is told beside events.
#[derive(Clone, Debug)]
pub enum JournalNote {
    /// A source is followed under this path.
    Path(PathBuf),
    /// How far a file was read.
    Checkpoint(Arc<dyn Log>, Checkpoint),
}

/// What is published at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Publication<'a> {
    pub(crate) batches: &'a [Arc<Batch>],
    pub(crate) notes: &'a [(Arc<Source>, JournalNote)],
    /// The seq of the first event.
    pub(crate) first: Seq,
}

/// The journal of this run.
pub struct Journal {
    directory: PathBuf,
    /// Holds the directory.
    _lock: File,
    ledger: Ledger,
    /// None before anything is written, and after that has failed.
    file: Option<File>,
    failed: Option<Instant>,
    len: u64,
    /// How long it was when it was written afresh.
    fresh: u64,
    items: Vec<u8>,
    syncer: Syncer,
    say: Arc<dyn Fn(&str) + Send + Sync>,
}

/// A thread that waits for the disk, so that nobody else has to.
struct Syncer {
    is_dirty: Arc<AtomicBool>,
    files: SyncSender<File>,
}

impl Journal {
    /// Takes the directory, which is made if it is missing, and reads what is in it.
    ///
    /// Nothing in it is changed before something is published.
    pub fn open(
        directory: &Path,
        index_bytes: usize,
        cutting: &Cutting,
        patterns: Vec<PathBuf>,
        say: impl Fn(&str) + Send + Sync + 'static,
    ) -> anyhow::Result<(Self, Recovered)> {
        let name = directory.display();
        let lock = take(directory).with_context(|| format!("--state {name} cannot be used"))?;
        if lock.try_lock().is_err() {
            bail!(
                "another ssetail keeps its state in {name}; stop it, or give --state a directory \
                 of its own"
            );
        }
        let path = directory.join("journal");
        let journal =
            read_if_there(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        // Without a boot id, an unclean end counts as a restart of the machine.
        let boot = boot_id().unwrap_or_default();
        let cutting = describe(cutting);
        let Some((recovered, doubts)) = Recovered::read(&journal, index_bytes, (&boot, &cutting))
        else {
            bail!(
                "{} is not a journal that this version of ssetail can read; remove it, or give \
                 --state another directory",
                path.display()
            );
        };
        for doubt in doubts {
            say(&format!("{}: {}", path.display(), doubt.sentence()));
        }
        let say: Arc<dyn Fn(&str) + Send + Sync> = Arc::new(say);
        let run = RunHeader { epoch: String::new(), boot, cutting, patterns };
        let journal = Journal {
            directory: directory.to_owned(),
            _lock: lock,
            ledger: Ledger::new(run),
            file: None,
            failed: None,
            len: 0,
            fresh: 0,
            items: vec![0; FRAME],
            syncer: Syncer::start(Arc::clone(&say)).context("cannot start a thread")?,
            say,
        };
        Ok((journal, recovered))
    }

    /// Whatever is written from now on is of this epoch.
    pub(crate) fn begin(&mut self, epoch: &Epoch) {
        epoch.as_str().clone_into(&mut self.ledger.run.epoch);
    }

    /// Writes down what is about to be published.
    ///
    /// `history` gives some of the entries before it, from a seq on, for a fresh journal.
    pub(crate) fn append(
        &mut self,
        step: Publication<'_>,
        history: impl Fn(Seq) -> Vec<IndexEntry>,
    ) {
        self.items.truncate(FRAME);
        for (source, note) in step.notes {
            match note {
                JournalNote::Path(path) => self.ledger.path(source, path, &mut self.items),
                JournalNote::Checkpoint(log, mark) => {
                    self.ledger.mark(source, (log, *mark), &mut self.items);
                }
            }
        }
        let mut has_last = true;
        for batch in step.batches {
            has_last = IndexEntry::new(batch)
                .is_some_and(|entry| self.ledger.entry(&entry, &mut self.items));
        }
        if let Some(last) = step.batches.last().filter(|_| !has_last) {
            Record::Next(last.next()).push(&mut self.items);
        }
        if self.items.len() == FRAME {
            return;
        }
        let written = if self.file.is_some() && self.len <= 2 * self.fresh + SLACK {
            self.write()
        } else if self.failed.is_none_or(|failed| failed.elapsed() >= RETRY) {
            self.rewrite(step.first, history)
        } else {
            return;
        };
        match written {
            Ok(()) => self.syncer.touch(self.file.as_ref()),
            Err(error) => self.fail(&error),
        }
    }

    /// Nothing more will be published.
    pub(crate) fn end(&mut self) {
        self.items.truncate(FRAME);
        Record::End.push(&mut self.items);
        let written = match &self.file {
            None => return,
            Some(_) => self.write(),
        };
        let synced = written.and_then(|()| self.file.as_ref().map_or(Ok(()), File::sync_all));
        if let Err(error) = synced {
            self.fail(&error);
        }
    }

    /// Appends a frame in a single write, as what is cut off must be the last.
    fn write(&mut self) -> io::Result<()> {
        seal(&mut self.items);
        self.len += self.items.len() as u64;
        self.file.as_ref().map_or(Ok(()), |mut file| file.write_all(&self.items))
    }

    /// Writes a fresh journal, which takes the place of the old one when it is whole.
    fn rewrite(&mut self, next: Seq, history: impl Fn(Seq) -> Vec<IndexEntry>) -> io::Result<()> {
        let (new, path) = (self.directory.join("journal.new"), self.path());
        let _ = std::fs::remove_file(&new);
        let mut file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(HEADER)?;
        file.write_all(&[WHOLE])?;
        let mut items = vec![0; FRAME];
        self.ledger.snapshot(&mut items);
        let mut at = 0;
        loop {
            let entries = history(at);
            for entry in &entries {
                self.ledger.entry(entry, &mut items);
                at = entry.next();
            }
            if entries.is_empty() {
                Record::Next(next).push(&mut items);
            }
            if entries.is_empty() || items.len() > LARGE {
                seal(&mut items);
                file.write_all(&items)?;
                items.truncate(FRAME);
            }
            if entries.is_empty() {
                break;
            }
        }
        seal(&mut self.items);
        file.write_all(&self.items)?;
        file.sync_all()?;
        std::fs::rename(&new, path)?;
        File::open(&self.directory)?.sync_all()?;
        self.len = file.metadata()?.len();
        self.fresh = self.len;
        self.file = Some(file);
        if self.failed.take().is_some() {
            (self.say)(&format!("{} is written again", self.path().display()));
        }
        Ok(())
    }

    /// Goes on without: what the journal holds must not be taken for all there was.
    fn fail(&mut self, error: &io::Error) {
        let path = self.path();
        let was_said = self.failed.replace(Instant::now()).is_some();
        self.file = None;
        let is_void = mark_void(&path).is_ok() || std::fs::remove_file(&path).is_ok();
        if was_said {
            return;
        }
        let advice = if is_void {
            "until it can be, a restart begins anew"
        } else {
            "it cannot be marked either: remove it before the next start"
        };
        (self.say)(&format!("{} cannot be written: {error}; {advice}", path.display()));
    }

    fn path(&self) -> PathBuf {
        self.directory.join("journal")
    }
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal").field("directory", &self.directory).finish_non_exhaustive()
    }
}

impl RecoveryIssue {
    fn sentence(self) -> String {
        match self {
            RecoveryIssue::Torn(bytes) => {
                format!("its last record was cut off, and {bytes} bytes dropped")
            }
            RecoveryIssue::Damaged(bytes) => format!(
                "{bytes} bytes at its end are unreadable and dropped, so that earlier ids cannot \
                 be resumed"
            ),
            RecoveryIssue::Void => {
                "not all was written down, so that earlier ids cannot be resumed".into()
            }
            RecoveryIssue::Stopped => {
                "the machine stopped before ssetail did, so that earlier ids cannot be resumed"
                    .into()
            }
            RecoveryIssue::CutOtherwise => {
                "other flags now say what a line is, so that earlier ids cannot be resumed".into()
            }
        }
    }
}

impl Syncer {
    fn start(say: Arc<dyn Fn(&str) + Send + Sync>) -> io::Result<Self> {
        let is_dirty = Arc::new(AtomicBool::new(false));
        let was_dirty = Arc::clone(&is_dirty);
        let (files, received) = sync_channel::<File>(1);
        let sync = move || {
            for file in received {
                std::thread::sleep(SYNC);
                was_dirty.store(false, Ordering::Release);
                if let Err(error) = file.sync_data() {
                    say(&format!("the journal cannot be synced: {error}"));
                }
            }
        };
        std::thread::Builder::new().name("syncer".to_owned()).spawn(sync)?;
        Ok(Syncer { is_dirty, files })
    }

    /// `file` was written to.
    fn touch(&self, file: Option<&File>) {
        if !self.is_dirty.swap(true, Ordering::AcqRel)
            && let Some(file) = file.and_then(|file| file.try_clone().ok())
        {
            // A full channel has an earlier file in it, which a fresh one has replaced.
            let _ = self.files.try_send(file);
        }
    }
}

/// How lines are cut, in words that differ if anything about it does.
fn describe(cutting: &Cutting) -> String {
    let (include, exclude) = cutting.filter.expressions();
    format!("{:?} {include:?} {exclude:?}", cutting.splitter)
}

fn take(directory: &Path) -> io::Result<File> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    OpenOptions::new().append(true).create(true).mode(0o600).open(directory.join("lock"))
}

fn read_if_there(path: &Path) -> io::Result<Vec<u8>> {
    match std::fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read,
    }
}

fn mark_void(path: &Path) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(path)?;
    file.write_all_at(&[VOID], HEADER.len() as u64)?;
    file.sync_all()
}
