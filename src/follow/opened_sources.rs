//! The start of following: the sources that exist, and the point in each where reading begins.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::task::Waker;
use std::time::{Duration, Instant};

use super::catalog::Catalog;
use super::desk::Desk;
use super::followed_path::FollowedPath;
use super::mount::Mount;
use super::options::FollowOptions;
use super::path_target::PathTarget;
use super::registry::Registry;
use super::restore::{Restored, restore};
use super::retired_files::RetiredFiles;
use super::source_map::SourceMap;
use super::start_at::StartAt;
use super::update::Update;
use super::walk::{WalkUpdate, Walker};
use super::wanted_source::{Target, WantedSource};
use crate::feed::Draft;
use crate::journal::Recovered;

/// Longest time for which the start waits for the first walk of all patterns. Files that are found
/// later are published later. Twice the time delays the first answer as much in large trees.
const FIRST_WALK: Duration = Duration::from_secs(1);

/// Longest time for which the start waits for a mount that may hang. Twice the time delays the
/// first answer as much; with half of it, files of a slow mount more often come after the start.
const FIRST_ANSWER: Duration = Duration::from_millis(500);

/// Sources whose files are open: everything that is written from now on will be published.
///
/// Files on a mount that does not answer are opened when it does.
#[derive(Debug)]
pub struct OpenedSources {
    pub(super) options: FollowOptions,
    pub(super) catalog: Catalog,
    pub(super) sources: SourceMap,
    /// None without patterns.
    pub(super) walker: io::Result<Option<Arc<Walker>>>,
    pub(super) desk: Arc<Desk>,
    /// News of the first walk that are no files.
    pub(super) news: Vec<WalkUpdate>,
    /// Sentences about sources that do not exist yet.
    pub(super) missing: Vec<String>,
    /// Checkpoints of the files of an earlier run.
    pub(super) checkpoints: Vec<Draft>,
    /// The first updates of each source, by source ID.
    pub(super) updates: BTreeMap<usize, Vec<Update>>,
    /// Files that an earlier run had retired.
    pub(super) retired: RetiredFiles,
}

/// The mounts that may hang, and which of them have answered.
#[derive(Debug, Default)]
struct Answers(HashMap<Mount, bool>);

/// The results of the first walk.
#[derive(Default)]
struct FirstWalk {
    /// Paths by the number of the wanted source, and whether they existed at the start.
    found: BTreeMap<(usize, PathBuf), bool>,
    rest: Vec<WalkUpdate>,
}

impl OpenedSources {
    /// Opens the files that exist, at the line that `options` name.
    #[must_use]
    pub fn new(wanted: Vec<WantedSource>, options: FollowOptions, registry: &Registry) -> Self {
        OpenedSources::resume(wanted, options, registry, &mut Recovered::nothing())
    }

    /// Opens the files that exist after a restart: files of the earlier run are resumed.
    #[must_use]
    pub fn resume(
        wanted: Vec<WantedSource>,
        options: FollowOptions,
        registry: &Registry,
        recovered: &mut Recovered,
    ) -> Self {
        let desk = Arc::new(Desk::default());
        let mut catalog = Catalog::new(wanted, registry, recovered);
        catalog.unclaimed.start_at.get_or_init(|| options.start_at.clone());
        let walker = start_walker(&catalog, &desk);
        let first_walk = FirstWalk::of(&catalog, walker.as_ref().ok().and_then(Option::as_deref));
        let (mut sources, mut missing) = (SourceMap::default(), Vec::new());
        first_walk.add_sources(&mut catalog, &options.start_at, &mut sources, &mut missing);
        let now = Instant::now();
        let mut answers = Answers::default();
        let mut has_answered = |path: &Path, mount| answers.of(path, mount);
        let restored = restore(recovered, &catalog, &mut sources, now, &mut has_answered);
        let Restored { checkpoints, mut updates, retired } = restored;
        for followed in sources.iter_mut() {
            if !has_answered(&followed.path, followed.mount) {
                continue;
            }
            if followed.origin.is_explicit && followed.path.symlink_metadata().is_err() {
                missing.push(format!("waiting for {}", followed.path.display()));
            }
            // Paths of an earlier run are left to the follower, which reads new files in full.
            if !followed.origin.was_followed {
                open(followed, now, updates.entry(followed.source.id).or_default());
            }
            followed.update_registry(registry);
        }
        OpenedSources {
            options,
            catalog,
            sources,
            walker,
            desk,
            news: first_walk.rest,
            missing,
            checkpoints,
            updates,
            retired,
        }
    }
}

fn start_walker(catalog: &Catalog, desk: &Desk) -> io::Result<Option<Arc<Walker>>> {
    let patterns: Vec<_> = catalog.patterns().map(|(_, pattern)| pattern.clone()).collect();
    if patterns.is_empty() {
        return Ok(None);
    }
    let mounts = Arc::clone(&catalog.mounts);
    let mount = move |path: &Path| mounts.of(path);
    let walker = Walker::start(patterns, Waker::from(Arc::clone(&desk.wake)), Arc::new(mount))?;
    Ok(Some(Arc::new(walker)))
}

impl FirstWalk {
    /// Waits for the first walk of all patterns, at most for [`FIRST_WALK`].
    fn of(catalog: &Catalog, walker: Option<&Walker>) -> Self {
        let mut first = FirstWalk::default();
        let Some(walker) = walker else { return first };
        walker.wait_for_first(FIRST_WALK);
        let numbers: Vec<usize> = catalog.patterns().map(|(number, _)| number).collect();
        for update in walker.take() {
            match update {
                WalkUpdate::Found { pattern, path, is_first } => {
                    first.found.insert((numbers[pattern], path), is_first);
                }
                update => first.rest.push(update),
            }
        }
        first
    }

    /// Adds the wanted paths and the paths that were found, in the order of the wanted sources.
    fn add_sources(
        &self,
        catalog: &mut Catalog,
        start_at: &StartAt,
        sources: &mut SourceMap,
        missing: &mut Vec<String>,
    ) {
        let mut wanted: BTreeMap<(usize, PathBuf), Option<&StartAt>> = BTreeMap::new();
        for (number, target) in catalog.wanted().map(|(number, wanted)| (number, &wanted.target)) {
            match target {
                Target::Path(path) => {
                    wanted.insert((number, path.clone()), Some(start_at));
                }
                Target::Pattern(pattern) => {
                    let from = (number, PathBuf::new());
                    let found = self.found.range(from..).take_while(|((at, _), _)| *at == number);
                    let before = wanted.len();
                    wanted.extend(found.map(|((_, path), is_first)| {
                        ((number, path.clone()), is_first.then_some(start_at))
                    }));
                    if wanted.len() == before {
                        missing.push(format!("waiting for files that match {pattern}"));
                    }
                }
            }
        }
        for ((number, path), start_at) in wanted {
            catalog.add(&path, number, start_at).into_iter().for_each(|new| sources.insert(new));
        }
    }
}

impl Answers {
    /// Returns true if the mount of `path` answers within [`FIRST_ANSWER`], which is asked once.
    fn of(&mut self, path: &Path, mount: Mount) -> bool {
        mount == Mount::Local || *self.0.entry(mount).or_insert_with(|| answers(path))
    }
}

fn answers(path: &Path) -> bool {
    let (sender, answer) = mpsc::channel();
    let path = path.to_owned();
    let ask = move || {
        let _ = path.metadata();
        let _ = sender.send(());
    };
    let thread = std::thread::Builder::new().name("mount".to_owned()).spawn(ask);
    thread.is_ok() && answer.recv_timeout(FIRST_ANSWER).is_ok()
}

fn open(followed: &mut FollowedPath, now: Instant, updates: &mut Vec<Update>) {
    match followed.resolve(now) {
        PathTarget::Other(opened) => followed.open(opened, now, updates),
        PathTarget::Unreadable(reason) => followed.report_unreadable(reason, updates),
        PathTarget::Missing => followed.mark_missing(now, updates),
        PathTarget::Newest => {}
    }
}
