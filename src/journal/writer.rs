//! The writer of the journal, and all calls of the file system that the journal makes.

use std::fmt;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use super::block::{BLOCK_HEADER, COMPLETE, HEADER, INCOMPLETE, empty_block, seal};
use super::files::FILE_NAME;
use super::ledger::{Ledger, RunHeader};
use super::note::{JournalNote, Publication};
use super::record::Record;
use super::recovered::Recovered;
use super::recovery::{CurrentRun, recover};
use super::syncer::Syncer;
use crate::event::{Cutting, Epoch, Log, Seq};
use crate::store::IndexEntry;
use crate::system::boot_id;

/// Time after a failed write until a new journal is written.
///
/// Each attempt writes the whole history; twice the value doubles the time in which a restart
/// cannot resume earlier IDs although the disk has space again.
const RETRY: Duration = Duration::from_secs(1);

/// Bytes by which a journal may exceed twice its initial size before a new one replaces it.
///
/// Small journals would otherwise be replaced often; twice the value doubles the disk space that a
/// small journal takes.
const SLACK: u64 = 4 << 20;

/// Size in bytes after which a block of a new journal is written. It bounds the memory for writing a
/// new journal; twice the value doubles that, half the value doubles the number of writes.
const LARGE_BLOCK: usize = 64 << 10;

/// The journal of this run.
pub struct Journal {
    directory: PathBuf,
    /// The lock on the directory, held while the journal exists.
    _lock: File,
    ledger: Ledger,
    /// `None` before the first write and after a failed one.
    file: Option<File>,
    /// Time of the last failed write, until a write succeeds.
    failed: Option<Instant>,
    /// Size of the file in bytes.
    len: u64,
    /// Size of the file when it was new.
    initial_len: u64,
    /// The block that is being filled; kept to reuse its memory.
    block: Vec<u8>,
    syncer: Syncer,
    say: Arc<dyn Fn(&str) + Send + Sync>,
}

impl Journal {
    /// Locks `directory`, which is created if it is missing, and reads the journal in it.
    ///
    /// `say` is called with sentences for the person who runs the program.
    /// The journal is not changed before the first publication.
    /// It is an error if another process uses the directory, or if the journal cannot be read.
    pub fn open(
        directory: &Path,
        index_bytes: usize,
        cutting: &Cutting,
        patterns: Vec<PathBuf>,
        say: impl Fn(&str) + Send + Sync + 'static,
    ) -> anyhow::Result<(Self, Recovered)> {
        let lock = lock_directory(directory)?;
        // Without a boot ID, an unclean end counts as a crash of the machine.
        let boot = boot_id().unwrap_or_default();
        let cutting = describe(cutting);
        let run = CurrentRun { boot: &boot, cutting: &cutting };
        let recovered = read_journal(&directory.join(FILE_NAME), index_bytes, run, &say)?;
        let say: Arc<dyn Fn(&str) + Send + Sync> = Arc::new(say);
        let run = RunHeader { epoch: String::new(), boot, cutting, patterns };
        let journal = Journal {
            directory: directory.to_owned(),
            _lock: lock,
            ledger: Ledger::new(run),
            file: None,
            failed: None,
            len: 0,
            initial_len: 0,
            block: empty_block(),
            syncer: Syncer::start(Arc::clone(&say)).context("cannot start a thread")?,
            say,
        };
        Ok((journal, recovered))
    }

    /// Keeps what `recovered` knows of the sources that this run follows again; must be called
    /// before the first publication.
    pub fn keep(&mut self, recovered: &Recovered) {
        self.ledger.keep(recovered);
    }

    /// Sets the epoch of this run; must be called before the first publication.
    pub(crate) fn set_epoch(&mut self, epoch: &Epoch) {
        epoch.as_str().clone_into(&mut self.ledger.run.epoch);
    }

    /// Writes the records of what is about to be published.
    ///
    /// A failed write is reported and ends the epoch, but does not stop the publication.
    /// `history(seq)` returns the next entries from `seq` on, for a new journal.
    pub(crate) fn append(
        &mut self,
        publication: Publication<'_>,
        history: impl Fn(Seq) -> Vec<IndexEntry>,
    ) {
        self.block.truncate(BLOCK_HEADER);
        self.push_records(publication);
        if self.block.len() == BLOCK_HEADER {
            return;
        }
        let written = if self.file.is_some() && self.len <= 2 * self.initial_len + SLACK {
            self.write()
        } else if self.failed.is_none_or(|failed| failed.elapsed() >= RETRY) {
            self.rewrite(publication.first, history)
        } else {
            return;
        };
        match written {
            Ok(()) => self.syncer.schedule(self.file.as_ref()),
            Err(error) => self.fail(&error),
        }
    }

    /// Writes the end of the run; nothing is published after it.
    pub(crate) fn end(&mut self) {
        self.block.truncate(BLOCK_HEADER);
        Record::End.push(&mut self.block);
        let written = match &self.file {
            None => return,
            Some(_) => self.write(),
        };
        let synced = written.and_then(|()| self.file.as_ref().map_or(Ok(()), File::sync_all));
        if let Err(error) = synced {
            self.fail(&error);
        }
    }

    fn push_records(&mut self, publication: Publication<'_>) {
        let Journal { ledger, block, .. } = self;
        for (source, note) in publication.notes {
            match note {
                JournalNote::Path(path) => ledger.push_path(source, path, block),
                JournalNote::Forgotten => ledger.forget(source),
                JournalNote::Position(text) => ledger.push_position(source, text, block),
                JournalNote::Carry(carry) => ledger.push_carry(source, *carry, block),
                JournalNote::Rest { kept, added } => ledger.push_rest(source, *kept, added, block),
                JournalNote::Checkpoint(log, checkpoint) => {
                    introduce(ledger, log, block);
                    ledger.push_checkpoint(source, log, *checkpoint, block);
                }
            }
        }
        let mut has_last = true;
        for batch in publication.batches {
            has_last = IndexEntry::new(batch).is_some_and(|entry| push(ledger, &entry, block));
        }
        if let Some(last) = publication.batches.last().filter(|_| !has_last) {
            Record::Next(last.next()).push(block);
        }
    }

    /// Appends the block in a single write, so that only the last block of a journal can be torn.
    fn write(&mut self) -> io::Result<()> {
        seal(&mut self.block);
        self.len += self.block.len() as u64;
        self.file.as_ref().map_or(Ok(()), |mut file| file.write_all(&self.block))
    }

    /// Writes a new journal with the history and the block, and replaces the old journal when it is
    /// complete.
    fn rewrite(&mut self, next: Seq, history: impl Fn(Seq) -> Vec<IndexEntry>) -> io::Result<()> {
        let (new, path) = (self.directory.join("journal.new"), self.path());
        let _ = std::fs::remove_file(&new);
        let mut file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(HEADER)?;
        file.write_all(&[COMPLETE])?;
        self.write_history(&mut file, next, history)?;
        seal(&mut self.block);
        file.write_all(&self.block)?;
        file.sync_all()?;
        std::fs::rename(&new, path)?;
        File::open(&self.directory)?.sync_all()?;
        self.len = file.metadata()?.len();
        self.initial_len = self.len;
        self.file = Some(file);
        if self.failed.take().is_some() {
            (self.say)(&format!("{} is written again", self.path().display()));
        }
        Ok(())
    }

    /// Writes everything before event `next` that is still known.
    fn write_history(
        &mut self,
        file: &mut File,
        next: Seq,
        history: impl Fn(Seq) -> Vec<IndexEntry>,
    ) -> io::Result<()> {
        let mut block = empty_block();
        self.ledger.push_snapshot(&mut block);
        let mut at = 0;
        loop {
            let entries = history(at);
            for entry in &entries {
                push(&mut self.ledger, entry, &mut block);
                at = entry.next();
            }
            let is_last = entries.is_empty();
            if is_last {
                Record::Next(next).push(&mut block);
            }
            if is_last || block.len() > LARGE_BLOCK {
                seal(&mut block);
                file.write_all(&block)?;
                block.truncate(BLOCK_HEADER);
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// Continues without a journal after an error, and marks the file as incomplete.
    fn fail(&mut self, error: &io::Error) {
        let path = self.path();
        let is_reported = self.failed.replace(Instant::now()).is_some();
        self.file = None;
        let is_marked = mark_incomplete(&path).is_ok() || std::fs::remove_file(&path).is_ok();
        if is_reported {
            return;
        }
        let advice = if is_marked {
            "after a restart before the next successful write, earlier ids cannot be resumed"
        } else {
            "it cannot be marked as incomplete either; remove it before the next start"
        };
        (self.say)(&format!("{} cannot be written: {error}; {advice}", path.display()));
    }

    fn path(&self) -> PathBuf {
        self.directory.join(FILE_NAME)
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("directory", &self.directory).finish_non_exhaustive()
    }
}

/// Appends the record of an entry, after that of its log if the log is new; returns false if the
/// file of the log could not be found after a restart.
fn push(ledger: &mut Ledger, entry: &IndexEntry, block: &mut Vec<u8>) -> bool {
    if let Some(log) = entry.log() {
        introduce(ledger, log, block);
    }
    ledger.push_entry(entry, block)
}

/// Adds a log to the ledger, if it is new and its file can be found after a restart.
fn introduce(ledger: &mut Ledger, log: &Arc<dyn Log>, block: &mut Vec<u8>) {
    if !ledger.has_log(log)
        && let Some((file, path)) = log.file()
    {
        ledger.add_log(log, file, path, block);
    }
}

/// Describes the cutting by a text that is different if lines become different.
fn describe(cutting: &Cutting) -> String {
    let (include, exclude) = cutting.filter.expressions();
    let Cutting { splitter, container, redaction, .. } = cutting;
    format!("{splitter:?} {include:?} {exclude:?} {container:?} {redaction:?}")
}

fn lock_directory(directory: &Path) -> anyhow::Result<File> {
    let name = directory.display();
    if directory.exists() && !directory.is_dir() {
        bail!("--state {name} is not a directory; give one, which need not exist");
    }
    let lock = open_lock(directory).with_context(|| format!("--state {name} cannot be used"))?;
    if lock.try_lock().is_err() {
        bail!(
            "another ssetail keeps its state in {name}; stop it, or give --state a directory of \
             its own"
        );
    }
    Ok(lock)
}

fn open_lock(directory: &Path) -> io::Result<File> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    OpenOptions::new().append(true).create(true).mode(0o600).open(directory.join("lock"))
}

fn read_journal(
    path: &Path,
    index_bytes: usize,
    run: CurrentRun<'_>,
    say: impl Fn(&str),
) -> anyhow::Result<Recovered> {
    let name = path.display();
    let journal = read_if_exists(path).with_context(|| format!("{name} cannot be read"))?;
    let Some((mut recovered, issues)) = recover(&journal, index_bytes, run) else {
        bail!(
            "{name} is not a journal that this version of ssetail can read; remove it, or give \
             --state another directory"
        );
    };
    for issue in issues {
        say(&format!("{name}: {}", issue.sentence()));
    }
    recovered.written_at = written_at(path);
    Ok(recovered)
}

/// Returns the time at which a file was written last, in nanoseconds since 1970.
fn written_at(path: &Path) -> Option<u64> {
    let metadata = path.metadata().ok()?;
    u64::try_from(metadata.mtime() * 1_000_000_000 + metadata.mtime_nsec()).ok()
}

fn read_if_exists(path: &Path) -> io::Result<Vec<u8>> {
    match std::fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read,
    }
}

fn mark_incomplete(path: &Path) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(path)?;
    file.write_all_at(&[INCOMPLETE], HEADER.len() as u64)?;
    file.sync_all()
}
