//! Phase 5, for streams of a NATS server: the threads that publish to one, or read one.

use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::event::{Cutting, Encoder};
use crate::feed::{Feed, Publisher, feed_of_messages};
use crate::follow::Registry;
use crate::http::SiteFigure;
use crate::nats::{Agent, AgentOptions, Figures, Node, NodeOptions};
use crate::report::Report;
use crate::store::Capacity;

/// Longest time for which the server waits until a node has read the newest events.
///
/// Clients that come before have no newest lines. With a longer time, a page is refused for longer
/// while the stream cannot be reached.
const READY: Duration = Duration::from_secs(2);

/// Time between two looks at what the stream has, when the program stops.
const POLL: Duration = Duration::from_millis(5);

/// A stream that will be read.
pub(super) struct OpenedNode {
    options: NodeOptions,
    head: std::sync::Arc<crate::event::Source>,
}

/// The threads of streams.
#[derive(Default)]
pub(super) struct Reach {
    agent: Option<Agent>,
    node: Option<Node>,
    figures: Figures,
}

impl OpenedNode {
    /// Makes the feed of a stream.
    pub(super) fn open(
        options: NodeOptions,
        encoder: Encoder,
        capacity: Capacity,
        cutting: Cutting,
        registry: &Registry,
    ) -> (Self, Publisher, Feed) {
        let head = Node::head(&options, registry);
        let (publisher, feed) = feed_of_messages(encoder, capacity, cutting, head.clone());
        (OpenedNode { options, head }, publisher, feed)
    }
}

impl Reach {
    /// Starts to read a stream.
    pub(super) fn start_node(
        &mut self,
        opened: OpenedNode,
        publisher: Publisher,
        registry: &Registry,
        report: &Report,
    ) -> anyhow::Result<()> {
        let OpenedNode { options, head } = opened;
        let (registry, figures) = (registry.clone(), self.figures.clone());
        let node = Node::start(options, head, publisher, registry, figures, report.clone());
        self.node = Some(node.context("cannot start a thread")?);
        Ok(())
    }

    /// Starts to publish to a stream.
    pub(super) fn start_agent(
        &mut self,
        options: AgentOptions,
        feed: Feed,
        report: &Report,
    ) -> anyhow::Result<()> {
        let agent = Agent::start(options, feed, self.figures.clone(), report.clone());
        self.agent = Some(agent.context("cannot start a thread")?);
        Ok(())
    }

    /// Waits until the newest events of a stream were read, if one is read.
    pub(super) async fn ready(&self) {
        if let Some(node) = &self.node {
            node.ready(READY).await;
        }
    }

    /// Becomes the sentence that says why nothing is published any more.
    pub(super) fn failure(&self) -> Option<watch::Receiver<Option<String>>> {
        self.agent.as_ref().map(Agent::failure)
    }

    /// Waits until the stream has all events of `feed`, if they are published to one.
    pub(super) async fn published(&self, feed: &Feed) {
        while let Some(agent) = &self.agent
            && self.figures.published.get() < feed.next()
            && agent.failure().borrow().is_none()
        {
            sleep(POLL).await;
        }
    }

    /// Stops the thread that publishes.
    pub(super) fn stop_agent(&mut self) {
        if let Some(agent) = self.agent.take() {
            agent.stop();
        }
    }

    /// Stops the thread that reads.
    pub(super) fn stop_node(&mut self) {
        if let Some(node) = self.node.take() {
            node.stop();
        }
    }

    /// The figures for `/metrics`.
    pub(super) fn figures(&self, feed: &Feed, registry: &Registry) -> Vec<SiteFigure> {
        let mut figures = Vec::new();
        if self.agent.is_some() {
            figures.extend(self.agent_figures(feed, registry));
        }
        if self.node.is_some() {
            figures.extend(self.node_figures());
        }
        figures
    }

    fn agent_figures(&self, feed: &Feed, registry: &Registry) -> Vec<SiteFigure> {
        let (feed, registry) = (feed.clone(), registry.clone());
        let lag_events =
            self.of(move |figures| feed.next().saturating_sub(figures.published.get().max(1)));
        let lag_bytes =
            self.of(move |figures| registry.totals().bytes.saturating_sub(figures.bytes.get()));
        vec![
            gauge("stream_lag_events", "Events that the stream does not have yet", lag_events),
            gauge(
                "stream_lag_bytes",
                "Bytes of lines that the stream does not have yet",
                lag_bytes,
            ),
            self.counter("stream_messages", "Messages that the stream has", |f| f.messages.get()),
            self.counter("stream_events", "Events that the stream has", |f| f.events.get()),
            self.counter("stream_doubts", "Doubtful messages that were looked up", |f| {
                f.doubts.get()
            }),
            self.counter("stream_lost_tails", "Losses of the newest messages", |f| {
                f.lost_tails.get()
            }),
            self.counter("stream_reconnects", "Connections after the first", |f| {
                f.reconnects.get()
            }),
        ]
    }

    fn node_figures(&self) -> Vec<SiteFigure> {
        let unread = self.of(|figures| figures.unread_messages.get());
        vec![
            gauge("stream_unread_messages", "Messages that were not read yet", unread),
            self.counter("stream_messages", "Messages that were read", |f| f.read_messages.get()),
            self.counter("stream_chain_breaks", "Losses between messages of a host", |f| {
                f.chain_breaks.get()
            }),
            self.counter("stream_lost_tails", "Losses of the newest messages", |f| {
                f.lost_tails.get()
            }),
            self.counter("stream_consumers", "Consumers after the first", |f| f.consumers.get()),
            self.counter("stream_reconnects", "Connections after the first", |f| {
                f.reconnects.get()
            }),
        ]
    }

    fn counter(
        &self,
        name: &'static str,
        help: &'static str,
        value: fn(&Figures) -> u64,
    ) -> SiteFigure {
        SiteFigure { name, help, is_counter: true, value: self.of(value) }
    }

    fn of(
        &self,
        value: impl Fn(&Figures) -> u64 + Send + Sync + 'static,
    ) -> Box<dyn Fn() -> u64 + Send + Sync> {
        let figures = self.figures.clone();
        Box::new(move || value(&figures))
    }
}

fn gauge(
    name: &'static str,
    help: &'static str,
    value: Box<dyn Fn() -> u64 + Send + Sync>,
) -> SiteFigure {
    SiteFigure { name, help, is_counter: false, value }
}
