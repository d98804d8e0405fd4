//! The start: which sources there are, and where reading begins in each.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Semaphore;

use super::file::room;
use super::generation::Generation;
use super::registry::Registry;
use super::restore::{Restored, restore};
use super::source::{Followed, PathTarget, Update};
use super::{FollowOptions, Target, WantedSource};
use crate::event::Names;
use crate::feed::Draft;
use crate::journal::Recovered;

/// SourceSet whose beginnings are settled: what is written from now on will be published.
#[derive(Debug)]
pub struct OpenedSources {
    pub(super) options: FollowOptions,
    pub(super) sources: SourceSet,
    /// How far files of an earlier run were read.
    pub(super) notes: Vec<Draft>,
    /// Target was found out about each source.
    pub(super) news: Vec<Vec<Update>>,
    /// Files of an earlier run that were let go.
    pub(super) retired: VecDeque<Generation>,
}

/// Everything that is followed, in the order in which it was found.
#[derive(Debug)]
pub(super) struct SourceSet {
    pub(super) followed: Vec<Followed>,
    wanted: Vec<WantedSource>,
    /// Which source a path is, so that it is one however often it is asked for.
    paths: HashMap<PathBuf, usize>,
    names: Names,
    pub(super) room: Arc<Semaphore>,
    known: EarlierRun,
    pub(super) registry: Registry,
}

/// Target an earlier run has followed.
#[derive(Debug)]
struct EarlierRun {
    paths: HashSet<PathBuf>,
    patterns: HashSet<PathBuf>,
}

impl OpenedSources {
    /// Opens what there is, at the place where reading is to begin.
    #[must_use]
    pub fn new(wanted: Vec<WantedSource>, options: FollowOptions, registry: &Registry) -> Self {
        OpenedSources::resume(wanted, options, registry, &mut Recovered::nothing())
    }

    /// The same after a restart: what an earlier run has followed is read on where that stopped.
    #[must_use]
    pub fn resume(
        wanted: Vec<WantedSource>,
        options: FollowOptions,
        registry: &Registry,
        recovered: &mut Recovered,
    ) -> Self {
        let mut names = Names::default();
        let mut paths = HashSet::new();
        for known in recovered.followed() {
            names.reserve(known.source.name.clone(), &known.path);
            paths.insert(known.path.clone());
        }
        let mut sources = SourceSet {
            followed: Vec::new(),
            wanted,
            paths: HashMap::new(),
            names,
            room: room(),
            known: EarlierRun { paths, patterns: recovered.patterns().clone() },
            registry: registry.clone(),
        };
        sources.find_all();
        let now = Instant::now();
        let Restored { notes, mut changes, retired } = restore(recovered, &mut sources, now);
        let open = |followed: &mut Followed| {
            let mut news = changes.remove(&followed.source.id).unwrap_or_default();
            // The follower looks at it as at every other time.
            if followed.is_known {
                return news;
            }
            match followed.look(now) {
                PathTarget::New(file, id, kind) => {
                    followed.open((file, id, kind), Some(options.start_at), now, &mut news);
                }
                PathTarget::Unreadable(reason) => followed.complain(reason, &mut news),
                PathTarget::Same | PathTarget::Missing => {}
            }
            news
        };
        let news = sources.followed.iter_mut().map(open).collect();
        OpenedSources { options, sources, notes, news, retired }
    }
}

impl SourceSet {
    /// Adds every path that is wanted now and was not before.
    pub(super) fn find_all(&mut self) {
        let wanted = std::mem::take(&mut self.wanted);
        for wanted in &wanted {
            match &wanted.target {
                Target::Path(path) => self.add(path, wanted, true),
                Target::Pattern(pattern) => {
                    for path in pattern.expand() {
                        self.add(&path, wanted, false);
                    }
                }
            }
        }
        self.wanted = wanted;
    }

    /// Whether others may come.
    pub(super) fn has_patterns(&self) -> bool {
        self.wanted.iter().any(|wanted| matches!(wanted.target, Target::Pattern(_)))
    }

    /// A sentence for everything that is wanted and not there.
    pub(super) fn missing(&self) -> Vec<String> {
        let sentence = |wanted: &WantedSource| match &wanted.target {
            Target::Path(path) if path.symlink_metadata().is_err() => {
                Some(format!("waiting for {}", path.display()))
            }
            Target::Pattern(pattern) if pattern.expand().is_empty() => {
                Some(format!("waiting for files that match {pattern}"))
            }
            _ => None,
        };
        self.wanted.iter().filter_map(sentence).collect()
    }

    /// The source that has this path.
    pub(super) fn index_of(&self, path: &Path) -> Option<usize> {
        self.paths.get(path).copied()
    }

    fn add(&mut self, path: &Path, wanted: &WantedSource, is_explicit: bool) {
        if self.paths.contains_key(path) {
            return;
        }
        let name = match &wanted.name {
            Some(name) => self.names.assign_explicit(name),
            None => self.names.assign(path),
        };
        let is_known = self.known.paths.contains(path)
            || matches!(&wanted.target, Target::Pattern(pattern)
                if self.known.patterns.contains(pattern.text()));
        let source = self.registry.add(path.to_owned(), name);
        self.paths.insert(path.to_owned(), self.followed.len());
        let room = Arc::clone(&self.room);
        let followed = Followed::new(source, path.to_owned(), room, (is_explicit, is_known));
        self.followed.push(followed);
    }
}
