//! After a restart: the files that an earlier run has read are found again, and read on.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Semaphore;

use super::file::LogFile;
use super::follower::MAX_RETIRED;
use super::generation::Generation;
use super::opened::SourceSet;
use super::source::Update;
use crate::event::FileId;
use crate::feed::{Draft, DraftContent};
use crate::journal::Recovered;

/// What was found again.
#[derive(Debug, Default)]
pub(super) struct Restored {
    /// How far each was read.
    pub(super) notes: Vec<Draft>,
    /// What has happened meanwhile, to which source.
    pub(super) changes: HashMap<usize, Vec<Update>>,
    /// Files that were let go, and may appear under another name.
    pub(super) retired: VecDeque<Generation>,
}

/// Open files, by what tells them apart.
struct Finder {
    room: Arc<Semaphore>,
    wanted: HashSet<FileId>,
    found: HashMap<FileId, Arc<LogFile>>,
}

/// Finds the files of an earlier run under whatever name they have now, and gives each to the
/// source that was reading it.
pub(super) fn restore(
    recovered: &mut Recovered,
    sources: &mut SourceSet,
    now: Instant,
) -> Restored {
    for known in recovered.followed() {
        let index = sources.index_of(&known.path);
        known.now = index.map(|index| Arc::clone(&sources.followed[index].source));
    }
    let finder = Finder::search(recovered, sources);
    let mut restored = Restored::default();
    let mut found = Vec::new();
    for (id, known) in recovered.logs() {
        let file = finder.found.get(&known.file);
        let holder =
            known.checkpoint.and_then(|(source, mark)| Some((recovered.source(source)?, mark)));
        if let Some((source, _)) = holder.filter(|(_, mark)| mark.is_followed) {
            sources.followed[source.id].was_read();
        }
        let Some(file) = file.map(Arc::clone) else { continue };
        found.push((id, Arc::clone(&file)));
        let Some((source, mark)) = holder else { continue };
        let resumed = Generation::resume(file, known.file, &mark);
        let Ok((mut generation, change)) = resumed else { continue };
        let note = generation.mark(mark.is_followed).map(DraftContent::Note);
        let draft = |content| Draft { source: Arc::clone(source), content };
        restored.notes.extend(note.map(draft));
        if mark.is_followed {
            restored.changes.entry(source.id).or_default().extend(change);
            sources.followed[source.id].restore(generation, now);
        } else {
            restored.retired.push_back(generation);
            if restored.retired.len() > MAX_RETIRED {
                restored.retired.pop_front();
            }
        }
    }
    for (id, file) in found {
        recovered.set_log(id, file);
    }
    for followed in &mut sources.followed {
        followed.settle(now);
    }
    restored
}

impl Finder {
    /// Looks where the files were, where they may be now, and then beside them.
    fn search(recovered: &Recovered, sources: &SourceSet) -> Self {
        let wanted = recovered.logs().map(|(_, known)| known.file).collect();
        let mut finder = Finder { room: Arc::clone(&sources.room), wanted, found: HashMap::new() };
        let followed = sources.followed.iter().map(|followed| &*followed.path);
        let known = recovered.logs().map(|(_, known)| &*known.path);
        followed.chain(known).for_each(|path| finder.look(path));
        // Twice, as a name that changes at the same time may be passed over.
        for _ in 0..2 {
            let is_missing = |file: &FileId| !finder.found.contains_key(file);
            let missing = recovered.logs().filter(|(_, known)| is_missing(&known.file));
            let directories: HashSet<PathBuf> =
                missing.filter_map(|(_, known)| Some(known.path.parent()?.to_owned())).collect();
            for directory in directories {
                for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
                    finder.look(&entry.path());
                }
            }
        }
        finder
    }

    /// Opens what is under this name, if it is wanted; nobody knows what will be there later.
    fn look(&mut self, path: &Path) {
        if !fs::metadata(path).is_ok_and(|metadata| self.is_wanted(&metadata)) {
            return;
        }
        let Ok(file) = LogFile::open(path, &self.room) else { return };
        if let Ok(metadata) = file.metadata()
            && self.is_wanted(&metadata)
        {
            self.found.insert(FileId::of(&metadata), Arc::new(file));
        }
    }

    fn is_wanted(&self, metadata: &Metadata) -> bool {
        let file = FileId::of(metadata);
        metadata.is_file() && self.wanted.contains(&file) && !self.found.contains_key(&file)
    }
}
