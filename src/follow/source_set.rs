//! The set of followed paths, and how paths become sources.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::file::descriptor_budget;
use super::followed_path::{FollowedPath, PathOrigin};
use super::registry::Registry;
use super::source_status::SourceKind;
use super::wanted_source::{Target, WantedSource};
use crate::event::{FileId, Names, Source};
use crate::journal::Recovered;

/// All followed paths, in the order in which they were found.
#[derive(Debug)]
pub(super) struct SourceSet {
    pub(super) followed: Vec<FollowedPath>,
    pub(super) budget: Arc<Semaphore>,
    pub(super) registry: Registry,
    wanted: Vec<WantedSource>,
    /// Index of each path in `followed`: a path is one source, even if it is wanted twice.
    paths: HashMap<PathBuf, usize>,
    names: Names,
    earlier: EarlierRun,
}

/// The paths and patterns that an earlier run has followed.
#[derive(Debug)]
struct EarlierRun {
    paths: HashSet<PathBuf>,
    patterns: HashSet<PathBuf>,
}

impl SourceSet {
    /// The paths that are wanted and exist; names of an earlier run stay with their paths.
    pub(super) fn new(
        wanted: Vec<WantedSource>,
        registry: &Registry,
        recovered: &mut Recovered,
    ) -> Self {
        let mut names = Names::default();
        let mut paths = HashSet::new();
        for earlier in recovered.followed() {
            names.reserve(earlier.source.name.clone(), &earlier.path);
            paths.insert(earlier.path.clone());
        }
        let mut sources = SourceSet {
            followed: Vec::new(),
            budget: descriptor_budget(),
            registry: registry.clone(),
            wanted,
            paths: HashMap::new(),
            names,
            earlier: EarlierRun { paths, patterns: recovered.patterns().clone() },
        };
        sources.find_all();
        sources
    }

    /// Adds every path that is wanted now and was not before.
    pub(super) fn find_all(&mut self) {
        let wanted = std::mem::take(&mut self.wanted);
        for wanted in &wanted {
            match &wanted.target {
                Target::Path(path) => self.add(path, wanted),
                Target::Pattern(pattern) => {
                    for path in pattern.expand() {
                        self.add(&path, wanted);
                    }
                }
            }
        }
        self.wanted = wanted;
    }

    /// Whether other paths may be found later.
    pub(super) fn has_patterns(&self) -> bool {
        self.wanted.iter().any(|wanted| matches!(wanted.target, Target::Pattern(_)))
    }

    /// Returns a sentence for every path that does not exist, and every pattern without a match.
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

    /// Returns the followed path of a source; none if the source is no path of this set.
    pub(super) fn followed_mut(&mut self, source: &Source) -> Option<&mut FollowedPath> {
        // A registry gives ids in ascending order, also to sources of other kinds.
        let index = self.followed.binary_search_by_key(&source.id, |path| path.source.id).ok()?;
        self.followed.get_mut(index)
    }

    /// Returns the index of a path in `followed`.
    pub(super) fn index_of(&self, path: &Path) -> Option<usize> {
        self.paths.get(path).copied()
    }

    /// Whether another source than `index` reads this file, so that `index` must not read it too.
    ///
    /// A file with two paths is read twice only if both paths were given.
    pub(super) fn is_read_elsewhere(&self, index: usize, id: FileId) -> bool {
        let is_explicit = self.followed[index].origin.is_explicit;
        self.others(index).any(|other| other.holds(id) && !(is_explicit && other.leads_to(id)))
    }

    /// Whether the path of another source than `index` leads to this file, which that source does
    /// not read yet.
    pub(super) fn is_expected_elsewhere(&self, index: usize, id: FileId) -> bool {
        self.others(index).any(|other| !other.holds(id) && other.leads_to(id))
    }

    fn others(&self, index: usize) -> impl Iterator<Item = &FollowedPath> {
        let is_other = move |(other, _): &(usize, &FollowedPath)| *other != index;
        self.followed.iter().enumerate().filter(is_other).map(|(_, followed)| followed)
    }

    fn add(&mut self, path: &Path, wanted: &WantedSource) {
        if self.paths.contains_key(path) {
            return;
        }
        let name = match &wanted.name {
            Some(name) => self.names.assign_explicit(name),
            None => self.names.assign(path),
        };
        let origin = PathOrigin {
            is_explicit: matches!(wanted.target, Target::Path(_)),
            was_followed: self.earlier.has_followed(path, &wanted.target),
        };
        let source = self.registry.add(SourceKind::File(path.to_owned()), name);
        self.paths.insert(path.to_owned(), self.followed.len());
        let budget = Arc::clone(&self.budget);
        self.followed.push(FollowedPath::new(source, path.to_owned(), origin, budget));
    }
}

impl EarlierRun {
    fn has_followed(&self, path: &Path, target: &Target) -> bool {
        let is_pattern = match target {
            Target::Pattern(pattern) => self.patterns.contains(pattern.text()),
            Target::Path(_) => false,
        };
        is_pattern || self.paths.contains(path)
    }
}
