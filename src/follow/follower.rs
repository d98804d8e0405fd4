//! The follower: a thread that looks at every followed path when there is reason to.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::task::Waker;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::file::{Kind, LogFile};
use super::generation::Generation;
use super::opened::{OpenedSources, SourceSet};
use super::registry::Registry;
use super::schedule::{HintLimiter, Schedule};
use super::source::{Followed, PathTarget, Turn, Update};
use super::watch::{Hints, Wake, Watcher};
use super::{FollowOptions, wall_clock};
use crate::event::{ControlEvent, FileId, Source};
use crate::feed::{Draft, DraftContent, Publisher};
use crate::journal::JournalNote;
use crate::report::Report;
use crate::system::sleep_precisely;

/// How often the name of a growing file is looked at.
const LOOK: Duration = Duration::from_millis(5);
/// How often linemux is told everything again.
const HEAL: Duration = Duration::from_secs(4);
/// Patterns are held against the file system when names came or went, and else as often as
/// everything is looked at, but for no more than this part of the time, and within a second.
const PATTERN_SHARE: u32 = 400;
const PATTERN_MOST: Duration = Duration::from_millis(800);
/// Of how many sources at a time, because it looks at each of them.
const TOLD_AT_ONCE: usize = 256;
/// How long the start may wait for what there is.
const FIRST_PASS: Duration = Duration::from_millis(50);
/// How many files that were let go are kept open, in case they appear under another name.
pub(super) const MAX_RETIRED: usize = 64;
/// How many turns a source gets when the program ends.
const LAST_TURNS: usize = 16;

/// A thread that follows paths until it is stopped.
#[derive(Debug)]
pub struct Follower {
    wake: Arc<Wake>,
    thread: Option<JoinHandle<()>>,
}

impl OpenedSources {
    /// Follows them from a thread of its own; what little there was at start is published already.
    pub fn follow(self, publisher: Publisher, report: Report) -> io::Result<Follower> {
        for sentence in self.sources.missing() {
            report.say(&sentence);
        }
        // One step, so that the journal knows all of an earlier run before anything is published.
        publisher.publish(paths(&self.sources.followed).chain(self.notes).collect());
        for (followed, news) in self.sources.followed.iter().zip(self.news) {
            tell(&followed.source, news, &publisher, &report, &self.sources.registry);
        }
        let wake = Arc::new(Wake::default());
        let now = Instant::now();
        let mut worker = Worker {
            scratch: Generation::scratch(&self.options.cutting),
            watcher: None,
            told: 0,
            hints: Hints::default(),
            likely: None,
            has_complained: false,
            sources: self.sources,
            options: self.options,
            publisher,
            report,
            retired: self.retired,
            pace: Schedule::new(now),
            flood: HintLimiter::new(now),
            healed: now,
            matched: (now, Duration::ZERO),
            waker: Arc::clone(&wake).into(),
            wake: Arc::clone(&wake),
        };
        worker.first_pass();
        let thread =
            std::thread::Builder::new().name("follower".to_owned()).spawn(move || worker.run())?;
        Ok(Follower { wake, thread: Some(thread) })
    }
}

impl Follower {
    /// Reads once more what is there, and ends; its publisher is dropped.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.wake.stop();
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

struct Worker {
    sources: SourceSet,
    options: FollowOptions,
    publisher: Publisher,
    report: Report,
    wake: Arc<Wake>,
    /// The same, for whoever may wake it.
    waker: Waker,
    watcher: Option<Watcher>,
    /// Of how many sources linemux was told.
    told: usize,
    hints: Hints,
    /// The source that was the only one which hints told of: soon they will tell of it again.
    likely: Option<usize>,
    /// That there are no hints was said.
    has_complained: bool,
    scratch: Vec<u8>,
    /// Files that were let go under one name and may appear under another.
    retired: VecDeque<Generation>,
    pace: Schedule,
    flood: HintLimiter,
    healed: Instant,
    /// When patterns were last held against the file system, and how long that took.
    matched: (Instant, Duration),
}

impl Worker {
    /// Whoever comes first is to find what there was, unless that takes long.
    fn first_pass(&mut self) {
        let began = Instant::now();
        for index in 0..self.sources.followed.len() {
            if began.elapsed() < FIRST_PASS {
                self.serve(index, Instant::now());
            }
        }
    }

    fn run(mut self) {
        sleep_precisely();
        self.start_watching();
        self.check(true, Instant::now());
        // Nobody is woken by hints before they were asked for once.
        self.take_hints(Instant::now());
        while !self.wake.wait(self.pause()) {
            self.step(Instant::now());
        }
        self.finish();
    }

    /// How long there is nothing to do unless there is a hint.
    fn pause(&self) -> Duration {
        if self.hints.check || !self.hints.dirty.is_empty() || self.has_untold() {
            return Duration::ZERO;
        }
        let now = Instant::now();
        let is_level = !self.pace.is_active() || self.publisher.is_caught_up(&self.waker);
        self.pace.pause(now, self.sources.followed.len(), self.is_flooded(), is_level)
    }

    fn step(&mut self, now: Instant) {
        if self.watcher.is_none() && self.flood.is_over(now) {
            self.start_watching();
        }
        if self.has_untold() {
            self.tell_some();
        }
        if let Some(index) = self.likely
            && self.watcher.is_some()
        {
            self.serve(index, now);
        }
        self.take_hints(now);
        if std::mem::take(&mut self.hints.check) {
            self.pace.want_check();
        }
        let dirty = std::mem::take(&mut self.hints.dirty);
        if let Some(&index) = dirty.iter().next() {
            self.likely = (dirty.len() == 1).then_some(index);
        }
        for index in dirty {
            self.pace.deactivate(index);
            self.serve(index, now);
        }
        let (is_flooded, names_changed) = (self.is_flooded(), self.pace.is_check_wanted());
        if self.pace.is_check_due(now, self.sources.followed.len(), is_flooded) {
            self.check(names_changed, now);
            return;
        }
        for index in self.pace.due(now) {
            self.serve_unasked(index, now);
        }
    }

    /// Takes the hints there are, and does without while they come in a flood.
    fn take_hints(&mut self, now: Instant) {
        let Some(watcher) = &mut self.watcher else { return };
        watcher.take(&mut self.hints);
        if self.flood.count(std::mem::take(&mut self.hints.events), now) {
            self.watcher = None;
        }
    }

    /// Hints are done without for now, although there could be some.
    fn is_flooded(&self) -> bool {
        self.watcher.is_none() && self.options.watch && !self.has_complained
    }

    fn start_watching(&mut self) {
        if !self.options.watch || self.has_complained {
            return;
        }
        match Watcher::new(Arc::clone(&self.wake), self.report.clone()) {
            Ok(watcher) => {
                self.watcher = Some(watcher);
                self.told = 0;
                self.tell_some();
            }
            Err(error) => {
                self.has_complained = true;
                self.report.say(&format!(
                    "the kernel gives no notifications ({error}), so changes are found by looking; \
                     to have them again, raise fs.inotify.max_user_instances with sysctl"
                ));
            }
        }
    }

    /// Whether linemux is still to be told of some sources.
    fn has_untold(&self) -> bool {
        self.watcher.is_some() && self.told < self.sources.followed.len()
    }

    /// Tells linemux of the next sources.
    fn tell_some(&mut self) {
        if let Some(watcher) = &mut self.watcher {
            let new = self.sources.followed[self.told..].iter().take(TOLD_AT_ONCE);
            self.told += new.len();
            watcher.watch(new.map(|new| (&*new.path, new.source.id)));
        }
    }

    /// Looks at everything.
    fn check(&mut self, names_changed: bool, now: Instant) {
        self.find_sources(names_changed, now);
        for index in 0..self.sources.followed.len() {
            if !self.sources.followed[index].is_quiet() {
                self.serve_unasked(index, now);
            }
        }
        self.retired.retain(Generation::is_linked);
        if now - self.healed >= HEAL {
            self.heal(now);
        }
    }

    fn find_sources(&mut self, names_changed: bool, now: Instant) {
        let (last, took) = self.matched;
        let pause = if names_changed { took } else { (took * PATTERN_SHARE).min(PATTERN_MOST) };
        if !self.sources.has_patterns() || now - last < pause {
            return;
        }
        let known = self.sources.followed.len();
        self.sources.find_all();
        self.matched = (now, now.elapsed());
        self.publisher.publish(paths(&self.sources.followed[known..]).collect());
    }

    /// linemux forgets, and does not notice that a directory was made anew.
    fn heal(&mut self, now: Instant) {
        self.healed = now;
        if self.watcher.as_ref().is_some_and(Watcher::is_stale) {
            self.watcher = None;
            self.start_watching();
        } else {
            self.told = 0;
        }
    }

    /// Reads until there is nothing left, as far as that is possible in a moment.
    fn finish(&mut self) {
        for index in 0..self.sources.followed.len() {
            for _ in 0..LAST_TURNS {
                if !self.serve(index, Instant::now()).more {
                    break;
                }
            }
        }
    }

    /// Serves a source of which no hint has told.
    fn serve_unasked(&mut self, index: usize, now: Instant) {
        if self.serve(index, now).bytes > 0 {
            self.pace.activate(index, now);
        }
    }

    /// Looks where the name leads, reads what is new, lets go what is done.
    fn serve(&mut self, index: usize, now: Instant) -> Turn {
        let looked = self.sources.followed[index].looked();
        if looked.is_none_or(|looked| now - looked >= LOOK) {
            self.look(index, now);
        }
        let Worker { sources, scratch, options, publisher, report, .. } = self;
        let followed = &mut sources.followed[index];
        let source = Arc::clone(&followed.source);
        let turn = followed.read(scratch, &options.cutting, wall_clock(), |news| {
            tell(&source, news, publisher, report, &sources.registry);
        });
        if turn.more {
            self.pace.activate(index, now);
        }
        self.retire(index, now);
        self.record(index);
        if turn.bytes > 0 {
            self.take_hints(now);
        }
        turn
    }

    fn look(&mut self, index: usize, now: Instant) {
        let mut news = Vec::new();
        let followed = &mut self.sources.followed[index];
        match followed.look(now) {
            PathTarget::Same => followed.stay(&mut news),
            PathTarget::Missing => followed.lose(now, &mut news),
            PathTarget::Unreadable(reason) => followed.complain(reason, &mut news),
            PathTarget::New(file, id, kind) => self.claim(index, (file, id, kind), now, &mut news),
        }
        self.tell(index, news);
    }

    /// Begins to read a file, unless another source is reading it or has read it: then what
    /// was read is not read again.
    fn claim(
        &mut self,
        index: usize,
        (file, id, kind): (LogFile, FileId, Kind),
        now: Instant,
        news: &mut Vec<Update>,
    ) {
        if self.sources.followed[index].turn_back(id, now, news) {
            return;
        }
        if self.is_held_elsewhere(index, id) {
            self.sources.followed[index].park(now);
            return;
        }
        let retired = self.retired.iter().position(|generation| generation.id() == id);
        let followed = &mut self.sources.followed[index];
        match retired.and_then(|at| self.retired.remove(at)) {
            Some(generation) => followed.push(generation.revived(), false, now, news),
            None => followed.open((file, id, kind), None, now, news),
        }
        // Its directory may be another one than before, too.
        if let Some(watcher) = &mut self.watcher {
            watcher.watch([(&*followed.path, followed.source.id)].into_iter());
        }
    }

    /// Another source has this file, and it was not asked for under this name as well.
    fn is_held_elsewhere(&self, index: usize, id: FileId) -> bool {
        let is_explicit = self.sources.followed[index].is_explicit;
        self.sources.followed.iter().enumerate().any(|(other, source)| {
            other != index && source.holds(id) && !(is_explicit && source.leads_to(id))
        })
    }

    fn retire(&mut self, index: usize, now: Instant) {
        let linger = self.options.linger;
        while let Some(mut generation) = self.sources.followed[index].retire(now, linger) {
            let mut news = Vec::new();
            if !self.is_awaited(index, generation.id()) {
                let lines = generation.finish(&self.options.cutting, wall_clock());
                news.extend(lines.into_iter().map(Update::Lines));
            }
            news.extend(generation.mark(false).map(Update::Note));
            self.tell(index, news);
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
        self.sources
            .followed
            .iter()
            .enumerate()
            .any(|(other, source)| other != index && !source.holds(id) && source.leads_to(id))
    }

    fn tell(&self, index: usize, news: Vec<Update>) {
        let source = &self.sources.followed[index].source;
        tell(source, news, &self.publisher, &self.report, &self.sources.registry);
    }

    fn record(&mut self, index: usize) {
        let SourceSet { followed, registry, .. } = &mut self.sources;
        followed[index].record(registry);
    }
}

/// Under which paths sources are followed, for the journal.
fn paths(followed: &[Followed]) -> impl Iterator<Item = Draft> {
    followed.iter().map(|followed| Draft {
        source: Arc::clone(&followed.source),
        content: DraftContent::Note(JournalNote::Path(followed.path.clone())),
    })
}

/// Publishes what happened to a source.
pub(super) fn tell(
    source: &Arc<Source>,
    news: Vec<Update>,
    publisher: &Publisher,
    report: &Report,
    registry: &Registry,
) {
    let mut drafts = Vec::with_capacity(news.len());
    let (mut lines_read, mut bytes_read) = (0, 0);
    for item in news {
        let content = match item {
            Update::Lines(lines) => {
                lines_read += lines.spans.iter().filter(|span| !span.more).count() as u64;
                bytes_read += lines.bytes.len() as u64;
                DraftContent::Lines(lines)
            }
            Update::Change(change) => {
                let event = ControlEvent::Source { file: &source.name, change };
                DraftContent::Control(event.to_json())
            }
            Update::Note(note) => DraftContent::Note(note),
            Update::Say(sentence) => {
                report.say(&sentence);
                continue;
            }
            Update::SayOnce(sentence) => {
                report.say_once(sentence);
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
