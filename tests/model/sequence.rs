//! One sequence: a followed path, its writers, and the clients that read the published lines.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use ssetail::Report;
use ssetail::event::{Cutting, Encoder, Epoch, GapReason};
use ssetail::feed::{Backlog, Feed, Gap, Publisher, Read, Start, Subscriber, feed};
use ssetail::follow::{
    FollowOptions, Follower, OpenedSources, Pattern, Registry, StartAt, Target, WantedSource,
};
use ssetail::store::Capacity;

use super::random::Random;
use super::reference::Reference;
use super::slow_client::{SlowClient, texts};
use crate::harness::DEADLINE;

/// Time for which the followers keep reading a replaced file.
pub const LINGER: Duration = Duration::from_millis(900);

/// The way in which the followed path is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    Path,
    /// The glob also matches the names of rotated files.
    Glob,
    /// The directory is a symbolic link that changes.
    Link,
}

/// A file as its writer knows it.
pub struct Writer {
    pub file: File,
    pub generation: usize,
    /// The text after the last newline.
    pub unfinished: String,
    pub replaced: Option<Instant>,
    /// The release directory in which the file has the followed name.
    pub release: Option<usize>,
}

/// The state of one sequence.
pub struct Sequence {
    pub root: tempfile::TempDir,
    pub layout: Layout,
    pub random: Random,
    pub writers: Vec<Writer>,
    pub rotations: usize,
    /// The release directory that the link leads to.
    pub release: usize,
    pub lines: usize,
    pub reference: Reference,
    /// Names of the actions so far.
    pub history: Vec<&'static str>,
    subscriber: Subscriber,
    /// Event texts, from seq 1 on.
    /// Events that were read, by their seq; `None` if a gap stands for the event.
    events: Vec<Option<String>>,
    slow_client: SlowClient,
    feed: Feed,
    follower: Option<Follower>,
}

impl Sequence {
    pub fn new(seed: u64, watch: bool) -> Self {
        let mut random = Random(seed);
        let root = tempfile::tempdir().expect("a directory");
        let layout = [Layout::Path, Layout::Glob, Layout::Link][random.below(3) as usize];
        create_directories(root.path(), layout);
        // In every second sequence, nearly all events have to be read again from the files.
        let bytes = [64 << 20, 2000][random.below(2) as usize];
        let capacity = Capacity { lines: 1 << 20, bytes, index_bytes: 16 << 20 };
        let encoder = Encoder::new(Epoch::from_random(seed));
        let options = options(watch);
        let (publisher, feed) = feed(encoder, capacity, options.cutting.clone());
        let target = target(&root.path().join("dir/app.log"), layout);
        Sequence {
            root,
            layout,
            random,
            writers: Vec::new(),
            rotations: 0,
            release: 0,
            lines: 0,
            reference: Reference::default(),
            history: Vec::new(),
            subscriber: feed.subscribe(Start::New(Backlog::Ring)),
            events: Vec::new(),
            slow_client: SlowClient::new(&feed),
            feed,
            follower: Some(follow(target, options, publisher)),
        }
    }

    /// Does random actions, and checks that all owed lines are published.
    pub fn run(mut self, actions: u64) -> Result<(), String> {
        for _ in 0..actions {
            let action = self.random.below(19);
            self.act(action);
            // The pauses make the sequences differ; no check depends on their length.
            if self.random.below(3) == 0 {
                std::thread::sleep(Duration::from_millis(self.random.below(40)));
            }
            // A deleted file is let go after the linger; this client is seldom that far behind.
            self.read();
            for _ in 0..self.random.below(4) {
                self.slow_client.read();
            }
            if self.random.below(8) == 0 {
                self.slow_client.reconnect(&self.feed);
            }
        }
        self.act(0);
        let result = self.settle().and_then(|()| self.reference.check_order());
        let result = result.and_then(|()| self.check_slow_client());
        result.map_err(|failure| format!("{failure}, after {}", self.history.join(", ")))
    }

    pub fn path(&self) -> PathBuf {
        self.root.path().join("dir/app.log")
    }

    /// Returns the writer of the file that has the followed name now.
    pub fn current(&mut self) -> &mut Writer {
        if self.writers.last().is_none_or(|writer| writer.replaced.is_some()) {
            let path = self.path();
            self.create(&path);
        }
        self.writers.last_mut().expect("a writer")
    }

    pub fn create(&mut self, path: &Path) {
        let file = OpenOptions::new().append(true).create_new(true).open(path).expect("created");
        self.writers.push(Writer {
            file,
            generation: self.reference.add_generation(),
            unfinished: String::new(),
            replaced: None,
            release: Some(self.release),
        });
    }

    /// Reads the events that have been published.
    pub fn read(&mut self) {
        let mut cx = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(read)) = self.subscriber.poll_read(&mut cx, |_| true) {
            let (from, batches) = match read {
                Read::Events(from, batches) => (from, batches),
                Read::Gap(Gap { lost: Some(lost), reason: GapReason::Slow, position })
                    if self.may_miss() =>
                {
                    self.events.extend(std::iter::repeat_n(None, lost as usize));
                    assert_eq!(position.next, self.events.len() as u64 + 1);
                    continue;
                }
                lost => panic!("{lost:?}, after {}", self.history.join(", ")),
            };
            for batch in &batches {
                let events = texts(batch, from);
                if batch.lines().is_some() {
                    self.reference.published.extend_from_slice(&events);
                }
                self.events.extend(events.into_iter().map(Some));
            }
        }
    }

    /// Waits until every owed line is published, and no other.
    pub fn settle(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            self.read();
            let replaced = self.writers.iter().filter(|writer| writer.replaced.is_some());
            let unfinished = replaced.map(|writer| writer.unfinished.as_str());
            let missing = self.reference.missing(unfinished)?;
            let lost = self.events.iter().filter(|event| event.is_none()).count();
            let Some(first) = missing.get(lost) else {
                return Ok(());
            };
            if Instant::now() > deadline {
                return Err(format!("{} lines are missing, first {first:?}", missing.len()));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Returns whether a file was truncated or deleted, so that a client that is behind can miss
    /// lines.
    fn may_miss(&self) -> bool {
        let loses = |action: &&str| {
            ["truncate", "delete", "replace", "come"].iter().any(|loss| action.starts_with(loss))
        };
        self.history.iter().any(loses)
    }

    /// Checks that the slow client got every event, or a gap where a file was truncated or deleted.
    fn check_slow_client(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + DEADLINE;
        while self.slow_client.events.len() < self.events.len() {
            if !self.slow_client.read() {
                std::thread::sleep(Duration::from_millis(1));
            }
            if Instant::now() > deadline {
                return Err(format!("the slow client got {}", self.slow_client.events.len()));
            }
        }
        let may_miss = self.may_miss();
        for (i, (got, published)) in self.slow_client.events.iter().zip(&self.events).enumerate() {
            match got {
                got if got == published => {}
                Some(_) if published.is_none() => {}
                None if may_miss => {}
                _ => return Err(format!("event {} is {got:?}, not {published:?}", i + 1)),
            }
        }
        Ok(())
    }
}

impl Drop for Sequence {
    fn drop(&mut self) {
        if let Some(follower) = self.follower.take() {
            follower.stop();
        }
    }
}

fn create_directories(root: &Path, layout: Layout) {
    if layout == Layout::Link {
        std::fs::create_dir_all(root.join("release.0")).expect("created");
        std::os::unix::fs::symlink("release.0", root.join("dir")).expect("linked");
    } else {
        std::fs::create_dir(root.join("dir")).expect("created");
    }
}

fn target(path: &Path, layout: Layout) -> Target {
    match layout {
        Layout::Glob => {
            Target::Pattern(Pattern::new(&path.with_extension("log*")).expect("a pattern"))
        }
        Layout::Path | Layout::Link => Target::Path(path.to_owned()),
    }
}

fn options(watch: bool) -> FollowOptions {
    FollowOptions { start_at: StartAt::Line(1), linger: LINGER, cutting: Cutting::default(), watch }
}

fn follow(target: Target, options: FollowOptions, publisher: Publisher) -> Follower {
    let wanted = vec![WantedSource { name: None, target }];
    let opened = OpenedSources::new(wanted, options, &Registry::default());
    opened.follow(publisher, Report::new(|_| ())).expect("the follower starts")
}
