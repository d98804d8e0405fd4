//! Phase 5: the threads that read sources.

use std::future::pending;
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::watch;

use super::command::{CommandControl, OpenedCommand};
#[cfg(feature = "nats")]
use super::reach::{OpenedNode, Reach};
use crate::event::{Cutting, Name};
use crate::feed::{Feed, Publisher};
use crate::follow::{
    CommandOutput, Follower, Input, InputCopies, InputSettings, Inputs, Journal, OpenedJournal,
    OpenedSources, Registry,
};
#[cfg(feature = "nats")]
use crate::nats::AgentOptions;
use crate::report::Report;
use crate::upstream::{Lineage, OpenedUpstreams, Upstreams};

/// Maximum time to read the last lines when the program stops.
///
/// A reader that writes to a blocked standard output never ends.
/// A longer time delays the exit then; a shorter one can lose lines of a slow disk.
const STOP_TIMEOUT: Duration = Duration::from_millis(500);

/// Standard input, ready to be read.
pub(super) struct OpenedInput {
    pub(super) name: Name,
    pub(super) copies: InputCopies,
}

/// Standard input and the command, ready to be read.
pub(super) struct Streams {
    pub(super) input: Option<OpenedInput>,
    pub(super) command: Option<OpenedCommand>,
    /// The program stops when all of them have ended.
    pub(super) exits_at_end: bool,
}

/// Threads that read, and the feed that they publish to.
pub(super) struct Reading {
    pub(super) registry: Registry,
    pub(super) feed: Feed,
    /// The runs from which events come.
    pub(super) lineage: Lineage,
    pub(super) command: Option<CommandControl>,
    follower: Option<Follower>,
    upstreams: Option<Upstreams>,
    journals: Vec<Journal>,
    #[cfg(feature = "nats")]
    pub(super) reach: Reach,
    inputs: Vec<Input>,
    /// Become true at the ends of the streams.
    ends: Vec<watch::Receiver<bool>>,
    /// The one of the command.
    command_end: Option<watch::Receiver<bool>>,
    /// The program stops when all streams have ended.
    exits_at_end: bool,
    /// Keeps the feed open after the end of all streams, for clients that connect later.
    publisher: Publisher,
}

impl Reading {
    /// Starts to follow `files`.
    ///
    /// The follower tells the journal the paths of its files before it returns, so that no event
    /// comes before them in the journal.
    pub(super) fn follow(
        files: Option<OpenedSources>,
        feed: Feed,
        registry: Registry,
        publisher: Publisher,
        report: &Report,
    ) -> anyhow::Result<Self> {
        let follow = |files: OpenedSources| files.follow(publisher.clone(), report.clone());
        let follower = files.map(follow).transpose().context("cannot start a thread")?;
        Ok(Reading {
            lineage: Lineage::new(feed.encoder().epoch().clone()),
            registry,
            feed,
            command: None,
            follower,
            upstreams: None,
            journals: Vec::new(),
            #[cfg(feature = "nats")]
            reach: Reach::default(),
            inputs: Vec::new(),
            ends: Vec::new(),
            command_end: None,
            exits_at_end: false,
            publisher,
        })
    }

    /// Starts to follow other servers.
    pub(super) fn with_upstreams(
        self,
        upstreams: OpenedUpstreams,
        report: &Report,
    ) -> anyhow::Result<Self> {
        let upstreams = upstreams.follow(&self.publisher, report, &self.lineage);
        let upstreams = Some(upstreams.context("cannot start a thread")?);
        Ok(Reading { upstreams, ..self })
    }

    /// Starts to read journals.
    pub(super) fn with_journals(
        mut self,
        journals: Vec<OpenedJournal>,
        report: &Report,
    ) -> anyhow::Result<Self> {
        for journal in journals {
            let journal = journal.follow(self.publisher.clone(), report.clone());
            self.journals.push(journal.context("cannot start a thread")?);
        }
        Ok(self)
    }

    /// Starts to read a stream of messages, or to publish to one.
    #[cfg(feature = "nats")]
    pub(super) fn with_reach(
        mut self,
        node: Option<OpenedNode>,
        agent: Option<AgentOptions>,
        report: &Report,
    ) -> anyhow::Result<Self> {
        if let Some(node) = node {
            self.reach.start_node(node, self.publisher.clone(), &self.registry, report)?;
        }
        if let Some(agent) = agent {
            self.reach.start_agent(agent, self.feed.clone(), report)?;
        }
        Ok(self)
    }

    /// Waits until there is something to serve, if that takes time.
    #[cfg_attr(not(feature = "nats"), expect(clippy::unused_async, reason = "streams wait"))]
    pub(super) async fn ready(&self) {
        #[cfg(feature = "nats")]
        self.reach.ready().await;
    }

    /// Waits until everything that was read is in the stream, if it is published to one.
    #[cfg_attr(not(feature = "nats"), expect(clippy::unused_async, reason = "streams wait"))]
    pub(super) async fn published(&self) {
        #[cfg(feature = "nats")]
        self.reach.published(&self.feed).await;
    }

    /// Waits until a part of the program cannot go on; returns a sentence that says why.
    pub(super) async fn wait_for_failure(&self) -> String {
        #[cfg(feature = "nats")]
        if let Some(mut failure) = self.reach.failure()
            && let Ok(sentence) = failure.wait_for(Option::is_some).await
            && let Some(sentence) = sentence.clone()
        {
            return sentence;
        }
        pending().await
    }

    /// Starts to read standard input and the command.
    pub(super) fn with_streams(
        mut self,
        streams: Streams,
        cutting: &Cutting,
        report: &Report,
    ) -> anyhow::Result<Self> {
        let Streams { input, command, exits_at_end } = streams;
        let count = usize::from(input.is_some()) + usize::from(command.is_some());
        let has_files = self.follower.is_some() || self.upstreams.is_some();
        let inputs = Inputs::new(count, !has_files && self.journals.is_empty());
        let settings = |name, copies| {
            let (inputs, cutting) = (inputs.clone(), cutting.clone());
            InputSettings { name, inputs, cutting, copies }
        };
        self.exits_at_end = exits_at_end;
        if let Some(OpenedInput { name, copies }) = input {
            self.start_input(settings(name, copies), report)?;
        }
        if let Some(OpenedCommand { name, copies, output }) = command {
            self.start_command(output, settings(name, copies), report)?;
        }
        Ok(self)
    }

    fn start_input(&mut self, settings: InputSettings, report: &Report) -> anyhow::Result<()> {
        let (publisher, report) = (self.publisher.clone(), report.clone());
        let (name, said, goes_on) = (settings.name.clone(), report.clone(), !self.exits_at_end);
        let has_ended = self.add_end();
        let ended = move || {
            if goes_on {
                said.say(&format!("{name} has ended; its lines are served until Ctrl-C"));
            }
            has_ended();
        };
        let input = Input::start(settings, &self.registry, publisher, report, ended);
        self.inputs.push(input.context("cannot start a thread")?);
        Ok(())
    }

    fn start_command(
        &mut self,
        output: CommandOutput,
        settings: InputSettings,
        report: &Report,
    ) -> anyhow::Result<()> {
        let process = output.process().clone();
        self.command = Some(CommandControl::new(process.clone())?);
        let (publisher, report) = (self.publisher.clone(), report.clone());
        let (name, said, goes_on) = (settings.name.clone(), report.clone(), !self.exits_at_end);
        let has_ended = self.add_end();
        self.command_end = self.ends.last().cloned();
        let ended = move || {
            if let Some(exit) = process.exit().filter(|_| goes_on) {
                said.say(&format!("{name} {exit}; its output is served until Ctrl-C"));
            }
            has_ended();
        };
        let input =
            Input::start_command(output, settings, &self.registry, publisher, report, ended);
        self.inputs.push(input.context("cannot start a thread")?);
        Ok(())
    }

    /// Adds a stream; the function that is returned is called at its end.
    fn add_end(&mut self) -> impl FnOnce() + Send + 'static {
        let (sender, end) = watch::channel(false);
        self.ends.push(end);
        move || {
            sender.send_replace(true);
        }
    }

    /// Waits until the program is to stop because all streams have ended.
    pub(super) async fn wait_for_end(&self) {
        if self.exits_at_end {
            wait_for_all(&self.ends).await;
        } else {
            pending::<()>().await;
        }
    }

    /// Waits until the last lines of the command, which has ended, are published, but not for a
    /// standard output that takes nothing.
    pub(super) async fn wait_for_command(&self) {
        let ends = self.command_end.as_slice();
        let _ = tokio::time::timeout(STOP_TIMEOUT, wait_for_all(ends)).await;
    }

    /// Publishes the lines that are there, and stops the threads; leaves those that block.
    pub(super) async fn stop(self) {
        let _ = tokio::time::timeout(STOP_TIMEOUT, self.published()).await;
        let join = tokio::task::spawn_blocking(move || self.join());
        let _ = tokio::time::timeout(STOP_TIMEOUT, join).await;
    }

    /// Stops the threads and waits for them; the last publisher ends the journal here.
    fn join(self) {
        #[cfg(feature = "nats")]
        let mut reach = self.reach;
        #[cfg(feature = "nats")]
        reach.stop_node();
        self.inputs.into_iter().for_each(Input::stop);
        if let Some(upstreams) = self.upstreams {
            upstreams.stop();
        }
        self.journals.into_iter().for_each(Journal::stop);
        if let Some(follower) = self.follower {
            follower.stop();
        }
        #[cfg(feature = "nats")]
        reach.stop_agent();
    }
}

/// Waits until all streams have ended; forever after a panic of a thread that reads one.
async fn wait_for_all(ends: &[watch::Receiver<bool>]) {
    for end in ends {
        if end.clone().wait_for(|has_ended| *has_ended).await.is_err() {
            pending::<()>().await;
        }
    }
}
