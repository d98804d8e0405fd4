//! Random sequences of what can happen to files, against a model of the lines that are owed.
//!
//! Each sequence runs a real follower in this process, in a directory of its
//! own; many run at a time, because they mostly wait. `SSETAIL_MODEL_SEQUENCES`
//! sets how many, `SSETAIL_MODEL_SEED` where to begin, so that one that failed
//! can be run again.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use ssetail::Report;
use ssetail::event::{
    Batch, Cutting, Encoder, Epoch, GapReason, LineFilter, Position, Span, Splitter,
};
use ssetail::feed::{Backlog, Feed, Read, Start, Subscriber, feed};
use ssetail::follow::{
    FollowOptions, Follower, OpenedSources, Pattern, Registry, StartAt, Target, WantedSource,
};
use ssetail::store::Capacity;

/// How long a replaced file is read in these sequences.
const LINGER: Duration = Duration::from_millis(900);
const DEADLINE: Duration = Duration::from_secs(30);
const AT_A_TIME: usize = 40;

/// How the followed path is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Path,
    /// Rotated names match as well.
    Glob,
    /// The directory is a symbolic link that is pointed elsewhere.
    Link,
}

/// Numbers that only depend on the seed (`SplitMix64`, Steele et al. 2014).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % sides
    }
}

/// A file as its writer knows it.
struct Writer {
    file: File,
    generation: usize,
    /// Target stands after its last newline.
    partial: String,
    replaced: Option<Instant>,
    /// In which release it stands under the followed name.
    release: Option<usize>,
}

/// A client that reads now and then, a little at a time, and sometimes comes back anew.
struct Laggard {
    subscriber: Subscriber,
    position: Position,
    /// Target it got of all that was published; nothing where a gap was told.
    got: Vec<Option<String>>,
}

/// One sequence.
struct Sequence {
    root: tempfile::TempDir,
    asked: Asked,
    dice: Dice,
    writers: Vec<Writer>,
    generations: usize,
    rotations: usize,
    /// To which the link leads.
    release: usize,
    lines: usize,
    /// Target has to come, of each generation in its order.
    owed: HashMap<usize, Vec<String>>,
    /// Target may come: unfinished lines of files that were truncated before anybody could look.
    allowed: Vec<String>,
    seen: Vec<String>,
    subscriber: Subscriber,
    /// Target stands at each seq, from 1 on.
    published: Vec<String>,
    laggard: Laggard,
    feed: Feed,
    follower: Option<Follower>,
    history: Vec<&'static str>,
}

impl Sequence {
    fn new(seed: u64, watch: bool) -> Self {
        let mut dice = Dice(seed);
        let root = tempfile::tempdir().expect("a directory");
        let asked = [Asked::Path, Asked::Glob, Asked::Link][dice.roll(3) as usize];
        if asked == Asked::Link {
            std::fs::create_dir_all(root.path().join("release.0")).expect("made");
            std::os::unix::fs::symlink("release.0", root.path().join("dir")).expect("linked");
        } else {
            std::fs::create_dir(root.path().join("dir")).expect("made");
        }
        let path = root.path().join("dir/app.log");
        let what = match asked {
            Asked::Glob => {
                Target::Pattern(Pattern::new(&path.with_extension("log*")).expect("a pattern"))
            }
            Asked::Path | Asked::Link => Target::Path(path),
        };
        let options = FollowOptions {
            start_at: StartAt::Line(1),
            linger: LINGER,
            cutting: Cutting {
                splitter: Splitter { max_line: 32 * 1024, binary: false },
                filter: LineFilter::default(),
            },
            watch,
        };
        // In every other sequence, nearly all has to be read from the files again.
        let bytes = [64 << 20, 2000][dice.roll(2) as usize];
        let capacity = Capacity { lines: 1 << 20, bytes, index_bytes: 16 << 20 };
        let encoder = Encoder::new(Epoch::from_random(seed));
        let (publisher, feed) = feed(encoder, capacity, options.cutting.clone());
        let wanted = vec![WantedSource { name: None, target: what }];
        let opened = OpenedSources::new(wanted, options, &Registry::default());
        let follower = opened.follow(publisher, Report::new(|_| ())).expect("started");
        Sequence {
            root,
            asked,
            dice,
            writers: Vec::new(),
            generations: 0,
            rotations: 0,
            release: 0,
            lines: 0,
            owed: HashMap::new(),
            allowed: Vec::new(),
            seen: Vec::new(),
            subscriber: feed.subscribe(Start::New(Backlog::Ring)),
            published: Vec::new(),
            laggard: Laggard::new(&feed),
            feed,
            follower: Some(follower),
            history: Vec::new(),
        }
    }

    fn run(mut self, actions: u64) -> Result<(), String> {
        for _ in 0..actions {
            let action = self.dice.roll(16);
            self.act(action);
            if self.dice.roll(3) == 0 {
                std::thread::sleep(Duration::from_millis(self.dice.roll(40)));
            }
            if self.dice.roll(2) == 0 {
                self.read();
            }
            for _ in 0..self.dice.roll(4) {
                self.laggard.read();
            }
            if self.dice.roll(8) == 0 {
                self.laggard.come_back(&self.feed);
            }
        }
        self.act(0);
        let settled = self.settle().and_then(|()| self.check_order());
        let settled = settled.and_then(|()| self.check_laggard());
        settled.map_err(|failure| format!("{failure}, after {}", self.history.join(", ")))
    }

    fn act(&mut self, action: u64) {
        let (name, act): (_, fn(&mut Self)) = match action {
            0..=3 => ("append", Self::append),
            4 => ("append a piece", Self::append_piece),
            5 => ("append much", Self::append_much),
            6 => ("rotate", Self::rotate),
            7 => ("rotate twice", |s| {
                s.rotate();
                s.append();
                s.rotate();
            }),
            8 => ("truncate", Self::truncate),
            9 => ("truncate and grow", |s| {
                s.truncate();
                s.append_much();
            }),
            10 => ("delete", Self::delete),
            11 => ("replace", Self::replace),
            12 => ("late write", Self::write_late),
            13 => ("move the directory", Self::move_directory),
            14 => ("link elsewhere", Self::link_elsewhere),
            _ => ("restart the writer", Self::restart_writer),
        };
        self.history.push(name);
        act(self);
    }

    fn path(&self) -> PathBuf {
        self.root.path().join("dir/app.log")
    }

    /// The writer of what stands under the name now.
    fn current(&mut self) -> &mut Writer {
        if self.writers.last().is_none_or(|writer| writer.replaced.is_some()) {
            let path = self.path();
            self.create(&path);
        }
        self.writers.last_mut().expect("a writer")
    }

    fn create(&mut self, path: &Path) {
        let file = OpenOptions::new().append(true).create_new(true).open(path).expect("created");
        let generation = self.generations;
        self.generations += 1;
        self.owed.insert(generation, Vec::new());
        self.writers.push(Writer {
            file,
            generation,
            partial: String::new(),
            replaced: None,
            release: Some(self.release),
        });
    }

    fn write(&mut self, index: usize, text: &str) {
        let writer = &mut self.writers[index];
        writer.file.write_all(text.as_bytes()).expect("written");
        let whole = std::mem::take(&mut writer.partial) + text;
        let mut lines: Vec<&str> = whole.split('\n').collect();
        lines.pop().unwrap_or_default().clone_into(&mut writer.partial);
        let owed = self.owed.get_mut(&writer.generation).expect("a generation");
        owed.extend(lines.into_iter().map(str::to_owned));
    }

    fn text(&mut self, lines: u64) -> String {
        (0..lines)
            .map(|_| {
                self.lines += 1;
                let pad = "x".repeat(self.dice.roll(60) as usize);
                format!("<{}>{pad}\n", self.lines)
            })
            .collect()
    }

    fn append(&mut self) {
        self.current();
        let lines = 1 + self.dice.roll(4);
        let text = self.text(lines);
        let last = self.writers.len() - 1;
        self.write(last, &text);
    }

    fn append_much(&mut self) {
        self.current();
        let lines = self.dice.roll(3000);
        let text = self.text(lines);
        let last = self.writers.len() - 1;
        self.write(last, &text);
    }

    fn append_piece(&mut self) {
        self.current();
        let text = self.text(1);
        let last = self.writers.len() - 1;
        let len = self.dice.roll(text.len() as u64) as usize;
        self.write(last, &text[..len]);
    }

    /// Waits until the follower, too, has the file open: 100 ms are promised to be enough, but
    /// not on a machine that runs forty followers at a time.
    fn keep_named(&mut self) {
        self.current();
        let path = self.path().canonicalize().expect("a path");
        let descriptors = || {
            let all = std::fs::read_dir("/proc/self/fd").expect("readable").flatten();
            let target = |fd: std::fs::DirEntry| std::fs::read_link(fd.path()).ok();
            all.filter_map(target).filter(|target| *target == path).count()
        };
        let deadline = Instant::now() + DEADLINE;
        while descriptors() < 2 {
            assert!(Instant::now() < deadline, "the follower did not open {}", path.display());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The file does not have the followed name any more.
    fn leave(&mut self) -> &mut Writer {
        let writer = self.writers.last_mut().expect("a writer");
        writer.replaced = Some(Instant::now());
        writer.release = None;
        writer
    }

    fn rotate(&mut self) {
        self.keep_named();
        for n in (0..self.rotations).rev() {
            let name = |n| self.path().with_file_name(format!("app.log.{n}"));
            if name(n).exists() {
                std::fs::rename(name(n), name(n + 1)).expect("renamed");
            }
        }
        self.rotations += 1;
        let rotated = self.path().with_file_name("app.log.0");
        std::fs::rename(self.path(), rotated).expect("renamed");
        self.leave();
        self.current();
    }

    /// Target could not be read before a truncation is not owed: everything is read first.
    fn truncate(&mut self) {
        self.current();
        if let Err(missing) = self.settle() {
            panic!("before a truncation: {missing}, after {}", self.history.join(", "));
        }
        let writer = self.current();
        writer.file.set_len(0).expect("truncated");
        let partial = std::mem::take(&mut writer.partial);
        self.allowed.push(partial);
        let generation = self.generations;
        self.generations += 1;
        self.owed.insert(generation, Vec::new());
        self.current().generation = generation;
    }

    fn delete(&mut self) {
        self.keep_named();
        std::fs::remove_file(self.path()).expect("removed");
        self.leave();
    }

    fn replace(&mut self) {
        self.keep_named();
        self.leave();
        let (new, path) = (self.path().with_file_name("new"), self.path());
        self.create(&new);
        std::fs::rename(new, path).expect("renamed");
    }

    /// A writer that has not heard of the rotation yet.
    fn write_late(&mut self) {
        let is_late = |writer: &Writer| {
            writer.replaced.is_some_and(|replaced| replaced.elapsed() < LINGER / 9)
        };
        if let Some(index) = self.writers.iter().rposition(is_late) {
            let text = self.text(1);
            self.write(index, &text);
        }
    }

    fn move_directory(&mut self) {
        if self.asked == Asked::Link {
            return;
        }
        self.keep_named();
        let directory = self.root.path().join("dir");
        let away = self.root.path().join(format!("away.{}", self.generations));
        std::fs::rename(&directory, away).expect("renamed");
        self.leave();
        std::fs::create_dir(&directory).expect("made");
        self.rotations = 0;
    }

    /// A release that is new, or back to an earlier one.
    fn link_elsewhere(&mut self) {
        if self.asked != Asked::Link {
            return;
        }
        self.keep_named();
        let release = self.dice.roll(4) as usize;
        let earlier = self.writers.iter().position(|writer| writer.release == Some(release));
        if release == self.release || earlier.is_some_and(|at| !self.writers[at].partial.is_empty())
        {
            return;
        }
        let name = format!("release.{release}");
        std::fs::create_dir_all(self.root.path().join(&name)).expect("made");
        let next = self.root.path().join("next");
        std::os::unix::fs::symlink(name, &next).expect("linked");
        std::fs::rename(next, self.root.path().join("dir")).expect("renamed");
        let left = self.release;
        self.leave().release = Some(left);
        self.release = release;
        if let Some(at) = earlier {
            let mut writer = self.writers.remove(at);
            writer.replaced = None;
            self.writers.push(writer);
            // It may still be open from before, so that only a line tells that it is read again.
            self.append();
            if let Err(missing) = self.settle() {
                panic!("back at a release: {missing}, after {}", self.history.join(", "));
            }
        }
    }

    /// It died in the middle of a line, or not; its successor goes on in the same file.
    fn restart_writer(&mut self) {
        self.append_piece();
        let path = self.path();
        self.current().file = OpenOptions::new().append(true).open(path).expect("opened");
    }

    /// Takes what has been published.
    fn read(&mut self) {
        let mut cx = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(read)) = self.subscriber.poll_read(&mut cx, |_| true) {
            let (from, batches) = match read {
                Read::Events(from, batches) => (from, batches),
                Read::Gap(gap) => panic!("{gap:?}, after {}", self.history.join(", ")),
            };
            for batch in &batches {
                let events = texts(batch, from);
                if batch.lines().is_some() {
                    self.seen.extend_from_slice(&events);
                }
                self.published.extend(events);
            }
        }
    }

    /// Waits until everything that is owed has come, and nothing else.
    fn settle(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            self.read();
            let missing = self.missing()?;
            if missing.is_empty() {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(format!(
                    "{} lines did not come, first {:?}",
                    missing.len(),
                    missing[0]
                ));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Target is owed and has not come; an error for what has come and is not owed.
    fn missing(&self) -> Result<Vec<String>, String> {
        let mut counts: HashMap<&str, i32> = HashMap::new();
        for line in &self.seen {
            *counts.entry(line).or_default() += 1;
        }
        let mut missing = Vec::new();
        for line in self.owed.values().flatten() {
            match counts.get_mut(line.as_str()) {
                Some(count) if *count > 0 => *count -= 1,
                _ => missing.push(line.clone()),
            }
        }
        let left = self.writers.iter().filter(|w| w.replaced.is_some()).map(|w| &w.partial);
        for partial in left {
            if let Some(count) = counts.get_mut(partial.as_str()) {
                *count -= i32::from(*count > 0);
            }
        }
        for partial in &self.allowed {
            // As much of it as had been read when it was truncated away.
            let read = counts.iter_mut().filter(|(line, n)| **n > 0 && partial.starts_with(**line));
            // The longest, because a shorter one may be what was read of another.
            if let Some((_, count)) = read.max_by_key(|(line, _)| line.len()) {
                *count -= 1;
            }
        }
        match counts.into_iter().find(|(_, count)| *count > 0) {
            Some((line, count)) => {
                Err(format!("{line:?} came {count} times more than it was written"))
            }
            None => Ok(missing),
        }
    }

    /// The lines of one file come in its order.
    fn check_order(&self) -> Result<(), String> {
        let place: HashMap<&str, usize> =
            self.seen.iter().enumerate().map(|(i, line)| (line.as_str(), i)).collect();
        for owed in self.owed.values() {
            let unique = owed.iter().filter(|line| line.starts_with('<'));
            let places: Vec<_> = unique.map(|line| place[line.as_str()]).collect();
            if !places.is_sorted() {
                return Err("the lines of a file changed their order".to_owned());
            }
        }
        Ok(())
    }
}

impl Sequence {
    /// Every event has come to the slow client as to the fast one, or is counted in a gap; and
    /// there is one only where bytes were truncated away.
    fn check_laggard(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + DEADLINE;
        while self.laggard.got.len() < self.published.len() {
            if !self.laggard.read() {
                std::thread::sleep(Duration::from_millis(1));
            }
            if Instant::now() > deadline {
                return Err(format!("the slow client got only {}", self.laggard.got.len()));
            }
        }
        let truncated = self.history.iter().any(|action| action.starts_with("truncate"));
        for (seq, (got, published)) in self.laggard.got.iter().zip(&self.published).enumerate() {
            match got {
                Some(got) if got == published => {}
                None if truncated => {}
                _ => return Err(format!("{got:?} came as {}, not {published:?}", seq + 1)),
            }
        }
        Ok(())
    }
}

impl Laggard {
    fn new(feed: &Feed) -> Self {
        let subscriber = feed.subscribe(Start::New(Backlog::Ring));
        Laggard { position: subscriber.cursor(), subscriber, got: Vec::new() }
    }

    /// Takes one read; false if there is nothing yet.
    fn read(&mut self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        let Poll::Ready(Some(read)) = self.subscriber.poll_read(&mut cx, |_| true) else {
            return false;
        };
        match read {
            Read::Events(from, batches) => {
                assert_eq!(from.next, self.got.len() as u64 + 1, "nothing is left out or doubled");
                self.got.extend(batches.iter().flat_map(|batch| texts(batch, from)).map(Some));
            }
            Read::Gap(gap) => {
                assert_eq!(gap.reason, GapReason::Truncated);
                let lost = gap.lost.expect("a count") as usize;
                self.got.extend(std::iter::repeat_n(None, lost));
                assert_eq!(gap.position.next, self.got.len() as u64 + 1);
            }
        }
        self.position = self.subscriber.cursor();
        true
    }

    /// It reconnects with the last ID it has.
    fn come_back(&mut self, feed: &Feed) {
        let id = feed.encoder().id(self.position);
        self.subscriber = feed.subscribe(Start::After(Ok(id), Backlog::Ring));
    }
}

/// The events of a batch from a position on.
fn texts(batch: &Batch, from: Position) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let all: Vec<String> = match batch.lines() {
        Some(lines) => {
            let line = |span: &Span| text(&lines.bytes[span.start as usize..span.end as usize]);
            lines.spans.iter().map(line).collect()
        }
        None => batch.control_json().map(|json| json.to_string()).into_iter().collect(),
    };
    all.into_iter().skip(from.next.saturating_sub(batch.first()) as usize).collect()
}

impl Drop for Sequence {
    fn drop(&mut self) {
        if let Some(follower) = self.follower.take() {
            follower.stop();
        }
    }
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().map_or(default, |text| text.parse().expect("a number"))
}

fn run_sequences(count: u64, watch: bool) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(4)
        .build()
        .expect("a runtime");
    let first = number("SSETAIL_MODEL_SEED", getrandom::u64().expect("random") >> 16);
    let count = number("SSETAIL_MODEL_SEQUENCES", count);
    let next = AtomicU64::new(0);
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                let _inside = runtime.enter();
                loop {
                    let seed = first + next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count || !failures.lock().expect("whole").is_empty() {
                        return;
                    }
                    let sequence = Sequence::new(seed, watch);
                    let asked = sequence.asked;
                    let run = std::panic::AssertUnwindSafe(|| sequence.run(12));
                    let failure = match std::panic::catch_unwind(run) {
                        Ok(Ok(())) => continue,
                        Ok(Err(failure)) => failure,
                        Err(_) => "it panicked, see above".to_owned(),
                    };
                    failures
                        .lock()
                        .expect("whole")
                        .push(format!("seed {seed}, {asked:?}: {failure}"));
                }
            });
        }
    });
    let failures = failures.into_inner().expect("whole");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_line_that_is_owed_comes_once() {
    run_sequences(1000, true);
}

#[test]
fn every_line_that_is_owed_comes_once_without_notifications() {
    run_sequences(1000, false);
}
