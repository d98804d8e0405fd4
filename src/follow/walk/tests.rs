//! The walker with real directories. A mount that may hang is a directory whose name says so.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::task::Waker;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::super::mount::Mount;
use super::super::pattern::Pattern;
use super::super::spool_names::SpoolNames;
use super::super::wake_signal::WakeSignal;
use super::tree::MountOf;
use super::walker::{WalkUpdate, Walker};
use crate::system::without_privileges;

const DEADLINE: Duration = Duration::from_secs(20);

/// A walker, its directory, and what it has reported.
struct Case {
    root: TempDir,
    walker: Option<Walker>,
    wake: Arc<WakeSignal>,
    updates: Vec<WalkUpdate>,
}

impl Case {
    /// Makes a directory with these files.
    fn new(files: &[&str]) -> Self {
        let case = Case {
            root: tempfile::tempdir().expect("a directory"),
            walker: None,
            wake: Arc::default(),
            updates: Vec::new(),
        };
        for file in files {
            case.write(file);
        }
        case
    }

    /// Starts to walk.
    fn walk(self, patterns: &[&str]) -> Self {
        self.walk_mounts(patterns, Arc::new(|_| Mount::Local))
    }

    fn walk_mounts(self, patterns: &[&str], mount_of: Arc<MountOf>) -> Self {
        let pattern = |text| Pattern::within(self.root.path(), OsStr::new(text)).expect("a glob");
        let patterns = patterns.iter().map(pattern).collect();
        self.start(patterns, mount_of)
    }

    fn start(mut self, patterns: Vec<Pattern>, mount_of: Arc<MountOf>) -> Self {
        let waker = Waker::from(Arc::clone(&self.wake));
        self.walker = Some(Walker::start(patterns, waker, mount_of).expect("a thread"));
        self
    }

    fn walker(&self) -> &Walker {
        self.walker.as_ref().expect("started")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn write(&self, name: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a directory")).expect("made");
        fs::write(path, "").expect("written");
    }

    /// Waits for the first walk, and returns the files that it has found.
    fn first(&mut self) -> Vec<String> {
        assert!(self.walker().wait_for_first(DEADLINE), "the first walk does not end");
        self.updates.extend(self.walker().take());
        self.found()
    }

    /// Returns the files that were found: with a plus if they did not exist at the start.
    fn found(&self) -> Vec<String> {
        let mut found: Vec<String> = self.updates.iter().filter_map(|u| self.file(u)).collect();
        found.sort();
        found
    }

    fn file(&self, update: &WalkUpdate) -> Option<String> {
        let WalkUpdate::Found { pattern, path, is_first } = update else { return None };
        let name = path.strip_prefix(self.root.path()).expect("below").display();
        let plus = if *is_first { "" } else { "+" };
        Some(format!("{pattern}:{plus}{name}"))
    }

    fn sentences(&self) -> Vec<&str> {
        let mut sentences = Vec::new();
        for update in &self.updates {
            if let WalkUpdate::Say(sentence) = update {
                sentences.push(&**sentence);
            }
        }
        sentences
    }

    #[track_caller]
    fn until(&mut self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        while !holds(self) {
            assert!(Instant::now() < deadline, "never: {what}: {:?}", self.updates);
            self.wake.wait(Duration::from_millis(20));
            self.updates.extend(self.walker().take());
        }
    }

    /// Waits until a file is found that was made after all that a walk has to see.
    fn until_next_walk(&mut self) {
        let name = format!("mark.{}.log", self.updates.len());
        self.write(&name);
        let mark = format!("0:+{name}");
        self.until("the next walk", |case| case.found().contains(&mark));
    }
}

#[test]
fn files_that_exist_and_files_that_come_are_found_once() {
    let mut case = Case::new(&["a.log", "b.txt", "x/c.log"]).walk(&["**/*.log", "?.{log,txt}"]);
    assert_eq!(case.first(), ["0:a.log", "0:x/c.log", "1:a.log", "1:b.txt"]);
    case.write("d.log");
    case.write("new/deep/e.log");
    case.until("three more", |case| case.found().len() == 7);
    assert_eq!(case.found()[..2], ["0:+d.log", "0:+new/deep/e.log"]);
    case.until_next_walk();
    assert_eq!(case.found().iter().filter(|file| file.contains("d.log")).count(), 2);
    let directory = |case: &Case, name: &str| {
        let update = WalkUpdate::Directory(case.path(name));
        case.updates.iter().filter(|other| **other == update).count()
    };
    assert_eq!(["x", "new", "new/deep"].map(|name| directory(&case, name)), [1, 1, 1]);
}

#[test]
fn a_word_without_a_wildcard_is_found_when_it_appears() {
    let mut case = Case::new(&["app.log"]).walk(&["app.log{,.1}", "{x/a,y/b}.log"]);
    assert_eq!(case.first(), ["0:app.log"]);
    case.write("app.log.1");
    case.write("y/b.log");
    case.until("both", |case| case.found() == ["0:+app.log.1", "0:app.log", "1:+y/b.log"]);
}

#[test]
fn a_link_is_found_when_it_leads_to_a_file() {
    let case = Case::new(&["release.1/a.log", "release.2/b.log"]);
    symlink("target", case.path("a.log")).expect("linked");
    symlink("release.1", case.path("current")).expect("linked");
    let mut case = case.walk(&["*.log", "current/*.log"]);
    assert_eq!(case.first(), ["1:current/a.log"]);
    fs::create_dir(case.path("elsewhere")).expect("made");
    fs::write(case.path("elsewhere/file"), "").expect("written");
    symlink("elsewhere/file", case.path("target")).expect("linked");
    case.until("the link leads to a file", |case| case.found().contains(&"0:+a.log".to_owned()));
    symlink("release.2", case.path("next")).expect("linked");
    fs::rename(case.path("next"), case.path("current")).expect("renamed");
    case.until("the directory", |case| case.found().contains(&"1:+current/b.log".to_owned()));
}

#[test]
fn a_forgotten_file_is_found_again() {
    let mut case = Case::new(&["x/a.log", "b.log"]).walk(&["**/*.log", "{b,c}.log"]);
    assert_eq!(case.first(), ["0:b.log", "0:x/a.log", "1:b.log"]);
    case.walker().forget(&case.path("x/a.log"));
    case.walker().forget(&case.path("b.log"));
    case.walker().request();
    case.until("all three again", |case| case.found().len() == 6);
    case.until_next_walk();
    assert_eq!(case.found().iter().filter(|file| file.ends_with("x/a.log")).count(), 2);
}

#[test]
fn a_file_that_was_away_during_a_walk_is_found_again() {
    let mut case = Case::new(&["a.log"]).walk(&["*.log"]);
    assert_eq!(case.first(), ["0:a.log"]);
    fs::remove_file(case.path("a.log")).expect("removed");
    case.until_next_walk();
    case.write("a.log");
    case.until("again", |case| case.found().contains(&"0:+a.log".to_owned()));
}

#[test]
fn compressed_files_and_pipes_are_passed_over_with_one_sentence_for_each_pattern() {
    let case = Case::new(&["app.log", "app.log.1.gz", "app.log.2.gz", "app.log.3.zst"]);
    let made = std::process::Command::new("mkfifo").arg(case.path("app.log.pipe")).status();
    assert!(made.expect("mkfifo runs").success());
    let _socket = std::os::unix::net::UnixListener::bind(case.path("app.log.s")).expect("bound");
    let mut case = case.walk(&["app.log*", "app.log{.1.gz,.pipe}"]);
    assert_eq!(case.first(), ["0:app.log", "1:app.log.1.gz", "1:app.log.pipe"]);
    let sentences = case.sentences();
    assert_eq!(sentences.len(), 2, "{sentences:?}");
    assert!(sentences[0].contains("app.log.1.gz is compressed and is skipped"));
    assert!(sentences[1].contains("app.log.pipe is a named pipe and is skipped"));
}

#[test]
fn a_directory_that_may_not_be_listed_is_reported_once() {
    without_privileges(|| {
        let mut case = Case::new(&["a.log", "private/b.log"]);
        let set_mode = |case: &Case, mode| {
            fs::set_permissions(case.path("private"), fs::Permissions::from_mode(mode))
                .expect("set");
        };
        set_mode(&case, 0o300);
        case = case.walk(&["**/*.log", "*/{b,c}.log"]);
        // A name without a wildcard needs no list.
        assert_eq!(case.first(), ["0:a.log", "1:private/b.log"]);
        case.until_next_walk();
        assert_eq!(case.sentences().len(), 1);
        assert!(case.sentences()[0].contains("private cannot be searched for"));
        set_mode(&case, 0o700);
        case.until("it is found", |case| case.found().contains(&"0:+private/b.log".to_owned()));
    });
}

#[test]
fn the_files_of_a_spool_are_not_found() {
    let case = Case::new(&["spool.log", "spool.log.1", "a.log"]);
    let pattern = Pattern::within(case.root.path(), OsStr::new("*.log*")).expect("a glob");
    let spool = SpoolNames::new(case.path("spool.log"));
    let mut case = case.start(vec![pattern.besides(spool)], Arc::new(|_| Mount::Local));
    assert_eq!(case.first(), ["0:a.log"]);
}

/// Mounts by name: a directory `mount.N` is mount N; looking below `hung` waits until it is freed.
#[derive(Default)]
struct Mounts {
    is_freed: Mutex<bool>,
    freed: Condvar,
    calls: Mutex<HashMap<PathBuf, usize>>,
}

impl Mounts {
    fn mount_of(self: &Arc<Self>) -> Arc<MountOf> {
        let mounts = Arc::clone(self);
        Arc::new(move |path: &Path| {
            *mounts.calls.lock().expect("locked").entry(path.to_owned()).or_default() += 1;
            if path.ends_with("hung") {
                let is_freed = mounts.is_freed.lock().expect("locked");
                drop(mounts.freed.wait_while(is_freed, |is_freed| !*is_freed).expect("waited"));
            }
            let mut names = path.iter().rev().filter_map(OsStr::to_str);
            let number = names.find_map(|name| name.strip_prefix("mount."));
            number.map_or(Mount::Local, |n| Mount::MayHang(n.parse().expect("a number")))
        })
    }

    fn free(&self) {
        *self.is_freed.lock().expect("locked") = true;
        self.freed.notify_all();
    }
}

#[test]
fn a_hung_mount_delays_no_other_directory() {
    let mounts = Arc::new(Mounts::default());
    let case =
        Case::new(&["a.log", "mount.1/hung/b.log", "mount.2/c.log", "mount.2/mount.3/d.log"]);
    let mut case = case.walk_mounts(&["**/*.log"], mounts.mount_of());
    case.until("all but the hung one", |case| {
        case.found() == ["0:a.log", "0:mount.2/c.log", "0:mount.2/mount.3/d.log"]
    });
    assert!(!case.walker().wait_for_first(Duration::ZERO));
    case.write("e.log");
    case.write("mount.2/f.log");
    case.until("new files", |case| case.found().len() == 5);
    mounts.free();
    case.until("the freed one", |case| case.found().contains(&"0:mount.1/hung/b.log".to_owned()));
    assert!(case.walker().wait_for_first(DEADLINE));
    case.write("mount.1/hung/g.log");
    case.until("a new one", |case| case.found().contains(&"0:+mount.1/hung/g.log".to_owned()));
}

#[test]
fn a_walker_that_is_dropped_does_not_wait_for_a_hung_mount_and_stops() {
    let mounts = Arc::new(Mounts::default());
    let case = Case::new(&["mount.1/hung/b.log", "x/a.log"]);
    let mut case = case.walk_mounts(&["**/*.log"], mounts.mount_of());
    case.until("the local file", |case| !case.found().is_empty());
    drop(case.walker.take());
    mounts.free();
    // The threads drop the closure, which is the other owner.
    let deadline = Instant::now() + DEADLINE;
    while Arc::strong_count(&mounts) > 1 {
        assert!(Instant::now() < deadline, "a thread goes on");
        std::thread::yield_now();
    }
}

#[test]
fn a_new_file_is_found_soon_without_a_request() {
    let mut case = Case::new(&["a.log"]).walk(&["*.log"]);
    case.first();
    let mut times: Vec<Duration> = (0..11)
        .map(|_| {
            let begun = Instant::now();
            case.until_next_walk();
            begun.elapsed()
        })
        .collect();
    times.sort();
    assert!(times[5] < Duration::from_millis(100), "{times:?}");
}
