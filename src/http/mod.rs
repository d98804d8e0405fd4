//! The server: requests in, event streams out. The only folder that touches hyper.

mod access;
mod activity;
mod answer;
mod connection;
mod descriptors;
mod inventory;
mod listen;
mod query;
mod request_log;
mod serve;
mod socket;
mod stream;
mod tls;
mod traffic;
mod trust;
mod unix;
mod viewer;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Body;
use hyper::{Request, Response};
use tokio::sync::Semaphore;

use self::answer::Peer;
use self::socket::Flow;
use self::stream::PartByPart;
use crate::event::Presentation;
use crate::feed::Feed;
use crate::follow::Registry;
pub use access::{Access, Secret};
pub use listen::{BoundAddress, InheritedSockets, ListenAddress, Listeners, listen};
pub use query::{BadQuery, Query};
pub use serve::{ServeOptions, serve};
pub use tls::Tls;
pub use traffic::Traffic;
pub use trust::{AllowedOrigin, Trust, parse_host};
pub use viewer::Asset;

/// What is served, and how.
#[derive(Debug)]
pub struct Site {
    /// Whose events.
    pub feed: Feed,
    /// Which sources there are.
    pub registry: Registry,
    /// The path of everything, without a slash at its end.
    pub prefix: String,
    /// The path of the event stream below the prefix, without a slash at its end.
    pub endpoint: String,
    /// The page of this endpoint, if it is served.
    pub viewer: Option<Asset>,
    /// Whose requests are answered.
    pub trust: Trust,
    /// What they must know.
    pub access: Access,
    /// Room for open event streams.
    pub stream_permits: Arc<Semaphore>,
    /// What has gone out.
    pub traffic: Traffic,
    /// How events look unless the request says otherwise.
    pub presentation: Presentation,
    /// After how much silence a comment is sent.
    pub heartbeat: Duration,
    /// How long a peer may take no byte.
    pub send_timeout: Duration,
    /// What clients are told to wait before they reconnect.
    pub reconnect_delay: Duration,
}

impl Site {
    /// Default number of `stream_permits`.
    pub const DEFAULT_MAX_STREAMS: usize = 1024;
    /// Default of `heartbeat`: proxies commonly close connections after 60 s of silence.
    pub const DEFAULT_HEARTBEAT: Duration = Duration::from_secs(15);
    /// Default of `send_timeout`.
    pub const DEFAULT_SEND_TIMEOUT: Duration = Duration::from_secs(60);
    /// Default of `reconnect_delay`.
    pub const DEFAULT_RECONNECT_DELAY: Duration = Duration::from_secs(2);

    /// The events of `feed` at `endpoint` and a page that shows them at `/`, served as the program
    /// serves them when no flag says otherwise.
    #[must_use]
    pub fn new(feed: Feed, registry: Registry, endpoint: &str) -> Self {
        Site {
            feed,
            registry,
            prefix: String::new(),
            endpoint: endpoint.to_owned(),
            viewer: Some(Asset::page(endpoint)),
            trust: Trust::default(),
            access: Access::default(),
            stream_permits: Arc::new(Semaphore::new(Site::DEFAULT_MAX_STREAMS)),
            traffic: Traffic::default(),
            presentation: Presentation::default(),
            heartbeat: Site::DEFAULT_HEARTBEAT,
            send_timeout: Site::DEFAULT_SEND_TIMEOUT,
            reconnect_delay: Site::DEFAULT_RECONNECT_DELAY,
        }
    }

    /// Answers one request that a server of somebody else has taken.
    ///
    /// That server limits what peers can take, and for how long: `send_timeout` is for [`serve()`].
    pub fn respond<B>(
        self: &Arc<Self>,
        request: &Request<B>,
    ) -> Response<impl Body<Data = Bytes, Error = io::Error> + Send + use<B>> {
        let peer = Peer { flow: Flow::default(), is_secure: false };
        self.answer(request, &peer).map(PartByPart::new)
    }
}
