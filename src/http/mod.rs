//! The server: requests in, event streams out. The only folder that touches hyper.

mod access;
mod answer;
mod connection;
mod descriptors;
mod inventory;
mod listen;
mod log;
mod pulse;
mod query;
mod serve;
mod socket;
mod stream;
mod tls;
mod traffic;
mod trust;
mod unix;
mod viewer;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::event::Presentation;
use crate::feed::Feed;
use crate::follow::Registry;
pub use access::{Access, Secret};
pub use descriptors::raise_descriptor_limit;
pub use listen::{Address, Bound, Inherited, Listeners, listen};
pub use query::{BadQuery, Query};
pub use serve::{Terms, serve};
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
    /// The page, if it is served.
    pub viewer: Option<Asset>,
    /// Whose requests are answered.
    pub trust: Trust,
    /// What they must know.
    pub access: Access,
    /// Room for open event streams.
    pub places: Arc<Semaphore>,
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
