//! The follower: the threads that read every followed path when there is reason to.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use super::coordinator::{Coordinator, paths};
use super::desk::Desk;
use super::lanes::Lanes;
use super::opened_sources::OpenedSources;
use super::update::UpdatePublisher;
use crate::feed::Publisher;
use crate::report::Report;

/// Threads that follow paths until they are stopped.
#[derive(Debug)]
pub struct Follower {
    desk: Arc<Desk>,
    thread: Option<JoinHandle<()>>,
}

impl OpenedSources {
    /// Starts threads that follow the sources.
    ///
    /// Lines that existed at start are published before this returns, unless they are many.
    /// Fails if no thread can be started.
    pub fn follow(self, publisher: Publisher, report: Report) -> io::Result<Follower> {
        let OpenedSources { options, catalog, sources, walker, desk, news, .. } = self;
        let walker = walker?;
        self.missing.iter().for_each(|sentence| report.say(sentence));
        // In one step, so that the journal has all of an earlier run before any event follows.
        publisher.publish(paths(sources.iter()).chain(self.checkpoints).collect());
        let registry = catalog.registry.clone();
        let output = UpdatePublisher { publisher, report, registry };
        for (id, updates) in self.updates {
            if let Some(followed) = sources.get(id) {
                output.publish(&followed.source, updates);
            }
        }
        let lanes = Lanes {
            mounts: Arc::clone(&catalog.mounts),
            descriptors: Arc::clone(&catalog.descriptors),
            options: options.clone(),
            output: output.clone(),
            desk: Arc::clone(&desk),
            walker: walker.clone(),
            retired: self.retired,
            running: HashMap::new(),
        };
        let (start_at, on_desk) = (options.start_at, Arc::clone(&desk));
        let mut coordinator = Coordinator {
            catalog,
            start_at,
            walker,
            desk: on_desk,
            output,
            lanes,
            delayed: Vec::new(),
        };
        coordinator.start_lanes(sources.into_values())?;
        let run = move || coordinator.run(news);
        let thread = std::thread::Builder::new().name("coordinator".to_owned()).spawn(run)?;
        Ok(Follower { desk, thread: Some(thread) })
    }
}

impl Follower {
    /// Reads the last bytes of every source, ends the threads, and drops their publishers.
    ///
    /// A thread that waits for a hung mount is left behind.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.desk.wake.stop();
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
