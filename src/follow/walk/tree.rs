//! One walk through directories, for the files that match patterns.
//!
//! A walk compares what it finds with the memory of the walk before, and lists only directories
//! that have changed.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::super::mount::Mount;
use super::super::pattern::Pattern;
use super::candidate::{Candidate, PassedOver};
use super::directory_memory::{DirectoryMemory, Version};
use super::rules::{EntryKind, Match, States, WalkRules};

/// Number of news that are kept before they are published. Each publication may wake a thread;
/// with many more, the news of a large directory tree come late.
const NEWS: usize = 256;

/// Returns the mount of a path, without touching the file system below it.
pub(in crate::follow) type MountOf = dyn Fn(&Path) -> Mount + Send + Sync;

/// News of a walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// A file that the last walk did not find. `is_first`: it existed when the patterns were given.
    Found { pattern: usize, path: PathBuf, is_first: bool },
    /// A file that matches and is not followed.
    PassedOver { pattern: usize, path: PathBuf, reason: PassedOver },
    /// A directory whose names were read for the first time.
    Directory(PathBuf),
    /// A directory whose names this user may not read, and a pattern that needs them.
    Denied { path: PathBuf, pattern: String },
}

/// The memory of all walks through the directories of one mount.
#[derive(Debug)]
pub(super) struct Tree {
    mount: Mount,
    roots: Vec<(PathBuf, DirectoryMemory)>,
}

/// A directory on another mount, which a walk has left out.
#[derive(Clone, Debug)]
pub(super) struct Elsewhere {
    pub(super) device: u64,
    pub(super) path: PathBuf,
    pub(super) states: States,
}

/// Names to report again if they are found, by their directory.
pub(super) type Forgotten = HashMap<PathBuf, HashSet<OsString>>;

/// One walk.
pub(super) struct Walk<'a> {
    pub(super) rules: &'a WalkRules,
    pub(super) mount_of: &'a MountOf,
    /// No walk has completed before.
    pub(super) is_first: bool,
    /// The time at which the patterns were given.
    pub(super) started: SystemTime,
    pub(super) forgotten: Forgotten,
    /// Takes news; returns false to stop the walk.
    pub(super) publish: &'a mut dyn FnMut(Vec<News>) -> bool,
}

/// A walk on its way.
struct Visitor<'a> {
    walk: Walk<'a>,
    mount: Mount,
    news: Vec<News>,
    elsewhere: Vec<Elsewhere>,
    is_stopped: bool,
}

impl Tree {
    pub(super) fn new(mount: Mount) -> Self {
        Tree { mount, roots: Vec::new() }
    }

    /// Adds a directory to begin at, unless it is there.
    pub(super) fn add(&mut self, path: &Path, states: &States) {
        let is_known = |(known, memory): &(PathBuf, DirectoryMemory)| {
            known == path && memory.states == *states
        };
        if !self.roots.iter().any(is_known) {
            let memory = DirectoryMemory::new("".as_ref(), States::clone(states));
            self.roots.push((path.to_owned(), memory));
        }
    }

    /// Walks; returns the directories on other mounts that may hang.
    pub(super) fn walk(&mut self, walk: Walk<'_>) -> Vec<Elsewhere> {
        let mut visitor = Visitor {
            walk,
            mount: self.mount,
            news: Vec::new(),
            elsewhere: Vec::new(),
            is_stopped: false,
        };
        for (path, memory) in &mut self.roots {
            visitor.visit(memory, &mut path.clone());
        }
        visitor.flush();
        visitor.elsewhere
    }
}

impl Pattern {
    /// Returns the files that match now, sorted.
    #[must_use]
    pub fn expand(&self) -> Vec<PathBuf> {
        let rules = WalkRules::new(vec![self.clone()]);
        let mut tree = Tree::new(Mount::Local);
        rules.roots().iter().for_each(|(path, states)| tree.add(path, states));
        let mut files = Vec::new();
        tree.walk(Walk {
            rules: &rules,
            mount_of: &|_| Mount::Local,
            is_first: true,
            started: SystemTime::now(),
            forgotten: Forgotten::default(),
            publish: &mut |news| {
                files.extend(news.into_iter().filter_map(|news| match news {
                    News::Found { path, .. } => Some(path),
                    _ => None,
                }));
                true
            },
        });
        files.sort();
        files.dedup();
        files
    }
}

impl Visitor<'_> {
    fn visit(&mut self, memory: &mut DirectoryMemory, path: &mut PathBuf) {
        if self.is_stopped || self.is_elsewhere(memory, path) {
            return;
        }
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => {
                self.read(memory, path, &metadata);
                self.check_unsettled(memory, path);
                if self.news.len() >= NEWS
                    || self.news.iter().any(|news| matches!(news, News::Found { .. }))
                {
                    self.flush();
                }
                for below in &mut memory.below {
                    path.push(&*below.name);
                    self.visit(below, path);
                    path.pop();
                }
            }
            Ok(_) => memory.clear(),
            Err(error) => self.fail(memory, path, &error),
        }
    }

    fn is_elsewhere(&mut self, memory: &mut DirectoryMemory, path: &Path) -> bool {
        let Mount::MayHang(device) = self.foreign_mount(path) else { return false };
        let (path, states) = (path.to_owned(), States::clone(&memory.states));
        self.elsewhere.push(Elsewhere { device, path, states });
        memory.clear();
        true
    }

    /// Returns the mount of a path if it may hang and is not the one of this walk; else `Local`.
    fn foreign_mount(&self, path: &Path) -> Mount {
        let mount = (self.walk.mount_of)(path);
        if mount == self.mount { Mount::Local } else { mount }
    }

    /// Reads the names in a directory, if they may have changed.
    fn read(&mut self, memory: &mut DirectoryMemory, path: &Path, metadata: &Metadata) {
        if let Some(names) = self.walk.forgotten.get(path) {
            memory.forget(names);
        }
        let version = Version::of(metadata);
        // Some file systems that may hang have no times of directories, or those of other clocks.
        if self.mount == Mount::Local && memory.is_current(version) {
            return;
        }
        let now = SystemTime::now();
        match self.entries(memory, path) {
            Ok(entries) => {
                if !memory.is_same_directory(version) {
                    self.news.push(News::Directory(path.to_owned()));
                }
                self.compare(memory, path, entries);
                memory.set_version(version, now);
            }
            Err(error) => self.fail(memory, path, &error),
        }
    }

    /// Returns the names in a directory that can match, sorted.
    fn entries(
        &mut self,
        memory: &mut DirectoryMemory,
        path: &Path,
    ) -> io::Result<Vec<(OsString, EntryKind)>> {
        let rules = self.walk.rules;
        let mut is_listed = rules.need_names(&memory.states);
        let mut entries = Vec::new();
        if is_listed {
            match list(path) {
                Ok(listed) => {
                    memory.is_denied = false;
                    entries = listed;
                }
                // Names without wildcards can be found without a list.
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    self.fail(memory, path, &error);
                    is_listed = false;
                }
                Err(error) => return Err(error),
            }
        }
        let literals = rules.literals(&memory.states);
        let unlisted = literals.filter(|name| !is_listed || *name == "..");
        entries.extend(unlisted.map(|name| (name.to_owned(), EntryKind::Named)));
        entries.sort_unstable();
        entries.dedup_by(|a, b| a.0 == b.0);
        Ok(entries)
    }

    /// Replaces the memory of a directory by its entries, and reports files that are new.
    fn compare(
        &mut self,
        memory: &mut DirectoryMemory,
        path: &Path,
        entries: Vec<(OsString, EntryKind)>,
    ) {
        let mut earlier = memory.take();
        for (name, kind) in entries {
            let (below, matches) = self.walk.rules.step(&memory.states, &name, kind);
            for found in matches {
                if earlier.knows(&name, found) {
                    memory.add_known(&name, found);
                } else if kind.is_open() {
                    memory.add_unsettled(&name, found);
                } else if self.examine(&path.join(&name), found) {
                    memory.add_known(&name, found);
                }
            }
            if !below.is_empty() {
                let states = self.walk.rules.below(below, &memory.states);
                memory.below.push(earlier.take_below(&name, states));
            }
        }
        memory.shrink();
    }

    /// Looks again at names that led to no file to follow, and may lead to one now.
    fn check_unsettled(&mut self, memory: &mut DirectoryMemory, path: &Path) {
        for (name, found) in memory.take_unsettled() {
            if self.examine(&path.join(&*name), found) {
                memory.add_known(&name, found);
            } else {
                memory.add_unsettled(&name, found);
            }
        }
    }

    /// Reports a file that matches; returns whether it is to be followed.
    fn examine(&mut self, path: &Path, found: Match) -> bool {
        let pattern = found.pattern as usize;
        if self.walk.rules.pattern(pattern).excludes(path) {
            return false;
        }
        let candidate = match self.foreign_mount(path) {
            Mount::Local => Candidate::at(path, found.is_named),
            Mount::MayHang(_) => Candidate::File(None),
        };
        match candidate {
            Candidate::File(born) => {
                let is_first =
                    self.walk.is_first && born.is_none_or(|born| born <= self.walk.started);
                self.news.push(News::Found { pattern, path: path.to_owned(), is_first });
                true
            }
            Candidate::PassedOver(reason) => {
                self.news.push(News::PassedOver { pattern, path: path.to_owned(), reason });
                false
            }
            Candidate::Nothing => false,
        }
    }

    /// Forgets a directory that does not exist; keeps the memory of one that cannot be read now.
    fn fail(&mut self, memory: &mut DirectoryMemory, path: &Path, error: &io::Error) {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => memory.clear(),
            io::ErrorKind::PermissionDenied if !memory.is_denied => {
                memory.is_denied = true;
                let pattern = self.walk.rules.first_pattern(&memory.states);
                let pattern = pattern.map(Pattern::to_string).unwrap_or_default();
                self.news.push(News::Denied { path: path.to_owned(), pattern });
            }
            _ => {}
        }
    }

    fn flush(&mut self) {
        if !self.news.is_empty() {
            self.is_stopped |= !(self.walk.publish)(std::mem::take(&mut self.news));
        }
    }
}

/// Returns the entries of a directory.
fn list(path: &Path) -> io::Result<Vec<(OsString, EntryKind)>> {
    let kind = |entry: &fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => EntryKind::Directory,
        Ok(kind) if !kind.is_symlink() => EntryKind::Other,
        _ => EntryKind::Link,
    };
    fs::read_dir(path)?.map(|entry| entry.map(|entry| (entry.file_name(), kind(&entry)))).collect()
}
