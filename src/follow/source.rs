//! A followed path: the generations behind it, oldest first, and what its name leads to now.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::Semaphore;

use super::file::{Kind, LogFile};
use super::generation::{FileChange, Generation};
use super::registry::{Registry, SourceState};
use super::start_at::StartAt;
use crate::event::{Cutting, FileId, Lines, Source, SourceChange};
use crate::journal::JournalNote;
use crate::system::{is_out_of_descriptors, is_symlink_loop};

/// How long a name may lead nowhere before that is said: a rotation takes less.
const MISSING: Duration = Duration::from_millis(400);
/// What is said of all files for which there is no descriptor.
const TOO_MANY: &str = "not all files can be followed, because this process may open no more; \
                        to follow them all, raise the limit of descriptors, as with ulimit -n";
/// How many replaced files are read beside the newest one; each is an open descriptor.
const MAX_GENERATIONS: usize = 64;
/// How much is read of one source before the others have their turn.
const TURN: usize = 1 << 20;

/// One source that is a path.
#[derive(Debug)]
pub(super) struct Followed {
    pub(super) source: Arc<Source>,
    pub(super) path: PathBuf,
    room: Arc<Semaphore>,
    /// It was named itself, not matched by a pattern.
    pub(super) is_explicit: bool,
    /// An earlier run has followed it, or would have: it is read from its beginning.
    pub(super) is_known: bool,
    pub(super) state: SourceState,
    generations: VecDeque<Generation>,
    missing: Option<Instant>,
    looked: Option<Instant>,
    /// It has been read before, under this name.
    was_live: bool,
    complaint: Option<String>,
    /// What the file's metadata were at the last look, and whether they had not changed then.
    stamp: Option<(Stamp, bool)>,
    recorded: Option<(SourceState, u64, u64)>,
}

/// What changes when a file does: its identity, its size, when it was changed.
type Stamp = (FileId, u64, SystemTime);

/// What is found under a name.
#[derive(Debug)]
pub(super) enum PathTarget {
    /// What was there before.
    Same,
    /// A file that has to be claimed.
    New(LogFile, FileId, Kind),
    /// Nothing.
    Missing,
    /// Something that cannot be followed, with a sentence that says why.
    Unreadable(String),
}

/// What one turn brought, to be published in this order.
#[derive(Debug)]
pub(super) enum Update {
    Lines(Lines),
    /// A `source` event with this change.
    Change(SourceChange),
    /// For the journal.
    Note(JournalNote),
    /// A sentence for whoever runs the program.
    Say(String),
    /// A sentence that is said once for all sources.
    SayOnce(&'static str),
}

/// What a turn left.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Turn {
    pub(super) bytes: usize,
    pub(super) more: bool,
}

impl Followed {
    pub(super) fn new(
        source: Arc<Source>,
        path: PathBuf,
        room: Arc<Semaphore>,
        (is_explicit, is_known): (bool, bool),
    ) -> Self {
        Followed {
            source,
            path,
            room,
            is_explicit,
            is_known,
            state: SourceState::default(),
            generations: VecDeque::new(),
            missing: None,
            looked: None,
            was_live: false,
            complaint: None,
            stamp: None,
            recorded: None,
        }
    }

    /// Whether the file is known to be as it was, so that it need not be read.
    ///
    /// Twice the same, because a change within one tick of the clock does not show.
    pub(super) fn is_quiet(&mut self) -> bool {
        let known = self.newest().map(|newest| (newest.id(), newest.offset()));
        let Ok(metadata) = std::fs::metadata(&self.path) else { return false };
        let Ok(changed) = metadata.modified() else { return false };
        let stamp = (FileId::of(&metadata), metadata.len(), changed);
        let was_quiet = self.stamp.is_some_and(|(last, quiet)| last == stamp && quiet);
        self.stamp = Some((stamp, self.stamp.is_some_and(|(last, _)| last == stamp)));
        was_quiet && self.generations.len() == 1 && known == Some((stamp.0, stamp.1))
    }

    /// Whether its name leads to this file now.
    pub(super) fn leads_to(&self, id: FileId) -> bool {
        std::fs::metadata(&self.path).is_ok_and(|metadata| FileId::of(&metadata) == id)
    }

    /// Tells the registry how it stands, if that has changed.
    pub(super) fn record(&mut self, registry: &Registry) {
        let offset = self.newest().map_or(0, Generation::offset);
        let size = self.stamp.map_or(0, |((_, size, _), _)| size).max(offset);
        let now = (self.state, offset, size);
        if self.recorded.replace(now) != Some(now) {
            registry.update(&self.source, |entry| {
                (entry.state, entry.offset, entry.size) = now;
            });
        }
    }

    /// Whether some generation of it is this file.
    pub(super) fn holds(&self, id: FileId) -> bool {
        self.generations.iter().any(|generation| generation.id() == id)
    }

    pub(super) fn newest(&self) -> Option<&Generation> {
        self.generations.back()
    }

    /// What its name led to when it was last looked at.
    pub(super) fn looked(&self) -> Option<Instant> {
        self.looked
    }

    /// Looks at what the name leads to now.
    pub(super) fn look(&mut self, now: Instant) -> PathTarget {
        self.looked = Some(now);
        let found = self.find().unwrap_or_else(|error| self.describe(&error));
        if !matches!(found, PathTarget::Missing) {
            self.missing = None;
        }
        found
    }

    /// Opens what the name leads to, unless it is what is already open.
    fn find(&self) -> io::Result<PathTarget> {
        let metadata = std::fs::metadata(&self.path)?;
        let newest = self.newest().map(Generation::id);
        if newest == Some(FileId::of(&metadata)) {
            return Ok(PathTarget::Same);
        }
        if let Err(reason) = Kind::of(&metadata) {
            return Ok(self.unreadable(reason));
        }
        let file = LogFile::open(&self.path, &self.room)?;
        let metadata = file.metadata()?;
        let id = FileId::of(&metadata);
        match Kind::of(&metadata) {
            Err(reason) => Ok(self.unreadable(reason)),
            Ok(_) if file.is_synthetic() => {
                Ok(self.unreadable("is made up by the kernel at every read and cannot be followed"))
            }
            Ok(_) if newest == Some(id) => Ok(PathTarget::Same),
            Ok(kind) => Ok(PathTarget::New(file, id, kind)),
        }
    }

    fn describe(&self, error: &io::Error) -> PathTarget {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => PathTarget::Missing,
            io::ErrorKind::PermissionDenied => self.unreadable("cannot be read: permission denied"),
            _ if is_symlink_loop(error) => self.unreadable("is a loop of symbolic links"),
            _ if is_out_of_descriptors(error) => PathTarget::Unreadable(TOO_MANY.to_owned()),
            _ => self.unreadable(&format!("cannot be read: {error}")),
        }
    }

    fn unreadable(&self, reason: &str) -> PathTarget {
        PathTarget::Unreadable(format!("{} {reason}", self.path.display()))
    }

    /// The same file is under the name, perhaps again.
    pub(super) fn stay(&mut self, news: &mut Vec<Update>) {
        if self.state == SourceState::Removed {
            news.push(Update::Change(SourceChange::Appeared));
        }
        self.state = SourceState::Live;
        self.complaint = None;
        if let Some(newest) = self.generations.back_mut() {
            newest.replaced = None;
        }
    }

    /// Another file is under the name now, and is read from `begin` on (None: from its start).
    pub(super) fn open(
        &mut self,
        (file, id, kind): (LogFile, FileId, Kind),
        begin: Option<StartAt>,
        now: Instant,
        news: &mut Vec<Update>,
    ) {
        let offset = match begin {
            Some(from) if kind == Kind::Regular => from.offset(&file),
            _ => Ok(0),
        };
        match offset.and_then(|offset| Generation::new(file, id, kind, offset)) {
            Ok(generation) => self.push(generation, begin.is_some(), now, news),
            Err(error) => {
                let found = self.describe(&error);
                if let PathTarget::Unreadable(reason) = found {
                    self.complain(reason, news);
                }
            }
        }
    }

    /// An earlier run was reading a file under this name.
    pub(super) fn was_read(&mut self) {
        self.state = SourceState::Live;
        self.was_live = true;
    }

    /// Goes on with a file that an earlier run was reading.
    pub(super) fn restore(&mut self, generation: Generation, now: Instant) {
        self.replace_newest(now);
        self.generations.push_back(generation);
    }

    /// When all of them are restored: the newest is the one that the name leads to.
    pub(super) fn settle(&mut self, now: Instant) {
        let position = self.generations.iter().position(|held| self.leads_to(held.id()));
        if let Some(newest) = position.and_then(|at| self.generations.remove(at)) {
            self.replace_newest(now);
            self.generations.push_back(newest.revived());
        }
    }

    /// Makes `generation` the newest.
    pub(super) fn push(
        &mut self,
        mut generation: Generation,
        at_start: bool,
        now: Instant,
        news: &mut Vec<Update>,
    ) {
        let was_there = self.state == SourceState::Live && self.was_live;
        self.replace_newest(now);
        let mark = generation.mark(true);
        self.generations.push_back(generation);
        self.state = SourceState::Live;
        self.was_live = true;
        self.complaint = None;
        if !at_start {
            news.push(Update::Change(if was_there {
                SourceChange::Rotated
            } else {
                SourceChange::Appeared
            }));
        }
        news.extend(mark.map(Update::Note));
    }

    /// The name leads again to a file that is still read beside the newest; false if to none.
    pub(super) fn turn_back(&mut self, id: FileId, now: Instant, news: &mut Vec<Update>) -> bool {
        let position = self.generations.iter().position(|generation| generation.id() == id);
        let Some(generation) = position.and_then(|at| self.generations.remove(at)) else {
            return false;
        };
        self.push(generation.revived(), false, now, news);
        true
    }

    /// The name leads nowhere, which is said when it lasts.
    pub(super) fn lose(&mut self, now: Instant, news: &mut Vec<Update>) {
        let since = *self.missing.get_or_insert(now);
        self.replace_newest(now);
        self.complaint = None;
        if self.was_live && self.state != SourceState::Removed && now - since >= MISSING {
            self.state = SourceState::Removed;
            news.push(Update::Change(SourceChange::Removed));
        }
    }

    /// The name leads to something that cannot be read, which is said once.
    pub(super) fn complain(&mut self, reason: String, news: &mut Vec<Update>) {
        if self.complaint.as_ref() == Some(&reason) {
            return;
        }
        self.state = SourceState::Unreadable;
        news.push(Update::Change(SourceChange::Unreadable));
        news.push(match &*reason {
            TOO_MANY => Update::SayOnce(TOO_MANY),
            _ => Update::Say(reason.clone()),
        });
        self.complaint = Some(reason);
    }

    /// The name leads to a file that another source is still reading.
    pub(super) fn park(&mut self, now: Instant) {
        self.replace_newest(now);
    }

    /// Reads every generation, oldest first, as far as a turn goes.
    pub(super) fn read(
        &mut self,
        scratch: &mut [u8],
        cutting: &Cutting,
        time: u64,
        mut take: impl FnMut(Vec<Update>),
    ) -> Turn {
        let mut turn = Turn::default();
        let path = &self.path;
        for generation in &mut self.generations {
            loop {
                let progress = match generation.read(scratch, cutting, time) {
                    Ok(progress) => progress,
                    Err(error) => {
                        take(vec![Update::Say(format!(
                            "{} cannot be read: {error}",
                            path.display()
                        ))]);
                        break;
                    }
                };
                turn.bytes += progress.bytes;
                let mut news: Vec<Update> = progress.lines.into_iter().map(Update::Lines).collect();
                news.extend(progress.event.into_iter().flat_map(|change| describe(change, path)));
                news.extend(progress.mark.map(Update::Note));
                take(news);
                if !progress.more {
                    break;
                }
                if turn.bytes >= TURN {
                    turn.more = true;
                    return turn;
                }
            }
        }
        turn
    }

    /// Takes out the oldest generation if it was replaced long enough ago.
    pub(super) fn retire(&mut self, now: Instant, linger: Duration) -> Option<Generation> {
        let is_due = |replaced: Instant| now.duration_since(replaced) >= linger;
        let due = self.generations.front()?.replaced.is_some_and(is_due);
        (due || self.generations.len() > MAX_GENERATIONS)
            .then(|| self.generations.pop_front())
            .flatten()
    }

    fn replace_newest(&mut self, now: Instant) {
        if let Some(newest) = self.generations.back_mut() {
            newest.replaced.get_or_insert(now);
        }
    }
}

fn describe(change: FileChange, path: &Path) -> Vec<Update> {
    match change {
        FileChange::Truncated => vec![Update::Change(SourceChange::Truncated)],
        FileChange::EditedInPlace => vec![Update::Say(format!(
            "{} was changed where it had been read already; going on at its end",
            path.display()
        ))],
    }
}
