//! Restoring: after a restart, the files of the earlier run are found and resumed.

use std::collections::{HashMap, HashSet};
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Semaphore;

use super::file::LogFile;
use super::followed_path::FollowedPath;
use super::generation::Generation;
use super::retired_files::RetiredFiles;
use super::source_set::SourceSet;
use super::update::Update;
use crate::event::{FileId, Source};
use crate::feed::{Draft, DraftContent};
use crate::journal::{Checkpoint, Recovered};

/// The files of an earlier run that were found.
#[derive(Debug, Default)]
pub(super) struct Restored {
    /// A checkpoint of each file.
    pub(super) checkpoints: Vec<Draft>,
    /// Updates by source ID: the files whose content was replaced meanwhile.
    pub(super) updates: HashMap<usize, Vec<Update>>,
    /// The files that the earlier run had retired.
    pub(super) retired: RetiredFiles,
}

/// A search for files by their identity.
struct Finder {
    budget: Arc<Semaphore>,
    wanted: HashSet<FileId>,
    found: HashMap<FileId, Arc<LogFile>>,
}

/// Finds the files of an earlier run, whatever their paths are now, and gives each to the source
/// that was reading it.
pub(super) fn restore(
    recovered: &mut Recovered,
    sources: &mut SourceSet,
    now: Instant,
) -> Restored {
    for earlier in recovered.followed() {
        let index = sources.index_of(&earlier.path);
        earlier.now = index.map(|index| Arc::clone(&sources.followed[index].source));
    }
    let finder = Finder::search(recovered, sources);
    let mut restored = Restored::default();
    let mut found = Vec::new();
    for (id, log) in recovered.logs() {
        let file = finder.found.get(&log.file);
        found.extend(file.map(|file| (id, Arc::clone(file))));
        let owner = log
            .checkpoint
            .and_then(|(source, checkpoint)| Some((recovered.source(source)?, checkpoint)));
        let Some((source, checkpoint)) = owner else { continue };
        if checkpoint.is_followed {
            sources.followed_mut(source).into_iter().for_each(FollowedPath::mark_live);
        }
        if let Some(file) = file {
            restored.resume(Arc::clone(file), log.file, source, &checkpoint, sources, now);
        }
    }
    for (id, file) in found {
        recovered.set_log(id, file);
    }
    for followed in &mut sources.followed {
        followed.choose_newest(now);
    }
    restored
}

impl Restored {
    /// Resumes a file at its checkpoint. A file that cannot be read is left out.
    fn resume(
        &mut self,
        file: Arc<LogFile>,
        id: FileId,
        source: &Arc<Source>,
        checkpoint: &Checkpoint,
        sources: &mut SourceSet,
        now: Instant,
    ) {
        let resumed = Generation::resume(file, id, checkpoint);
        let Ok((mut generation, change)) = resumed else { return };
        let note = generation.checkpoint(checkpoint.is_followed).map(DraftContent::Note);
        let draft = |content| Draft { source: Arc::clone(source), content };
        self.checkpoints.extend(note.map(draft));
        if checkpoint.is_followed {
            self.updates.entry(source.id).or_default().extend(change);
            if let Some(followed) = sources.followed_mut(source) {
                followed.restore(generation, now);
            }
        } else {
            self.retired.add(generation);
        }
    }
}

impl Finder {
    /// Looks under the followed paths, then under the earlier paths, then in their directories.
    fn search(recovered: &Recovered, sources: &SourceSet) -> Self {
        let wanted = recovered.logs().map(|(_, log)| log.file).collect();
        let budget = Arc::clone(&sources.budget);
        let mut finder = Finder { budget, wanted, found: HashMap::new() };
        let followed = sources.followed.iter().map(|followed| &*followed.path);
        let earlier = recovered.logs().map(|(_, log)| &*log.path);
        followed.chain(earlier).for_each(|path| finder.look(path));
        // Listing a directory can miss a file that is renamed meanwhile; a second time it will not.
        for _ in 0..2 {
            let is_missing = |file: &FileId| !finder.found.contains_key(file);
            let missing = recovered.logs().filter(|(_, log)| is_missing(&log.file));
            let directories: HashSet<PathBuf> =
                missing.filter_map(|(_, log)| Some(log.path.parent()?.to_owned())).collect();
            for directory in directories {
                for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
                    finder.look(&entry.path());
                }
            }
        }
        finder
    }

    /// Opens the file under a path, if it is wanted.
    fn look(&mut self, path: &Path) {
        if !fs::metadata(path).is_ok_and(|metadata| self.is_wanted(&metadata)) {
            return;
        }
        let Ok(file) = LogFile::open(path, &self.budget) else { return };
        // The path may lead elsewhere by now.
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
