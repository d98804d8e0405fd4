//! The lanes: a running worker for each mount.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::task::Waker;
use std::time::{Duration, Instant};

use super::descriptors::Descriptors;
use super::desk::Desk;
use super::directory_names::DirectoryNames;
use super::followed_path::FollowedPath;
use super::generation::Generation;
use super::hints::HintSource;
use super::lane::{Lane, LaneMessage};
use super::mount::{Mount, Mounts};
use super::options::FollowOptions;
use super::ownership::Ownership;
use super::retired_files::RetiredFiles;
use super::schedule::Schedule;
use super::source_map::SourceMap;
use super::update::UpdatePublisher;
use super::walk::Walker;
use super::worker::Worker;

/// Time for which the end of the program waits for a worker whose mount may hang. Twice the time
/// delays the exit as much; with half of it, the last lines of slow mounts are lost more often.
const LAST_READ: Duration = Duration::from_millis(250);

/// Everything that a new worker needs, and the workers that run.
pub(super) struct Lanes {
    pub(super) mounts: Arc<Mounts>,
    pub(super) descriptors: Arc<Descriptors>,
    pub(super) options: FollowOptions,
    pub(super) output: UpdatePublisher,
    pub(super) desk: Arc<Desk>,
    pub(super) walker: Option<Arc<Walker>>,
    /// Files that an earlier run had retired, until the worker of their mount starts.
    pub(super) retired: RetiredFiles,
    pub(super) running: HashMap<Mount, RunningLane>,
}

/// A worker that runs.
pub(super) struct RunningLane {
    pub(super) lane: Arc<Lane>,
    /// Ends when the thread does.
    finished: Receiver<Infallible>,
    /// The worker was reported as stalled, and has made no progress since.
    pub(super) is_stalled: bool,
}

impl Lanes {
    pub(super) fn has(&self, mount: Mount) -> bool {
        self.running.contains_key(&mount)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&Mount, &mut RunningLane)> {
        self.running.iter_mut()
    }

    /// Sends a message to the worker of a mount, if there is one.
    pub(super) fn send(&self, mount: Mount, message: LaneMessage) {
        if let Some(running) = self.running.get(&mount) {
            running.lane.send(message);
        }
    }

    /// Starts the worker of a mount.
    ///
    /// Lines of local files that existed at start are published before this returns, unless they
    /// are many.
    pub(super) fn start(&mut self, mount: Mount, followed: Vec<FollowedPath>) -> io::Result<()> {
        let lane = Arc::new(Lane::new());
        let mut worker = self.worker(mount, &lane);
        for followed in followed {
            worker.sources.insert(followed);
        }
        if mount == Mount::Local {
            worker.first_pass();
        }
        let (sender, finished) = channel();
        let name = if mount == Mount::Local { "follower" } else { "mount" };
        std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            worker.run();
            drop(sender);
        })?;
        self.running.insert(mount, RunningLane { lane, finished, is_stalled: false });
        Ok(())
    }

    fn worker(&mut self, mount: Mount, lane: &Arc<Lane>) -> Worker {
        let (now, waker) = (Instant::now(), Waker::from(Arc::clone(&lane.wake)));
        let mounts = Arc::clone(&self.mounts);
        let is_ours = Box::new(move |path: &Path| mounts.of(path) == mount);
        let Lanes { mounts, descriptors, options, output, desk, walker, retired, .. } = self;
        Worker {
            mount,
            mounts: Arc::clone(mounts),
            descriptors: Arc::clone(descriptors),
            sources: SourceMap::default(),
            scratch: Generation::scratch(&options.cutting),
            hints: HintSource::new(
                options.watch,
                waker.clone(),
                output.report.clone(),
                is_ours,
                now,
            ),
            ownership: Ownership::new(retired.take_mount(mount)),
            schedule: Schedule::new(now),
            options: options.clone(),
            output: output.clone(),
            lane: Arc::clone(lane),
            names: DirectoryNames::default(),
            desk: Arc::clone(desk),
            walker: walker.clone(),
            waker,
        }
    }

    /// Reads the last bytes of every source, and ends the threads, but for those that hang.
    pub(super) fn stop(self) {
        for running in self.running.values() {
            running.lane.wake.stop();
        }
        let deadline = Instant::now() + LAST_READ;
        for (mount, running) in self.running {
            let left = deadline.saturating_duration_since(Instant::now());
            // No value is ever sent: both calls return when the thread has ended.
            let _ = match mount {
                Mount::Local => running.finished.recv().map_err(drop),
                Mount::MayHang(_) => running.finished.recv_timeout(left).map_err(drop),
            };
        }
    }
}
