//! The rotated files beside a followed one, which are read before it: the oldest part of its
//! source.
//!
//! The files are listed once.
//! For `-n N`, lines are counted from the newest file backward until there are enough.
//! Then one file after the other is opened and read to its end.
//! All of this happens in small steps, so that other sources are read meanwhile.

use std::collections::{HashSet, VecDeque};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::compressed::{Compression, ReadingPermit};
use super::descriptors::{Descriptors, HeldFile};
use super::generation::Generation;
use super::history_listing::rotated_files;
use super::mount::Mount;
use super::read_files::ReadFiles;
use super::rotated_files::{RotatedFile, find_rotated};
use super::rotated_names::{Place, RotatedName};
use super::start_at::Older;
use super::text_search::{LineCount, TimeSearch};
use super::update::Update;
use crate::event::{Carry, Cutting, FileId};
use crate::journal::{Checkpoint, JournalNote};
use crate::record::Zone;

/// Most plain files of one source that are opened in advance, because they may be compressed before
/// their turn comes. Twice as many take twice the descriptors.
const HELD: usize = 16;

/// Nanoseconds of a millisecond.
const MILLI: u64 = 1_000_000;

/// The rotated files of one source that are still to be read.
#[derive(Debug)]
pub(super) struct RotatedHistory {
    /// The path of the followed file, without symbolic links.
    pub(super) path: PathBuf,
    /// The lines that are wanted, until the files are listed.
    unlisted: Option<Older>,
    /// An earlier run was reading the first pending file, and has read these.
    known: Option<Arc<HashSet<FileId>>>,
    /// All files of the history.
    pub(super) files: Vec<FileId>,
    /// Files whose lines are not counted yet, the newest last, and the number of lines that miss.
    pub(super) uncounted: Vec<RotatedFile>,
    pub(super) missing: u64,
    pub(super) counting: Option<Counting>,
    /// Files to read, the oldest first.
    pub(super) pending: VecDeque<PendingFile>,
    pub(super) current: Option<Current>,
    /// Lines from a time on are wanted.
    pub(super) is_since: bool,
    /// The first wanted line was found, so that all that follow are wanted.
    pub(super) is_in_range: bool,
    pub(super) has_reported: bool,
    /// The state that the last file has left.
    pub(super) carry: Option<Carry>,
    /// The note that the last file is not read any more, which is given with the first one of the
    /// next file: a restart goes on with the file that is being read.
    pub(super) last_note: Option<JournalNote>,
}

/// A file that is to be read.
#[derive(Debug)]
pub(super) struct PendingFile {
    pub(super) file: RotatedFile,
    pub(super) held: Option<HeldFile>,
    /// The right to read a compressed file whose decoder stands at the place where reading begins.
    pub(super) permit: Option<ReadingPermit>,
    pub(super) start: FileStart,
}

/// A compressed file whose lines are being counted.
#[derive(Debug)]
pub(super) struct Counting {
    pub(super) pending: PendingFile,
    pub(super) held: HeldFile,
    pub(super) count: LineCount,
    pub(super) permit: ReadingPermit,
}

/// A compressed file that is decoded up to a place in its text.
#[derive(Debug)]
pub(super) struct Passing {
    pub(super) pending: PendingFile,
    pub(super) held: HeldFile,
    pub(super) permit: ReadingPermit,
    /// Checkpoints of files with the same first bytes, in the order of their offsets: one of them
    /// may be this file.
    pub(super) checks: VecDeque<Checkpoint>,
    /// The decoder has reached this offset.
    pub(super) passed: u64,
}

/// The first line of a file to read.
#[derive(Clone, Debug)]
pub(super) enum FileStart {
    Offset(u64),
    Since(i64, Zone),
    Resume(Checkpoint),
}

/// The file that is being read.
#[derive(Debug)]
pub(super) enum Current {
    Passing(Box<Passing>),
    Searching(PathBuf, HeldFile, TimeSearch, ReadingPermit),
    Reading(PathBuf, Box<Generation>, ReadingPermit),
}

/// Everything that a step works with.
pub(super) struct HistoryContext<'a> {
    pub(super) descriptors: &'a Arc<Descriptors>,
    pub(super) mount: Mount,
    /// The followed file, which is read afterwards.
    pub(super) newest: Option<&'a Generation>,
    pub(super) read_files: &'a mut ReadFiles,
    pub(super) scratch: &'a mut [u8],
    pub(super) cutting: &'a Cutting,
    /// Milliseconds since 1970.
    pub(super) time: u64,
}

impl HistoryContext<'_> {
    /// Returns the right to read a file, which only a compressed one needs; none if there are too
    /// many.
    pub(super) fn permit(&self, file: &RotatedFile) -> Option<ReadingPermit> {
        match file.name.compression {
            Some(_) => self.descriptors.decoders.begin_reading(self.mount),
            None => Some(ReadingPermit::default()),
        }
    }
}

/// The result of one step.
#[derive(Debug, Default)]
pub(super) struct Step {
    pub(super) updates: Vec<Update>,
    /// Number of bytes that were read.
    pub(super) bytes: usize,
    pub(super) outcome: Outcome,
}

#[derive(Debug, Default)]
pub(super) enum Outcome {
    /// There is more to do now.
    #[default]
    More,
    /// Something is missing: a listing, a descriptor or a decoder.
    Waiting,
    /// All was read; the last file, if it is not compressed, may still be written.
    Done(Option<Box<Generation>>),
}

impl RotatedHistory {
    /// The history of the file at `path`, of which these lines are wanted.
    pub(super) fn new(path: PathBuf, older: Older) -> Self {
        RotatedHistory {
            path,
            is_since: matches!(older, Older::Since { .. }),
            unlisted: Some(older),
            known: None,
            files: Vec::new(),
            uncounted: Vec::new(),
            missing: 0,
            counting: None,
            pending: VecDeque::new(),
            current: None,
            is_in_range: false,
            has_reported: false,
            carry: None,
            last_note: None,
        }
    }

    /// The history of the file at `path` that an earlier run has not read to its end; `known` are
    /// the files that it has read.
    pub(super) fn resumed(path: PathBuf, known: Arc<HashSet<FileId>>) -> Self {
        RotatedHistory { known: Some(known), ..RotatedHistory::new(path, Older::All) }
    }

    /// Adds a file that an earlier run has read up to `checkpoint`.
    pub(super) fn resume(&mut self, held: HeldFile, checkpoint: Checkpoint) {
        let name = self.path.file_name().unwrap_or_default();
        let rotated = held.path().file_name().unwrap_or_default();
        let unknown = RotatedName {
            place: Place::Unknown,
            numbers: Vec::new(),
            compression: Compression::of(held.path()),
        };
        let name = RotatedName::parse(rotated, name).unwrap_or(unknown);
        let Some(file) = RotatedFile::at(held.path().to_owned(), name) else { return };
        self.files.push(held.id());
        let start = FileStart::Resume(checkpoint);
        self.pending.push_back(PendingFile { file, held: Some(held), permit: None, start });
    }

    /// Returns true if the file is a part of the history, read or not.
    pub(super) fn holds(&self, id: FileId) -> bool {
        self.files.contains(&id)
    }

    /// Returns true if nobody has looked for the files.
    pub(super) fn is_unlisted(&self) -> bool {
        self.unlisted.is_some()
    }

    /// Returns true if a file of the history is being read, so that a restart goes on with it.
    pub(super) fn has_begun(&self) -> bool {
        matches!(self.current, Some(Current::Reading(..)))
    }

    /// Ends the search for the files: there are none.
    pub(super) fn list_nothing(&mut self) {
        self.unlisted = None;
    }

    /// Finds the files that are older than `first`, which is read after them; `is_unknown` returns
    /// whether no source reads a file, or will read it.
    pub(super) fn list(
        &mut self,
        first: Option<FileId>,
        descriptors: &Arc<Descriptors>,
        mount: Mount,
        is_unknown: impl Fn(&Path, FileId) -> bool,
    ) {
        let Some(older) = self.unlisted.take() else { return };
        let (Some(directory), Some(name)) = (self.path.parent(), self.path.file_name()) else {
            return;
        };
        let is_wanted = |file: &RotatedFile| {
            let is_in_range = match &older {
                // The time of a compressed file may be in whole seconds.
                Older::Since { time, .. } => (file.modified / MILLI + 999).cast_signed() >= *time,
                Older::All | Older::Last(_) => true,
            };
            is_in_range && !self.files.contains(&file.id) && is_unknown(&file.path, file.id)
        };
        let (mut files, numbers) = rotated_files(directory, name, first);
        for pending in &mut self.pending {
            numbers.settle(&mut pending.file.name);
        }
        // If it was rotated meanwhile, others may have been rotated after it.
        let mut first = first.and_then(|first| self.find_moved(directory, name, first));
        if let Some(first) = &mut first {
            numbers.settle(&mut first.name);
        }
        files.retain(|file| {
            is_wanted(file) && first.as_ref().is_none_or(|first| file.order(first).is_lt())
        });
        if let Some(known) = &self.known {
            let resumed = self.pending.front().map(|pending| pending.file.clone());
            files.retain(|file| {
                !known.contains(&file.id)
                    && resumed.as_ref().is_some_and(|resumed| file.order(resumed).is_gt())
            });
        }
        drop_unfinished_copies(&mut files, descriptors, mount);
        self.files.extend(files.iter().map(|file| file.id));
        self.add_files(files, older);
        self.hold_plain(descriptors, mount);
    }

    /// Returns the file `id`, if it is beside the path under the name of a rotation, and the path does
    /// not lead to it any more.
    fn find_moved(&self, directory: &Path, name: &OsStr, id: FileId) -> Option<RotatedFile> {
        let now = fs::metadata(&self.path).ok();
        let is_there = now.is_some_and(|now| FileId::of(&now).is_same_inode(id));
        if is_there { None } else { find_rotated(directory, name, id) }
    }

    fn add_files(&mut self, files: Vec<RotatedFile>, older: Older) {
        match older {
            Older::Last(lines) => (self.missing, self.uncounted) = (lines, files),
            Older::All => {
                for file in files {
                    self.add(file, FileStart::Offset(0));
                }
            }
            Older::Since { time, zone } => {
                let start = FileStart::Since(time, zone);
                for file in files {
                    self.add(file, start.clone());
                }
            }
        }
        if self.known.is_some() {
            // Files of an earlier run stand among the others.
            self.pending.make_contiguous().sort_by(|one, other| one.file.order(&other.file));
        }
    }

    /// Opens plain files in advance.
    fn hold_plain(&mut self, descriptors: &Arc<Descriptors>, mount: Mount) {
        let plain = |pending: &&mut PendingFile| {
            pending.held.is_none() && pending.file.name.compression.is_none()
        };
        for pending in self.pending.iter_mut().rev().filter(plain).take(HELD) {
            pending.held = descriptors
                .has_plenty()
                .then(|| pending.file.open(mount, descriptors).ok())
                .flatten();
        }
    }

    fn add(&mut self, file: RotatedFile, start: FileStart) {
        self.pending.push_back(PendingFile { file, held: None, permit: None, start });
    }

    /// Does one step.
    pub(super) fn step(&mut self, context: &mut HistoryContext<'_>) -> Step {
        let is_counting = self.counting.is_some() || !self.uncounted.is_empty();
        if self.is_unlisted() {
            Step { outcome: Outcome::Waiting, ..Step::default() }
        } else if is_counting {
            self.count(context)
        } else if self.current.is_some() {
            self.read_current(context)
        } else if self.pending.is_empty() {
            let updates = self.last_note.take().map(Update::Note).into_iter().collect();
            Step { updates, outcome: Outcome::Done(None), ..Step::default() }
        } else {
            self.open_next(context)
        }
    }
}

/// Drops compressed files beside which the plain file still is, because it is being compressed.
fn drop_unfinished_copies(
    files: &mut Vec<RotatedFile>,
    descriptors: &Arc<Descriptors>,
    mount: Mount,
) {
    let plain: Vec<RotatedFile> =
        files.iter().filter(|file| file.name.compression.is_none()).cloned().collect();
    files.retain(|file| {
        let is_form = |plain: &&RotatedFile| file.is_compressed_form_of(plain, descriptors, mount);
        file.name.compression.is_none() || !plain.iter().any(|plain| is_form(&plain))
    });
}
