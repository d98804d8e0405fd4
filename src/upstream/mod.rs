//! Following other servers: an ssetail, or any event stream, as a source.
//!
//! ```text
//! socket ──▶ answer ──▶ body, decoded ──▶ parser
//!     ──▶ relay: one child for each source ──▶ batches ──▶ feed
//! ```
//!
//! Only this folder and `http` touch hyper, rustls and sockets.
//! Each server has a thread of its own, which connects, reads and publishes.
//! Everything that arrives together is published in one step, together with the position behind it,
//! so that the journal of `--state` never has one without the other.

mod address;
mod backoff;
mod child;
mod coding;
mod connect;
mod failure;
mod gzip_decoder;
mod lineage;
mod notice;
mod opened_upstreams;
mod parser;
mod relay;
mod stream_body;
mod task;
mod tls_client;
mod wanted_upstream;

pub use address::{Authorization, UpstreamAddress};
#[cfg(feature = "nats")]
pub(crate) use connect::distrust;
pub use lineage::{Lineage, LineageChanges, PATH_HEADER};
#[cfg(feature = "nats")]
pub(crate) use notice::{Notice, end_json, gap_json};
pub use opened_upstreams::{OpenedUpstreams, UpstreamOptions, Upstreams};
#[cfg(feature = "nats")]
pub(crate) use relay::{below, state_after};
pub use tls_client::TrustedRoots;
pub use wanted_upstream::WantedUpstream;

/// The header of an answer of an ssetail with the position at which a read that ends stops.
pub const POSITION_HEADER: &str = "ssetail-position";

/// The header of an answer of an ssetail with the silence after which it sends a heartbeat, in
/// milliseconds.
pub const HEARTBEAT_HEADER: &str = "ssetail-heartbeat";
