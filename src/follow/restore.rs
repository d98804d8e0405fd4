//! Restoring: after a restart, the files of the earlier run are found and resumed.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::catalog::Catalog;
use super::compressed::Compression;
use super::descriptors::{Descriptors, HeldFile};
use super::followed_path::FollowedPath;
use super::generation::Generation;
use super::log_file::LogFile;
use super::missing_files::MissingFile;
use super::mount::{Mount, Mounts};
use super::retired_files::RetiredFiles;
use super::rotated_files::with_old;
use super::source_map::SourceMap;
use super::source_status::SourceState;
use super::update::Update;
use crate::event::FileId;
use crate::feed::{Draft, DraftContent};
use crate::journal::{Checkpoint, JournalNote, Recovered};

/// The files of an earlier run that were found.
#[derive(Debug, Default)]
pub(super) struct Restored {
    /// A checkpoint of each file.
    pub(super) checkpoints: Vec<Draft>,
    /// Updates by source ID: the files whose content was replaced meanwhile.
    pub(super) updates: BTreeMap<usize, Vec<Update>>,
    /// The files that the earlier run had retired.
    pub(super) retired: RetiredFiles,
}

/// A search for files by their identity.
struct Finder {
    descriptors: Arc<Descriptors>,
    mounts: Arc<Mounts>,
    /// The files, and whether they are compressed.
    wanted: HashMap<FileId, bool>,
    found: HashMap<FileId, HeldFile>,
}

/// Finds the files of an earlier run, whatever their paths are now, and gives each to the source
/// that was reading it.
pub(super) fn restore(
    recovered: &mut Recovered,
    catalog: &Catalog,
    sources: &mut SourceMap,
    now: Instant,
    has_answered: &mut dyn FnMut(&Path, Mount) -> bool,
) -> Restored {
    for earlier in recovered.followed() {
        earlier.now = catalog.source_of(&earlier.path).cloned();
    }
    let may_look = |path: &Path| has_answered(path, catalog.mounts.of(path));
    let finder = Finder::search(recovered, catalog, sources, may_look);
    let mut restored = Restored::default();
    let known: Arc<HashSet<FileId>> = Arc::new(recovered.logs().map(|(_, log)| log.file).collect());
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for (id, log) in recovered.logs() {
        let file = finder.found.get(&log.file);
        found.extend(file.map(|file| (id, file.log())));
        let Some((source, checkpoint)) = log.checkpoint else { continue };
        let source = recovered.source(source);
        if let Some(source) = source.filter(|_| checkpoint.is_followed) {
            sources.of(source).into_iter().for_each(FollowedPath::mark_live);
        }
        let Some(followed) = source.and_then(|source| sources.of(source)) else {
            if checkpoint.is_followed {
                catalog.unclaimed.add(log.file, checkpoint);
            }
            continue;
        };
        if !checkpoint.is_followed {
            followed.read_files.add(checkpoint);
        }
        match file {
            Some(file) if is_history(&checkpoint) => {
                restored.resume_rotated(file, followed, checkpoint, &known);
            }
            Some(file) => restored.resume(file.clone(), log.file, followed, &checkpoint, now),
            None => {
                let source = followed.source.id;
                missing.push(MissingFile { log: id, file: log.file, source, checkpoint });
            }
        }
    }
    restored.resume_missing(missing, catalog, sources, &known, has_answered, &mut found);
    for (id, file) in found {
        recovered.set_log(id, file);
    }
    choose_newest(recovered, sources, now);
    restored
}

/// Makes the file that each path leads to its newest one.
fn choose_newest(recovered: &Recovered, sources: &mut SourceMap, now: Instant) {
    for followed in sources.iter_mut() {
        followed.choose_newest(now);
        // The files beside a path that no earlier run has read are not of its log.
        if followed.state == SourceState::Live {
            followed.seen_at = recovered.written_at();
        }
    }
}

/// Returns whether a file is read as a part of rotated history, or is compressed.
fn is_history(checkpoint: &Checkpoint) -> bool {
    checkpoint.is_compressed || checkpoint.is_rotated && checkpoint.is_followed
}

impl Restored {
    /// Resumes a file at its checkpoint. A file that cannot be read is left out.
    fn resume(
        &mut self,
        file: HeldFile,
        id: FileId,
        followed: &mut FollowedPath,
        checkpoint: &Checkpoint,
        now: Instant,
    ) {
        let resumed = Generation::resume(file, id, checkpoint);
        let Ok((mut generation, change)) = resumed else { return };
        if checkpoint.is_followed {
            followed.resume_owed(&mut generation);
        }
        let note = generation.checkpoint(checkpoint.is_followed).map(DraftContent::Note);
        let draft = |content| Draft { source: Arc::clone(&followed.source), content };
        self.checkpoints.extend(note.map(draft));
        if checkpoint.is_followed {
            self.updates.entry(followed.source.id).or_default().extend(change);
            followed.restore(generation, now);
        } else {
            self.retired.add(generation);
        }
    }

    /// Resumes the files that were compressed meanwhile; adds the numbers of their logs to `found`.
    fn resume_missing(
        &mut self,
        mut missing: Vec<MissingFile>,
        catalog: &Catalog,
        sources: &mut SourceMap,
        known: &Arc<HashSet<FileId>>,
        has_answered: &mut dyn FnMut(&Path, Mount) -> bool,
        found: &mut Vec<(u64, Arc<LogFile>)>,
    ) {
        for followed in sources.iter_mut() {
            if !has_answered(&followed.path, followed.mount) {
                continue;
            }
            for (missing, form) in followed.find_compressed(&mut missing, known) {
                found.push((missing.log, form.log()));
                if missing.checkpoint.owes_history {
                    // Nothing of it was read: it is a file of the history that is to be read.
                    followed.owe_history();
                } else {
                    self.resume_rotated(&form, followed, missing.checkpoint, known);
                }
            }
        }
        for MissingFile { file, checkpoint, .. } in missing {
            if checkpoint.is_followed {
                catalog.unclaimed.add(file, checkpoint);
            }
        }
    }

    /// Resumes a file of rotated history; `known` are the files that the earlier run has read.
    fn resume_rotated(
        &mut self,
        file: &HeldFile,
        followed: &mut FollowedPath,
        checkpoint: Checkpoint,
        known: &Arc<HashSet<FileId>>,
    ) {
        let is_compressed = file.is_compressed();
        let checkpoint = Checkpoint { is_rotated: true, is_compressed, ..checkpoint };
        let content = DraftContent::Note(JournalNote::Checkpoint(file.log(), checkpoint));
        self.checkpoints.push(Draft { source: Arc::clone(&followed.source), content });
        if checkpoint.is_followed {
            followed.resume_history(file.clone(), checkpoint, known);
        }
    }
}

impl Finder {
    /// Looks under the followed paths, then under the earlier paths, then in their directories;
    /// only where `may_look` returns true.
    fn search(
        recovered: &Recovered,
        catalog: &Catalog,
        sources: &SourceMap,
        mut may_look: impl FnMut(&Path) -> bool,
    ) -> Self {
        let wanted = recovered.logs().map(|(_, log)| {
            (log.file, log.checkpoint.is_some_and(|(_, checkpoint)| checkpoint.is_compressed))
        });
        let mut finder = Finder {
            descriptors: Arc::clone(&catalog.descriptors),
            mounts: Arc::clone(&catalog.mounts),
            wanted: wanted.collect(),
            found: HashMap::new(),
        };
        if finder.wanted.is_empty() {
            return finder;
        }
        let followed = sources.iter().map(|followed| &*followed.path);
        let earlier = recovered.logs().map(|(_, log)| &*log.path);
        for path in followed.chain(earlier).filter(|path| may_look(path)) {
            finder.look(path);
        }
        // Listing a directory can miss a file that is renamed meanwhile; a second time it will not.
        for _ in 0..2 {
            let is_missing = |file: &FileId| !finder.found.contains_key(file);
            let missing = recovered.logs().filter(|(_, log)| is_missing(&log.file));
            let directories: HashSet<PathBuf> =
                missing.filter_map(|(_, log)| Some(log.path.parent()?.to_owned())).collect();
            for directory in directories.iter().filter(|directory| may_look(directory)) {
                for entry in with_old(directory).flat_map(fs::read_dir).flatten().flatten() {
                    finder.look(&entry.path());
                }
            }
        }
        finder
    }

    /// Opens the file under a path, if it is wanted.
    fn look(&mut self, path: &Path) {
        let metadata = fs::metadata(path).ok().filter(|metadata| self.is_wanted(metadata));
        let Some(metadata) = metadata else { return };
        let is_compressed = self.wanted.get(&FileId::of(&metadata)) == Some(&true);
        let compression = Compression::of(path).filter(|_| is_compressed);
        let opened = self.descriptors.open_as(path, self.mounts.of(path), compression);
        let Ok(file) = opened else { return };
        // The path may lead elsewhere by now.
        if let Ok(metadata) = file.metadata()
            && self.is_wanted(&metadata)
        {
            self.found.insert(FileId::of(&metadata), file);
        }
    }

    fn is_wanted(&self, metadata: &Metadata) -> bool {
        let file = FileId::of(metadata);
        metadata.is_file() && self.wanted.contains_key(&file) && !self.found.contains_key(&file)
    }
}
