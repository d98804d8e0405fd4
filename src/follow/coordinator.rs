//! The coordinator: a thread that gives every followed path to the worker of its mount.
//!
//! It touches no followed file, so that no file can hold it up.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::catalog::Catalog;
use super::desk::{Desk, Returned};
use super::followed_path::FollowedPath;
use super::lane::LaneMessage;
use super::lanes::Lanes;
use super::mount::Mount;
use super::source_status::SourceState;
use super::start_at::StartAt;
use super::update::UpdatePublisher;
use super::walk::{WalkUpdate, Walker};
use crate::feed::{Draft, DraftContent};
use crate::journal::JournalNote;

/// Longest pause of the coordinator. Twice the time notices a mount that hangs as much later, and
/// half of it wakes an idle program twice as often.
const PAUSE: Duration = Duration::from_millis(500);

/// Time without progress after which a worker is stalled. Twice the time tells users as much
/// later; with half of it, slow disks are called stalled.
const STALLED: Duration = Duration::from_secs(2);

/// Everything that the thread of the coordinator works with.
pub(super) struct Coordinator {
    pub(super) catalog: Catalog,
    /// The first line of files that existed at the start of the program.
    pub(super) start_at: StartAt,
    pub(super) walker: Option<Arc<Walker>>,
    pub(super) desk: Arc<Desk>,
    pub(super) output: UpdatePublisher,
    pub(super) lanes: Lanes,
    /// Paths whose worker could not be started.
    pub(super) delayed: Vec<FollowedPath>,
}

impl Coordinator {
    /// Starts a worker for each mount, and follows the sources with them.
    pub(super) fn start_lanes(
        &mut self,
        sources: impl Iterator<Item = FollowedPath>,
    ) -> io::Result<()> {
        let mut by_mount: BTreeMap<Mount, Vec<FollowedPath>> = BTreeMap::new();
        by_mount.entry(Mount::Local).or_default();
        for followed in sources {
            by_mount.entry(followed.mount).or_default().push(followed);
        }
        for (mount, followed) in by_mount {
            self.lanes.start(mount, followed)?;
        }
        Ok(())
    }

    /// Works until the desk is told to stop, then stops all workers.
    pub(super) fn run(mut self, news: Vec<WalkUpdate>) {
        self.take_news(news);
        while !self.desk.wake.wait(PAUSE) {
            if let Some(walker) = &self.walker {
                let news = walker.take();
                self.take_news(news);
            }
            for returned in self.desk.take() {
                self.take_back(returned);
            }
            for followed in std::mem::take(&mut self.delayed) {
                self.follow(followed);
            }
            self.report_stalled();
            self.forget();
        }
        self.lanes.stop();
    }

    fn take_news(&mut self, news: Vec<WalkUpdate>) {
        let numbers: Vec<usize> = self.catalog.patterns().map(|(number, _)| number).collect();
        for update in news {
            match update {
                WalkUpdate::Found { pattern, path, is_first } => {
                    let start_at = is_first.then_some(&self.start_at);
                    if let Some(followed) = self.catalog.add(&path, numbers[pattern], start_at) {
                        self.output.publisher.publish(paths([&followed].into_iter()).collect());
                        self.follow(followed);
                    }
                }
                WalkUpdate::Directory(directory) => {
                    let mount = self.catalog.mounts.of(&directory);
                    self.lanes.send(mount, LaneMessage::Watch(directory));
                }
                WalkUpdate::Say(sentence) => self.output.report.say(&sentence),
            }
        }
    }

    fn take_back(&mut self, returned: Returned) {
        match returned {
            Returned::Moved(followed) => self.follow(followed),
            Returned::Gone(followed) => {
                let path = followed.path.clone();
                self.catalog.put_aside(followed);
                // The name may have come back meanwhile.
                if let Some(walker) = &self.walker {
                    walker.forget(&path);
                    walker.request();
                }
            }
        }
    }

    fn follow(&mut self, followed: FollowedPath) {
        let mount = followed.mount;
        self.catalog.set_mount(&followed.path, mount);
        if !self.lanes.has(mount)
            && let Err(error) = self.lanes.start(mount, Vec::new())
        {
            let path = followed.path.display();
            self.output.report.say(&format!(
                "{path} cannot be followed yet: no thread can be started ({error}); trying again"
            ));
            return self.delayed.push(followed);
        }
        self.lanes.send(mount, LaneMessage::Follow(Box::new(followed)));
    }

    /// Marks the sources of workers that make no progress, and reports each such worker once.
    fn report_stalled(&mut self) {
        for (mount, running) in self.lanes.iter_mut() {
            let is_stalled = running.lane.without_progress() >= STALLED;
            if is_stalled == running.is_stalled {
                continue;
            }
            running.is_stalled = is_stalled;
            let sources: Vec<_> = self.catalog.on_mount(*mount).collect();
            let Some(path) = sources.iter().map(|(path, _)| path).min() else { continue };
            let (path, more) = (path.display(), sources.len() - 1);
            let others = if more > 0 { format!(" and {more} more") } else { String::new() };
            if is_stalled {
                for (_, source) in &sources {
                    self.output
                        .registry
                        .update(source, |status| status.state = SourceState::Stalled);
                }
                self.output.report.say(&format!(
                    "{path}{others}: the file system does not answer; reading goes on when it does"
                ));
            } else {
                running.lane.send(LaneMessage::Refresh);
                self.output.report.say(&format!("{path}{others}: the file system answers again"));
            }
        }
    }

    fn forget(&mut self) {
        let forgotten = self.catalog.forget(&self.output.publisher);
        let note = |source| Draft { source, content: DraftContent::Note(JournalNote::Forgotten) };
        self.output.publisher.publish(forgotten.into_iter().map(note).collect());
    }
}

/// Notes for the journal: the path of each source.
pub(super) fn paths<'a>(
    followed: impl Iterator<Item = &'a FollowedPath>,
) -> impl Iterator<Item = Draft> {
    followed.map(|followed| Draft {
        source: Arc::clone(&followed.source),
        content: DraftContent::Note(JournalNote::Path(followed.path.clone())),
    })
}
