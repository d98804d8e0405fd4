//! The follower: a thread that reads every followed path when there is reason to.

use std::io;
use std::sync::Arc;
use std::task::Waker;
use std::thread::JoinHandle;
use std::time::Instant;

use super::generation::Generation;
use super::hints::HintSource;
use super::opened_sources::OpenedSources;
use super::ownership::Ownership;
use super::schedule::Schedule;
use super::update::UpdatePublisher;
use super::wake_signal::WakeSignal;
use super::worker::{Worker, paths};
use crate::feed::Publisher;
use crate::report::Report;

/// A thread that follows paths until it is stopped.
#[derive(Debug)]
pub struct Follower {
    wake: Arc<WakeSignal>,
    thread: Option<JoinHandle<()>>,
}

impl OpenedSources {
    /// Starts a thread that follows the sources.
    ///
    /// Lines that existed at start are published before this returns, unless they are many.
    /// Fails if no thread can be started.
    pub fn follow(self, publisher: Publisher, report: Report) -> io::Result<Follower> {
        let OpenedSources { options, sources, checkpoints, updates, retired } = self;
        for sentence in sources.missing() {
            report.say(&sentence);
        }
        // In one step, so that the journal has all of an earlier run before any event follows.
        publisher.publish(paths(&sources.followed).chain(checkpoints).collect());
        let registry = sources.registry.clone();
        let output = UpdatePublisher { publisher, report: report.clone(), registry };
        for (followed, updates) in sources.followed.iter().zip(updates) {
            output.publish(&followed.source, updates);
        }
        let now = Instant::now();
        let wake = Arc::new(WakeSignal::default());
        let waker = Waker::from(Arc::clone(&wake));
        let mut worker = Worker {
            scratch: Generation::scratch(&options.cutting),
            hints: HintSource::new(options.watch, waker.clone(), report, now),
            ownership: Ownership::new(retired),
            schedule: Schedule::new(now),
            wake: Arc::clone(&wake),
            waker,
            sources,
            options,
            output,
        };
        worker.first_pass();
        let thread =
            std::thread::Builder::new().name("follower".to_owned()).spawn(move || worker.run())?;
        Ok(Follower { wake, thread: Some(thread) })
    }
}

impl Follower {
    /// Reads the last bytes of every source, ends the thread, and drops its publisher.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.wake.stop();
        if let Some(thread) = self.thread.take() {
            // The panic hook has reported a panic of the thread.
            let _ = thread.join();
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.end();
    }
}
