//! The catalog: which paths are sources, under which names.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::descriptors::Descriptors;
use super::followed_path::FollowedPath;
use super::mount::{Mount, Mounts};
use super::path_origin::PathOrigin;
use super::pattern::Pattern;
use super::registry::Registry;
use super::source_status::SourceKind;
use super::start_at::StartAt;
use super::unclaimed::Unclaimed;
use super::wanted_source::{Target, WantedSource};
use crate::event::{Names, Source};
use crate::feed::Publisher;
use crate::journal::Recovered;

/// All sources that are paths.
#[derive(Debug)]
pub(super) struct Catalog {
    pub(super) registry: Registry,
    pub(super) descriptors: Arc<Descriptors>,
    pub(super) mounts: Arc<Mounts>,
    pub(super) unclaimed: Arc<Unclaimed>,
    wanted: Vec<WantedSource>,
    /// A path is one source, even if it is wanted twice.
    known: HashMap<PathBuf, KnownPath>,
    names: Names,
    earlier: EarlierRun,
}

/// A path that is a source.
#[derive(Debug)]
struct KnownPath {
    source: Arc<Source>,
    mount: Mount,
    /// The source while no worker has it, because its path leads nowhere.
    aside: Option<FollowedPath>,
}

/// The paths and patterns that an earlier run has followed.
#[derive(Debug)]
struct EarlierRun {
    paths: HashSet<PathBuf>,
    patterns: HashSet<PathBuf>,
}

impl Catalog {
    /// A catalog without sources; names of an earlier run stay with their paths.
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
        Catalog {
            registry: registry.clone(),
            descriptors: Descriptors::new(),
            unclaimed: Arc::default(),
            mounts: Arc::new(Mounts::read()),
            wanted,
            known: HashMap::new(),
            names,
            earlier: EarlierRun { paths, patterns: recovered.patterns().clone() },
        }
    }

    /// Returns the wanted sources, by the number that [`Catalog::add`] takes.
    pub(super) fn wanted(&self) -> impl Iterator<Item = (usize, &WantedSource)> {
        self.wanted.iter().enumerate()
    }

    /// Returns the wanted patterns, each with the number of its wanted source.
    pub(super) fn patterns(&self) -> impl Iterator<Item = (usize, &Pattern)> {
        self.wanted().filter_map(|(number, wanted)| match &wanted.target {
            Target::Pattern(pattern) => Some((number, pattern)),
            Target::Path(_) => None,
        })
    }

    /// Adds a path that belongs to a wanted source; none if the path is followed already.
    ///
    /// A file that existed at the start of the program is read from `start_at` on.
    pub(super) fn add(
        &mut self,
        path: &Path,
        wanted: usize,
        start_at: Option<&StartAt>,
    ) -> Option<FollowedPath> {
        if let Some(known) = self.known.get_mut(path) {
            return known.aside.take();
        }
        let wanted = &self.wanted[wanted];
        let name = match &wanted.name {
            Some(name) => self.names.assign_explicit(name),
            None => self.names.assign(path),
        };
        let was_followed = self.earlier.has_followed(path, &wanted.target);
        let origin =
            PathOrigin { is_explicit: matches!(wanted.target, Target::Path(_)), was_followed };
        let source = self.registry.add(SourceKind::File(path.to_owned()), name);
        let mount = self.mounts.of(path);
        let known = KnownPath { source: Arc::clone(&source), mount, aside: None };
        self.known.insert(path.to_owned(), known);
        let descriptors = Arc::clone(&self.descriptors);
        let unclaimed = Arc::clone(&self.unclaimed);
        let path = path.to_owned();
        let mut followed = FollowedPath::new(source, path, origin, mount, descriptors, unclaimed);
        // An earlier run has followed the path, so that a new file is read in full.
        start_at.filter(|_| !was_followed).into_iter().for_each(|at| followed.start_at(at.clone()));
        Some(followed)
    }

    /// Returns the source of a path.
    pub(super) fn source_of(&self, path: &Path) -> Option<&Arc<Source>> {
        self.known.get(path).map(|known| &known.source)
    }

    /// Returns the paths and sources of one mount.
    pub(super) fn on_mount(&self, mount: Mount) -> impl Iterator<Item = (&Path, &Arc<Source>)> {
        let is_there = move |known: &KnownPath| known.mount == mount && known.aside.is_none();
        self.known
            .iter()
            .filter(move |(_, known)| is_there(known))
            .map(|(path, known)| (&**path, &known.source))
    }

    /// Records the mount to which a path leads now.
    pub(super) fn set_mount(&mut self, path: &Path, mount: Mount) {
        if let Some(known) = self.known.get_mut(path) {
            known.mount = mount;
        }
    }

    /// Keeps a followed path that leads nowhere until its pattern matches it again.
    pub(super) fn put_aside(&mut self, followed: FollowedPath) {
        if let Some(known) = self.known.get_mut(&followed.path) {
            known.aside = Some(followed);
        }
    }

    /// Forgets the paths that were put aside and have no line left that can be read.
    pub(super) fn forget(&mut self, publisher: &Publisher) -> Vec<Arc<Source>> {
        let is_over = |known: &KnownPath| {
            known.aside.is_some()
                && !publisher.has_lines(&known.source, self.registry.newest(&known.source))
        };
        let gone: Vec<(PathBuf, KnownPath)> =
            self.known.extract_if(|_, known| is_over(known)).collect();
        for (path, known) in &gone {
            self.registry.remove(&known.source);
            self.names.release(&known.source.name, path);
        }
        gone.into_iter().map(|(_, known)| known.source).collect()
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
