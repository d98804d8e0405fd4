//! The site: everything that is served, and its limits.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::Semaphore;

use super::filters::QueryTime;
use super::{Access, Asset, StreamCompression, Traffic, Trust};
use crate::event::Presentation;
use crate::feed::Feed;
use crate::follow::Registry;
use crate::upstream::Lineage;

/// A feed at a URL, with the page that shows it and the rules for its peers.
#[derive(Debug)]
pub struct Site {
    /// The feed whose events are served.
    pub feed: Feed,
    /// The sources that `/sources` and `/metrics` describe.
    pub registry: Registry,
    /// The runs from which the events of the feed come.
    pub lineage: Lineage,
    /// The path below which everything is served, without a slash at its end.
    pub prefix: String,
    /// The path of the event stream below the prefix, without a slash at its end.
    pub endpoint: String,
    /// The page of this endpoint, if it is served.
    pub viewer: Option<Asset>,
    /// The hosts and origins whose requests are answered.
    pub trust: Trust,
    /// The password and the token that requests must know.
    pub access: Access,
    /// One permit for each event stream that may be open.
    pub stream_permits: Arc<Semaphore>,
    /// One permit for each query whose expressions may be compiled at the same time.
    pub parse_permits: Arc<Semaphore>,
    /// One permit for each batch with long lines that may be searched at the same time.
    pub search_permits: Arc<Semaphore>,
    /// The compression of event streams.
    pub compression: StreamCompression,
    /// Counts of what was sent.
    pub traffic: Traffic,
    /// The presentation of events where a request does not choose one.
    pub presentation: Presentation,
    /// Time without events after which a heartbeat is sent.
    pub heartbeat: Duration,
    /// Time after which a peer that takes no byte is disconnected.
    pub send_timeout: Duration,
    /// Time that clients are asked to wait before they reconnect.
    pub reconnect_delay: Duration,
    /// Further figures for `/metrics`.
    pub figures: Vec<SiteFigure>,
}

/// A figure for `/metrics` that another part of the program counts.
pub struct SiteFigure {
    /// The name, without the prefix that all figures have.
    pub name: &'static str,
    /// One sentence without a full stop.
    pub help: &'static str,
    /// The figure only grows.
    pub is_counter: bool,
    /// Returns the value.
    pub value: Box<dyn Fn() -> u64 + Send + Sync>,
}

impl fmt::Debug for SiteFigure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SiteFigure").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Site {
    /// Default number of `stream_permits`.
    pub const DEFAULT_MAX_STREAMS: usize = 1024;
    /// Number of `parse_permits`: compiling takes a whole core, and with two, clients could take both
    /// cores of a small machine.
    pub const PARSE_PERMITS: usize = 1;
    /// Number of `search_permits`: with one, a slow expression delays all other searches of long lines;
    /// with eight, it takes all threads that read files for clients.
    pub const SEARCH_PERMITS: usize = 2;
    /// Default of `heartbeat`: proxies commonly close connections after 60 s of silence.
    pub const DEFAULT_HEARTBEAT: Duration = Duration::from_secs(15);
    /// Default of `send_timeout`.
    pub const DEFAULT_SEND_TIMEOUT: Duration = Duration::from_secs(60);
    /// Default of `reconnect_delay`.
    pub const DEFAULT_RECONNECT_DELAY: Duration = Duration::from_secs(2);

    /// Creates a site with the defaults of the program: the event stream of `feed` at `endpoint`,
    /// and the page at `/`.
    #[must_use]
    pub fn new(feed: Feed, registry: Registry, endpoint: &str) -> Self {
        Site {
            lineage: Lineage::new(feed.encoder().epoch().clone()),
            feed,
            registry,
            prefix: String::new(),
            endpoint: endpoint.to_owned(),
            viewer: Some(Asset::page(endpoint)),
            trust: Trust::default(),
            access: Access::default(),
            stream_permits: Arc::new(Semaphore::new(Site::DEFAULT_MAX_STREAMS)),
            parse_permits: Arc::new(Semaphore::new(Site::PARSE_PERMITS)),
            search_permits: Arc::new(Semaphore::new(Site::SEARCH_PERMITS)),
            compression: StreamCompression::default(),
            traffic: Traffic::default(),
            presentation: Presentation::default(),
            heartbeat: Site::DEFAULT_HEARTBEAT,
            send_timeout: Site::DEFAULT_SEND_TIMEOUT,
            reconnect_delay: Site::DEFAULT_RECONNECT_DELAY,
            figures: Vec::new(),
        }
    }

    /// The time of a request that is answered now.
    pub(super) fn time(&self) -> QueryTime {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = elapsed.map_or(0, |elapsed| elapsed.as_millis() as i64);
        QueryTime { now, zone: self.feed.encoder().clock().zone().clone() }
    }
}
