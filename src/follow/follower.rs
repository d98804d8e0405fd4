//! The follower: a thread that looks at every followed path when there is reason to.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::file::{FileId, Kind, LogFile};
use super::generation::Generation;
use super::registry::Registry;
use super::source::{Followed, Found, News, Turn};
use super::watch::{Hints, Wake, Watcher};
use super::{Options, Report, Wanted, What, wall_clock};
use crate::event::{Control, Names, Object, Source};
use crate::feed::{Content, Draft, Publisher};

/// How often everything is looked at, hint or not.
const CHECK: Duration = Duration::from_millis(450);
/// A burst of hints that names came or went is answered no more often than this.
const CHECK_AGAIN: Duration = Duration::from_millis(10);
/// How soon a file that has just grown is read again.
const POLL: Duration = Duration::from_micros(200);
/// How long after its last growth a file is read without waiting for a hint.
const ACTIVE: Duration = Duration::from_millis(20);
/// How often the name of a growing file is looked at.
const LOOK: Duration = Duration::from_millis(5);
/// How long the start may wait for what there is.
const FIRST_PASS: Duration = Duration::from_millis(50);
/// How many files that were let go are kept open, in case they appear under another name.
const MAX_RETIRED: usize = 64;

/// A thread that follows paths until it is stopped.
#[derive(Debug)]
pub struct Follower {
    wake: Arc<Wake>,
    thread: Option<JoinHandle<()>>,
}

/// Sources whose beginnings are settled: what is written from now on will be published.
#[derive(Debug)]
pub struct Opened {
    wanted: Vec<Wanted>,
    options: Options,
    registry: Registry,
    sources: Vec<Followed>,
    paths: HashMap<PathBuf, usize>,
    names: Names,
    news: Vec<Vec<News>>,
}

impl Opened {
    /// Opens what there is, at the place where reading is to begin.
    #[must_use]
    pub fn new(wanted: Vec<Wanted>, options: Options, registry: &Registry) -> Self {
        let mut opened = Opened {
            wanted,
            options,
            registry: registry.clone(),
            sources: Vec::new(),
            paths: HashMap::new(),
            names: Names::default(),
            news: Vec::new(),
        };
        opened.find_sources();
        let (now, begin) = (Instant::now(), opened.options.begin);
        for followed in &mut opened.sources {
            let mut news = Vec::new();
            match followed.look(now) {
                Found::New(file, id, kind) => {
                    followed.open((file, id, kind), Some(begin), now, &mut news);
                }
                Found::Unreadable(reason) => followed.complain(reason, &mut news),
                Found::Same | Found::Missing => {}
            }
            opened.news.push(news);
        }
        opened
    }

    /// Follows them from a thread of its own; what little there was at start is published already.
    pub fn follow(self, publisher: Publisher, report: Report) -> io::Result<Follower> {
        for sentence in self.missing() {
            report.say(&sentence);
        }
        for (followed, news) in self.sources.iter().zip(self.news) {
            tell(&followed.source, news, &publisher, &report, &self.registry);
        }
        let wake = Arc::new(Wake::default());
        let watcher = if self.options.watch { watcher(&wake, &report) } else { None };
        let mut worker = Worker {
            scratch: Generation::scratch(&self.options.cutting),
            wanted: self.wanted,
            sources: self.sources,
            paths: self.paths,
            names: self.names,
            registry: self.registry,
            options: self.options,
            publisher,
            report,
            watcher,
            retired: VecDeque::new(),
            active: HashMap::new(),
            checked: Instant::now(),
            healed: Instant::now(),
        };
        worker.first_pass();
        let thread = std::thread::Builder::new().name("follower".to_owned()).spawn({
            let wake = Arc::clone(&wake);
            move || worker.run(&wake)
        })?;
        Ok(Follower { wake, thread: Some(thread) })
    }

    fn find_sources(&mut self) {
        let mut found = Sources {
            followed: &mut self.sources,
            paths: &mut self.paths,
            names: &mut self.names,
            registry: &self.registry,
        };
        for wanted in &self.wanted {
            found.find(wanted);
        }
    }

    fn missing(&self) -> Vec<String> {
        let sentence = |wanted: &Wanted| match &wanted.what {
            What::Path(path) if path.symlink_metadata().is_err() => {
                Some(format!("waiting for {}", path.display()))
            }
            What::Pattern(pattern) if pattern.expand().files.is_empty() => {
                Some(format!("waiting for files that match {pattern}"))
            }
            _ => None,
        };
        self.wanted.iter().filter_map(sentence).collect()
    }
}

/// The sources so far, to which what is found is added.
struct Sources<'a> {
    followed: &'a mut Vec<Followed>,
    paths: &'a mut HashMap<PathBuf, usize>,
    names: &'a mut Names,
    registry: &'a Registry,
}

impl Sources<'_> {
    /// Adds every path that is wanted and was not before.
    fn find(&mut self, wanted: &Wanted) {
        match &wanted.what {
            What::Path(path) => self.add(path, wanted, true),
            What::Pattern(pattern) => {
                for path in pattern.expand().files {
                    self.add(&path, wanted, false);
                }
            }
        }
    }

    fn add(&mut self, path: &Path, wanted: &Wanted, is_explicit: bool) {
        if self.paths.contains_key(path) {
            return;
        }
        let name = match &wanted.name {
            Some(name) => self.names.asked(name),
            None => self.names.of_path(path),
        };
        let source = self.registry.add(path.to_owned(), name);
        self.paths.insert(path.to_owned(), self.followed.len());
        self.followed.push(Followed::new(source, path.to_owned(), is_explicit));
    }
}

impl Follower {
    /// Reads once more what is there, and ends; its publisher is dropped.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.wake.hint(|hints| hints.stop = true);
        if let Some(thread) = self.thread.take() {
            // A panic of that thread has been reported where it happened.
            let _ = thread.join();
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.end();
    }
}

/// Without a watcher, the follower's own check finds every change, a little later.
fn watcher(wake: &Arc<Wake>, report: &Report) -> Option<Watcher> {
    let said = |error: &io::Error| {
        report.say(&format!(
            "no notifications from the kernel ({error}), so changes are found twice a second; \
             raise the sysctl fs.inotify.max_user_instances to have them at once"
        ));
    };
    Watcher::start(Arc::clone(wake)).inspect_err(said).ok()
}

struct Worker {
    wanted: Vec<Wanted>,
    sources: Vec<Followed>,
    /// Which source a path is, so that it is one however often it is asked for.
    paths: HashMap<PathBuf, usize>,
    names: Names,
    registry: Registry,
    publisher: Publisher,
    report: Report,
    options: Options,
    watcher: Option<Watcher>,
    scratch: Vec<u8>,
    /// Files that were let go under one name and may appear under another.
    retired: VecDeque<Generation>,
    /// Sources that have just grown, and until when they are polled.
    active: HashMap<usize, Instant>,
    checked: Instant,
    healed: Instant,
}

impl Worker {
    /// Whoever comes first is to find what there was, unless that takes long.
    fn first_pass(&mut self) {
        let began = Instant::now();
        for index in 0..self.sources.len() {
            if began.elapsed() < FIRST_PASS {
                self.serve(index, Instant::now());
            }
        }
    }

    fn run(mut self, wake: &Wake) {
        self.watch(0);
        for index in 0..self.sources.len() {
            self.serve(index, Instant::now());
        }
        loop {
            let hints = wake.wait(self.pause(Instant::now()));
            self.step(&hints);
            if hints.stop {
                self.finish();
                return;
            }
        }
    }

    fn pause(&self, now: Instant) -> Duration {
        let until_check = (self.checked + CHECK).saturating_duration_since(now);
        if self.active.is_empty() { until_check } else { POLL.min(until_check) }
    }

    fn step(&mut self, hints: &Hints) {
        let now = Instant::now();
        let since_check = now - self.checked;
        if since_check >= CHECK || (hints.check && since_check >= CHECK_AGAIN) || hints.stop {
            self.check(now);
            return;
        }
        if hints.check {
            // Too soon after the last one: whatever came or went is looked for shortly.
            self.checked = now.checked_sub(CHECK).map_or(now, |then| then + CHECK_AGAIN);
        }
        let mut due: HashSet<usize> = hints.dirty.keys().copied().collect();
        due.extend(self.active.keys());
        for index in due {
            if hints.dirty.contains_key(&index) {
                self.active.insert(index, now + ACTIVE);
            }
            self.serve(index, now);
        }
        self.active.retain(|_, until| *until > now);
    }

    /// Looks at everything.
    fn check(&mut self, now: Instant) {
        self.checked = now;
        self.find_sources();
        for index in 0..self.sources.len() {
            self.serve(index, now);
        }
        self.retired.retain(Generation::is_linked);
        if now - self.healed >= CHECK * 8 {
            self.heal(now);
        }
    }

    /// Tells linemux everything again, because it forgets.
    fn heal(&mut self, now: Instant) {
        self.healed = now;
        self.watch(0);
    }

    /// Reads until there is nothing left, however long that takes.
    fn finish(&mut self) {
        for index in 0..self.sources.len() {
            let mut rounds = 0;
            while self.serve(index, Instant::now()).more && rounds < 16 {
                rounds += 1;
            }
        }
    }

    /// Adds every path that matches now and did not before.
    fn find_sources(&mut self) {
        let known = self.sources.len();
        let mut found = Sources {
            followed: &mut self.sources,
            paths: &mut self.paths,
            names: &mut self.names,
            registry: &self.registry,
        };
        for wanted in self.wanted.iter().filter(|wanted| matches!(wanted.what, What::Pattern(_))) {
            found.find(wanted);
        }
        self.watch(known);
    }

    /// Tells linemux of the sources from this one on.
    fn watch(&self, first: usize) {
        let files: Vec<_> =
            self.sources[first..].iter().map(|s| (s.path.clone(), s.source.id)).collect();
        if let Some(watcher) = &self.watcher
            && !files.is_empty()
        {
            watcher.watch(files);
        }
    }

    /// Looks where the name leads, reads what is new, lets go what is done.
    fn serve(&mut self, index: usize, now: Instant) -> Turn {
        let looked = self.sources[index].looked();
        if looked.is_none_or(|looked| now - looked >= LOOK) {
            self.look(index, now);
        }
        let Worker { sources, scratch, options, publisher, report, registry, .. } = self;
        let followed = &mut sources[index];
        let source = Arc::clone(&followed.source);
        let turn = followed.read(scratch, &options.cutting, wall_clock(), |news| {
            tell(&source, news, publisher, report, registry);
        });
        if turn.bytes > 0 || turn.more {
            self.active.insert(index, now + ACTIVE);
        }
        self.retire(index, now);
        self.record(index);
        turn
    }

    fn look(&mut self, index: usize, now: Instant) {
        let mut news = Vec::new();
        match self.sources[index].look(now) {
            Found::Same => self.sources[index].stay(),
            Found::Missing => self.sources[index].lose(now, &mut news),
            Found::Unreadable(reason) => self.sources[index].complain(reason, &mut news),
            Found::New(file, id, kind) => self.claim(index, (file, id, kind), now, &mut news),
        }
        let source = &self.sources[index].source;
        tell(source, news, &self.publisher, &self.report, &self.registry);
    }

    /// Begins to read a file, unless another source is reading it or has read it: then what
    /// was read is not read again.
    fn claim(
        &mut self,
        index: usize,
        (file, id, kind): (LogFile, FileId, Kind),
        now: Instant,
        news: &mut Vec<News>,
    ) {
        if self.is_held_elsewhere(index, id) {
            self.sources[index].park(now);
            return;
        }
        let followed = &mut self.sources[index];
        match self.retired.iter().position(|generation| generation.id() == id) {
            Some(at) => {
                if let Some(generation) = self.retired.remove(at) {
                    followed.push(generation.revived(), false, now, news);
                }
            }
            None => followed.open((file, id, kind), None, now, news),
        }
    }

    /// Another source has this file, and it was not asked for under this name as well.
    fn is_held_elsewhere(&self, index: usize, id: FileId) -> bool {
        self.sources.iter().enumerate().any(|(other, source)| {
            let is_link = || {
                let there = std::fs::metadata(&source.path);
                there.is_ok_and(|metadata| FileId::of(&metadata) == id)
            };
            other != index && source.holds(id) && !(self.sources[index].is_explicit && is_link())
        })
    }

    fn retire(&mut self, index: usize, now: Instant) {
        let linger = self.options.linger;
        while let Some(mut generation) = self.sources[index].retire(now, linger) {
            if !self.is_awaited(index, generation.id()) {
                let lines = generation.finish(&self.options.cutting, wall_clock());
                let news = lines.into_iter().map(News::Lines).collect();
                let source = &self.sources[index].source;
                tell(source, news, &self.publisher, &self.report, &self.registry);
            }
            if generation.is_linked() {
                self.retired.push_back(generation);
            }
            if self.retired.len() > MAX_RETIRED {
                self.retired.pop_front();
            }
        }
    }

    /// Whether the file stands under the name of another source, which will go on with it.
    fn is_awaited(&self, index: usize, id: FileId) -> bool {
        self.sources.iter().enumerate().any(|(other, source)| {
            other != index
                && !source.holds(id)
                && std::fs::metadata(&source.path).is_ok_and(|m| FileId::of(&m) == id)
        })
    }

    fn record(&self, index: usize) {
        let followed = &self.sources[index];
        self.registry.update(&followed.source, |entry| {
            entry.state = followed.state;
            if let Some(newest) = followed.newest() {
                entry.offset = newest.offset();
                entry.size = newest.size().max(entry.offset);
            }
        });
    }
}

/// Publishes what happened to a source.
pub(super) fn tell(
    source: &Arc<Source>,
    news: Vec<News>,
    publisher: &Publisher,
    report: &Report,
    registry: &Registry,
) {
    let mut drafts = Vec::with_capacity(news.len());
    let (mut lines_read, mut bytes_read) = (0, 0);
    for item in news {
        let content = match item {
            News::Lines(lines) => {
                lines_read += lines.spans.iter().filter(|span| !span.more).count() as u64;
                bytes_read += lines.bytes.len() as u64;
                Content::Lines(lines)
            }
            News::Change(change) => Content::Control(source_event(source, change)),
            News::Say(sentence) => {
                report.say(&sentence);
                continue;
            }
        };
        drafts.push(Draft { source: Arc::clone(source), content });
    }
    if bytes_read > 0 {
        registry.update(source, |entry| {
            entry.lines += lines_read;
            entry.bytes += bytes_read;
            entry.last_change = Some(wall_clock());
        });
    }
    publisher.publish(drafts);
}

fn source_event(source: &Source, change: &str) -> Control {
    let event = Object::of_type("source").text("file", source.name.as_str());
    Control { json: event.text("change", change).finish() }
}
