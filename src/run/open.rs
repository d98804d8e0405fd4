//! Phase 4: everything that the program opens: the state, the listeners, the spool, the sources.
//!
//! The listeners are bound before any file is changed or followed, so that a second program with
//! the same arguments fails without an effect.

use std::io::{IsTerminal as _, Write};
use std::path::PathBuf;

use anyhow::Context as _;

use super::command::{OpenedCommand, start};
use super::environment::Environment;
#[cfg(feature = "nats")]
use super::reach::OpenedNode;
use super::reading::{OpenedInput, Reading, Streams};
use crate::event::{Encoder, Epoch};
use crate::feed::{Feed, Publisher, resume};
use crate::follow::{
    FollowOptions, InputCopies, OpenedJournal, OpenedSources, Registry, Spool, Target, WantedSource,
};
use crate::http::{Access, Listeners, Secret, listen};
use crate::journal::{Journal, Recovered};
use crate::record::Clock;
use crate::report::Report;
use crate::settings::{CommandSettings, Settings, SourceSettings, SpoolSettings, StdinSettings};
use crate::status::{Status, Tee};
use crate::store::History;
use crate::system::{local_zone, wall_clock};
use crate::upstream::{OpenedUpstreams, TrustedRoots, UpstreamOptions};

/// The journal of this run, and what it has recovered of earlier runs.
pub(super) struct State {
    journal: Option<Journal>,
    recovered: Recovered,
}

/// The addresses of the server, and the credentials it asks for.
pub(super) struct Bound {
    pub(super) listeners: Listeners,
    pub(super) access: Access,
    /// Token that was generated for this run, for the URL that is printed.
    pub(super) generated: Option<Secret>,
    tee: Option<Tee>,
    descriptors: Option<u64>,
}

/// Everything that is open before anything is read.
pub(super) struct Opened {
    bound: Bound,
    registry: Registry,
    feed: Feed,
    publisher: Publisher,
    files: Option<OpenedSources>,
    upstreams: Option<OpenedUpstreams>,
    journals: Vec<OpenedJournal>,
    #[cfg(feature = "nats")]
    node: Option<OpenedNode>,
    streams: Streams,
}

impl State {
    /// Creates and locks the directory of `--state`, if it is set, and reads its journal.
    ///
    /// The journal stays as it is until the first publication.
    pub(super) fn open(settings: &Settings, report: &Report) -> anyhow::Result<Self> {
        let Some(directory) = &settings.state else {
            return Ok(State { journal: None, recovered: Recovered::nothing() });
        };
        let patterns = settings.sources.files.iter().filter_map(pattern).collect();
        let report = report.clone();
        let (journal, recovered) = Journal::open(
            directory,
            settings.capacity.index_bytes,
            &settings.follow.cutting,
            patterns,
            move |sentence| report.say(sentence),
        )?;
        Ok(State { journal: Some(journal), recovered })
    }
}

fn pattern(wanted: &WantedSource) -> Option<PathBuf> {
    match &wanted.target {
        Target::Pattern(pattern) => Some(pattern.text().to_owned()),
        Target::Path(_) => None,
    }
}

/// Binds the addresses; generates a token if other machines can connect without credentials.
pub(super) async fn bind(settings: &Settings, environment: Environment) -> anyhow::Result<Bound> {
    let Environment { inherited, tee, mut access, descriptors } = environment;
    let listeners = listen(&settings.listen.addresses, settings.listen.port, inherited).await?;
    let generated = settings.access.generate_token(&access, &listeners)?;
    if let Some(token) = &generated {
        access = Access::new(None, Some(token.clone())).map_err(anyhow::Error::msg)?;
    }
    Ok(Bound { listeners, access, generated, tee, descriptors })
}

impl Bound {
    /// Starts the command, opens the spool and the files, and resumes the feed of the earlier run.
    pub(super) fn open_sources(
        self,
        state: State,
        settings: &Settings,
        status: &Status,
    ) -> anyhow::Result<Opened> {
        let State { mut journal, mut recovered } = state;
        let roots = trusted_roots(settings)?;
        // After the start of the command, only calls of the system can fail.
        let streams = self.open_streams(&settings.sources)?;
        settings.sources.refused.iter().for_each(|sentence| status.say(sentence));
        if settings.sources.input.is_some() && std::io::stdin().is_terminal() {
            status.say("reading lines from the keyboard; Ctrl-D ends the input");
        }
        settings.reach.advice(settings.state.is_some()).iter().for_each(|text| status.say(text));
        let (wanted, options) = (settings.sources.files.clone(), settings.follow.clone());
        let registry = Registry::default();
        let journals = open_journals(settings, &registry, &mut recovered);
        let files = (!wanted.is_empty())
            .then(|| OpenedSources::resume(wanted, options, &registry, &mut recovered));
        let upstreams = open_upstreams(settings, roots, &registry, &mut recovered);
        let encoder = Encoder::new(match recovered.epoch() {
            Some(epoch) => epoch.clone(),
            None => {
                Epoch::from_random(getrandom::u64().context("the kernel has no random numbers")?)
            }
        })
        .with_clock(Clock::new(&local_zone(), wall_clock()));
        if let Some(journal) = &mut journal {
            journal.keep(&recovered);
        }
        let history = recovered.history(settings.capacity.index_bytes);
        let opened = OpenedFeed::open(settings, encoder, history, journal, &registry);
        let OpenedFeed { publisher, feed, .. } = opened;
        tokio::spawn(feed.clone().relay());
        Ok(Opened {
            bound: self,
            registry,
            feed,
            publisher,
            files,
            upstreams,
            journals,
            #[cfg(feature = "nats")]
            node: opened.node,
            streams,
        })
    }

    fn open_streams(&self, sources: &SourceSettings) -> anyhow::Result<Streams> {
        let input = sources.input.as_ref().map(|input| self.open_input(input)).transpose()?;
        let command = sources.command.as_ref().map(|command| self.open_command(command));
        let command = command.transpose()?;
        Ok(Streams { input, command, exits_at_end: sources.exits_at_end })
    }

    fn open_input(&self, settings: &StdinSettings) -> anyhow::Result<OpenedInput> {
        let spool = settings.spool.as_ref().map(create_spool).transpose()?;
        let tee = settings.has_tee.then(|| self.stdout());
        Ok(OpenedInput { name: settings.name.clone(), copies: InputCopies { tee, spool } })
    }

    fn open_command(&self, settings: &CommandSettings) -> anyhow::Result<OpenedCommand> {
        let spool = settings.spool.as_ref().map(create_spool).transpose()?;
        let copies = InputCopies { tee: Some(self.stdout()), spool };
        start(settings, copies, self.descriptors)
    }

    /// Returns standard output, to which streams are copied.
    fn stdout(&self) -> Box<dyn Write + Send> {
        match &self.tee {
            Some(tee) => Box::new(tee.clone()),
            None => Box::new(std::io::stdout()),
        }
    }
}

impl Opened {
    /// Starts the threads that read.
    pub(super) fn start_reading(
        self,
        settings: &Settings,
        report: &Report,
    ) -> anyhow::Result<(Bound, Reading)> {
        let Opened {
            bound, registry, feed, publisher, files, upstreams, journals, streams, ..
        } = self;
        let reading = Reading::follow(files, feed, registry, publisher, report)?;
        let reading = match upstreams {
            Some(upstreams) => reading.with_upstreams(upstreams, report)?,
            None => reading,
        };
        let reading = reading.with_journals(journals, report)?;
        #[cfg(feature = "nats")]
        let reading = reading.with_reach(self.node, settings.reach.agent.clone(), report)?;
        Ok((bound, reading.with_streams(streams, &settings.follow.cutting, report)?))
    }
}

/// The feed of this run.
struct OpenedFeed {
    publisher: Publisher,
    feed: Feed,
    /// The stream whose messages it has.
    #[cfg(feature = "nats")]
    node: Option<OpenedNode>,
}

impl OpenedFeed {
    /// Makes the feed of a stream, or else resumes that of the earlier run.
    fn open(
        settings: &Settings,
        encoder: Encoder,
        history: History,
        journal: Option<Journal>,
        #[cfg_attr(not(feature = "nats"), expect(unused_variables, reason = "for streams"))]
        registry: &Registry,
    ) -> Self {
        let (capacity, cutting) = (settings.capacity, settings.follow.cutting.clone());
        #[cfg(feature = "nats")]
        if let Some(options) = settings.reach.node.clone() {
            let (node, publisher, feed) =
                OpenedNode::open(options, encoder, capacity, cutting, registry);
            return OpenedFeed { publisher, feed, node: Some(node) };
        }
        let (publisher, feed) = resume(encoder, capacity, cutting, history, journal);
        OpenedFeed {
            publisher,
            feed,
            #[cfg(feature = "nats")]
            node: None,
        }
    }
}

/// Returns the authorities of `--tls-ca`, or those of the system if a server is encrypted.
fn trusted_roots(settings: &Settings) -> anyhow::Result<Option<TrustedRoots>> {
    let is_encrypted =
        settings.sources.upstreams.iter().any(|wanted| wanted.address.is_encrypted());
    match &settings.authorities {
        Some(file) => Ok(Some(TrustedRoots::in_file(file)?)),
        None => is_encrypted.then(TrustedRoots::of_system).transpose(),
    }
}

/// Adds the servers of the command line; none if there are none.
fn open_upstreams(
    settings: &Settings,
    roots: Option<TrustedRoots>,
    registry: &Registry,
    recovered: &mut Recovered,
) -> Option<OpenedUpstreams> {
    let wanted = settings.sources.upstreams.clone();
    if wanted.is_empty() {
        return None;
    }
    let FollowOptions { start_at, cutting, .. } = settings.follow.clone();
    let options = UpstreamOptions { start_at, cutting, roots };
    Some(OpenedUpstreams::resume(wanted, options, registry, recovered))
}

fn open_journals(
    settings: &Settings,
    registry: &Registry,
    recovered: &mut Recovered,
) -> Vec<OpenedJournal> {
    let FollowOptions { start_at, cutting, .. } = &settings.follow;
    let wanted = settings.sources.journals.iter().cloned();
    wanted
        .map(|wanted| OpenedJournal::resume(wanted, start_at.clone(), cutting, registry, recovered))
        .collect()
}

fn create_spool(settings: &SpoolSettings) -> anyhow::Result<Spool> {
    let names = settings.names.clone();
    Spool::create(names, settings.capacity)
        .with_context(|| format!("cannot write to the spool {}", settings.names))
}
