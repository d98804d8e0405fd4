//! The servers that are followed, and the threads that follow them.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::runtime::Builder;
use tokio::sync::watch;

use super::lineage::Lineage;
use super::relay::{KnownSource, Relay, below, child_path};
use super::task::UpstreamTask;
use super::tls_client::TrustedRoots;
use super::wanted_upstream::WantedUpstream;
use crate::event::Cutting;
use crate::feed::{Draft, DraftContent, Publisher};
use crate::follow::{Registry, SourceKind, StartAt};
use crate::journal::{JournalNote, Recovered};
use crate::report::Report;

/// Options that hold for all servers.
#[derive(Clone, Debug)]
pub struct UpstreamOptions {
    /// The first line that is wanted of each source, when a server is followed for the first time.
    pub start_at: StartAt,
    /// Rules by which lines are redacted, filtered and cut.
    pub cutting: Cutting,
    /// The authorities that are trusted; without them, no encrypted connection is possible.
    pub roots: Option<TrustedRoots>,
}

/// Servers with their places in the feed, before anything is read.
#[derive(Debug)]
pub struct OpenedUpstreams {
    options: UpstreamOptions,
    registry: Registry,
    opened: Vec<Opened>,
}

#[derive(Debug)]
struct Opened {
    wanted: WantedUpstream,
    kind: SourceKind,
    /// The text by which the journal knows the server.
    key: String,
    head: KnownSource,
    /// The sources of an earlier run, with the names that the server uses.
    known: Vec<(String, KnownSource)>,
}

/// Threads that follow servers.
#[derive(Debug)]
pub struct Upstreams {
    stop: watch::Sender<bool>,
    threads: Vec<JoinHandle<()>>,
}

impl OpenedUpstreams {
    /// Adds the servers and their sources of an earlier run to `registry`.
    #[must_use]
    pub fn resume(
        wanted: Vec<WantedUpstream>,
        options: UpstreamOptions,
        registry: &Registry,
        recovered: &mut Recovered,
    ) -> Self {
        let opened = wanted.into_iter().map(|wanted| Opened::resume(wanted, registry, recovered));
        OpenedUpstreams { options, opened: opened.collect(), registry: registry.clone() }
    }

    /// Starts the threads.
    ///
    /// The journal knows the sources and positions before this returns.
    pub fn follow(
        self,
        publisher: &Publisher,
        report: &Report,
        lineage: &Lineage,
    ) -> io::Result<Upstreams> {
        let (stop, stopped) = watch::channel(false);
        let mut threads = Vec::new();
        for (number, opened) in self.opened.into_iter().enumerate() {
            publisher.publish(opened.notes());
            let task = UpstreamTask {
                number,
                relay: opened.relay(&self.options, publisher, &self.registry),
                position: opened.head.progress.position.clone().unwrap_or_default(),
                name: opened.head.source.name.clone(),
                wanted: opened.wanted,
                start_at: self.options.start_at.clone(),
                roots: self.options.roots.clone(),
                lineage: lineage.clone(),
                report: report.clone(),
            };
            threads.push(spawn(task, stopped.clone())?);
        }
        Ok(Upstreams { stop, threads })
    }
}

impl Opened {
    fn resume(wanted: WantedUpstream, registry: &Registry, recovered: &mut Recovered) -> Self {
        let kind = SourceKind::Upstream(wanted.address.as_str().into());
        let head = registry.add(kind.clone(), wanted.name.clone());
        let key = wanted.address.key();
        let progress = recovered.resume(key.as_ref(), &head);
        let head = KnownSource { source: head, progress };
        let prefix = child_path(&key, "");
        let name_of =
            |path: &PathBuf| path.to_str()?.strip_prefix(prefix.to_str()?).map(str::to_owned);
        let names: Vec<String> =
            recovered.followed().filter_map(|known| name_of(&known.path)).collect();
        let mut known = Vec::new();
        for name in names {
            let Some(full) = below(&head.source.name, name.as_bytes()) else { continue };
            let source = registry.add(kind.clone(), full);
            let progress = recovered.resume(&child_path(&key, &name), &source);
            known.push((name, KnownSource { source, progress }));
        }
        Opened { wanted, kind, key, head, known }
    }

    /// The paths by which the journal finds the sources again.
    fn notes(&self) -> Vec<Draft> {
        let draft = |known: &KnownSource, path: PathBuf| {
            let source = Arc::clone(&known.source);
            Draft { source, content: DraftContent::Note(JournalNote::Path(path)) }
        };
        let head = draft(&self.head, self.key.as_str().into());
        let known = self.known.iter();
        let known = known.map(|(name, known)| draft(known, child_path(&self.key, name)));
        [head].into_iter().chain(known).collect()
    }

    fn relay(
        &self,
        options: &UpstreamOptions,
        publisher: &Publisher,
        registry: &Registry,
    ) -> Relay {
        Relay::new(
            self.head.clone(),
            self.known.clone(),
            (self.kind.clone(), self.key.clone()),
            options.cutting.clone(),
            publisher.clone(),
            registry.clone(),
        )
    }
}

fn spawn(mut task: UpstreamTask, mut stopped: watch::Receiver<bool>) -> io::Result<JoinHandle<()>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("upstream".to_owned()).spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                () = task.run() => {}
                _ = stopped.wait_for(|stop| *stop) => {}
            }
        });
        drop(task);
        // A look-up of a name cannot be interrupted, and is left behind.
        runtime.shutdown_background();
    })
}

impl Upstreams {
    /// Ends the threads.
    pub fn stop(self) {
        self.stop.send_replace(true);
        for thread in self.threads {
            let _ = thread.join();
        }
    }
}
